"""The preview of a course: for each of its weeks a free time, where it differs from what was wished, and others."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from clinic.core import clock
from treatments.scheduling import queries, rules
from treatments.scheduling.free_times import FreeTime, free_times
from treatments.scheduling.models import Appointment, VisitType

NEARBY = timedelta(days=3)
SHOWN_ON_THE_DAY, SHOWN_NEARBY = 12, 3


@dataclass
class Line:
    """One visit of the course: the day it should be on, what is free then, and the times of days nearby."""

    number: int
    day: date
    options: list[FreeTime] = field(default_factory=list)
    chosen: FreeTime | None = None
    wanted: time | None = None
    obstacle: str = ""
    visit: Appointment | None = None

    @property
    def is_another_day(self) -> bool:
        return self.chosen is not None and clock.local(self.chosen.starts_at).date() != self.day

    @property
    def is_another_time(self) -> bool:
        return self.chosen is not None and self.wanted not in {None, clock.local(self.chosen.starts_at).time()}

    @property
    def is_free(self) -> bool:
        return bool(self.chosen) and not (self.is_another_day or self.is_another_time or self.obstacle)


def days_of(start: date, weeks: Sequence[int], weekday: int | None) -> list[date]:
    """The days of a course that begins on or after `start`, on that weekday if one is given."""
    if weekday is not None:
        start += timedelta(days=(weekday - start.weekday()) % 7)
    return [start + timedelta(weeks=week) for week in weeks]


def plan_course(wish: dict, patient, at: datetime) -> list[Line]:
    """`wish`: type, practitioner, start, weeks, weekday, time. All at one time of the day, if there is one."""
    visit_type = wish["type"]
    days = days_of(wish["start"], wish["weeks"], wish["weekday"])
    free = _free_by_day(days, at, visit_type=visit_type, practitioner=wish["practitioner"], patient=patient)
    earliest = wish["time"] or time.min
    wanted = _common_wall([free[day] for day in days], earliest)
    lines = [Line(number, day, wanted=wanted) for number, day in enumerate(days)]
    for line in lines:
        _choose(line, free, earliest, visit_type)
    _note_obstacles(lines, visit_type, patient, at)
    return lines


def plan_move(visits: Sequence[Appointment], shift: timedelta, wall: time, at: datetime) -> list[Line]:
    """Each of the visits so many days later or earlier, at that time of the day, with its own practitioner."""
    lines = [
        Line(number, clock.local(visit.starts_at).date() + shift, wanted=wall, visit=visit)
        for number, visit in enumerate(visits)
    ]
    by_practitioner = defaultdict(list)
    for line in lines:
        by_practitioner[line.visit.practitioner].append(line)
    for practitioner, own in by_practitioner.items():
        visit_type, patient = own[0].visit.visit_type, own[0].visit.patient
        who = {"practitioner": practitioner, "patient": patient, "visit_type": visit_type}
        free = _free_by_day([line.day for line in own], at, but=[visit.pk for visit in visits], **who)
        for line in own:
            _choose(line, free, time.min, visit_type)
    return lines


def _free_by_day(days: Sequence[date], at: datetime, **search) -> dict[date, list[FreeTime]]:
    """The free times of each day from shortly before the first to shortly after the last."""
    first = max(min(days) - NEARBY, clock.local(at).date())
    count = (max(days) + NEARBY - first).days + 1
    by_day = defaultdict(list)
    if count > 0:
        for free in free_times(from_day=first, days=count, after=at, **search):
            by_day[clock.local(free.starts_at).date()].append(free)
    return by_day


def _wall(free: FreeTime) -> time:
    return clock.local(free.starts_at).time()


def _common_wall(days: Iterable[list[FreeTime]], earliest: time) -> time | None:
    """The time of the day that is free on most of the days; the earliest of those."""
    counts = Counter(wall for frees in days for wall in {_wall(free) for free in frees} if wall >= earliest)
    return min(counts, key=lambda wall: (-counts[wall], wall), default=None)


def _choose(line: Line, free, earliest: time, visit_type: VisitType) -> None:
    that_day = [free_ for free_ in free[line.day] if _wall(free_) >= earliest]
    wanted = [free_ for free_ in that_day if _wall(free_) == line.wanted]
    others = _apart([free_ for free_ in that_day if free_ not in wanted], visit_type)[:SHOWN_ON_THE_DAY]
    nearby = []
    for distance in range(1, NEARBY.days + 1):
        for day in (line.day + timedelta(days=distance), line.day - timedelta(days=distance)):
            later = [free_ for free_ in free[day] if _wall(free_) >= earliest]
            nearby += sorted(_apart(later, visit_type), key=lambda free_: _distance(_wall(free_), line.wanted))[
                :SHOWN_NEARBY
            ]
    line.chosen = next(
        iter([*wanted, *sorted(others, key=lambda free_: _distance(_wall(free_), line.wanted)), *nearby]), None
    )
    line.options = sorted({*wanted, *others, *nearby}, key=lambda free_: free_.starts_at)


def _apart(frees: Sequence[FreeTime], visit_type: VisitType) -> list[FreeTime]:
    """A few of many: none begins before the one shown before it would have ended."""
    some: list[FreeTime] = []
    for free in frees:
        if not some or free.starts_at >= some[-1].starts_at + visit_type.length:
            some.append(free)
    return some


def _distance(wall: time, wanted: time | None) -> int:
    return abs((wall.hour - wanted.hour) * 60 + wall.minute - wanted.minute) if wanted else 0


def _note_obstacles(lines: Sequence[Line], visit_type: VisitType, patient, at: datetime) -> None:
    """Consultations that would be missing, and visits of the type that come too near to each other."""
    consultations = queries.consultations(patient) if visit_type.consultation_within_days is not None else []
    others = queries.starts_of_type(visit_type, patient) if visit_type.days_between else []
    for line in filter(lambda line: line.chosen, lines):
        starts_at = line.chosen.starts_at
        near = next((other for other in others if rules.is_too_soon(visit_type, other, starts_at)), None)
        if not rules.has_consultation(visit_type, consultations, starts_at, at):
            line.obstacle = rules.consultation_text(visit_type)
        elif near:
            line.obstacle = rules.too_soon_text(visit_type, near)
        others.append(starts_at)
