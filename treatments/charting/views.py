"""Charting's pages."""

import json

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Refused
from clinic.staff.access import background, requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from patients.registry.services import record_opened
from treatments.charting import queries, rules, services
from treatments.charting.diagrams import VIEWS, drawings, maps_of
from treatments.charting.draft import Malformed, read_chart
from treatments.charting.enums import SessionStatus
from treatments.charting.forms import AddendumForm, ChartForms, SignForm, VoidForm
from treatments.charting.page import named, page_data, wall_time
from treatments.charting.services import DraftConflict, Incomplete
from treatments.charting.signing import ADDENDUM_MEANING, MEANING


@require_GET
@requires(Permission.VIEW_CHARTS)
def tab(request, patient_id):
    """The patient's sessions."""
    patient = get_patient(patient_id)
    record_opened(by=request.user, patient=patient, tab="charting:tab")
    sessions = queries.sessions_of(patient.pk, request.user)
    return render(request, "charting/tab.html", {"patient": patient, "tab": "charting:tab", "sessions": sessions})


@require_POST
@requires(Permission.CHART_SESSIONS)
def start(request, patient_id):
    session = services.start_session(patient=get_patient(patient_id), practitioner=request.user, by=request.user)
    return redirect("charting:chart", session.pk)


@require_GET
@requires(Permission.CHART_SESSIONS)
def unsigned_panel(request):
    sessions = queries.unsigned_of(request.user)
    record(by=request.user, action=Action.LIST, subject="charting.TreatmentSession")
    return render(request, "charting/unsigned_panel.html", {"sessions": sessions})


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def chart(request, session_id):
    """The charting screen. Its forms work by themselves; its script posts to `save` instead."""
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.DRAFT:
        return redirect("charting:session", session.pk)
    offer = queries.offer_at(session.started_at)
    forms = ChartForms(session.draft.content, offer, request.POST or None)
    conflict = None
    if request.method == "POST" and (content := forms.edited()) is not None:
        try:
            services.save_draft(
                session_id=session.pk, version=_number(request.POST.get("version")), content=content, by=request.user
            )
        except Refused as refusal:
            conflict = refusal
        else:
            return redirect("charting:chart", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:chart")
    return render(request, "charting/chart.html", _chart_context(session, offer, forms) | {"conflict": conflict})


def _chart_context(session, offer, forms) -> dict:
    last = queries.last_signed(session.patient_id)
    return _summary(session) | {
        "patient": session.patient,
        "session": session,
        "draft": session.draft,
        "forms": forms,
        "drawings": drawings(),
        "views": VIEWS,
        "chips": ("0.02", "0.05", "0.1"),
        "last": last,
        "data": page_data(session.draft, offer, last),
    }


def _summary(session) -> dict:
    """The draft read, judged and added up."""
    content = session.draft.content
    chart, problems = read_chart(content)
    reference = queries.reference_of(chart)
    problems += rules.problems_in(chart, reference, queries.session_day(session))
    areas = queries.area_names(content)
    return {
        "areas": areas,
        "chart": chart,
        "reference": reference,
        "problems": named(problems, content, areas),
        "notes": named(rules.notes_on(chart, reference), content, areas),
        "totals": rules.totals_of(chart, reference),
    }


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1


@require_http_methods(["GET", "POST"])
@background
@requires(Permission.CHART_SESSIONS)
def save(request, session_id):
    """Autosave. GET gives a page whose sign-in was renewed its new form token, and the stored version."""
    if request.method == "GET":
        draft = queries.draft_of(session_id, request.user)
        return JsonResponse({"version": draft.version, "csrf": get_token(request)})
    try:
        sent = _sent(request)
        draft = services.save_draft(session_id=session_id, by=request.user, **sent)
    except DraftConflict as conflict:
        stored = conflict.stored
        return JsonResponse(
            {
                "message": str(conflict.message),
                "version": stored.version,
                "content": stored.content,
                "savedAt": wall_time(stored.saved_at),
            },
            status=409,
        )
    except Refused as refusal:
        return JsonResponse({"message": str(refusal.message)}, status=400)
    return JsonResponse({"version": draft.version, "savedAt": wall_time(draft.saved_at)})


def _sent(request) -> dict:
    """The version and content of an autosave; raises Malformed."""
    if request.content_type != "application/json":
        raise Malformed
    try:
        sent = json.loads(request.body, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(sent, dict) or sent.keys() != {"version", "content"} or type(sent["version"]) is not int:
        raise Malformed
    if not 0 <= sent["version"] < 2**31:
        raise Malformed
    return sent


def _not_a_number(name: str):
    raise ValueError(name)


@require_GET
@requires(Permission.CHART_SESSIONS)
def present(request, session_id):
    """A sign of life: the charting page asks for it only while somebody taps or types there."""
    return HttpResponse(status=204)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def sign(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.DRAFT:
        return redirect("charting:session", session.pk)
    form = SignForm(request.POST or None, initial={"version": session.draft.version})
    if form.is_valid():
        try:
            services.sign_session(session_id=session.pk, by=request.user, **form.cleaned_data)
        except DraftConflict as conflict:
            form = SignForm(initial={"version": conflict.stored.version})
            messages.warning(request, _("The session was changed meanwhile. Read it again before you sign."))
            session = queries.session_for(session_id, request.user)
        except Incomplete as refusal:
            refusal.add_to(form)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The session is signed."))
            return redirect("charting:session", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:sign")
    summary = _summary(session)
    context = {"patient": session.patient, "session": session, "form": form, "meaning": MEANING}
    return render(request, "charting/sign.html", summary | context | {"maps": maps_of(summary["chart"])})


@require_GET
@requires(Permission.VIEW_CHARTS)
def session(request, session_id):
    """The record as it was signed."""
    session = queries.session_for(session_id, request.user)
    if session.status == SessionStatus.DRAFT:
        return redirect("charting:chart", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:session")
    return render(request, "charting/session.html", _record(session))


def _record(session) -> dict:
    """A closed session: its rows, or what was typed when it was voided before it was signed."""
    if session.signed_at:
        chart = queries.chart_of(session, *queries.signed_rows(session))
        intact = services.verify_signature(session)
    else:
        chart, intact = read_chart(session.draft.content)[0], None
    reference = queries.reference_of(chart)
    return {
        "patient": session.patient,
        "session": session,
        "chart": chart,
        "reference": reference,
        "totals": rules.totals_of(chart, reference),
        "maps": maps_of(chart),
        "intact": intact,
        "meaning": MEANING,
        "addenda": [(addendum, services.verify_addendum(addendum)) for addendum in session.addenda.all()],
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def addendum(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.SIGNED:
        return redirect("charting:session", session.pk)
    form = AddendumForm(request.POST or None)
    if form.is_valid():
        try:
            services.add_addendum(session_id=session.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The addition is signed and stands under the session."))
            return redirect("charting:session", session.pk)
    context = {"patient": session.patient, "session": session, "form": form, "meaning": ADDENDUM_MEANING}
    return render(request, "charting/addendum.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def void(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status == SessionStatus.VOIDED:
        return redirect("charting:session", session.pk)
    form = VoidForm(request.POST or None)
    if form.is_valid():
        try:
            services.void_session(session_id=session.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The session is voided. It stays in the record, marked as such."))
            return redirect("charting:tab", session.patient_id)
    return render(request, "charting/void.html", {"patient": session.patient, "session": session, "form": form})
