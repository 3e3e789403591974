"""What the clinic sees of links: issued, opened, answered; wishes for another time; what patients told they took."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.history.enums import Topic
from patients.history.queries import current_rows
from patients.registry.queries import get_patient
from treatments.links import forms, queries, rules, services
from treatments.links.enums import Purpose
from treatments.scheduling.queries import get_visit


def _stated(links, may_read: bool) -> list:
    """Each with its state and what it is for; those that messages issued tell what a patient takes."""
    now = clock.now()
    return [
        (
            link,
            rules.state_of(link, now),
            link.get_purpose_display() if may_read or link.is_plain else _("A page of theirs"),
        )
        for link in links
    ]


def _may_read(request) -> bool:
    return request.user.may(Permission.READ_MESSAGE_TEXTS)


@require_GET
@requires(Permission.VIEW_CALENDAR)
def visit_panel(request, appointment_id):
    """The visit's links. Addresses are shown for answering about the visit only: other pages hold clinical words."""
    visit = get_visit(appointment_id)
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=["links"])
    now = clock.now()
    wish = queries.open_request_of(visit, now)
    may_read = _may_read(request)
    links = _stated(queries.links_of_visit(visit.pk, all_of_them=may_read), may_read)
    page = {"visit": visit, "links": links, "wish": wish, "may_read": may_read}
    return render(request, "links/visit_panel.html", page | {"ahead": rules.is_ahead(visit, now)})


@require_GET
@requires(Permission.VIEW_PATIENTS)
def patient_panel(request, patient_id):
    """The patient's links, and the messages they do not want."""
    patient = get_patient(patient_id)
    record(by=request.user, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=["links"])
    may_read = _may_read(request)
    links = _stated(queries.links_of_patient(patient.pk, all_of_them=may_read), may_read)
    page = {"patient": patient, "links": links, "stops": queries.stops_of(patient.pk), "may_read": may_read}
    return render(request, "links/patient_panel.html", page)


@require_POST
@requires(Permission.BOOK_VISITS)
def new_link(request, appointment_id):
    """An address to tell the patient now, in place of waiting for the message."""
    visit = get_visit(appointment_id)
    if not rules.is_ahead(visit, clock.now()):
        messages.error(request, _("This visit can no longer be changed by a link."))
        return redirect("scheduling:visit", visit.pk)
    link = services.find_or_make(purpose=Purpose.VISIT, visit=visit, by=request.user)
    return redirect("links:address", link.pk)


@require_GET
@requires(Permission.BOOK_VISITS)
def address(request, link_id):
    """The address, to be read out or copied into a message of one's own."""
    link = queries.get_link(link_id)
    if link.purpose != Purpose.VISIT or not rules.stands(link, clock.now()):
        raise Http404
    record(by=request.user, action=Action.VIEW, subject=link, patient_id=link.patient_id, fields=["address"])
    page = {"link": link, "visit": link.appointment, "patient": link.patient, "tab": "scheduling:tab"}
    return render(request, "links/address.html", page | {"address": services.address_of(link)})


@require_POST
@requires(Permission.BOOK_VISITS)
def replace(request, link_id):
    """For a patient whose link is locked, or got into other hands."""
    link = queries.get_link(link_id)
    try:
        fresh = services.replace_link(link=link, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return _back(link)
    if fresh.purpose == Purpose.VISIT:
        return redirect("links:address", fresh.pk)
    messages.success(request, _("The old link is closed. Send the message again: it will carry the new one."))
    return _back(link)


def _back(link):
    if link.appointment_id:
        return redirect("scheduling:visit", link.appointment_id)
    return redirect("registry:details_tab", link.patient_id)


@require_POST
@requires(Permission.EDIT_PATIENTS)
def lift(request, stop_id):
    """The patient told us that they want these messages again."""
    stop = queries.get_stop(stop_id)
    services.lift_stop(stop=stop, by=request.user)
    messages.success(request, _("They get these messages again."))
    return redirect("registry:details_tab", stop.patient_id)


@require_GET
@requires(Permission.BOOK_VISITS)
def requests_panel(request):
    record(by=request.user, action=Action.LIST, subject="links.MoveRequest")
    return render(request, "links/requests_panel.html", {"requests": queries.open_requests(clock.now())})


@require_POST
@requires(Permission.BOOK_VISITS)
def settle(request, request_id):
    row = queries.get_request(request_id)
    try:
        services.settle_request(request=row, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Settled: the visit stays where it is."))
    return redirect("scheduling:visit", row.appointment_id)


@require_GET
@requires(Permission.DECIDE_MEDICINES)
def told_panel(request):
    record(by=request.user, action=Action.LIST, subject="links.MedicinesTold")
    return render(request, "links/told_panel.html", {"answers": queries.told_to_review()})


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_MEDICINES)
def told(request, told_id):
    """One answer beside the history: the practitioner writes there what belongs there, and says that it is seen."""
    answer = queries.get_told(told_id)
    if request.method == "POST":
        try:
            services.review_told(told=answer, by=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, _("Reviewed."))
        return redirect("home")
    record(by=request.user, action=Action.VIEW, subject=answer, patient_id=answer.patient_id)
    known = [row.name for row in current_rows(answer.patient, Topic.MEDICINES)]
    page = {"answer": answer, "patient": answer.patient, "tab": "history:tab", "known": known}
    return render(request, "links/told.html", page)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_MESSAGE_RULES)
def settings(request):
    row = queries.link_settings()
    form = forms.SettingsForm(request.POST or None, initial=vars(row))
    if request.method == "POST" and form.is_valid():
        services.change_settings(by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("links:settings")
    return render(request, "links/settings.html", {"form": form})
