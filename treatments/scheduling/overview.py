"""The calendar from further away: a week of everybody, and a month in numbers."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.urls import reverse

from clinic.core import clock
from treatments.scheduling import queries
from treatments.scheduling.calendar_rows import Choice, Row, live_times, open_hours, visits_between, week_of
from treatments.scheduling.enums import LIVE, VisitStatus
from treatments.scheduling.intervals import merge


@dataclass(slots=True)
class Line:
    """A visit in one line of a cell."""

    version: int
    href: str
    time: str
    patient: str
    type_id: int
    status: str


@dataclass
class Cell:
    day: date
    practitioner: int | None
    room: int | None
    is_open: bool
    lines: list[Line] = field(default_factory=list)


@dataclass
class Week:
    """A row for each practitioner or room, a cell for each day."""

    days: list[date]
    rows: list[tuple[int, str, list[Cell]]]
    types: list[tuple[int, str, str]]
    visit_count: int
    people: list[tuple[int, str]]
    rooms: list[tuple[int, str]]


@dataclass
class MonthDay:
    """`share` of the open time that is booked, in percent; None when nobody works."""

    day: date
    in_month: bool
    visits: int
    share: int | None


@dataclass
class Month:
    first: date
    weeks: list[list[MonthDay]]
    visit_count: int
    people: list[tuple[int, str]]


def week_overview(day: date, choice: Choice) -> Week:
    days = week_of(day)
    rows, hours = visits_between(days[0], days[-1]), open_hours(days)
    people, rooms = _people(rows, hours), _rooms(rows)
    live = [row for row in rows if row.status in LIVE and choice.shows(row)]
    by_room = choice.by == "room"
    if by_room:
        rooms |= {room.pk: room.name for room in queries.rooms()}
    working = {(hour.practitioner_id, day) for day in days for hour in hours[day]}
    zone = clock.zone()
    booked = {row.starts_at.astimezone(zone).date() for row in live}
    days = [day for day in days if day.weekday() < 5 or hours[day] or day in booked]
    cells = {}
    for pk in rooms if by_room else people:
        for day in days:
            is_open = bool(hours[day]) if by_room else (pk, day) in working
            cells[pk, day] = Cell(day, *((None, pk) if by_room else (pk, None)), is_open)
    base = reverse("scheduling:visit", args=[1])[:-2]
    for row in live:
        start = row.starts_at.astimezone(zone)
        cell = cells.get((row.room_id if by_room else row.practitioner_id, start.date()))
        if cell:
            cell.lines.append(
                Line(
                    row.version, f"{base}{row.pk}/", f"{start:%H:%M}", row.family_name, row.type_id, _shown(row.status)
                )
            )
    named = _sorted(rooms if by_room else people)
    return Week(
        days=days,
        rows=[(pk, name, [cells[pk, day] for day in days]) for pk, name in named],
        types=_types(live),
        visit_count=len(live),
        people=_sorted(people),
        rooms=_sorted(rooms),
    )


def month_overview(day: date, choice: Choice) -> Month:
    first = day.replace(day=1)
    start = first - timedelta(days=first.weekday())
    end = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    days = [start + timedelta(days=number) for number in range(-(-((end - start).days + 1) // 7) * 7)]
    hours = open_hours(days)
    booked, counts, zone = defaultdict(timedelta), defaultdict(int), clock.zone()
    for starts_at, ends_at in live_times(days[0], days[-1], choice):
        on = starts_at.astimezone(zone).date()
        booked[on] += ends_at - starts_at
        counts[on] += 1
    cells = [MonthDay(on, on.month == day.month, counts[on], _share(booked[on], hours[on], choice)) for on in days]
    return Month(
        first=first,
        weeks=[cells[number : number + 7] for number in range(0, len(cells), 7)],
        visit_count=sum(cell.visits for cell in cells if cell.in_month),
        people=_sorted(_people([], hours)),
    )


def _shown(status: str) -> str:
    return "" if status == VisitStatus.BOOKED else status


def _share(booked: timedelta, hours, choice: Choice) -> int | None:
    by_person = defaultdict(list)
    for hour in hours:
        if choice.practitioner in {None, hour.practitioner_id}:
            by_person[hour.practitioner_id].append(hour.stretch)
    worked = sum((end - start for own in by_person.values() for start, end in merge(own)), timedelta(0))
    return min(100, round(100 * (booked / worked))) if worked else None


def _people(rows: list[Row], hours) -> dict[int, str]:
    people = {hour.practitioner_id: hour.practitioner for day_hours in hours.values() for hour in day_hours}
    return people | {row.practitioner_id: row.practitioner for row in rows}


def _rooms(rows: list[Row]) -> dict[int, str]:
    return {row.room_id: row.room for row in rows if row.room_id}


def _types(rows: list[Row]) -> list[tuple[int, str, str]]:
    return sorted({(row.type_id, row.type, row.colour) for row in rows}, key=lambda kind: kind[1])


def _sorted(names: dict[int, str]) -> list[tuple[int, str]]:
    return sorted(names.items(), key=lambda item: (item[1], item[0]))
