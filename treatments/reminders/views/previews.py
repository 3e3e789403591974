"""What a patient will get, when and why: beside a visit, and before it is moved."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.reminders import preview
from treatments.reminders.forms import ChosenTime
from treatments.scheduling.queries import get_visit


@require_GET
@requires(Permission.VIEW_MESSAGES)
def visit_panel(request, appointment_id):
    """The visit's messages; their words, and the names of rules that tell what a patient takes, only for readers."""
    visit = get_visit(appointment_id)
    may_read = request.user.may(Permission.READ_MESSAGE_TEXTS)
    fields = ["reminders:visit_panel"]
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=fields)
    page = {"lines": preview.of_visit(visit.pk, words=may_read), "may_read": may_read, "visit": visit}
    return render(request, "reminders/visit_panel.html", page)


@require_GET
@requires(Permission.VIEW_MESSAGES)
def move_panel(request, appointment_id):
    """What moving the visit to the time that is chosen on the page would change of its messages."""
    visit = get_visit(appointment_id)
    fields = ["reminders:move_panel"]
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=fields)
    starts_at = ChosenTime(request.GET).starts_at()
    page = {
        "visit": visit,
        "starts_at": starts_at,
        "may_read": request.user.may(Permission.READ_MESSAGE_TEXTS),
        "comparison": preview.of_move(visit.pk, starts_at) if starts_at else None,
    }
    return render(request, "reminders/move_panel.html", page)
