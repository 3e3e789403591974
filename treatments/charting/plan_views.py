"""The pages of treatment plans."""

from urllib.parse import urlencode

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from patients.registry.services import record_opened
from treatments.charting import plan_queries, plans, queries
from treatments.charting.enums import PlanStatus
from treatments.charting.plan_forms import ChoosePlanForm, EndPlanForm, PlanForm

TAB = "charting:tab"


@require_GET
@requires(Permission.VIEW_CHARTS)
def plan(request, plan_id):
    """One plan: its sessions, done and to come, and what may be done about it."""
    plan = plan_queries.get_plan(plan_id)
    record_opened(by=request.user, patient=plan.patient, tab="charting:plan")
    context = {
        "patient": plan.patient,
        "tab": TAB,
        "plan": plan,
        "area_names": plan_queries.area_names_of([plan]),
        "successor": queries.successors_of([plan.version]).get(plan.version_id),
        "is_active": plan.status == PlanStatus.ACTIVE,
        "booking": _booking(plan),
    }
    return render(request, "charting/plan.html", context)


def _booking(plan) -> str:
    """The booking page with what is known: who, with whom, from when."""
    wish = {"patient": plan.patient_id, "practitioner": plan.made_by_id}
    if plan.course.due_from:
        wish["start"] = max(plan.course.due_from, clock.today()).isoformat()
    return f"{reverse('scheduling:book')}?{urlencode(wish)}"


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def new_plan(request, patient_id):
    patient = get_patient(patient_id)
    form = PlanForm(request.POST or None, choices=plan_queries.plan_choices())
    if form.is_valid():
        try:
            made = plans.make_plan(patient=patient, by=request.user, **form.values())
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The plan is made."))
            return redirect("charting:plan", made.pk)
    record_opened(by=request.user, patient=patient, tab="charting:new_plan")
    return render(request, "charting/plan_form.html", {"patient": patient, "tab": TAB, "form": form})


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def edit_plan(request, plan_id):
    plan = plan_queries.get_plan(plan_id)
    if plan.status != PlanStatus.ACTIVE:
        return redirect("charting:plan", plan.pk)
    initial = {"indication": plan.indication_id, "version": str(plan.version_id), "weeks": plan.weeks}
    initial |= {"areas": plan.areas, "edits": plan.edits}
    form = PlanForm(request.POST or None, choices=plan_queries.plan_choices(plan), initial=initial)
    if form.is_valid():
        try:
            plans.change_plan(plan_id=plan.pk, edits=form.cleaned_data["edits"] or 0, by=request.user, **form.values())
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The plan is changed."))
            return redirect("charting:plan", plan.pk)
    record_opened(by=request.user, patient=plan.patient, tab="charting:edit_plan")
    context = {"patient": plan.patient, "tab": TAB, "plan": plan, "form": form}
    return render(request, "charting/plan_form.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CHART_SESSIONS)
def end_plan(request, plan_id):
    plan = plan_queries.get_plan(plan_id)
    if plan.status != PlanStatus.ACTIVE:
        return redirect("charting:plan", plan.pk)
    form = EndPlanForm(request.POST or None)
    if form.is_valid():
        try:
            plans.end_plan(plan_id=plan.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The plan has ended."))
            return redirect("charting:plan", plan.pk)
    record_opened(by=request.user, patient=plan.patient, tab="charting:end_plan")
    return render(request, "charting/plan_end.html", {"patient": plan.patient, "tab": TAB, "plan": plan, "form": form})


@require_POST
@requires(Permission.CHART_SESSIONS)
def use_successor(request, plan_id):
    try:
        plan = plans.use_successor(plan_id=plan_id, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The plan uses version %(number)d now.") % {"number": plan.version.number})
    return redirect("charting:plan", plan_id)


@require_POST
@requires(Permission.CHART_SESSIONS)
def choose_plan(request, session_id):
    """Which plan an open session belongs to."""
    session = queries.session_for(session_id, request.user)
    form = ChoosePlanForm(request.POST)
    if form.is_valid():
        try:
            plans.choose_plan(session_id=session.pk, plan_id=form.cleaned_data["plan"], by=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
    return redirect("charting:chart", session.pk)
