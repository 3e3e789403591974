"""Booking, one visit, and the patient's visits."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.http import panels_for
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.queries import find_patients, get_patient, similar_patients
from patients.registry.rules import duplicates
from patients.registry.services import record_opened, register_patient
from treatments.scheduling import (
    forms,
    offers,
    place_queries,
    queries,
    safety,
    services,
    step_rules,
    undoing,
    waiting_queries,
)
from treatments.scheduling.enums import VisitStatus

STEPS = {
    VisitStatus.CONFIRMED: services.confirm,
    VisitStatus.ARRIVED: services.mark_arrived,
    VisitStatus.IN_SESSION: services.start_visit,
    VisitStatus.DONE: services.finish_visit,
    VisitStatus.NO_SHOW: services.mark_no_show,
}


def shell_of(request) -> str:
    """What a visit's pages are drawn in: the calendar's side panel when it asks, else the patient's page."""
    return "scheduling/_panel.html" if request.htmx.target == "panel" else "registry/patient_base.html"


@requires(Permission.BOOK_VISITS)
def book(request):
    """First the patient, then one of the next free times; few clicks, and the address holds ids only."""
    known = place_queries.chosen_rows(**forms.chosen_ids(request.GET, request.POST)) if request.method == "POST" else {}
    patient = _patient_wanted(request, known)
    if patient is None:
        carried = forms.carried(request.GET)
        return render(request, "scheduling/pick_patient.html", {"carried": carried, "query": urlencode(carried)})
    wish = forms.WishForm(offers.fill_wish(request.GET.dict(), patient, clock.now()), known=known)
    may_override = request.user.may(Permission.OVERRIDE_CONSULTATION)
    form = forms.BookForm(request.POST or None, may_override=may_override, known=known)
    if wish.is_valid() and request.method == "POST" and form.is_valid():
        try:
            visit = services.book_appointment(
                patient=patient,
                visit_type=wish.cleaned_data["type"],
                length=wish.length,
                by=request.user,
                **form.chosen(),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The visit is booked."))
            return redirect("scheduling:visit", visit.pk)
    record(by=request.user, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=["scheduling:book"])
    offer = offers.make_offer(wish, patient, may_override=may_override, at=clock.now())
    form.offer(offer.times, offer.chosen, offer.booked_days)
    last = queries.latest_visit(patient, clock.now())
    action = "?" + urlencode({"patient": patient.pk} | offers.wish_of(wish))
    context = {"patient": patient, "wish": wish, "form": form, "offer": offer, "action": action, "last": last}
    context["advice"] = safety.when_booking(patient, wish, request.user)
    return render(request, "scheduling/book.html", context | {"tab": "scheduling:tab"})


def _patient_wanted(request, known):
    wanted = forms.PatientForm(request.GET)
    if not wanted.is_valid():
        return None
    return known.get("patient") or get_patient(wanted.cleaned_data["patient"])


@requires(Permission.BOOK_VISITS)
@require_POST
def find_patient(request):
    """Patients for the booking page; the text travels in the body, never in an address."""
    form = forms.FindForm(request.POST)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    found, more = find_patients(typed) if typed else ([], False)
    alike = similar_patients(typed) if typed and not found else []
    record(by=request.user, action=Action.SEARCH, subject="registry.Patient")
    carried = forms.carried(request.POST)
    context = {"found": found or alike, "alike": alike, "more": more, "typed": typed, "carried": carried}
    context["query"] = urlencode(carried)
    template = "scheduling/_found.html" if request.htmx else "scheduling/pick_patient.html"
    return render(request, template, context)


@requires(Permission.EDIT_PATIENTS)
def new_patient(request):
    """Registers who rings up for the first time, and goes on with their booking."""
    form = forms.NewPatientForm(request.POST or None, clinic=request.clinic)
    carried, alike = forms.carried(request.GET), []
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        try:
            patient = register_patient(
                by=request.user,
                submission=told["submission"],
                is_new=told["is_new"],
                language=request.clinic.language,
                **form.patient_details,
            )
        except Refused as refusal:
            refusal.add_to(form)
            alike = duplicates(**form.patient_details)
        else:
            return redirect(f"{reverse('scheduling:book')}?{urlencode({'patient': patient.pk} | carried)}")
    context = {"form": form, "look_alikes": alike, "query": urlencode(carried)}
    return render(request, "scheduling/new_patient.html", context)


@requires(Permission.VIEW_CALENDAR)
def visit(request, appointment_id):
    """One visit: when, with whom, what happened to it, and the next step."""
    visit = queries.get_visit(appointment_id)
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id)
    freed = waiting_queries.freed_by(visit, clock.now())
    context = {
        "visit": visit,
        "patient": visit.patient,
        "tab": "scheduling:tab",
        "day": clock.local(visit.starts_at).date(),
        "steps": step_rules.next_steps(visit, request.user, clock.now()),
        "session": step_rules.session_to_open(visit, request.user),
        "without_consultation": step_rules.lacks_consultation(visit, clock.now()),
        "may_undo": step_rules.was_just_cancelled(visit, clock.now()) and request.user.may(Permission.BOOK_VISITS),
        "course": queries.visits_of_course(visit.course_id),
        "waiting_count": len(waiting_queries.who_waits_for(freed, but=visit.patient)) if freed else 0,
        "advice": safety.of_visit(visit, request.user),
        "panels": panels_for(request.user, settings.VISIT_PANELS, visit.pk),
        "shell": shell_of(request),
    }
    return render(request, "scheduling/visit.html", context)


