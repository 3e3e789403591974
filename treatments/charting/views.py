"""Charting's pages."""

import json
import re

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.pictures import ACCEPT
from clinic.staff.access import background, requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from patients.registry.services import record_opened
from treatments.charting import cosigning, plan_queries, queries, rules, safety, services
from treatments.charting.copying import is_blank
from treatments.charting.diagrams import VIEWS, drawings, maps_of, photographs
from treatments.charting.draft import Malformed, read_chart
from treatments.charting.earlier import earlier_sessions
from treatments.charting.enums import CoSignatureKind, SessionStatus
from treatments.charting.forms import AddendumForm, ChartForms, LabelsForm, SignForm, VoidForm
from treatments.charting.labels import labels_of
from treatments.charting.page import author_data, lot_state, named, page_data, wall_time
from treatments.charting.plan_forms import ChoosePlanForm
from treatments.charting.safety_page import as_data, grouped, recorded
from treatments.charting.sentence import outdated, sentence_of, with_sentence
from treatments.charting.services import AnswersChanged, DraftConflict, Incomplete
from treatments.charting.signing import ADDENDUM_MEANING, COSIGN_MEANING, MEANING
from treatments.charting.since_copy import since_copy
from treatments.charting.timeline import strip_of
from treatments.charting.zones import ZONES

# The parts of a draft that the safety rules look at. What is only typed beside them is judged again before signing.
CHARTED = {"preparations", "injections"}

# What an autosave calls itself and the save it follows, and as which arguments. Older pages give no names.
NAMES = {"id": "save_id", "after": "after"}
SAVE_NAME = re.compile(r"[0-9a-f-]{0,36}", re.ASCII)


@require_GET
@requires(Permission.VIEW_CHARTS)
def tab(request, patient_id):
    """The patient's sessions."""
    patient = get_patient(patient_id)
    record_opened(by=request.user, patient=patient, tab="charting:tab")
    plans = plan_queries.plans_of(patient.pk)
    sessions = queries.sessions_of(patient.pk, request.user)
    context = {
        "patient": patient,
        "tab": "charting:tab",
        "sessions": sessions,
        "strip": strip_of(sessions),
        "plans": plans,
        "area_names": plan_queries.area_names_of(plans),
    }
    return render(request, "charting/tab.html", context)


@require_POST
@requires(Permission.CHART_SESSIONS)
def start(request, patient_id):
    form = ChoosePlanForm(request.POST)
    session = services.start_session(
        patient=get_patient(patient_id),
        practitioner=request.user,
        plan_id=form.cleaned_data["plan"] if form.is_valid() else None,
        by=request.user,
    )
    return redirect("charting:chart", session.pk)


