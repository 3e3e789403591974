"""The forms of treatment plans."""

import re

from crispy_forms.layout import Div, Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField, VersionField
from treatments.charting.enums import PlanStatus
from treatments.charting.page import version_name
from treatments.charting.plan_queries import PlanChoices
from treatments.charting.rules import side_suffix, sides_of

MOST_SESSIONS, LAST_WEEK, MOST_AREAS = 30, 260, 6


class WeeksField(forms.CharField):
    """Weeks after the first session, one for each session: "0, 2, 4, 8" is [0, 2, 4, 8]."""

    default_error_messages = {
        "invalid": _("Write the weeks as whole numbers with commas between them, for example 0, 2, 4, 8."),
        "order": _("Write the weeks in order, each once."),
        "many": _("Plan at most %(sessions)d sessions, in the next %(weeks)d weeks.")
        % {"sessions": MOST_SESSIONS, "weeks": LAST_WEEK},
    }

    def prepare_value(self, value):
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value) -> list[int]:
        typed = super().to_python(value)
        if not typed:
            return []
        if not re.fullmatch(r"[0-9]{1,3}(?:[ ,;]+[0-9]{1,3})*", typed, re.ASCII):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        weeks = [int(week) for week in re.findall(r"[0-9]+", typed)]
        if weeks != sorted(set(weeks)):
            raise forms.ValidationError(self.error_messages["order"], code="order")
        if len(weeks) > MOST_SESSIONS or weeks[-1] > LAST_WEEK:
            raise forms.ValidationError(self.error_messages["many"], code="many")
        return weeks


class PlanForm(Form):
    """What is treated, with what, where and in which weeks. `areas` are chosen one by one, with their side."""

    mark_optional = False
    edits = VersionField(required=False)
    indication = forms.ModelChoiceField(label=_("Indication"), queryset=None, empty_label=_("Choose"))
    version = forms.TypedChoiceField(label=_("Recipe"))
    weeks = WeeksField(
        label=_("Weeks of the sessions"),
        max_length=200,
        help_text=_("Counted from the first session, one number for each session: 0, 2, 4, 8."),
    )

    def __init__(self, *args, choices: PlanChoices, **kwargs):
        super().__init__(*args, **kwargs)
        versions = {str(version.pk): version for version in choices.versions}
        self.fields["indication"].queryset = choices.indications
        self.fields["version"].choices = [("", _("Choose")), *((key, version_name(v)) for key, v in versions.items())]
        self.fields["version"].coerce = versions.get
        places = [("", "–"), *place_choices(choices.areas)]
        for number, value in enumerate(self._chosen_areas(), 1):
            label = _("Area %(number)d") % {"number": number}
            self.fields[f"area-{number}"] = forms.ChoiceField(
                label=label, choices=places, required=False, initial=value
            )
        self.helper.layout = self._layout()

    def _chosen_areas(self) -> list[str]:
        chosen = [f"{key}/{side}" for key, side in self.initial.get("areas", [])]
        return [*chosen, *[""] * (MOST_AREAS - len(chosen))][:MOST_AREAS]

    def _layout(self):
        areas = [Div(name) for name in self.fields if name.startswith("area-")]
        return Layout("edits", "indication", "version", "weeks", Div(*areas, css_class="plan-areas"))

    def clean(self):
        data = super().clean()
        named = [value for name, value in data.items() if name.startswith("area-") and value]
        data["areas"] = [tuple(value.split("/")) for value in dict.fromkeys(named)]
        if not data["areas"] and not self.errors:
            self.add_error("area-1", _("Choose the area."))
        return data

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("indication", "version", "weeks", "areas")}


def place_choices(areas) -> list[tuple[str, str]]:
    """Every area that may be treated, once for each of its sides."""
    return [
        (f"{area.key}/{side}", f"{area.name}{side_suffix(side)}")
        for area in areas
        if area.treatable
        for side in sides_of(area)
    ]


class EndPlanForm(Form):
    status = forms.ChoiceField(
        label=_("How did it end?"),
        choices=[(PlanStatus.FINISHED, _("Finished: nothing more is planned")), (PlanStatus.STOPPED, _("Stopped"))],
        widget=forms.RadioSelect,
    )
    reason = NameField(label=_("Why it was stopped"), max_length=200, required=False)

    def clean(self):
        data = super().clean()
        if data.get("status") == PlanStatus.STOPPED and not data.get("reason"):
            self.add_error("reason", _("Say why it was stopped."))
        return data


class ChoosePlanForm(forms.Form):
    plan = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
