"""What administrators fill in: visit types, rooms, and when people work."""

import re
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import Colour, RoomKind, VisitKind

STRETCH = re.compile(r"(\d{1,2})[:.](\d\d)\s*[-\u2013]\s*(\d{1,2})[:.](\d\d)", re.ASCII)


class PeopleChoice(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, person) -> str:
        return person.full_name


class VisitTypeForm(Form):
    name = NameField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=VisitKind.choices)
    minutes = forms.IntegerField(label=_("Duration, minutes"), min_value=5, max_value=720, step_size=5)
    minutes_before = forms.IntegerField(
        label=_("Minutes kept free before"), min_value=0, max_value=240, initial=0, help_text=_("To prepare the room.")
    )
    minutes_after = forms.IntegerField(
        label=_("Minutes kept free after"), min_value=0, max_value=240, initial=0, help_text=_("To clear it up.")
    )
    consultation_within_days = forms.IntegerField(
        label=_("Needs a consultation within, days"),
        min_value=1,
        max_value=3650,
        required=False,
        help_text=_("Empty: it can be booked without one."),
    )
    days_between = forms.IntegerField(
        label=_("Days between two of this type"),
        min_value=1,
        max_value=365,
        required=False,
        help_text=_("Empty: any. A practitioner may book it sooner with a reason."),
    )
    room_kind = forms.ChoiceField(
        label=_("Kind of room"), required=False, choices=[("", _("Any room")), *RoomKind.choices]
    )
    practitioners = PeopleChoice(
        label=_("Who may do it"), queryset=None, required=False, help_text=_("Nobody ticked: everybody.")
    )
    colour = forms.ChoiceField(label=_("Colour in the calendar"), choices=Colour.choices, initial=Colour.TEAL)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["practitioners"].queryset = queries.practitioners()
        colour = self.initial.get("colour")
        if colour and colour not in Colour.values:
            self.fields["colour"].choices = [*Colour.choices, (colour, _("Another, as it is"))]


class RoomForm(Form):
    name = NameField(label=_("Name"), max_length=60)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Serves for everything")), *RoomKind.choices]
    )


class AcceptForm(forms.Form):
    """Ids of the visits that were shown as stranded before the change is made all the same."""

    accepted = forms.RegexField(r"^\d{1,18}(,\d{1,18})*$", required=False, max_length=20_000)

    @property
    def ids(self) -> set[int]:
        return set(map(int, filter(None, self.cleaned_data["accepted"].split(",")))) if self.is_valid() else set()


class HoursField(forms.CharField):
    """Hours of a day, such as "9:00-13:00, 15:00-19:00"; breaks are what lies between."""

    def __init__(self, **kwargs):
        super().__init__(required=False, max_length=80, **kwargs)

    def clean(self, value) -> list[tuple[time, time]]:
        parts = filter(None, (part.strip() for part in super().clean(value).split(",")))
        return [self._stretch(part) for part in parts]

    def _stretch(self, text: str) -> tuple[time, time]:
        match = STRETCH.fullmatch(text)
        try:
            first, last = f"{match[1]:0>2}:{match[2]}", f"{match[3]:0>2}:{match[4]}"
            starts, ends = (datetime.strptime(wall, "%H:%M").time() for wall in (first, last))  # noqa: DTZ007
        except (TypeError, ValueError):
            message = gettext("Write the hours as 9:00-13:00, with a comma between two.")
            raise forms.ValidationError(message, code="hours") from None
        return starts, ends


def hours_text(walls) -> str:
    return ", ".join(f"{starts:%H:%M}-{ends:%H:%M}" for starts, ends in walls)


class WeekForm(Form):
    """A practitioner's week: one line a day; empty is a day off."""

    mark_optional = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for weekday, name in WEEKDAYS.items():
            widget = forms.TextInput(attrs={"placeholder": gettext("Day off"), "autocomplete": "off"})
            self.fields[f"day_{weekday}"] = HoursField(label=name, widget=widget)

    @staticmethod
    def text_of(hours) -> dict[str, str]:
        """The form's initial values for (weekday, from, to) rows."""
        days = groupby(hours, key=lambda stretch: stretch[0])
        return {f"day_{weekday}": hours_text(wall for _day, *wall in stretches) for weekday, stretches in days}

    @property
    def hours(self) -> list[tuple[int, time, time]]:
        return [(weekday, *wall) for weekday in range(7) for wall in self.cleaned_data[f"day_{weekday}"]]


class NearDay(DateField):
    def validate(self, value: date | None):
        super().validate(value)
        today = clock.today()
        if value and not today - timedelta(days=31) <= value <= today + rules.FURTHEST:
            raise forms.ValidationError(gettext("Choose a day from now to two years ahead."), code="far")


class ExceptionForm(Form):
    """Days off, or days with other hours."""

    first_day = NearDay(label=_("First day"))
    last_day = NearDay(label=_("Last day"), required=False, help_text=_("Empty: only that day."))
    hours = HoursField(
        label=_("Hours on these days"),
        help_text=_("As 9:00-13:00, 15:00-19:00. Empty: closed, or not at work."),
        widget=forms.TextInput(attrs={"placeholder": _("None"), "autocomplete": "off"}),
    )
    note = NameField(
        label=_("Note"), required=False, max_length=80, help_text=_("For colleagues, such as: holiday, congress.")
    )

    def clean(self):
        data = super().clean()
        data["last_day"] = data.get("last_day") or data.get("first_day")
        return data
