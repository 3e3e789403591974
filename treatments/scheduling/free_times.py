"""The search for times at which a visit could be booked."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import NamedTuple

from clinic.core import clock
from clinic.staff.models import User
from treatments.scheduling import queries
from treatments.scheduling.enums import LIVE, PART_HOURS
from treatments.scheduling.intervals import QUARTER, Stretch, possible_starts, quarters
from treatments.scheduling.models import Appointment, Room, VisitType
from treatments.scheduling.openings import openings


class FreeTime(NamedTuple):
    starts_at: datetime
    practitioner: User
    room: Room | None

    @property
    def slot_value(self) -> str:
        """As it travels in a form."""
        room_id = self.room.pk if self.room else 0
        return f"{self.starts_at.astimezone(UTC):%Y-%m-%dT%H:%M}Z.{self.practitioner.pk}.{room_id}"


def free_times(
    *,
    visit_type: VisitType,
    practitioner: User | None = None,
    from_day: date,
    days: int,
    part_of_day: str = "",
    patient=None,
    after: datetime | None = None,
    but: Collection[int] = (),
    length: timedelta | None = None,
) -> Iterator[FreeTime]:
    """Times at which the visit could be booked, on quarters of an hour, one room each: soonest first, and of those
    at one time the practitioner with the fewest visits first.

    Five queries at most, whatever the number of days and people; the rest is arithmetic, done a day at a time when
    it is asked for. `but` are visits that do not count: those to be moved.
    """
    last_day = from_day + timedelta(days=days - 1)
    start, end = clock.day_bounds(from_day)[0], clock.day_bounds(last_day)[1]
    people = queries.practitioners_for(visit_type)
    people = list(people if practitioner is None else people.filter(pk=practitioner.pk))
    hours = openings([person.pk for person in people], from_day, last_day)
    all_rooms = list(queries.rooms_for(visit_type))
    busy = _Busy(start, end, patient, but)
    people.sort(key=lambda person: busy.visits[person.pk])
    after, length = after or clock.now(), length or visit_type.length
    for offset in range(days):
        day = from_day + timedelta(days=offset)
        open_ = [(person, stretches) for person in people if (stretches := hours.on(person.pk, day))]
        times = _free_on(day, visit_type, length, open_, all_rooms, busy) if open_ else []
        yield from (
            t for t in times if t.starts_at >= after and (not part_of_day or _in_part(t.starts_at, part_of_day))
        )


class _Busy:
    """What is taken between two instants, by practitioner, by room, and for one patient.

    Each is kept under the dates in UTC that it touches, so that a day looks at its own and not at all of them.
    """

    def __init__(self, start: datetime, end: datetime, patient, but):
        self.practitioners, self.rooms, self.patient = _by_date(), _by_date(), defaultdict(list)
        self.visits = defaultdict(int)
        live = Appointment.objects.filter(status__in=LIVE).exclude(pk__in=but).order_by()
        near = live.filter(starts_at__gt=start - queries.LONGEST, starts_at__lt=end + queries.LONGEST)
        rows = near.values_list("practitioner_id", "room_id", "busy_from", "busy_until")
        for practitioner_id, room_id, first, last in rows:
            self.visits[practitioner_id] += 1
            stretch = (first, last)
            for on in _dates(first, last):
                self.practitioners[practitioner_id][on].append(stretch)
                self.rooms[room_id][on].append(stretch)
        for first, last in near.filter(patient=patient).values_list("starts_at", "ends_at") if patient else ():
            for on in _dates(first, last):
                self.patient[on].append((first, last))


def _dates(first: datetime, last: datetime) -> tuple[date, ...]:
    one, two = first.date(), last.date()
    return (one,) if one == two else (one, two)


def _by_date() -> dict:
    return defaultdict(lambda: defaultdict(list))


def _free_on(
    day: date,
    visit_type: VisitType,
    length: timedelta,
    open_: list[tuple[User, list[Stretch]]],
    all_rooms: list[Room],
    busy: _Busy,
) -> list[FreeTime]:
    before, after = visit_type.before, visit_type.after
    start, end = clock.day_bounds(day)
    first, last = (start - before).date(), (end + after).date()
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    zero = timedelta(0)
    needs_room = bool(all_rooms or visit_type.room_kind)

    def near(taken) -> list[Stretch]:
        return [stretch for on in dates if on in taken for stretch in taken[on]]

    def runs(open_, taken, before=before, after=after) -> list[range]:
        return quarters(possible_starts(open_, taken, length=length, before=before, after=after), since=start)

    times = [start + number * QUARTER for number in range((end - start) // QUARTER)]
    rooms: list[Room | None] = [None] * len(times)  # of each quarter, the first that is free
    for room in reversed(all_rooms):
        for run in runs([(start, end)], near(busy.rooms[room.pk])):
            rooms[run.start : run.stop] = [room] * len(run)
    taken = near(busy.patient)  # hours of work lie within the day anyway
    suits = {number for run in runs([(start, end)], taken, zero, zero) for number in run} if taken else None
    found: list[list[FreeTime]] = [[] for _time in times]
    for practitioner, stretches in open_:
        for number in chain(*runs(stretches, near(busy.practitioners[practitioner.pk]))):
            room = rooms[number]
            if (room or not needs_room) and (suits is None or number in suits):
                found[number].append(FreeTime(times[number], practitioner, room))
    return list(chain(*found))


def _in_part(time: datetime, part_of_day: str) -> bool:
    first, last = PART_HOURS.get(part_of_day, (0, 24))
    return first <= clock.local(time).hour < last
