"""Forms of what is known against an ingredient: rules, pairs, limits and legal status."""

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.fields import DoseField, format_amount
from clinic.core.forms import DateField, Form, NameField
from patients.history.enums import Effect
from treatments.catalogue.enums import LimitPer, Unit
from treatments.catalogue.fields import SourcesField
from treatments.catalogue.models import Ingredient
from treatments.catalogue.queries import RULES, current_terms

MOST_DAYS = 3650


class RuleForm(Form):
    """What speaks against an ingredient, how strongly and who says so. Without `rule`, one is added."""

    against = forms.ModelChoiceField(queryset=None)
    effect = forms.ChoiceField(
        label=_("What it asks for"), choices=[choice for choice in Effect.choices if choice[0] != Effect.WAIT]
    )
    note = NameField(label=_("Note"), max_length=300, required=False)
    sources = SourcesField(label=_("Sources, one web address a line"), most=30, longest=300)

    def __init__(self, *args, kind, rule=None, **kwargs):
        super().__init__(*args, **kwargs)
        if rule:
            del self.fields["against"]
            self.initial = {name: getattr(rule, name) for name in self.fields}
        else:
            self.fields["against"].label = _("Condition") if kind == "condition" else _("Allergy")
            self.fields["against"].queryset = current_terms(RULES[kind][1])


class PairForm(RuleForm):
    """Two ingredients that do not belong in one syringe. Without `rule`, a pair is added."""

    other = forms.ModelChoiceField(label=_("In one syringe with"), queryset=None)
    diluent = forms.ModelChoiceField(
        label=_("Only in this diluent"), queryset=None, required=False, empty_label=_("In any diluent")
    )
    field_order = ["other", "diluent", "effect", "note", "sources"]

    def __init__(self, *args, rule=None, **kwargs):
        super(RuleForm, self).__init__(*args, **kwargs)
        del self.fields["against"]
        if rule:
            del self.fields["other"], self.fields["diluent"]
            self.initial = {name: getattr(rule, name) for name in self.fields}
        else:
            self.fields["other"].queryset = current_terms(Ingredient)
            self.fields["diluent"].queryset = current_terms(Ingredient).filter(unit=Unit.ML)


class SaidForm(Form):
    """Who says so: a source, or the clinic's doctor by name, with the day."""

    source = forms.URLField(label=_("Web address of the source"), max_length=300, required=False, assume_scheme="https")
    decided_by = NameField(label=_("Or who decided it here"), max_length=120, required=False)
    decided_on = DateField(label=_("On which day"), required=False)

    def clean(self):
        typed = super().clean()
        if not typed.get("source") and not typed.get("decided_by") and not {"source", "decided_by"} & set(self.errors):
            self.add_error("decided_by", _("Say who gives it: a source, or the doctor who decided it."))
        if typed.get("decided_by") and not typed.get("decided_on") and "decided_on" not in self.errors:
            self.add_error("decided_on", _("On which day was it decided?"))
        if typed.get("decided_on") and typed["decided_on"] > clock.today():
            self.add_error("decided_on", _("This day has not come yet."))
        return typed

    def said(self) -> dict:
        """What is kept of who said it; empty values are left out."""
        typed = self.cleaned_data
        day = typed["decided_on"].isoformat() if typed["decided_by"] and typed["decided_on"] else ""
        said = {"source": typed["source"], "decided_by": typed["decided_by"], "decided_on": day}
        return {name: value for name, value in said.items() if value}


class LimitForm(SaidForm):
    """The most of an ingredient in one point, area or session, or the fewest days between two sessions."""

    max = DoseField(label=_("At most"), decimal_places=4, max_value=9_999_999)
    unit = forms.ChoiceField(label=_("Counted in"))
    note = NameField(label=_("Why, or what it means"), max_length=200, required=False)
    field_order = ["max", "unit", "note", "source", "decided_by", "decided_on"]

    def __init__(self, *args, ingredient: Ingredient, per: str, known: dict | None, **kwargs):
        super().__init__(*args, initial=known or {"decided_on": clock.today()}, **kwargs)
        self.per = per
        if per == LimitPer.INTERVAL:
            del self.fields["unit"]
            self.fields["max"] = forms.IntegerField(label=_("Days, at least"), min_value=1, max_value=MOST_DAYS)
            self.order_fields(self.field_order)
        else:
            units = dict.fromkeys([(ingredient.unit, ingredient.get_unit_display()), (Unit.ML.value, Unit.ML.label)])
            self.fields["unit"].choices = list(units)

    def clean(self):
        typed = super().clean()
        if typed.get("decided_by") and not typed.get("note") and "note" not in self.errors:
            self.add_error("note", _("Write why the clinic sets this limit."))
        return typed

    def entry(self) -> dict:
        typed = self.cleaned_data
        most, unit = str(typed["max"]), "day"
        if self.per != LimitPer.INTERVAL:
            most, unit = format_amount(typed["max"]), typed["unit"]
        return {"per": str(self.per), "max": most, "unit": unit, "note": typed["note"]} | self.said()


class LegalForm(SaidForm):
    """What the law of a country says of an ingredient."""

    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country, in two letters (EU for all of it)"),
        error_messages={"invalid": _("A country has two letters, such as ES, FR, DE, US or EU.")},
    )
    status = NameField(label=_("Legal status"), max_length=200)
    field_order = ["country", "status", "source", "decided_by", "decided_on"]

    def __init__(self, *args, known: dict | None, taken=(), **kwargs):
        super().__init__(*args, initial=known or {"decided_on": clock.today()}, **kwargs)
        self.taken = set(taken)
        self.fields["country"].disabled = known is not None

    def clean_country(self):
        country = self.cleaned_data["country"].upper()
        if country in self.taken:
            raise forms.ValidationError(_now("This country is on record already: change that one."))
        return country

    def entry(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("country", "status")} | self.said()
