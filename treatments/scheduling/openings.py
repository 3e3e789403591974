"""When people work: the hours of their week, but for the dated exceptions of theirs and of the clinic."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, time
from itertools import chain
from typing import NamedTuple

from django.db import models
from django.db.models import Value

from clinic.core import clock
from treatments.scheduling.intervals import Stretch, contains, merge
from treatments.scheduling.models import Appointment, HoursException, WorkingHours

Walls = list[tuple[time, time]]


class Exceptional(NamedTuple):
    """Days with other hours; without times, days off."""

    first_day: date
    last_day: date
    starts: time | None
    ends: time | None


@dataclass(frozen=True)
class Openings:
    """`weekly` by practitioner and weekday; `exceptions` by practitioner, the clinic's under None."""

    weekly: dict[tuple[int, int], Walls] = field(default_factory=lambda: defaultdict(list))
    exceptions: dict[int | None, list[Exceptional]] = field(default_factory=lambda: defaultdict(list))

    def on(self, practitioner_id: int, day: date) -> list[Stretch]:
        """The stretches of that day in which the practitioner works, in order."""
        own = _of_day(self.exceptions.get(practitioner_id, ()), day)
        walls = _walls(own) if own else self.weekly.get((practitioner_id, day.weekday()), [])
        if clinics := _of_day(self.exceptions.get(None, ()), day):
            walls = [common for wall in walls for common in _common(wall, _walls(clinics))]
        edges = clock.instants(day, *chain(*walls)) if walls else []
        return merge(stretch for stretch in zip(edges[::2], edges[1::2], strict=True) if stretch[0] < stretch[1])

    def hold(self, visit: Appointment) -> bool:
        """Whether the visit lies within the hours of its practitioner."""
        day = clock.local(visit.starts_at).date()
        return contains(self.on(visit.practitioner_id, day), visit.starts_at, visit.ends_at)

    def with_week(self, practitioner_id: int, hours: Iterable[tuple[int, time, time]]) -> "Openings":
        """The same, if this were the practitioner's week."""
        weekly = {key: walls for key, walls in self.weekly.items() if key[0] != practitioner_id}
        for weekday, starts, ends in hours:
            weekly.setdefault((practitioner_id, weekday), []).append((starts, ends))
        return replace(self, weekly=weekly)

    def with_exceptions(self, practitioner_id: int | None, rows: Iterable[Exceptional]) -> "Openings":
        """The same, if there were these exceptions too."""
        own = [*self.exceptions.get(practitioner_id, ()), *rows]
        return replace(self, exceptions=dict(self.exceptions) | {practitioner_id: own})

    def without(self, practitioner_id: int | None, row: Exceptional) -> "Openings":
        """The same, if that exception were taken back."""
        own = list(self.exceptions.get(practitioner_id, ()))
        own.remove(row)
        return replace(self, exceptions=dict(self.exceptions) | {practitioner_id: own})


def _of_day(exceptions: Iterable[Exceptional], day: date) -> list[Exceptional]:
    return [row for row in exceptions if row.first_day <= day <= row.last_day]


def _walls(exceptions: list[Exceptional]) -> Walls:
    """A day off wins over other hours."""
    if any(row.starts is None for row in exceptions):
        return []
    return [(row.starts, row.ends) for row in exceptions]


def _common(wall: tuple[time, time], others: Walls) -> Walls:
    pairs = [(max(wall[0], starts), min(wall[1], ends)) for starts, ends in others]
    return [(starts, ends) for starts, ends in pairs if starts < ends]


def openings(practitioner_ids: Collection[int], first_day: date, last_day: date) -> Openings:
    """The weeks of these people and all exceptions on these days, in one query however many there are."""
    week = WorkingHours.objects.filter(practitioner__in=practitioner_ids).annotate(
        first_day=Value(None, models.DateField()), last_day=Value(None, models.DateField())
    )
    dated = HoursException.objects.filter(last_day__gte=first_day, first_day__lte=last_day).annotate(
        weekday=Value(None, models.PositiveSmallIntegerField())
    )
    columns = ("practitioner_id", "weekday", "first_day", "last_day", "starts", "ends")
    rows = week.order_by().values_list(*columns).union(dated.order_by().values_list(*columns), all=True)
    found = Openings()
    for practitioner_id, weekday, *days, starts, ends in rows:
        if weekday is None:
            found.exceptions[practitioner_id].append(Exceptional(*days, starts, ends))
        else:
            found.weekly[practitioner_id, weekday].append((starts, ends))
    return found
