"""The stock's forms."""

from datetime import date, timedelta
from itertools import groupby
from uuid import uuid4

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.core.files.base import ContentFile
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.fields import DoseField, format_amount
from clinic.core.forms import DateField, Form, NameField, ReasonForm
from clinic.core.pictures import ACCEPT, BadPicture, read_picture
from treatments.stock.gs1 import LONGEST, BoxCode, Unreadable, read_code

# A maker's expiry further away than this is a slip of the finger.
FAR_YEARS = 15
MOST_CONTAINERS = 10_000
MOST_ML = 100_000  # a hundred litres: more than any clinic has of anything
PLACES = 4


def not_far(expires_on: date) -> date:
    if expires_on > clock.today() + timedelta(days=FAR_YEARS * 365):
        raise forms.ValidationError(_("This is very far away: check the year."))
    return expires_on


class PictureField(forms.FileField):
    """A picture made safe to keep; what it becomes is a file of ours, never the one that was sent."""

    widget = forms.FileInput(attrs={"accept": ACCEPT})

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if not upload:
            return None
        try:
            return ContentFile(read_picture(upload).jpeg)
        except BadPicture as problem:
            raise forms.ValidationError(str(problem)) from problem


class PhotoForm(Form):
    photo = PictureField(label=_("Photo of the box or the delivery note"))