@requires(Permission.BOOK_VISITS)
@require_POST
def step(request, appointment_id):
    """Arrived, started, done …: one button each. Who starts a session goes on to its chart."""
    form = forms.StepForm(request.GET.dict() | request.POST.dict())
    take = STEPS.get(form.cleaned_data["step"]) if form.is_valid() else None
    if take is None:
        messages.error(request, _("That step is not known."))
        return redirect("scheduling:visit", appointment_id)
    try:
        visit = take(appointment_id=appointment_id, version=form.cleaned_data["version"], by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        session = step_rules.session_to_open(visit, request.user)
        if session and visit.status == VisitStatus.IN_SESSION:
            return _whole_page(request, reverse("charting:chart", args=[session.pk]))
    if back := form.cleaned_data["back"]:
        return redirect(f"scheduling:{back}")
    return redirect("scheduling:visit", appointment_id)


def _whole_page(request, address: str):
    """Leads the window there, also when only its panel asked."""
    return HttpResponse(status=204, headers={"HX-Redirect": address}) if request.htmx else redirect(address)


@requires(Permission.BOOK_VISITS)
def move(request, appointment_id):
    visit = queries.get_visit(appointment_id)
    wish = forms.MoveWishForm(offers.wish_to_move(visit) | request.GET.dict())
    form = forms.MoveForm(request.POST or None, initial={"version": visit.version})
    if wish.is_valid() and request.method == "POST" and form.is_valid():
        try:
            services.move_appointment(appointment_id=visit.pk, by=request.user, **form.chosen())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The visit is moved."))
            return redirect("scheduling:visit", visit.pk)
    offer = offers.make_offer(wish, visit.patient, visit=visit, may_override=False, at=clock.now())
    form.offer(offer.times)
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=["scheduling:move"])
    action = "?" + urlencode(offers.wish_of(wish))
    context = {"visit": visit, "patient": visit.patient, "wish": wish, "form": form, "offer": offer, "action": action}
    context["panels"] = panels_for(request.user, settings.MOVE_PANELS, visit.pk)
    return render(request, "scheduling/move.html", context | {"tab": "scheduling:tab", "shell": shell_of(request)})


@requires(Permission.BOOK_VISITS)
def cancel(request, appointment_id):
    visit = queries.get_visit(appointment_id)
    form = forms.CancelForm(request.POST or None, initial={"version": visit.version})
    if request.method == "POST" and form.is_valid():
        try:
            services.cancel_appointment(appointment_id=visit.pk, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The visit is cancelled."))
            return redirect("scheduling:visit", visit.pk)
    record(
        by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=["scheduling:cancel"]
    )
    context = {"visit": visit, "patient": visit.patient, "form": form, "tab": "scheduling:tab"}
    return render(request, "scheduling/cancel.html", context | {"shell": shell_of(request)})


@requires(Permission.BOOK_VISITS)
@require_POST
def undo_cancel(request, appointment_id):
    """The button that stands for ten seconds after a cancellation."""
    visit = queries.get_visit_to_change(appointment_id)
    form = forms.UndoForm(request.POST)
    if form.is_valid():
        try:
            visits = undoing.undo_cancellation(
                appointment_id=visit.pk, version=form.cleaned_data["version"], by=request.user
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            count = len(visits)
            text = ngettext("The visit is back as it was.", "%(count)d visits are back as they were.", count)
            messages.success(request, text % {"count": count})
    return redirect("scheduling:visit", appointment_id)


@requires(Permission.BOOK_VISITS)
def today_panel(request):
    """Today's visits that are not over, and what is missing for them."""
    visits, to_tell = step_rules.todays_visits(request.user, clock.now()), waiting_queries.count_to_tell(clock.now())
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["today"])
    return render(request, "scheduling/today_panel.html", {"visits": visits, "to_tell": to_tell})


@requires(Permission.VIEW_CALENDAR)
def tab(request, patient_id):
    patient = get_patient(patient_id)
    record_opened(by=request.user, patient=patient, tab="scheduling:tab")
    context = {"patient": patient, "visits": queries.visits_of(patient), "tab": "scheduling:tab", "now": clock.now()}
    return render(request, "scheduling/tab.html", context)
