"""What is asked of a place in the calendar whenever a visit is put there: in two questions, as every booking waits.

In SQL, because the ORM would think longer about them than the database.
"""

from datetime import UTC, date, datetime, time
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

from clinic.staff.models import User
from clinic.staff.permissions import Role
from treatments.scheduling.enums import LIVE
from treatments.scheduling.intervals import Stretch
from treatments.scheduling.models import VisitType
from treatments.scheduling.openings import Exceptional, Openings
from treatments.scheduling.queries import LONGEST

# A line for each stretch of hours that may matter on the day; at least one.
PERSON = """
    WITH hours AS (
        SELECT 1 AS line, practitioner_id, weekday, starts, ends
        FROM scheduling_workinghours WHERE practitioner_id = %(person)s AND weekday = %(weekday)s
        UNION ALL
        SELECT 1, practitioner_id, NULL, starts, ends FROM scheduling_hoursexception
        WHERE first_day <= %(day)s AND last_day >= %(day)s AND (practitioner_id = %(person)s OR practitioner_id IS NULL)
    )
    SELECT EXISTS (SELECT 1 FROM staff_user person JOIN staff_roleassignment held ON held.user_id = person.id
                   WHERE person.id = %(person)s AND person.is_active AND held.role = %(role)s),
           EXISTS (SELECT 1 FROM scheduling_visittype_practitioners
                   WHERE visittype_id = %(type)s AND user_id = %(person)s)
           OR NOT EXISTS (SELECT 1 FROM scheduling_visittype_practitioners WHERE visittype_id = %(type)s),
           hours.*
    FROM (SELECT 1) always LEFT JOIN hours ON TRUE
"""
STATUSES = ", ".join(f"'{status.value}'" for status in LIVE)
CLASHING = f"""
    SELECT visit.starts_at, visit.ends_at, visit.practitioner_id, visit.room_id, booker.full_name
    FROM scheduling_appointment visit JOIN staff_user booker ON booker.id = visit.booked_by_id
    WHERE visit.status IN ({STATUSES}) AND visit.id <> %(but)s AND (
        visit.practitioner_id = %(practitioner)s AND visit.busy_from > %(bound)s
            AND visit.busy_from < %(busy_until)s AND visit.busy_until > %(busy_from)s
        OR visit.room_id = %(room)s AND visit.busy_from > %(bound)s
            AND visit.busy_from < %(busy_until)s AND visit.busy_until > %(busy_from)s
        OR visit.patient_id = %(patient)s AND visit.starts_at > %(bound)s
            AND visit.starts_at < %(ends_at)s AND visit.ends_at > %(starts_at)s)
"""  # noqa: S608 -- the only text put in is our own


class Person(NamedTuple):
    """Whether somebody treats patients at all and does visits of a type, and when they work on a day."""

    treats: bool
    may: bool
    hours: list[Stretch]


class Clash(NamedTuple):
    """A visit in the way of another: when it is, whom and what it takes, and who booked it."""

    starts_at: datetime
    ends_at: datetime
    practitioner_id: int
    room_id: int | None
    booked_by: str


def person_on(practitioner: User, visit_type: VisitType, day: date) -> Person:
    wanted = {"person": practitioner.pk, "role": Role.PRACTITIONER.value, "type": visit_type.pk}
    rows = _ask(PERSON, wanted | {"weekday": day.weekday(), "day": day.isoformat()})
    hours = Openings()
    for _treats, _may, line, owner, weekday, starts, ends in rows:
        walls = _wall(starts), _wall(ends)
        if weekday is not None:
            hours.weekly[owner, weekday].append(walls)
        elif line:
            hours.exceptions[owner].append(Exceptional(day, day, *walls))
    treats, may, *_first = rows[0]
    return Person(bool(treats), bool(may), hours.on(practitioner.pk, day))


def clashing(*, practitioner, room, patient, starts_at, ends_at, busy_from, busy_until, but: int = 0) -> Clash | None:
    """A live visit that overlaps on the practitioner, the room or the patient; the earliest one.

    `but` is the visit that is to be moved.
    """
    ids = {"practitioner": practitioner.pk, "room": room and room.pk, "patient": patient.pk, "but": but}
    times = {"starts_at": starts_at, "ends_at": ends_at, "busy_from": busy_from, "busy_until": busy_until}
    times["bound"] = busy_from - LONGEST
    rows = _ask(CLASHING, ids | {name: connection.ops.adapt_datetimefield_value(at) for name, at in times.items()})
    found = (Clash(_instant(starts), _instant(ends), *rest) for starts, ends, *rest in rows)
    return min(found, key=attrgetter("starts_at"), default=None)


def _ask(sql: str, parameters: dict) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


# SQLite answers times of day with text, and instants without their zone.


def _wall(value: time | str | None) -> time | None:
    return time.fromisoformat(value) if isinstance(value, str) else value


def _instant(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
