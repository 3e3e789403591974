"""Booking, moving, cancelling and following visits: the only writers of the calendar.

Nobody is ever booked twice at a time, three times over: locks in a fixed order make simultaneous bookings
wait for each other, the check under them answers politely, and the database's own guards have the last word.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import wraps
from uuid import UUID

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.staff.models import User
from patients.registry.models import Patient
from treatments.charting.services import start_session
from treatments.scheduling import place_queries, queries, rules, step_rules
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange, Course, Room

RETRIES = 2
# PostgreSQL: deadlock, serialization failure, lock timeout.
PASSING = {"40P01", "40001", "55P03"}
MOVED = ("starts_at", "ends_at", "practitioner", "room")


def orderly(service):
    """Runs a service as one transaction and, when the database asks, runs it again.

    What the database's guards refuse is turned into a sentence here and nowhere else.
    """

    @wraps(service)
    def run(**arguments):
        attempts = 1 if connection.in_atomic_block else 1 + RETRIES
        for _attempt in range(attempts):
            try:
                with transaction.atomic():
                    return service(**arguments)
            except OperationalError as error:
                if not _is_passing(error):
                    raise
            except IntegrityError as error:
                return _after_guard(error, arguments)
        raise Conflict(_("Many people are booking at this moment. Please try again."))

    return run


def _is_passing(error: OperationalError) -> bool:
    return getattr(error.__cause__, "pgcode", None) in PASSING or "database is locked" in str(error)


def _after_guard(error: IntegrityError, arguments: dict) -> Appointment:
    """The same form again is the same booking; an overlap was somebody else's; anything else is a fault of ours."""
    text = str(error)
    if "submission" in text and (first := queries.find_by_submission(arguments.get("submission"))):
        return _same_booking(first, arguments)
    if "scheduling_no_overlap" in text:
        raise Refused(_("That time was just taken. Choose another one."), field="time") from None
    raise error


# One question to the server instead of four. The parts are answered in this order, and each locks its rows in order.
LOCK = """
    SET LOCAL lock_timeout = '3s';
    WITH people AS (SELECT id FROM staff_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE),
         rooms AS (SELECT id FROM scheduling_room WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE),
         patients AS (SELECT id FROM registry_patient WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE)
    SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM rooms), (SELECT count(*) FROM patients)
"""


def lock_resources(*, practitioners: Iterable[User], rooms: Iterable[Room | None], patients: Iterable[Patient]) -> None:
    """Makes bookings of the same people or rooms wait for each other: always people, rooms, patients, and of each
    the lowest number first, and nobody longer than 3 s.

    `NO KEY`: rows that merely refer to them need not wait. SQLite has no row locks; there, IMMEDIATE
    transactions come one after the other anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [[row.pk for row in rows if row] for rows in (practitioners, rooms, patients)])


@orderly
def book_appointment(
    *,
    patient,
    practitioner,
    visit_type,
    room,
    starts_at,
    submission: UUID,
    by,
    length: timedelta | None = None,
    override_reason="",
    at=None,
) -> Appointment:
    """Books a visit, as long as its type or else `length`.

    The same `submission` again is the same booking, however often and however fast it comes: it is looked for where
    a rule refuses the visit, as its own first time does; what no rule sees the database does (see `_after_guard`).
    """
    at = at or clock.now()
    wanted = {"patient": patient, "practitioner": practitioner, "visit_type": visit_type, "starts_at": starts_at}
    lock_resources(practitioners=[practitioner], rooms=[room], patients=[patient])
    try:
        times, override_reason = _checked(
            **wanted, room=room, length=length, by=by, override_reason=override_reason, at=at
        )
    except Refused:
        if first := queries.find_by_submission(submission):
            return _same_booking(first, wanted)
        raise
    visit = {"room": room, "submission": submission, "booked_by": by, "override_reason": override_reason}
    return _enter(by=by, at=at, **wanted | visit | times)


def enter_visit(
    *,
    patient,
    practitioner,
    visit_type,
    room,
    starts_at,
    submission: UUID,
    by,
    booked_by,
    at,
    override_reason="",
    course: Course | None = None,
) -> Appointment:
    """Checks and writes one visit; its people and room are locked already. `by` is None when it is the patient."""
    wanted = {"patient": patient, "practitioner": practitioner, "visit_type": visit_type, "starts_at": starts_at}
    times, override_reason = _checked(**wanted, room=room, by=by, override_reason=override_reason, at=at)
    visit = {"room": room, "course": course, "submission": submission, "booked_by": booked_by}
    return _enter(by=by, at=at, override_reason=override_reason, **wanted | visit | times)


def _checked(
    *, patient, practitioner, visit_type, room, starts_at, by, override_reason: str, at, length=None
) -> tuple[dict, str]:
    """The visit's times, and the reason to keep: none when nothing stood in its way."""
    rules.check_time(starts_at, at)
    rules.check_visit_type(visit_type)
    times = _times(visit_type, starts_at, length)
    wanted = {"practitioner": practitioner, "room": room, "patient": patient} | times
    place = place_queries.look_at(visit_type=visit_type, day=clock.local(starts_at).date(), **wanted)
    rules.check_place(visit_type, practitioner, room, starts_at, times["ends_at"], place=place)
    overridden = rules.check_prerequisites(
        visit_type=visit_type, patient=patient, starts_at=starts_at, by=by, override_reason=override_reason, at=at
    )
    rules.check_free(**wanted, place=place)
    return times, override_reason if overridden else ""


