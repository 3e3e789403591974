"""Forms of the vocabulary. `values` is what the service writes."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, LinesField, NameField, TextField
from patients.history.enums import AllergenKind, Effect, MedicineGroup, Otc


class TermForm(Form):
    """What every word has; `term` gives the values to start from."""

    name = NameField(label=_("Name"), max_length=120)
    note = TextField(label=_("Note"), max_length=1000, required=False)

    def __init__(self, *args, term=None, **kwargs):
        initial = {name: getattr(term, name) for name in self.base_fields} if term else None
        super().__init__(*args, initial=initial, **kwargs)
        self.order_fields([name for name in self.fields if name != "note"])

    @property
    def values(self) -> dict:
        return self.cleaned_data


class AllergenTermForm(TermForm):
    kind = forms.ChoiceField(label=_("Where it is met"), choices=AllergenKind)
    synonyms = LinesField(
        label=_("Also called"), required=False, help_text=_("What patients say, one on each line. It is searched too.")
    )


class ConditionTermForm(TermForm):
    code = NameField(label=_("Code"), max_length=20)
    question = NameField(label=_("Question to the patient"), max_length=200)
    effect = forms.ChoiceField(label=_("What it asks for"), choices=Effect)
    wait_days = forms.IntegerField(label=_("Days to wait"), min_value=1, max_value=730, required=False)


class MedicineTermForm(TermForm):
    group = forms.ChoiceField(label=_("Kind"), choices=MedicineGroup)
    brands = LinesField(
        label=_("Brands"), required=False, help_text=_("What patients say, one on each line. It is searched too.")
    )
    otc = forms.ChoiceField(label=_("Without prescription"), choices=Otc)
    bleeding_risk = forms.BooleanField(label=_("Raises the risk of bleeding"), required=False)
    never_auto_stop = forms.BooleanField(label=_("No message may ever tell a patient to stop it"), required=False)
    stop_days = forms.IntegerField(
        label=_("Days to avoid it before a visit"),
        min_value=1,
        max_value=60,
        required=False,
        help_text=_("For what patients buy themselves. Empty: no rule."),
    )


FORMS = {"allergens": AllergenTermForm, "conditions": ConditionTermForm, "medicines": MedicineTermForm}
