"""What every picture of the calendar is drawn from: open hours and visits of some days, in two queries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.http import Http404

from clinic.core import clock
from treatments.scheduling import queries
from treatments.scheduling.enums import LIVE, VisitStatus
from treatments.scheduling.intervals import Stretch
from treatments.scheduling.models import Appointment

LABELS = dict(VisitStatus.choices)
# As the style sheet draws them behind a visit's time; the ordinary status has none.
STATUS_MARKS = [
    ("✓", VisitStatus.CONFIRMED.label),
    ("●", VisitStatus.ARRIVED.label),
    ("▶", VisitStatus.IN_SESSION.label),
    ("✓✓", VisitStatus.DONE.label),
]


class Row(NamedTuple):
    """A visit, as flat as it comes from the database: there are many of them."""

    pk: int
    version: int
    starts_at: datetime
    ends_at: datetime
    status: str
    given_name: str
    family_name: str
    practitioner_id: int
    practitioner: str
    type_id: int
    type: str
    colour: str
    room_id: int | None
    room: str | None

    @property
    def patient(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def label(self):
        """The status in words; nothing for the ordinary one."""
        return "" if self.status == VisitStatus.BOOKED else LABELS[self.status]


COLUMNS = (
    "pk",
    "version",
    "starts_at",
    "ends_at",
    "status",
    "patient__given_name",
    "patient__family_name",
    "practitioner_id",
    "practitioner__full_name",
    "visit_type_id",
    "visit_type__name",
    "visit_type__colour",
    "room_id",
    "room__name",
)


class Hours(NamedTuple):
    practitioner_id: int
    practitioner: str
    stretch: Stretch


@dataclass(frozen=True)
class Choice:
    """What the address asks to see: columns by "practitioner" or "room", and only these rows of the calendar."""

    by: str = "practitioner"
    practitioner: int | None = None
    room: int | None = None
    type: int | None = None

    def shows(self, row: Row) -> bool:
        return (
            self.practitioner in {None, row.practitioner_id}
            and self.room in {None, row.room_id}
            and self.type in {None, row.type_id}
        )


def visits_between(first: date, last: date) -> list[Row]:
    """All visits that begin on the days from `first` to `last`, cancelled ones too, in order."""
    start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
    rows = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end).order_by("starts_at", "pk")
    return list(map(Row._make, rows.values_list(*COLUMNS)))


def live_times(first: date, last: date, choice: Choice) -> Iterator[tuple[datetime, datetime]]:
    """Beginnings and ends of the chosen visits that are not cancelled: all that a month shows of them."""
    start, end = clock.day_bounds(first)[0], clock.day_bounds(last)[1]
    asked = {"practitioner": choice.practitioner, "room": choice.room, "visit_type": choice.type}
    rows = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end, status__in=LIVE).order_by()
    rows = rows.filter(**{name: value for name, value in asked.items() if value})
    return rows.values_list("starts_at", "ends_at").iterator()


def open_hours(days: list[date]) -> dict[date, list[Hours]]:
    """When who works, by day. Two queries: the people, and their hours."""
    names = dict(queries.practitioners().values_list("pk", "full_name"))
    open_ = queries.open_stretches(names, days)
    return {day: [Hours(pk, name, stretch) for pk, name in names.items() for stretch in open_[pk, day]] for day in days}


def week_of(day: date) -> list[date]:
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def days_beside(view: str, day: date) -> tuple[date, date]:
    """The day, week or month before and after, each said by one of its days."""
    if view == "month":
        first = day.replace(day=1)
        return (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=31)).replace(day=1)
    step = timedelta(days=7 if view == "week" else 1)
    return day - step, day + step


def near_day(day: date | None) -> date:
    """The day of an address, today when it names none; Http404 for days that no calendar is kept for."""
    today = clock.today()
    day = day or today
    if abs(day.year - today.year) > 100:
        raise Http404
    return day