def _enter(*, by, at, **visit) -> Appointment:
    appointment = Appointment.objects.create(booked_at=at, **visit)
    tell(appointment=appointment, action=Action.CREATE, by=by, at=at)
    if appointment.override_reason:
        _record(appointment, Action.OVERRIDE, by, at, fields=["override_reason"])
    return appointment


def check_booking(*, patient, practitioner, visit_type, room, starts_at, length=None, at=None) -> dict:
    """The times of a visit if it were booked so, or Refused. Prerequisites are not looked at. Writes nothing."""
    rules.check_time(starts_at, at or clock.now())
    times = _times(visit_type, starts_at, length)
    rules.check_place(visit_type, practitioner, room, starts_at, times["ends_at"])
    rules.check_free(practitioner=practitioner, room=room, patient=patient, **times)
    return times


@orderly
def move_appointment(
    *, appointment_id: int, version: int, starts_at, practitioner, room, by, length: timedelta | None = None, at=None
) -> Appointment:
    """Gives an open visit another time, practitioner, room or length; its status and its story stay."""
    at = at or clock.now()
    appointment = _get(appointment_id, version)
    times = times_after_move(
        appointment=appointment, starts_at=starts_at, practitioner=practitioner, room=room, length=length, by=by, at=at
    )
    lock_resources(practitioners=[practitioner], rooms=[room], patients=[appointment.patient])
    rules.check_free(practitioner=practitioner, room=room, patient=appointment.patient, but=appointment.pk, **times)
    _update(appointment, practitioner=practitioner, room=room, **times)
    tell(appointment=appointment, action=Action.MOVE, by=by, at=at, fields=MOVED)
    return appointment


def check_move(*, appointment_id: int, starts_at, practitioner, room, by, length=None, at=None) -> dict:
    """The times of the visit if it were moved so, or Refused: asked while it is being dragged. Writes nothing."""
    appointment, at = queries.get_visit_to_change(appointment_id), at or clock.now()
    times = times_after_move(
        appointment=appointment, starts_at=starts_at, practitioner=practitioner, room=room, length=length, by=by, at=at
    )
    rules.check_free(practitioner=practitioner, room=room, patient=appointment.patient, but=appointment.pk, **times)
    return times


def times_after_move(*, appointment: Appointment, starts_at, practitioner, room, by, at, length=None) -> dict:
    """When the visit would keep whom busy; it stays as long as it is unless `length` says otherwise."""
    visit_type = appointment.visit_type
    rules.check_movable(appointment)
    if not queries.was_at(appointment, starts_at):
        rules.check_time(starts_at, at)
    times = _times(visit_type, starts_at, length or appointment.ends_at - appointment.starts_at)
    rules.check_place(visit_type, practitioner, room, starts_at, times["ends_at"])
    if not appointment.override_reason:
        rules.check_prerequisites(
            visit_type=visit_type,
            patient=appointment.patient,
            starts_at=starts_at,
            by=by,
            override_reason="",
            at=at,
            but=[appointment.pk],
        )
    return times


