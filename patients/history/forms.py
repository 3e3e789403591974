"""Forms of the patient's history. Each gives `statement`: what its service is to write."""

from dataclasses import dataclass
from functools import cached_property

from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField
from patients.history import queries
from patients.history.enums import Effect, MedicineSource, Pregnancy, Severity
from patients.history.matching import Match
from patients.history.models import Medicine, Product

MATCHES = HTML("{% include 'history/_matches.html' %}")


@dataclass(frozen=True)
class Option:
    """One thing that the typed words may mean. `question` is what to ask before choosing it."""

    value: str
    label: str
    hint: str = ""
    question: str = ""
    terms: dict | None = None


class ToldForm(Form):
    """Words of the patient, and what they mean: chosen among `options`, or kept as told.

    An exact and unambiguous answer needs no choice; nothing found is kept in the patient's words.
    """

    told = NameField(max_length=120)
    choice = forms.CharField(max_length=60, required=False, label=_("What is it?"))

    def ask(self, label: str, lookup: str) -> None:
        """The text field asks the server at `lookup` what its words may mean, while they are typed."""
        self.fields["told"].label = label
        self.fields["told"].widget.attrs |= {
            "autocomplete": "off",
            "autocapitalize": "off",
            "spellcheck": "false",
            "hx-post": reverse(lookup),
            "hx-trigger": "input changed delay:250ms",
            "hx-target": "next .matches",
            "hx-swap": "outerHTML",
            "hx-sync": "this:replace",
            "hx-params": "told",
        }

    def options_for(self, told: str) -> tuple[list[Option], Option | None]:
        """All options, and the one that needs no choosing."""
        raise NotImplementedError

    @cached_property
    def found(self) -> tuple[list[Option], Option | None]:
        return self.options_for(self.data.get("told", "")[:120]) if self.is_bound else ([], None)

    @property
    def options(self) -> list[Option]:
        return self.found[0]

    @property
    def chosen(self) -> str:
        """The value that was chosen, or the one that needs no choosing."""
        sure = self.found[1]
        return self.data.get("choice") or (sure.value if sure else "")

    @property
    def choice_errors(self) -> list[str]:
        return self._errors["choice"] if self._errors and "choice" in self._errors else []

    def clean(self):
        cleaned = super().clean()
        told, choice = cleaned.get("told"), cleaned.get("choice")
        self.terms = {}
        if told and choice != "told":
            options, sure = self.found
            chosen = next((option for option in options if option.value == choice), sure)
            if chosen:
                self.terms = chosen.terms
            elif options:
                self.add_error("choice", _("Choose what it is, or keep the patient's words."))
        return cleaned

    @property
    def statement(self) -> dict:
        values = {name: self.cleaned_data[name] for name in self.fields if name not in ("told", "choice")}
        return {"as_told": self.cleaned_data["told"], **self.terms, **values}


class AllergyForm(ToldForm):
    severity = forms.TypedChoiceField(
        label=_("How bad was it?"), choices=Severity, coerce=int, initial=Severity.UNKNOWN, widget=forms.RadioSelect
    )
    reaction = NameField(label=_("What happened?"), max_length=200, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="allergy_%s", **kwargs)
        self.ask(_("Allergic to"), "history:find_allergen")

    def layout(self):
        return Layout("told", MATCHES, inline("severity"), "reaction")

    def options_for(self, told):
        matches = queries.find_allergen(told)
        options = [
            Option(
                f"allergen:{match.row.pk}",
                match.row.name,
                hint=", ".join(match.row.synonyms[:4]),
                terms={"allergen": match.row},
            )
            for match in matches
        ]
        return options, only_exact(matches, options)


class MedicineForm(ToldForm):
    source = forms.ChoiceField(label=_("How do they get it?"), choices=MedicineSource, widget=forms.RadioSelect)
    dose = NameField(label=_("How much, how often?"), max_length=120, required=False)
    purpose = NameField(label=_("What for?"), max_length=120, required=False)
    since = DateField(label=_("Since"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="medicine_%s", **kwargs)
        self.ask(_("What do they take?"), "history:find_medicine")
        self.fields["told"].help_text = _("Also what is bought without prescription, drops, herbs and supplements.")

    def layout(self):
        return Layout("told", MATCHES, inline("source"), Div("dose", "purpose", "since", css_class="side-by-side"))

    def options_for(self, told):
        matches = queries.find_medicine(told)
        options = [option for match in matches for option in medicine_options(match)]
        asks = any(match.exact and isinstance(match.row, Product) and match.row.ambiguous for match in matches)
        return options, None if asks else only_exact(matches, options)


def medicine_options(match: Match) -> list[Option]:
    """A substance or product is one option; an ambiguous product asks which of its substances it is."""
    row = match.row
    if isinstance(row, Medicine):
        hint = match.name if match.name != row.name else ""
        hints = filter(None, [hint, row.get_otc_display()])
        return [Option(f"medicine:{row.pk}", row.name, hint=" · ".join(hints), terms={"medicine": row})]
    inside = list(row.contains.all())
    if not row.ambiguous:
        contains = _("contains %(inside)s") % {"inside": ", ".join(substance.name for substance in inside)}
        return [Option(f"product:{row.pk}", row.name, hint=contains, terms={"product": row})]
    kinds = [
        Option(
            f"product:{row.pk}:{substance.pk}",
            _("%(product)s with %(inside)s") % {"product": row.name, "inside": substance.name},
            terms={"product": row, "medicine": substance},
        )
        for substance in inside
    ]
    unsure = _("%(product)s, not known which") % {"product": row.name}
    kinds.append(Option(f"product:{row.pk}", unsure, terms={"product": row}))
    kinds[0] = Option(kinds[0].value, kinds[0].label, question=row.ask, terms=kinds[0].terms)
    return kinds


def only_exact(matches: list[Match], options: list[Option]) -> Option | None:
    """The option of the one match that is exactly what was said."""
    exact = [match for match in matches if match.exact]
    if len(exact) != 1:
        return None
    return next(option for option in options if exact[0].row in option.terms.values())


def inline(name: str) -> Field:
    return Field(name, wrapper_class="choices-inline")


class ConditionForm(Form):
    condition = forms.ChoiceField(label=_("Condition"))
    since = DateField(label=_("Since, or on"), required=False)
    until = DateField(label=_("Until"), required=False)
    note = NameField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="condition_%s", **kwargs)
        self.terms = {str(term.pk): term for term in queries.offered_conditions()}
        self.fields["condition"].choices = [
            ("", _("Choose")),
            *(
                (effect.label, [(key, term.name) for key, term in self.terms.items() if term.effect == effect])
                for effect in Effect
            ),
        ]

    def layout(self):
        return Layout("condition", Div("since", "until", css_class="side-by-side"), "note")

    @property
    def statement(self) -> dict:
        return {**self.cleaned_data, "condition": self.terms[self.cleaned_data["condition"]]}


class PregnancyForm(Form):
    state = forms.ChoiceField(
        label=_("Pregnancy"), choices=[choice for choice in Pregnancy.choices if choice[0] != Pregnancy.NOT_ASKED]
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, auto_id="pregnancy_%s", **kwargs)

    @property
    def statement(self) -> dict:
        return self.cleaned_data


class LastDayForm(Form):
    day = DateField(label=_("Last day"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["day"].widget.attrs["max"] = clock.today().isoformat()
