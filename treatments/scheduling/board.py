"""The day page's picture: columns of visits on a grid of five minutes, read in two queries.

A place on the grid is said in CSS classes (hour h-9, five minutes f-6, length x-1 hours y-6 five minutes), because
the pages allow no inline style.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clinic.core import clock
from clinic.staff.permissions import Role
from treatments.scheduling.enums import LIVE, VisitStatus
from treatments.scheduling.models import Appointment, WorkingHours

MIDNIGHT = 24 * 60
LABELS = dict(VisitStatus.choices)


@dataclass(slots=True)
class BoardVisit:
    pk: int
    place: str
    time: str
    patient: str
    type: str
    type_id: int
    room: str
    status: str
    label: str


@dataclass
class Column:
    """One practitioner's day; `closed` are the places to be grey."""

    pk: int
    name: str
    visits: list[BoardVisit] = field(default_factory=list)
    gone: list[BoardVisit] = field(default_factory=list)
    hours: list[tuple[int, int]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


@dataclass
class Board:
    day: date
    columns: list[Column]
    hours: range
    types: list[tuple[int, str, str]]
    now: str
    visit_count: int

    @property
    def gone(self) -> list[BoardVisit]:
        return [visit for column in self.columns for visit in column.gone]


def day_board(day: date, at: datetime) -> Board:
    columns: dict[int, Column] = {}
    types: dict[int, tuple[int, str, str]] = {}
    span = [MIDNIGHT, 0]

    def column_of(pk: int, name: str) -> Column:
        return columns.setdefault(pk, Column(pk, name))

    for pk, name, starts, ends in _hours(day):
        stretch = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
        column_of(pk, name).hours.append(stretch)
        _widen(span, *stretch)
    count = 0
    for row in _visits(day):
        visit, practitioner, colour, minutes = _board_visit(row)
        column = column_of(*practitioner)
        types[visit.type_id] = (visit.type_id, visit.type, colour)
        if visit.status in LIVE:
            column.visits.append(visit)
            _widen(span, *minutes)
            count += 1
        else:
            column.gone.append(visit)
    first, last = span[0] // 60, -(-span[1] // 60)
    for column in columns.values():
        column.closed = list(_closed(column.hours, first * 60, last * 60))
    return Board(
        day=day,
        columns=sorted(columns.values(), key=lambda column: (column.name, column.pk)),
        hours=range(first, last),
        types=sorted(types.values(), key=lambda kind: kind[1]),
        now=_now_place(day, at, first, last),
        visit_count=count,
    )


def neighbours(day: date) -> dict[str, date]:
    return {"before": day - timedelta(days=1), "after": day + timedelta(days=1)}


def _hours(day: date):
    rows = WorkingHours.objects.filter(
        weekday=day.weekday(),
        practitioner__is_active=True,
        practitioner__role_assignments__role=Role.PRACTITIONER,
    )
    return rows.values_list("practitioner_id", "practitioner__full_name", "starts", "ends")


def _visits(day: date):
    start, end = clock.day_bounds(day)
    return (
        Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end)
        .order_by("starts_at", "pk")
        .values_list(
            "pk",
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
            "room__name",
        )
    )


def _board_visit(row) -> tuple[BoardVisit, tuple[int, str], str, tuple[int, int]]:
    pk, starts_at, ends_at, status, given, family, practitioner_id, name, type_id, type_name, colour, room = row
    local = clock.local(starts_at)
    start = local.hour * 60 + local.minute
    end = min(start + (ends_at - starts_at) // timedelta(minutes=1), MIDNIGHT)
    visit = BoardVisit(
        pk=pk,
        place=place(start, end),
        time=f"{local:%H:%M}",
        patient=f"{given} {family}".strip(),
        type=type_name,
        type_id=type_id,
        room=room or "",
        status=status,
        label="" if status == VisitStatus.BOOKED else LABELS[status],
    )
    return visit, (practitioner_id, name), colour, (start, end)


def place(start: int, end: int) -> str:
    """Classes for [start, end), in minutes after midnight."""
    fives = max(1, round((end - start) / 5))
    return f"h-{start // 60} f-{start % 60 // 5} x-{fives // 12} y-{fives % 12}"


def _closed(hours: list[tuple[int, int]], first: int, last: int):
    """The parts of a day without working hours."""
    time = first
    for start, end in sorted(hours):
        if start > time:
            yield place(time, start)
        time = max(time, end)
    if time < last:
        yield place(time, last)


def _now_place(day: date, at: datetime, first: int, last: int) -> str:
    now = clock.local(at)
    minute = now.hour * 60 + now.minute
    return place(minute, minute + 5) if now.date() == day and first <= now.hour < last else ""


def _widen(span: list[int], start: int, end: int) -> None:
    span[0], span[1] = min(span[0], start), max(span[1], end)
