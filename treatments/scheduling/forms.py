"""What the desk fills in: which visit, when, and why not."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import uuid4

from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.forms import DateField, Form, NameField, TimeField, VersionField
from patients.registry.forms import RegisterForm
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import PartOfDay

OTHER = "other"
CARRIED = ("type", "practitioner", "start", "part", "at", "minutes", "room")
ID = re.compile(r"\d{1,18}", re.ASCII)
SLOT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)Z\.(\d{1,18})\.(\d{1,18})", re.ASCII)


class RowChoice(forms.ModelChoiceField):
    """The `known` row is not asked for again."""

    known = None

    def to_python(self, value):
        return self.known if self.known and value == str(self.known.pk) else super().to_python(value)


class PersonChoice(RowChoice):
    def label_from_instance(self, person) -> str:
        return person.full_name


class CalendarDay(DateField):
    """A day near enough for a visit."""

    def validate(self, value):
        super().validate(value)
        if value and abs(value - clock.today()) > rules.FURTHEST:
            raise forms.ValidationError(gettext("Visits can be booked at most two years ahead."), code="far")


class InstantField(forms.Field):
    """An instant in UTC, such as 2027-03-01T08:30Z."""

    def to_python(self, value):
        if not value:
            return None
        try:
            instant = datetime.strptime(value, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        except ValueError:
            instant = None
        if instant is None or abs(instant.year - clock.today().year) > 100:
            raise forms.ValidationError(gettext("This time cannot be read."), code="invalid")
        return instant


class DayForm(forms.Form):
    day = CalendarDay()


def chosen_ids(address: dict, sent: dict) -> dict[str, int]:
    """Which rows the address of a booking and the time that was sent speak of; 0 where they name none."""
    slot = SLOT.fullmatch(sent.get("slot", "")) or ["", "", "0", "0"]
    texts = {"patient": address.get("patient", ""), "type": address.get("type", "")}
    texts |= {"practitioner": slot[2], "room": slot[3]}
    return {name: int(text) if ID.fullmatch(text) else 0 for name, text in texts.items()}


class PatientForm(forms.Form):
    patient = forms.IntegerField(min_value=1, max_value=10**18)


class FindForm(forms.Form):
    q = forms.CharField(max_length=100)


class NewPatientForm(RegisterForm):
    """Somebody who rings up for the first time: who they are and how to reach them; the rest is asked later."""

    details = ["given_name", "family_name", "birth_date", "phone", "email"]

    def __init__(self, *args, clinic, **kwargs):
        super().__init__(*args, clinic=clinic, **kwargs)
        for name in set(RegisterForm.details) - set(self.details):
            del self.fields[name]

    def layout(self):
        names = Div("given_name", "family_name", css_class="pair")
        look_alikes = HTML('{% include "scheduling/_alike.html" %}')
        return Layout(names, "birth_date", Div("phone", "email", css_class="pair"), "submission", look_alikes)


def carried(data) -> dict[str, str]:
    """What a booking was asked for besides the patient, to be carried along while the patient is looked for."""
    return {name: data[name] for name in CARRIED if data.get(name)}


class WishForm(Form):
    """Which free times to offer; travels in the address, so it holds ids and days only."""

    mark_optional = False
    type = RowChoice(label=_("Visit"), queryset=None)
    practitioner = PersonChoice(label=_("With"), queryset=None, required=False, empty_label=_("Anyone"))
    start = CalendarDay(label=_("From"))
    part = forms.ChoiceField(
        label=_("Part of the day"), required=False, choices=[("", _("Any time")), *PartOfDay.choices]
    )
    at = InstantField(required=False, widget=forms.HiddenInput)
    room = RowChoice(queryset=None, required=False, widget=forms.HiddenInput)
    minutes = forms.IntegerField(label=_("Minutes"), min_value=5, max_value=720, required=False)

    def __init__(self, *args, known: Mapping | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        for name in {"type", "practitioner", "room"} & set(self.fields):
            self.fields[name].known = known and known.get(name)
        if "type" in self.fields:
            self.fields["type"].queryset = queries.visit_types()
        self.fields["practitioner"].queryset = queries.practitioners()
        if "room" in self.fields:
            self.fields["room"].queryset = queries.rooms()
        if "minutes" in self.fields and not self.data.get("minutes"):
            self.fields["minutes"].widget = forms.HiddenInput()

    @property
    def length(self) -> timedelta | None:
        """How long the visit is to be, when that is not what its type says."""
        minutes = self.cleaned_data.get("minutes")
        return timedelta(minutes=minutes) if minutes else None


class MoveWishForm(WishForm):
    """When to move a visit to; its type stays."""

    type = at = room = minutes = None


class SlotForm(Form):
    """One of the free times that were offered, or another one, typed."""

    mark_optional = False
    preselect = False
    slot = forms.CharField(label=_("Time"), error_messages={"required": _("Choose a time.")})
    day = CalendarDay(label=_("Day"), required=False)
    time = TimeField(label=_("Time"), required=False)
    fold = forms.TypedChoiceField(
        label=_("The clocks go back that day"), required=False, coerce=int, empty_value=None, widget=forms.RadioSelect
    )
    practitioner = PersonChoice(label=_("With"), queryset=None, required=False)
    room = forms.ModelChoiceField(label=_("Room"), queryset=None, required=False, empty_label=_("None"))

    def __init__(self, *args, known: Mapping | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.known = known or {}
        self.fields["practitioner"].queryset = queries.practitioners()
        self.fields["room"].queryset = queries.rooms()
        self.fields["fold"].choices = self._readings()
        if not self.fields["fold"].choices:
            self.fields["fold"].widget = forms.HiddenInput()
            self.fields["fold"].choices = [("0", ""), ("1", "")]
        self.offer([])

    def layout(self):
        other = Div("day", "time", "fold", "practitioner", "room", css_class="other-time")
        return Layout(Field("slot", template="scheduling/_slots.html"), other)

    def offer(self, times, chosen=None, booked_days=()) -> None:
        """Shows these free times, by day, and first the one `chosen` in the calendar; `preselect` the first of all.

        On `booked_days` the patient has a visit already.
        """
        slot = self.fields["slot"]
        days = groupby(times, key=lambda free: clock.local(free.starts_at).date())
        slot.days = [(day, [(free.slot_value, free) for free in frees]) for day, frees in days]
        slot.chosen = chosen and (chosen.slot_value, chosen)
        slot.chosen_day = chosen and clock.local(chosen.starts_at).date()
        slot.booked_days, slot.preselect = booked_days, self.preselect

    def _readings(self) -> list[tuple[str, str]]:
        """Both instants of a typed time that the clocks show twice."""
        try:
            day = self.fields["day"].to_python(self.data.get("day"))
            wall = self.fields["time"].to_python(self.data.get("time"))
            if not (day and wall and abs(day - clock.today()) <= rules.FURTHEST and rules.is_ambiguous(day, wall)):
                return []
        except forms.ValidationError:
            return []
        labels = [gettext("the first %(time)s (%(offset)s)"), gettext("the second %(time)s (%(offset)s)")]
        return [
            (str(fold), label % {"time": rules.wall_text(wall), "offset": _offset(day, wall, fold)})
            for fold, label in enumerate(labels)
        ]

    def clean(self):
        data = super().clean()
        if data.get("slot") == OTHER:
            self._clean_other(data)
        elif "slot" in data:
            self._clean_offered(data)
        return data

    def _clean_offered(self, data) -> None:
        """What an offered time says: when, with whom, where."""
        slot = parse_slot(data["slot"], self.known)
        if slot is None:
            self.add_error("slot", gettext("This time is no longer offered. Choose another one."))
        data |= slot or {}

    def _clean_other(self, data) -> None:
        for name in ("day", "time", "practitioner"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, gettext("This is needed for another time."))
        if self.errors:
            return
        try:
            data["starts_at"] = rules.instant_of(data["day"], data["time"], data.get("fold"))
        except Refused as refusal:
            refusal.add_to(self)

    def refuse(self, refusal: Refused) -> None:
        """Shows a refusal where the choice was made: beside the offered times, or beside what was typed."""
        if self.cleaned_data["slot"] != OTHER and refusal.field in {"day", "time", "practitioner", "room"}:
            refusal.field = "slot"
        refusal.add_to(self)

    def chosen(self) -> dict:
        """When, with whom, where: for the service."""
        return {name: self.cleaned_data.get(name) for name in ("starts_at", "practitioner", "room")}


class BookForm(SlotForm):
    preselect = True
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    override_reason = NameField(label=_("Reason, if there is no consultation"), required=False, max_length=200)

    def __init__(self, *args, may_override: bool, **kwargs):
        self.may_override = may_override
        super().__init__(*args, **kwargs)
        if not may_override:
            del self.fields["override_reason"]

    def layout(self):
        return Layout(*super().layout(), "submission", *["override_reason"] * self.may_override)

    def chosen(self) -> dict:
        return super().chosen() | {
            "submission": self.cleaned_data["submission"],
            "override_reason": self.cleaned_data.get("override_reason", ""),
        }


class MoveForm(SlotForm):
    version = VersionField()

    def layout(self):
        return Layout(*super().layout(), "version")

    def chosen(self) -> dict:
        return super().chosen() | {"version": self.cleaned_data["version"]}


class CancelForm(Form):
    version = VersionField()
    reason = NameField(
        label=_("Why is it cancelled?"),
        max_length=200,
        help_text=_("For example: ill, no time, found another clinic. Nothing medical."),
    )


class UndoForm(forms.Form):
    version = VersionField()


class StepForm(forms.Form):
    """`back` is the list to return to, instead of the visit's own page."""

    step = forms.CharField()
    version = VersionField()
    back = forms.ChoiceField(choices=[("board", ""), ("unconfirmed", "")], required=False)


def parse_slot(text: str, known: Mapping | None = None) -> dict | None:
    """When, with whom and where, as a free time's `slot_value` says it; None when that cannot be, or not any more.

    The practitioner and room that it names are not asked for again when they are `known`.
    """
    match = SLOT.fullmatch(text)
    try:
        starts_at = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None
    known, room_id = known or {}, int(match[3])
    practitioner = known.get("practitioner") or queries.practitioner_named(int(match[2]))
    room = (known.get("room") or queries.room_named(room_id)) if room_id else None
    if practitioner is None or (room_id and room is None):
        return None
    return {"starts_at": starts_at, "practitioner": practitioner, "room": room}


def _offset(day, wall, fold: int) -> str:
    offset = datetime.combine(day, wall, tzinfo=clock.zone()).replace(fold=fold).utcoffset() or timedelta(0)
    minutes = offset // timedelta(minutes=1)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"
