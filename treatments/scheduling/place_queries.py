"""What is asked of a place in the calendar whenever a visit is put there: in one question, as every booking waits.

In SQL, because the ORM would think longer about it than the database.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from operator import attrgetter
from typing import NamedTuple

from django.db import connection
from django.db.models import Model

from clinic.core.together import rows_together
from clinic.staff.models import User
from clinic.staff.permissions import Role
from patients.registry.models import Patient
from treatments.scheduling.enums import LIVE
from treatments.scheduling.intervals import Stretch
from treatments.scheduling.models import Room, VisitType
from treatments.scheduling.openings import Exceptional, Openings
from treatments.scheduling.queries import LONGEST

PERSON_COLUMNS = 7
# A line for each stretch of hours that may matter on the day; at least one.
HOURS = """
    SELECT 1 AS line, practitioner_id, weekday, starts, ends
    FROM scheduling_workinghours WHERE practitioner_id = %(practitioner)s AND weekday = %(weekday)s
    UNION ALL
    SELECT 1, practitioner_id, NULL, starts, ends FROM scheduling_hoursexception
    WHERE first_day <= %(day)s AND last_day >= %(day)s
        AND (practitioner_id = %(practitioner)s OR practitioner_id IS NULL)
"""
PERSON = """
    EXISTS (SELECT 1 FROM staff_user person JOIN staff_roleassignment held ON held.user_id = person.id
            WHERE person.id = %(practitioner)s AND person.is_active AND held.role = %(role)s),
    EXISTS (SELECT 1 FROM scheduling_visittype_practitioners
            WHERE visittype_id = %(type)s AND user_id = %(practitioner)s)
    OR NOT EXISTS (SELECT 1 FROM scheduling_visittype_practitioners WHERE visittype_id = %(type)s)
"""
# The rows that a booking's form names, where they may be chosen.
CHOSEN = (
    (Patient, "registry_patient.id = %(patient)s"),
    (VisitType, "scheduling_visittype.id = %(type)s AND scheduling_visittype.retired_at IS NULL"),
    (
        User,
        "staff_user.id = %(practitioner)s AND staff_user.is_active AND EXISTS (SELECT 1 FROM staff_roleassignment held"
        " WHERE held.user_id = staff_user.id AND held.role = %(role)s)",
    ),
    (Room, "scheduling_room.id = %(room)s AND scheduling_room.retired_at IS NULL"),
)
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
OF_PERSON = f"SELECT {PERSON}, hours.* FROM (SELECT 1) always LEFT JOIN ({HOURS}) hours ON TRUE"  # noqa: S608 -- as above
OF_PLACE = f"""
    SELECT {PERSON}, hours.*, clash.* FROM (SELECT 1) always
    LEFT JOIN ({HOURS}) hours ON TRUE LEFT JOIN ({CLASHING}) clash ON TRUE
"""  # noqa: S608 -- as above


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


class Place(NamedTuple):
    """What stands in the way of a visit, if anything: its practitioner, or the earliest of the visits that overlap."""

    person: Person
    clash: Clash | None


def chosen_rows(**ids: int) -> dict[str, Model | None]:
    """The patient, type, practitioner and room with these ids, each None where there is none to choose."""
    (rows,) = rows_together(*CHOSEN, role=Role.PRACTITIONER.value, **ids)
    return dict(zip(("patient", "type", "practitioner", "room"), rows, strict=True))


def person_on(practitioner: User, visit_type: VisitType, day: date) -> Person:
    return _person(_ask(OF_PERSON, _of_person(practitioner, visit_type, day)), practitioner, day)


def clashing(**wanted) -> Clash | None:
    """A live visit that overlaps on the practitioner, the room or the patient; the earliest one. See `look_at`."""
    return _earliest(_ask(CLASHING, _of_visit(**wanted)))


def look_at(*, visit_type: VisitType, practitioner: User, day: date, **wanted) -> Place:
    """Both in one question. `wanted`: room, patient, starts_at, ends_at, busy_from, busy_until and, of a visit that is
    to be moved, its id as `but`."""
    asked = _of_person(practitioner, visit_type, day) | _of_visit(practitioner=practitioner, **wanted)
    rows = _ask(OF_PLACE, asked)
    hours, clashes = {row[:PERSON_COLUMNS] for row in rows}, {row[PERSON_COLUMNS:] for row in rows}
    return Place(_person(list(hours), practitioner, day), _earliest(row for row in clashes if row[0]))


def _of_person(practitioner: User, visit_type: VisitType, day: date) -> dict:
    wanted = {"practitioner": practitioner.pk, "role": Role.PRACTITIONER.value, "type": visit_type.pk}
    return wanted | {"weekday": day.weekday(), "day": day.isoformat()}


def _of_visit(*, practitioner, room, patient, starts_at, ends_at, busy_from, busy_until, but: int = 0) -> dict:
    ids = {"practitioner": practitioner.pk, "room": room and room.pk, "patient": patient.pk, "but": but}
    times = {"starts_at": starts_at, "ends_at": ends_at, "busy_from": busy_from, "busy_until": busy_until}
    times["bound"] = busy_from - LONGEST
    return ids | {name: connection.ops.adapt_datetimefield_value(at) for name, at in times.items()}


def _person(rows: list[tuple], practitioner: User, day: date) -> Person:
    hours = Openings()
    for _treats, _may, line, owner, weekday, starts, ends in rows:
        walls = _wall(starts), _wall(ends)
        if weekday is not None:
            hours.weekly[owner, weekday].append(walls)
        elif line:
            hours.exceptions[owner].append(Exceptional(day, day, *walls))
    treats, may, *_first = rows[0]
    return Person(bool(treats), bool(may), hours.on(practitioner.pk, day))


def _earliest(rows: Iterable[tuple]) -> Clash | None:
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
