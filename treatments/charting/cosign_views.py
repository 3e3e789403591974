"""A supervisor's pages: the sessions that wait, and one of them to sign or to ask about."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.services import record_opened
from treatments.charting import cosign_queries, cosigning, queries, rules
from treatments.charting.diagrams import maps_of
from treatments.charting.forms import CosignForm, QuestionForm
from treatments.charting.safety_page import recorded
from treatments.charting.signing import COSIGN_MEANING
from treatments.charting.since_copy import since_copy


@require_GET
@requires(Permission.CHART_SESSIONS)
def to_cosign_panel(request):
    context = {
        "sessions": cosign_queries.to_cosign(request.user),
        "asked": cosign_queries.asked_about(request.user),
    }
    record(by=request.user, action=Action.LIST, subject="charting.TreatmentSession")
    return render(request, "charting/to_cosign_panel.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def cosign(request, session_id):
    """The record to be read, with two forms under it: one signs, the other asks."""
    session = queries.record_for(session_id, request.user)
    if rules.cosign_refusal(session, request.user):
        return redirect("charting:session", session.pk)
    asks = request.POST.get("do") == "ask"
    sign_form = CosignForm(None if asks else request.POST or None)
    question_form = QuestionForm(request.POST if asks else None)
    form, act = (question_form, cosigning.ask_about_session) if asks else (sign_form, cosigning.cosign_session)
    if form.is_valid():
        try:
            act(session_id=session.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The question stands under the session.") if asks else _("Co-signed."))
            return redirect("charting:session", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:cosign")
    chart = queries.chart_of(session, *queries.signed_rows(session))
    reference = queries.reference_of(chart)
    context = {
        "patient": session.patient,
        "session": session,
        "chart": chart,
        "reference": reference,
        "since": since_copy(session, chart, reference),
        "totals": rules.totals_of(chart, reference),
        "maps": maps_of(chart, session.photos.all()),
        "safety": recorded(queries.signed_answers(session)),
        "cosignatures": [(row, cosigning.verify_cosignature(row)) for row in session.cosignatures.all()],
        "cosign_meaning": COSIGN_MEANING,
        "sign_form": sign_form,
        "question_form": question_form,
        "meaning": COSIGN_MEANING,
    }
    return render(request, "charting/cosign.html", context)
