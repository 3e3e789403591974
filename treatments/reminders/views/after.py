"""What a patient will get after a session, on the page that closes it."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting.queries import session_for
from treatments.reminders import preview


@require_GET
@requires(Permission.READ_MESSAGE_TEXTS)
def session_panel(request, session_id):
    """The check-ins and after-care messages of a session that this person may read."""
    session = session_for(session_id, request.user)
    fields = ["reminders:session_panel"]
    record(by=request.user, action=Action.VIEW, subject=session, patient_id=session.patient_id, fields=fields)
    lines = preview.of_session(session.pk, words=True) if session.signed_at else []
    return render(request, "reminders/session_panel.html", {"lines": lines, "may_read": True})
