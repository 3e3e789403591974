"""Taking a cancellation back while nobody has been told of it."""

from django.db.models import F

from clinic.audit.enums import Action
from clinic.core import clock
from clinic.core.errors import Conflict
from treatments.scheduling import queries, rules, step_rules
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment
from treatments.scheduling.services import lock_resources, orderly, tell


@orderly
def undo_cancellation(*, appointment_id: int, version: int, by, at=None) -> list[Appointment]:
    """Puts the visit back where it was, with those of its course that were cancelled in the same act: all or none.

    Refused after UNDO_TIME, because messages may have gone out by then, and when the time has been taken.
    """
    at = at or clock.now()
    visit = queries.get_visit_to_change(appointment_id)
    if visit.version != version:
        raise Conflict
    step_rules.check_undoable(visit, at)
    visits = queries.cancelled_together(visit)
    lock_resources(
        practitioners={each.practitioner for each in visits},
        rooms={each.room for each in visits},
        patients=[visit.patient],
    )
    for each in visits:
        _put_back(each, by, at)
    return visits


def _put_back(visit: Appointment, by, at) -> None:
    rules.check_room(visit.room, visit.visit_type)
    rules.check_free(
        practitioner=visit.practitioner,
        room=visit.room,
        patient=visit.patient,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        busy_from=visit.busy_from,
        busy_until=visit.busy_until,
    )
    status = queries.status_before_cancelling(visit)
    unchanged = Appointment.objects.filter(pk=visit.pk, version=visit.version, status=VisitStatus.CANCELLED)
    if not unchanged.update(status=status, cancel_reason="", version=F("version") + 1):
        raise Conflict
    visit.status, visit.cancel_reason, visit.version = status, "", visit.version + 1
    tell(appointment=visit, action=Action.CHANGE, by=by, at=at, fields=["status", "cancel_reason"])
