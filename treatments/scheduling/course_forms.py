"""What the desk fills in to book, move or cancel several visits at once."""

import re
from uuid import uuid4

from crispy_forms.layout import Layout
from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField, TimeField
from treatments.scheduling import queries, rules
from treatments.scheduling.course_plan import Line
from treatments.scheduling.courses import Move, Slot
from treatments.scheduling.forms import CalendarDay, PersonChoice, parse_slot

WEEKS = re.compile(r"\d{1,3}(,\d{1,3})*", re.ASCII)
LATEST_WEEK = 100


class WeeksField(forms.CharField):
    """In which weeks, counted from the first: "0, 1, 2, 3, 5, 7"."""

    def clean(self, value) -> list[int]:
        text = re.sub(r"[\s;,]+", ",", super().clean(value)).strip(",")
        if not WEEKS.fullmatch(text):
            raise forms.ValidationError(gettext("Write the weeks as 0, 1, 2, 3, 5, 7."), code="weeks")
        weeks = sorted(set(map(int, text.split(","))))
        if len(weeks) > rules.MOST_IN_COURSE or weeks[-1] > LATEST_WEEK:
            limits = {"most": rules.MOST_IN_COURSE, "weeks": LATEST_WEEK}
            message = gettext("At most %(most)d visits, within %(weeks)d weeks.")
            raise forms.ValidationError(message, code="many", params=limits)
        return weeks


class CourseWishForm(Form):
    """Which visits to plan; travels in the address, so it holds ids and numbers only."""

    mark_optional = False
    type = forms.ModelChoiceField(label=_("Visit"), queryset=None)
    practitioner = PersonChoice(label=_("With"), queryset=None)
    start = CalendarDay(label=_("From"))
    weekday = forms.TypedChoiceField(
        label=_("Day of the week"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("As the first day")), *WEEKDAYS.items()],
    )
    time = TimeField(label=_("Not before"), required=False)
    weeks = WeeksField(label=_("In the weeks"), max_length=160, help_text=_("0 is the first: 0, 1, 2, 3, 5, 7"))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["type"].queryset = queries.visit_types()
        self.fields["practitioner"].queryset = queries.practitioners()


class SlotsForm(Form):
    """One free time for each line of a plan; an empty one leaves its line out."""

    mark_optional = False

    def __init__(self, data=None, *, count: int, **kwargs):
        super().__init__(data, **kwargs)
        self.count = count
        for number in range(count):
            self.fields[f"slot_{number}"] = forms.CharField(required=False, max_length=80)

    def clean(self):
        data = super().clean()
        for number in range(self.count):
            name = f"slot_{number}"
            if data.get(name) and (slot := parse_slot(data[name])) is None:
                self.add_error(name, gettext("This time is no longer offered. Choose another one."))
            elif data.get(name):
                data[name] = Slot(**slot)
        return data

    def slot(self, number: int) -> Slot | None:
        return self.cleaned_data[f"slot_{number}"] or None

    def errors_of(self, line: Line) -> list[str]:
        return self.errors.get(f"slot_{line.number}", [])


class BookCourseForm(SlotsForm):
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    override_reason = NameField(label=_("Reason, if something speaks against it"), required=False, max_length=200)

    def __init__(self, *args, may_override: bool, **kwargs):
        self.may_override = may_override
        super().__init__(*args, **kwargs)
        if not may_override:
            del self.fields["override_reason"]

    def layout(self):
        return Layout("submission", *["override_reason"] * self.may_override)

    def clean(self):
        data = super().clean()
        self.numbers = [number for number in range(self.count) if data.get(f"slot_{number}")]
        if not self.numbers and not self.errors:
            self.add_error(None, gettext("Choose at least one time."))
        return data

    def chosen(self) -> dict:
        return {
            "slots": [self.slot(number) for number in self.numbers],
            "submission": self.cleaned_data["submission"],
            "override_reason": self.cleaned_data.get("override_reason", ""),
        }


class ShiftForm(Form):
    """Where a visit goes, and whether its course follows."""

    mark_optional = False
    day = CalendarDay(label=_("New day of this visit"))
    time = TimeField(label=_("Time"))
    which = forms.ChoiceField(
        label=_("Which visits"),
        choices=[("following", _("This and the following")), ("all", _("All that are still to come"))],
        required=False,
    )


class MoveCourseForm(SlotsForm):
    """The versions travel along, so that nobody moves what somebody else has changed since."""

    def __init__(self, data=None, *, visits, **kwargs):
        super().__init__(data, count=len(visits), **kwargs)
        self.visits = visits
        self.fields["versions"] = forms.RegexField(
            r"^\d{1,18}:\d{1,9}(,\d{1,18}:\d{1,9})*$", widget=forms.HiddenInput, initial=versions_text(visits)
        )

    def layout(self):
        return Layout("versions")

    def chosen(self) -> list[Move]:
        seen = versions_of(self.cleaned_data["versions"])
        slots = ((visit, self.slot(number)) for number, visit in enumerate(self.visits))
        return [Move(visit.pk, seen.get(visit.pk, 0), slot) for visit, slot in slots if slot]


class CancelCourseForm(Form):
    versions = forms.RegexField(r"^\d{1,18}:\d{1,9}(,\d{1,18}:\d{1,9})*$", widget=forms.HiddenInput)
    reason = NameField(
        label=_("Why are they cancelled?"),
        max_length=200,
        help_text=_("For example: ill, no time, found another clinic. Nothing medical."),
    )

    def chosen(self) -> dict:
        seen = versions_of(self.cleaned_data["versions"])
        return {"visits": list(seen.items()), "reason": self.cleaned_data["reason"]}


def versions_text(visits) -> str:
    return ",".join(f"{visit.pk}:{visit.version}" for visit in visits)


def versions_of(text: str) -> dict[int, int]:
    return {int(pk): int(version) for pk, version in (pair.split(":") for pair in text.split(","))}
