"""The page before a session: what has to be known, and what stands in the way."""

from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.services import record_opened
from treatments.charting import past, plan_queries, queries, reviews
from treatments.charting.enums import SessionStatus
from treatments.charting.gates import Start, start_of
from treatments.charting.review_forms import ReviewForm, as_it_was
from treatments.charting.safety_page import recorded

MOST_PLACES = 8


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def review(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.DRAFT:
        return redirect("charting:session", session.pk)
    start = start_of(session, clock.now())
    initial = as_it_was(session, session.draft.content.get("reasons", {}))
    form = ReviewForm(request.POST or None, gaps=start.gaps, initial=initial)
    if form.is_valid():
        try:
            reviews.review_session(session_id=session.pk, by=request.user, **form.answers())
        except reviews.Unanswered as refusal:
            form.point_out(refusal)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return redirect("charting:chart", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:review")
    return render(request, "charting/review.html", _context(start, form))


def _context(start: Start, form: ReviewForm) -> dict:
    """Gaps stand in a list of their own; beside it, what the rules only note, and the state of the history."""
    treated = past.places_treated(start.patient.pk)
    planned = [tuple(place) for place in start.plan.areas] if start.plan else []
    treated.sort(key=lambda place: place.pair not in planned)
    return {
        "patient": start.patient,
        "session": start.session,
        "start": start,
        "form": form,
        "notes": recorded(answer for answer in start.answers if not answer.needs_reason),
        "last": queries.last_signed(start.patient.pk),
        "treated": treated[:MOST_PLACES],
        "planned": planned,
        "area_names": plan_queries.area_names_of([start.plan]) if start.plan else {},
        "today": clock.today(),
    }
