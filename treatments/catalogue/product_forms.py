"""The form of a product: what the box says, and what the clinic pays and keeps."""

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField
from clinic.core.forms import Form, NameField
from treatments.catalogue.fields import SourcesField, measure
from treatments.catalogue.gtin import gtin14
from treatments.catalogue.models import Area, Ingredient, Product
from treatments.catalogue.queries import current_terms

MOST_HOURS = 8760


class GtinField(NameField):
    """The number below the barcode, kept with 14 digits; its last digit must be right."""

    def clean(self, value):
        typed = super().clean(value)
        number = gtin14(typed) if typed else ""
        if number is None:
            raise forms.ValidationError(
                _("This is not the number of a box: 8, 12, 13 or 14 digits, of which the last checks the others.")
            )
        return number


class ProductForm(Form):
    """With `product`, it is changed, and what it is made of stays."""

    name = NameField(label=_("Name on the box"), max_length=120)
    maker = NameField(label=_("Maker"), max_length=120, required=False)
    ingredient = forms.ModelChoiceField(label=_("Ingredient"), queryset=Ingredient.objects.none())
    concentration = measure(_("Strength"), _("per mL"), places=4, most=9_999_999)
    container_ml = DoseField(label=_("In one container"), decimal_places=3, max_value=1000, required=False, unit="mL")
    gtin = GtinField(label=_("GTIN, the number below the barcode"), max_length=20, required=False)
    price = measure(_("Price of one container"), "", places=2, most=1_000_000)
    opened_shelf_life_hours = forms.IntegerField(
        label=_("Keeps once opened, hours"), min_value=1, max_value=MOST_HOURS, required=False
    )
    minimum_ml = measure(_("Order when there is less than"), "mL", places=3, most=100_000)
    licensed_areas = forms.ModelMultipleChoiceField(
        label=_("Licensed for these areas"),
        queryset=Area.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Leave all empty where no label or authority says any."),
    )
    sources = SourcesField(label=_("Sources, one web address a line"), required=False, most=30, longest=300)

    def __init__(self, *args, product: Product | None = None, ingredient: Ingredient | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["licensed_areas"].queryset = current_terms(Area)
        self.fields["ingredient"].queryset = current_terms(Ingredient)
        if product:
            del self.fields["ingredient"]
            self.initial = {name: getattr(product, name) for name in self.fields}
            self.initial["licensed_areas"] = list(product.licensed_areas.all())
        elif ingredient:
            self.initial["ingredient"] = ingredient
        known = product.ingredient if product else ingredient
        if known:
            self.fields["concentration"].unit = f"{known.get_unit_display()}/mL"
        units = {name: getattr(field, "unit", "") for name, field in self.fields.items()}
        self.helper.layout = Layout(*(AppendedText(name, unit) if unit else name for name, unit in units.items()))