class ReceiveForm(Form):
    mark_optional = False
    scan = forms.CharField(label=_("Code on the box"), max_length=LONGEST, required=False, strip=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    ingredient = forms.ChoiceField(label=_("Ingredient"), required=False)
    number = NameField(label=_("Lot number"), max_length=40)
    expires_on = DateField(label=_("Expires on"))
    containers = forms.IntegerField(
        label=_("Vials or ampoules"), min_value=1, max_value=MOST_CONTAINERS, required=False
    )
    container_ml = DoseField(label=_("In each"), decimal_places=PLACES, max_value=MOST_ML, required=False)
    product_name = NameField(label=_("Product, if not in the list"), max_length=120, required=False)
    supplier = NameField(label=_("Supplier"), max_length=120, required=False)
    invoice_number = NameField(label=_("Invoice number"), max_length=60, required=False)
    received_on = DateField(label=_("Received on"))
    location = NameField(label=_("Where it stands"), max_length=80, required=False)
    photo = PictureField(label=_("Photo of the box or the delivery note"), required=False)
    filled_by = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)  # the last code that was read
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)

    def __init__(self, *args, ingredients, products, only_reading: bool = False, **kwargs):
        """`only_reading`: the code is read and nothing else is asked yet."""
        self.only_reading = only_reading
        super().__init__(*args, **kwargs)
        self.ingredients = {str(row.pk): row for row in ingredients}
        self.products = {str(row.pk): row for row in products}
        grouped = groupby(ingredients, key=lambda row: row.ingredient_class.name)
        self.fields["ingredient"].choices = [
            ("", ""),
            *((kind, [(row.pk, row.name) for row in members]) for kind, members in grouped),
        ]
        self.fields["product"].choices = [("", _("Not in the list")), *((row.pk, row.name) for row in products)]

    def layout(self):
        scan = Field("scan", autofocus=True, autocomplete="off", autocapitalize="off", spellcheck="false")
        return Layout(
            Div(scan, HTML("{% include 'stock/_read.html' %}"), css_class="scan"),
            "product",
            "ingredient",
            Div("number", "expires_on", css_class="pair"),
            Div("containers", AppendedText("container_ml", "mL"), css_class="pair"),
            HTML("{% include 'stock/_not_counted.html' %}"),
            "received_on",
            HTML("{% include 'stock/_more.html' %}"),
            Div("supplier", "invoice_number", css_class="pair"),
            Div("product_name", "location", css_class="pair"),
            "photo",
            "filled_by",
            "submission",
        )

    def full_clean(self):
        if self.only_reading:
            self._errors, self.cleaned_data = ErrorDict(), {}
        else:
            super().full_clean()

    def read(self, find_product) -> None:
        """Puts what the code says into the fields, or says beside it why not. `find_product` knows a box's number.

        What the code before had filled in is emptied when this one is of another box, or cannot be read.
        """
        typed = self.data.get("scan", "")
        try:
            code = read_code(typed)
        except Unreadable as problem:
            if typed.strip():
                self._forget()
            self.add_error("scan", str(problem))
            return
        if code.gtin and self._box and code.gtin != self._box:
            self._forget()
        product = find_product(code.gtin)
        self._fill(code, product)
        if code.gtin and not product:
            self.add_error("scan", _("No product of the catalogue has the number %(gtin)s.") % {"gtin": code.gtin})

    @property
    def _former(self) -> BoxCode:
        try:
            return read_code(self.data.get("filled_by", ""))
        except Unreadable:
            return BoxCode()

    @property
    def _chosen(self):
        return self.products.get(self.data.get("product", ""))

    @property
    def _box(self) -> str:
        """The number of the box that the fields are about, as far as one is known."""
        return self._former.gtin or (self._chosen.gtin if self._chosen else "")

    def _forget(self) -> None:
        """Empties what the code before has filled in, unless somebody has changed it since."""
        former, data, chosen = self._former, self.data.copy(), self._chosen
        if former.lot and data.get("number") == former.lot:
            data["number"] = ""
        if former.expires_on and data.get("expires_on") == former.expires_on.isoformat():
            data["expires_on"] = ""
        if former.gtin and chosen and chosen.gtin == former.gtin:
            data["product"] = data["ingredient"] = ""
            if data.get("container_ml") == format_amount(chosen.container_ml):
                data["container_ml"] = ""
        data["filled_by"] = ""
        self.data = data

    def _fill(self, code: BoxCode, product) -> None:
        """A product whose box carries another number is let go, so that a lot never lands on the box scanned before."""
        data, chosen = self.data.copy(), self._chosen
        if code.gtin and not product and chosen and chosen.gtin:
            data["product"] = data["ingredient"] = ""
        if code.lot:
            data["number"] = code.lot
        if code.expires_on:
            data["expires_on"] = code.expires_on.isoformat()
        if product:
            data["product"], data["ingredient"] = str(product.pk), str(product.ingredient_id)
            data["container_ml"] = format_amount(product.container_ml) or data.get("container_ml", "")
        data["filled_by"] = data.get("scan", "")
        self.data = data

    def clean_product(self):
        return self.products.get(self.cleaned_data["product"])

    def clean_ingredient(self):
        product = self.cleaned_data.get("product")
        ingredient = self.ingredients.get(self.cleaned_data["ingredient"])
        if not ingredient and not product:
            raise forms.ValidationError(_("Choose the product or the ingredient."))
        return ingredient or product.ingredient

    def clean_expires_on(self):
        day = not_far(self.cleaned_data["expires_on"])
        if day < clock.today():
            raise forms.ValidationError(_("This day is past: an expired lot is not put on the shelf."))
        return day

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > clock.today():
            raise forms.ValidationError(_("This day is still to come."))
        if day < clock.today() - timedelta(days=FAR_YEARS * 365):
            raise forms.ValidationError(_("This is very long ago: check the year."))
        return day

    def clean(self):
        data = super().clean()
        containers, each = data.get("containers"), data.get("container_ml")
        if containers and not each and "container_ml" not in self.errors:
            self.add_error("container_ml", _("Write how much is in each."))
        if each and not containers and "containers" not in self.errors:
            self.add_error("containers", _("Write how many there are."))
        if containers and each and containers * each > MOST_ML:
            self.add_error("containers", _("That is more than 100 litres: check both numbers."))
        return data

    @property
    def delivery(self) -> dict:
        """What the service wants to know; `volume_ml` is None when the lot is not counted."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in {"scan", "filled_by"}}
        containers, each = data.pop("containers"), data.pop("container_ml")
        return data | {"volume_ml": containers * each if containers else None}


class CorrectForm(Form):
    """What may have been typed wrongly. A lot of another ingredient is another lot."""

    number = NameField(label=_("Lot number"), max_length=40)
    expires_on = DateField(label=_("Expires on"))
    supplier = NameField(label=_("Supplier"), max_length=120, required=False)
    invoice_number = NameField(label=_("Invoice number"), max_length=60, required=False)
    location = NameField(label=_("Where it stands"), max_length=80, required=False)

    def clean_expires_on(self):
        return not_far(self.cleaned_data["expires_on"])


class MoreForm(Form):
    volume_ml = DoseField(label=_("Came in, all together"), decimal_places=PLACES, max_value=MOST_ML)
    reason = NameField(label=_("Delivery note or invoice"), max_length=200, required=False)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def layout(self):
        return Layout(AppendedText("volume_ml", "mL"), "reason", "submission")


class CountForm(ReasonForm):
    counted_ml = DoseField(
        label=_("There are"),
        help_text=_("With what is drawn up in syringes: it is taken off when their session is signed."),
        decimal_places=PLACES,
        min_value=0,
        max_value=MOST_ML,
    )
    seen_ml = DoseField(
        decimal_places=PLACES, min_value=0, max_value=10 * MOST_ML, required=False, widget=forms.HiddenInput
    )

    def layout(self):
        return Layout(AppendedText("counted_ml", "mL"), "reason", "seen_ml")

    def show_again(self, balance_ml) -> None:
        """The next try is for what is there now."""
        self.data = self.data.copy()
        self.data["seen_ml"] = format_amount(balance_ml)


class WasteForm(ReasonForm):
    volume_ml = DoseField(label=_("Thrown away"), decimal_places=PLACES, max_value=MOST_ML)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def layout(self):
        return Layout(AppendedText("volume_ml", "mL"), "reason", "submission")


class FinishForm(Form):
    left_ml = DoseField(label=_("Left in the vial"), decimal_places=PLACES, min_value=0, max_value=MOST_ML)
    reason = NameField(label=_("Why the rest is thrown away"), max_length=200, required=False)

    def layout(self):
        return Layout(AppendedText("left_ml", "mL"), "reason")


class SettingsForm(Form):
    warn_days = forms.IntegerField(label=_("Look at lots so many days before they expire"), min_value=1, max_value=730)