@orderly
def cancel_appointment(*, appointment_id: int, version: int, reason: str, by, at=None) -> Appointment:
    """Frees the visit's time; the visit stays in the record with its reason."""
    return become(
        status=VisitStatus.CANCELLED,
        appointment_id=appointment_id,
        version=version,
        by=by,
        at=at,
        action=Action.CANCEL,
        cancel_reason=given(reason),
    )


@orderly
def confirm(*, appointment_id: int, version: int, by, at=None) -> Appointment:
    """The patient said that they will come."""
    return become(status=VisitStatus.CONFIRMED, appointment_id=appointment_id, version=version, by=by, at=at)


@orderly
def mark_arrived(*, appointment_id: int, version: int, by, at=None) -> Appointment:
    return become(status=VisitStatus.ARRIVED, appointment_id=appointment_id, version=version, by=by, at=at)


@orderly
def mark_no_show(*, appointment_id: int, version: int, by, at=None) -> Appointment:
    return become(status=VisitStatus.NO_SHOW, appointment_id=appointment_id, version=version, by=by, at=at)


@orderly
def start_visit(*, appointment_id: int, version: int, by, at=None) -> Appointment:
    """The patient is with the practitioner. A session visit opens its chart, so only those who chart may start it."""
    at = at or clock.now()
    appointment = become(status=VisitStatus.IN_SESSION, appointment_id=appointment_id, version=version, by=by, at=at)
    step_rules.check_starter(appointment, VisitStatus.IN_SESSION, by)
    if step_rules.needs_chart(appointment):
        appointment.session = start_session(
            patient=appointment.patient, practitioner=appointment.practitioner, by=by, at=at
        )
        step_rules.check_chart_is_new(appointment)
        Appointment.objects.filter(pk=appointment.pk).update(session=appointment.session)
    return appointment


@orderly
def finish_visit(*, appointment_id: int, version: int, by, at=None) -> Appointment:
    return become(status=VisitStatus.DONE, appointment_id=appointment_id, version=version, by=by, at=at)


def become(
    *, status: VisitStatus, appointment_id: int, version: int, by, at=None, action=Action.CHANGE, **fields
) -> Appointment:
    """One step of a visit, inside the transaction of who asks for it."""
    at = at or clock.now()
    appointment = _get(appointment_id, version)
    step_rules.check_move(appointment, status, at)
    _update(appointment, status=status, **fields)
    tell(appointment=appointment, action=action, by=by, at=at, fields=["status", *fields])
    return appointment


def _get(appointment_id: int, version: int) -> Appointment:
    appointment = queries.get_visit_to_change(appointment_id)
    if appointment.version != version:
        raise Conflict
    return appointment


def _update(appointment: Appointment, **fields) -> None:
    """Compare-and-set: writes only when status and version are still what was read."""
    unchanged = Appointment.objects.filter(pk=appointment.pk, version=appointment.version, status=appointment.status)
    if not unchanged.update(version=F("version") + 1, **fields):
        raise Conflict
    for name, value in fields.items():
        setattr(appointment, name, value)
    appointment.version += 1


def _same_booking(first: Appointment, wanted: dict) -> Appointment:
    if all(getattr(first, name) == wanted[name] for name in ("patient", "practitioner", "visit_type", "starts_at")):
        return first
    raise Conflict(_("This form has already booked a visit. Open a new form for another one."))


def _times(visit_type, starts_at, length: timedelta | None) -> dict:
    length = length or visit_type.length
    rules.check_length(length)
    ends_at = starts_at + length
    return {
        "starts_at": starts_at,
        "ends_at": ends_at,
        "busy_from": starts_at - visit_type.before,
        "busy_until": ends_at + visit_type.after,
    }


def tell(*, appointment: Appointment, action: Action, by, at, fields=()) -> None:
    """Adds a line to the visit's story and to the trail."""
    AppointmentChange.objects.create(
        appointment=appointment,
        status=appointment.status,
        starts_at=appointment.starts_at,
        changed_by=by,
        changed_at=at,
    )
    _record(appointment, action, by, at, fields)


def _record(appointment: Appointment, action: Action, by, at, fields=()) -> None:
    record(by=by, action=action, subject=appointment, patient_id=appointment.patient_id, fields=fields, at=at)