@require_GET
@requires(Permission.CHART_SESSIONS)
def unsigned_panel(request):
    sessions = queries.unsigned_of(request.user)
    record(by=request.user, action=Action.LIST, subject="charting.TreatmentSession")
    return render(request, "charting/unsigned_panel.html", {"sessions": sessions})


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
@gzip_page
def chart(request, session_id):
    """The charting screen. Its forms work by themselves; its script posts to `save` instead.

    All drawings are in it, so it is sent compressed.
    """
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.DRAFT:
        return redirect("charting:session", session.pk)
    if session.review is None and not rules.is_begun(session.draft.content):
        return redirect("charting:review", session.pk)
    offer = queries.offer_for(session, clock.now())
    earlier = earlier_sessions(session.patient_id)
    forms = ChartForms(session, offer, request.POST or None, earlier)
    conflict = None
    if request.method == "POST" and (content := forms.edited()) is not None:
        if forms.do == "sentence":
            content = with_sentence(content, _sentence(content))
        try:
            services.save_draft(
                session_id=session.pk, version=_number(request.POST.get("version")), content=content, by=request.user
            )
        except Refused as refusal:
            conflict = refusal
        else:
            return redirect("charting:chart", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:chart")
    return render(
        request, "charting/chart.html", _chart_context(session, offer, forms, earlier) | {"conflict": conflict}
    )


def _chart_context(session, offer, forms, earlier) -> dict:
    summary = _summary(session, offer.reference)
    photos = photographs(summary["photos"])
    return summary | {
        "patient": session.patient,
        "session": session,
        "draft": session.draft,
        "forms": forms,
        "drawings": [*drawings(), *photos],
        "views": VIEWS | {"photo": [photo.key for photo in photos]},
        "zones": ZONES,
        "areas_offered": [area for area in offer.areas if area.treatable],
        "accept": ACCEPT,
        "chips": ("0.02", "0.05", "0.1"),
        "earlier": earlier,
        "can_copy": bool(earlier) and is_blank(session.draft.content),
        "plans": plan_queries.active_plans(session.patient_id),
        "phrases": queries.phrases(),
        "data": page_data(session.draft, offer, earlier)
        | author_data(session.pk, session.practitioner)
        | {"answers": as_data(summary["answers"])},
    }


def _summary(session, known=queries.NOTHING) -> dict:
    """The draft read, judged and added up; rows that are `known` are not fetched again."""
    content = session.draft.content
    chart, problems = read_chart(content, session.pk)
    readable = safety.readable(content, chart)
    reference = queries.reference_of(readable, known)
    answers = safety.answers_for_chart(readable, reference, session)
    problems += rules.problems_in(chart, reference, session.started_at) + safety.unanswered(answers, chart.reasons)
    photos = list(session.photos.all())
    problems += rules.review_problems(session.review) + rules.photo_problems(chart, photos)
    areas = {key: area.name for key, area in reference.areas.items()}
    return {
        "answers": answers,
        "safety": grouped(answers, content.get("reasons", {})),
        "areas": areas,
        "chart": chart,
        "photos": photos,
        "reference": reference,
        "problems": named(problems, content, areas),
        "notes": named(rules.notes_on(chart) + outdated(chart, reference), content, areas),
        "totals": rules.totals_of(chart, reference),
    }


def _sentence(content: dict) -> str:
    chart, _problems = read_chart(content)
    return sentence_of(chart, queries.reference_of(chart))


@require_GET
@requires(Permission.CHART_SESSIONS)
def sentence(request, session_id):
    """The sentence that the page's script puts into the note, of what is saved."""
    return JsonResponse({"sentence": _sentence(queries.draft_of(session_id, request.user).content)})


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
    said = _judged(draft) if draft.changed & CHARTED else {"lots": _lots(draft, {})}
    return JsonResponse({"version": draft.version, "savedAt": wall_time(draft.saved_at), **said})


def _lots(draft, known) -> dict:
    """The lots of a chart as they stand now, whatever was saved: one may be set aside while a note is typed."""
    return {offer.lot.pk: lot_state(offer) for offer in queries.chosen_lots(draft, clock.now(), known)}


def _judged(draft) -> dict:
    """What the page shows beside the chart: the lots as they stand now, and what the safety rules say."""
    readable = safety.readable(draft.content)
    reference = queries.reference_of(readable)
    return {
        "lots": _lots(draft, reference.lots),
        "answers": as_data(safety.answers_for_chart(readable, reference, draft.session)),
    }


def _sent(request) -> dict:
    """The version and content of an autosave, its name and that of the save it follows; raises Malformed."""
    if request.content_type != "application/json":
        raise Malformed
    try:
        sent = json.loads(request.body, parse_constant=_not_a_number)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(sent, dict) or not {"version", "content"} <= sent.keys() <= {"version", "content", *NAMES}:
        raise Malformed
    if type(sent["version"]) is not int or not 0 <= sent["version"] < 2**31:
        raise Malformed
    names = {name: sent.get(key, "") for key, name in NAMES.items()}
    if not all(isinstance(name, str) and SAVE_NAME.fullmatch(name) for name in names.values()):
        raise Malformed
    return {"version": sent["version"], "content": sent["content"], **names}


def _not_a_number(name: str):
    raise ValueError(name)


@require_GET
@requires(Permission.CHART_SESSIONS)
def present(request, session_id):
    """A sign of life: the charting page asks for it only while somebody taps or types there."""
    return HttpResponse(status=204)


@require_GET
@requires(Permission.CHART_SESSIONS)
def labels(request, session_id):
    """The labels of a session's syringes, to be printed."""
    session = queries.session_for(session_id, request.user)
    if session.status == SessionStatus.VOIDED:
        return redirect("charting:session", session.pk)
    form = LabelsForm({"size": "small"} | request.GET.dict())
    chosen = form.cleaned_data if form.is_valid() else {}
    chart = _chart(session)
    labels = labels_of(chart, queries.reference_of(chart), session.started_at)
    record_opened(by=request.user, patient=session.patient, tab="charting:labels")
    size = chosen.get("size") or "small"
    context = {
        "patient": session.patient,
        "session": session,
        "tab": "charting:tab",
        "form": form,
        "size": size,
        "skipped": range(chosen.get("used") or 0) if size == "sheet" else (),
        "labels": [label for label in labels if label.syringe_id == chosen.get("of")] if chosen.get("of") else labels,
    }
    return render(request, "charting/labels.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def sign(request, session_id):
    session = queries.session_for(session_id, request.user)
    if session.status != SessionStatus.DRAFT:
        return redirect("charting:session", session.pk)
    form = SignForm(request.POST or None)
    if form.is_valid():
        try:
            services.sign_session(session_id=session.pk, by=request.user, **form.cleaned_data)
        except DraftConflict as conflict:
            form, session = SignForm(), queries.session_for(conflict.stored.pk, request.user)
            messages.warning(request, _("The session was changed meanwhile. Read it again before you sign."))
        except AnswersChanged as changed:
            form = SignForm()
            messages.warning(request, changed.message)
        except Incomplete as refusal:
            refusal.add_to(form)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The session is signed."))
            return redirect("charting:after", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:sign")
    summary = _summary(session)
    form.initial = {"version": session.draft.version, "seen": safety.digest(summary["answers"])}
    context = {
        "patient": session.patient,
        "session": session,
        "form": form,
        "meaning": MEANING,
        "maps": maps_of(summary["chart"], summary["photos"]),
        "since": since_copy(session, summary["chart"], summary["reference"]),
    }
    return render(request, "charting/sign.html", summary | context)


@require_GET
@requires(Permission.VIEW_CHARTS)
def session(request, session_id):
    """The record as it was signed."""
    session = queries.record_for(session_id, request.user)
    if session.status == SessionStatus.DRAFT:
        return redirect("charting:chart", session.pk)
    record_opened(by=request.user, patient=session.patient, tab="charting:session")
    return render(request, "charting/session.html", _record(session, request.user))


def _chart(session):
    """What was signed, or what is typed so far."""
    if session.signed_at:
        return queries.chart_of(session, *queries.signed_rows(session))
    return read_chart(session.draft.content, session.pk)[0]


def _record(session, viewer=None) -> dict:
    """A closed session: its rows, or what was typed when it was voided before it was signed."""
    chart = _chart(session)
    intact = services.verify_signature(session) if session.signed_at else None
    reference = queries.reference_of(chart)
    return {
        "patient": session.patient,
        "session": session,
        "chart": chart,
        "reference": reference,
        "totals": rules.totals_of(chart, reference),
        "maps": maps_of(chart, session.photos.all()),
        "since": since_copy(session, chart, reference),
        "safety": recorded(queries.signed_answers(session)),
        "closed": queries.closed_with(session),
        "intact": intact,
        "meaning": MEANING,
        "may_cosign": viewer is not None and not rules.cosign_refusal(session, viewer),
        "cosignatures": [(row, cosigning.verify_cosignature(row)) for row in session.cosignatures.all()],
        "cosigned": any(row.kind == CoSignatureKind.SIGNED for row in session.cosignatures.all()),
        "cosign_meaning": COSIGN_MEANING,
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
