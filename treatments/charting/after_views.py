"""The page after a session: what the patient takes home, when to come again, what went from the shelf."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.http import panels_for
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.services import record_opened
from treatments.catalogue.facts import after_care_of
from treatments.charting import closings, plan_queries, queries
from treatments.charting.after_forms import CloseOutForm
from treatments.charting.enums import NextVisit, PlanStatus, SessionStatus
from treatments.stock.queries import taken_by


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def after(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.SIGNED:
        return redirect("charting:session", session.pk)
    plan = plan_queries.get_plan(session.plan_id) if session.plan_id else None
    due = plan.course.due_from if plan and plan.status == PlanStatus.ACTIVE else None
    initial = {"next_visit": NextVisit.WANTED, "next_from": max(due, clock.today())} if due else {}
    care = after_care_of(queries.versions_in(session))
    form = CloseOutForm(request.POST or None, care=care, initial=initial)
    if form.is_valid():
        try:
            closings.close_session(session_id=session.pk, by=request.user, **form.values())
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The session is closed."))
            return redirect("charting:after", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:after")
    closed = queries.closed_with(session)
    context = {
        "patient": session.patient,
        "session": session,
        "tab": "charting:tab",
        "plan": plan,
        "form": form,
        "closed": closed,
        "booking": _booking(session, plan, closed),
        "taken": taken_by(session.pk),
        "panels": panels_for(request.user, settings.AFTER_PANELS, session.pk),
    }
    return render(request, "charting/after.html", context)


def _booking(session, plan, closed) -> str:
    """The booking page with what is known: who, with whom, from when; empty where no visit is wanted."""
    if closed is None or closed.next_visit != NextVisit.WANTED:
        return ""
    practitioner = plan.made_by_id if plan else session.practitioner_id
    start = max(closed.next_from, clock.today()).isoformat()
    wish = {"patient": session.patient_id, "practitioner": practitioner, "start": start}
    return f"{reverse('scheduling:book')}?{urlencode(wish)}"
