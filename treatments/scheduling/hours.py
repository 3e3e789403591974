"""Changing when people work. A change that leaves booked visits outside the hours is made only by whoever has seen
them, and leaves them where they are."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import ngettext

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.models import User
from treatments.scheduling import queries, rules, settings_rules
from treatments.scheduling.models import Appointment, HoursException, WorkingHours
from treatments.scheduling.openings import Exceptional, Openings, openings

Walls = Iterable[tuple[time, time]]


class Strands(Refused):
    """The change would leave these visits outside the hours."""

    def __init__(self, visits: list[Appointment]):
        super().__init__(
            ngettext(
                "%(count)d visit would lie outside the hours.",
                "%(count)d visits would lie outside the hours.",
                len(visits),
            )
            % {"count": len(visits)}
        )
        self.visits = visits


@transaction.atomic
def set_working_hours(*, practitioner: User, hours, by, accepted: Collection[int] | None = None, at=None) -> None:
    """`hours`: (weekday, from, to) for a week, Monday 0; replaces what was.

    `accepted`: ids of the visits that were shown as stranded; None does not ask.
    """
    hours, at = sorted(hours), at or clock.now()
    rules.check_treats(practitioner)
    settings_rules.check_week(hours)
    _ask(practitioner, _from_now(at), lambda now: now.with_week(practitioner.pk, hours), accepted, at)
    WorkingHours.objects.filter(practitioner=practitioner).delete()
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=practitioner, weekday=weekday, starts=starts, ends=ends)
        for weekday, starts, ends in hours
    )
    record(by=by, action=Action.CHANGE, subject=practitioner, fields=["working_hours"], at=at)


@transaction.atomic
def add_exception(
    *,
    practitioner: User | None,
    first_day: date,
    last_day: date,
    hours: Walls = (),
    note: str = "",
    by,
    accepted: Collection[int] | None = None,
    at=None,
) -> list[HoursException]:
    """Other hours on these days, or none at all; of one practitioner, or of the whole clinic."""
    at = at or clock.now()
    settings_rules.check_exception(practitioner, first_day, last_day, hours)
    walls = list(hours) or [(None, None)]
    new = [Exceptional(first_day, last_day, *wall) for wall in walls]
    owner = practitioner.pk if practitioner else None
    _ask(practitioner, (first_day, last_day), lambda now: now.with_exceptions(owner, new), accepted, at)
    rows = HoursException.objects.bulk_create(
        HoursException(practitioner=practitioner, note=note, **row._asdict()) for row in new
    )
    record(by=by, action=Action.CREATE, subject=practitioner or "scheduling.HoursException", fields=["hours"], at=at)
    return rows


@transaction.atomic
def remove_exception(*, exception: HoursException, by, accepted: Collection[int] | None = None, at=None) -> None:
    """The days are as every week again. Stretches that were entered together go together."""
    at = at or clock.now()
    practitioner, days = exception.practitioner, (exception.first_day, exception.last_day)
    together = queries.entered_with(exception)

    def without(now: Openings) -> Openings:
        for row in together:
            now = now.without(row.practitioner_id, Exceptional(*days, row.starts, row.ends))
        return now

    _ask(practitioner, days, without, accepted, at)
    HoursException.objects.filter(pk__in=[row.pk for row in together]).delete()
    record(by=by, action=Action.RETIRE, subject=practitioner or "scheduling.HoursException", fields=["hours"], at=at)


def _from_now(at: datetime) -> tuple[date, date]:
    today = clock.local(at).date()
    return today, today + rules.FURTHEST + timedelta(days=1)


def _ask(practitioner, days: tuple[date, date], change, accepted, at: datetime) -> None:
    """Raises Strands when the change strands visits that have not been seen."""
    if accepted is None:
        return
    visits = queries.open_visits(days, at, practitioner)
    before = openings({visit.practitioner_id for visit in visits}, *days)
    after = change(before)
    stranded = [visit for visit in visits if before.hold(visit) and not after.hold(visit)]
    if {visit.pk for visit in stranded} - set(accepted):
        raise Strands(stranded)
