"""The only place that asks the time.

Instants are aware datetimes in UTC; "today" and wall times belong to the clinic's zone, which is the
zone that is active (a request and a task activate it first).
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone


class NonexistentTime(ValueError):
    """The clocks jump over this wall time on that day."""


class AmbiguousTime(ValueError):
    """The clocks show this wall time twice on that day."""


def now() -> datetime:
    return timezone.now()  # noqa: TID251 -- this is the place


def today() -> date:
    return timezone.localdate()


def zone() -> ZoneInfo:
    return timezone.get_current_timezone()


def local(instant: datetime) -> datetime:
    """The same instant on the clinic's wall clock."""
    return timezone.localtime(instant)


def exact_instant(day: date, wall: time) -> datetime:
    """The one instant at which the clinic's clock shows `wall` on `day`.

    Raises NonexistentTime or AmbiguousTime when daylight saving makes that none or two.
    """
    earlier = datetime.combine(day, wall, tzinfo=zone())
    later = earlier.replace(fold=1)
    if earlier.utcoffset() == later.utcoffset():
        return earlier.astimezone(ZoneInfo("UTC"))
    if earlier.utcoffset() > later.utcoffset():
        raise AmbiguousTime
    raise NonexistentTime


def instant(day: date, wall: time) -> datetime:
    """Like exact_instant, but always answers: a skipped time moves on past the gap, a doubled one is the first."""
    return instants(day, wall)[0]


def instants(day: date, *walls: time) -> list[datetime]:
    """Several at once, for those who need many: what the zone is, is asked once."""
    here, utc = zone(), ZoneInfo("UTC")
    return [datetime.combine(day, wall, tzinfo=here).astimezone(utc) for wall in walls]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a clinic-local day begins and ends: 23, 24 or 25 hours apart."""
    return instant(day, time.min), instant(day + timedelta(days=1), time.min)
