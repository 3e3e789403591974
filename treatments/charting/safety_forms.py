"""The form in which an administrator changes a safety rule."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField
from clinic.core.forms import Form, NameField
from treatments.charting.enums import RuleEffect

UNITS = {"days": (0, 3650, _("Fewest days")), "mL": (3, 1000, _("Most mL"))}


class SafetyRuleForm(Form):
    effect = forms.ChoiceField(label=_("What it asks for"), choices=RuleEffect)
    why = NameField(label=_("Why it is changed"), max_length=200)

    def __init__(self, *args, rule, shipped, **kwargs):
        super().__init__(*args, initial={"effect": rule.effect, "value": rule.value}, **kwargs)
        self.fields["effect"].choices = [(choice.value, choice.label) for choice in shipped.choices]
        if shipped.unit:
            places, most, label = UNITS[shipped.unit]
            self.fields["value"] = DoseField(
                label=label,
                decimal_places=places,
                max_value=most,
                unit=shipped.unit,
                required=False,
                help_text=_("Empty: the clinic sets none, and the rule says nothing."),
            )
            self.order_fields(["effect", "value", "why"])

    @property
    def values(self) -> dict:
        return {"value": None} | self.cleaned_data
