"""Several visits at once, as sessions of one treatment: booked, moved and cancelled all together or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db.models import F
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.staff.models import User
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment, Course, Room
from treatments.scheduling.services import MOVED, become, enter_visit, lock_resources, orderly, tell, times_after_move


@dataclass(frozen=True)
class Slot:
    starts_at: datetime
    practitioner: User
    room: Room | None


@dataclass(frozen=True)
class Move:
    """`version` is the one that was shown."""

    appointment_id: int
    version: int
    to: Slot


@orderly
def book_course(
    *, patient, visit_type, slots: Sequence[Slot], submission: UUID, by, override_reason="", at=None
) -> Course:
    """Books a visit in each slot. The same `submission` again is the same course.

    What speaks against the third is refused with the field "slot_2", and none is booked.
    """
    at = at or clock.now()
    rules.check_course(len(slots))
    _lock(slots, [patient])
    if first := queries.course_by_submission(submission):
        return _same_course(first, patient, slots)
    course = Course.objects.create(patient=patient, submission=submission, created_by=by, created_at=at)
    for number, slot in enumerate(slots):
        _in_slot(
            number,
            enter_visit,
            patient=patient,
            practitioner=slot.practitioner,
            visit_type=visit_type,
            room=slot.room,
            starts_at=slot.starts_at,
            submission=uuid5(submission, str(number)),
            course=course,
            by=by,
            booked_by=by,
            override_reason=override_reason,
            at=at,
        )
    record(by=by, action=Action.CREATE, subject=course, patient_id=patient.pk, at=at)
    return course


def _in_slot(number: int, act, **arguments):
    """Does it; what is refused belongs to the slot of that number."""
    try:
        return act(**arguments)
    except Conflict:
        raise
    except Refused as refusal:
        refusal.field = f"slot_{number}"
        raise


def _same_course(first: Course, patient, slots: Sequence[Slot]) -> Course:
    booked = queries.visits_of_course(first)
    if first.patient_id == patient.pk and len(booked) == len(slots):
        return first
    raise Conflict(_("This form has already booked a course. Open a new form for another one."))


@orderly
def move_visits(*, moves: Sequence[Move], by, at=None) -> list[Appointment]:
    """Moves all these visits or none; they may take each other's places."""
    at = at or clock.now()
    visits = queries.visits_to_change([move.appointment_id for move in moves])
    _lock([move.to for move in moves], [visit.patient for visit in visits.values()])
    for move in moves:
        _take_aside(visits.get(move.appointment_id), move.version)
    return [
        _in_slot(number, _put, move=move, visit=visits[move.appointment_id], by=by, at=at)
        for number, move in enumerate(moves)
    ]


def _take_aside(visit: Appointment | None, version: int) -> None:
    """Off the calendar, inside this transaction only, so that another of them may come where it was."""
    if visit is None:
        raise Conflict
    rules.check_movable(visit)
    unchanged = Appointment.objects.filter(pk=visit.pk, version=version, status=visit.status)
    if not unchanged.update(status=VisitStatus.NO_SHOW):
        raise Conflict


def _put(*, move: Move, visit: Appointment, by, at) -> Appointment:
    """Onto the calendar again, with its status, at its new time."""
    place = {"practitioner": move.to.practitioner, "room": move.to.room}
    times = times_after_move(appointment=visit, starts_at=move.to.starts_at, by=by, at=at, **place)
    rules.check_free(patient=visit.patient, **place, **times)
    new = place | times
    Appointment.objects.filter(pk=visit.pk).update(status=visit.status, version=F("version") + 1, **new)
    for name, value in new.items():
        setattr(visit, name, value)
    visit.version += 1
    tell(appointment=visit, action=Action.MOVE, by=by, at=at, fields=MOVED)
    return visit


@orderly
def cancel_visits(*, visits: Sequence[tuple[int, int]], reason: str, by, at=None) -> list[Appointment]:
    """Cancels all these visits, given as (id, version that was shown), or none."""
    return [
        become(
            status=VisitStatus.CANCELLED,
            appointment_id=appointment_id,
            version=version,
            by=by,
            at=at,
            action=Action.CANCEL,
            cancel_reason=given(reason),
        )
        for appointment_id, version in sorted(visits)
    ]


def _lock(slots: Sequence[Slot], patients) -> None:
    lock_resources(
        practitioners={slot.practitioner for slot in slots}, rooms={slot.room for slot in slots}, patients=set(patients)
    )
