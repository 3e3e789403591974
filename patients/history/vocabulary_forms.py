"""Forms of the vocabulary. `values` is what the service writes."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField
from clinic.core.text import clean
from patients.history.enums import AllergenKind, Effect, MedicineGroup, Otc

LONGEST_LIST, LONGEST_WORD = 60, 80


class LinesField(forms.CharField):
    """A list of words, one on each line."""

    widget = forms.Textarea(attrs={"rows": 5})

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        lines = [clean(line) for line in (super().to_python(value) or "").splitlines()]
        words = list(dict.fromkeys(filter(None, lines)))
        if len(words) > LONGEST_LIST or any(len(word) > LONGEST_WORD for word in words):
            raise ValidationError(_("At most 60 words, of at most 80 letters each."))
        return words


class TermForm(Form):
    """What every word has; `term` gives the values to start from."""

    name = NameField(label=_("Name"), max_length=120)
    note = forms.CharField(
        label=_("Note"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )

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
