"""The stock's forms."""

from datetime import timedelta
from itertools import groupby

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField

# A maker's expiry further away than this is a slip of the finger.
FAR_YEARS = 15


class ReceiveForm(Form):
    number = NameField(label=_("Lot number"), max_length=40)
    expires_on = DateField(label=_("Expires on"))
    product_name = NameField(label=_("Product"), max_length=120, required=False)
    supplier = NameField(label=_("Supplier"), max_length=120, required=False)
    received_on = DateField(label=_("Received on"))

    def __init__(self, *args, ingredients, **kwargs):
        super().__init__(*args, **kwargs)
        self.ingredients = {str(row.pk): row for row in ingredients}
        grouped = groupby(ingredients, key=lambda row: row.ingredient_class.name)
        self.fields["ingredient"] = forms.ChoiceField(
            label=_("Ingredient"),
            choices=[("", "")] + [(kind, [(row.pk, row.name) for row in members]) for kind, members in grouped],
        )
        self.order_fields(["ingredient"])

    def clean_ingredient(self):
        return self.ingredients[self.cleaned_data["ingredient"]]

    def clean_expires_on(self):
        day = self.cleaned_data["expires_on"]
        if day < clock.today():
            raise forms.ValidationError(_("This day is past: an expired lot is not put on the shelf."))
        if day > clock.today() + timedelta(days=FAR_YEARS * 365):
            raise forms.ValidationError(_("This is very far away: check the year."))
        return day

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > clock.today():
            raise forms.ValidationError(_("This day is still to come."))
        if day < clock.today() - timedelta(days=FAR_YEARS * 365):
            raise forms.ValidationError(_("This is very long ago: check the year."))
        return day
