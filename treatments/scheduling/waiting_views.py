"""The waiting list, offering a time that became free, and the page behind an offer's link."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock, context, limits
from clinic.core.errors import Refused
from clinic.core.views import too_many_requests
from clinic.staff.access import public, requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from treatments.scheduling import queries, waiting, waiting_forms, waiting_queries
from treatments.scheduling.forms import PatientForm
from treatments.scheduling.links import token_of

ANSWERS_A_MINUTE = 20
# What the desk copies or reads to people
OFFERED = gettext_lazy(
    "%(clinic)s: a time has become free on %(day)s at %(time)s with %(name)s. The first to accept gets it. "
    "To accept it, open this address before %(until)s: %(link)s"
)
TAKEN = gettext_lazy(
    "%(clinic)s: the time on %(day)s at %(time)s that we offered you has been taken. You stay on our list, and we "
    "will let you know of the next one. Questions? Ring %(phone)s."
)


@requires(Permission.BOOK_VISITS)
def waiting_list(request):
    record(by=request.user, action=Action.LIST, subject="scheduling.WaitingEntry")
    now = clock.now()
    page = {
        "entries": waiting_queries.people_waiting(now),
        "too_late": waiting_queries.people_too_late(now),
        "to_tell": [(offer, _words(request, offer, TAKEN)) for offer in waiting_queries.to_tell(now)],
    }
    return render(request, "scheduling/waiting.html", page)


@requires(Permission.BOOK_VISITS)
def add_to_list(request):
    wanted = PatientForm(request.GET)
    if not wanted.is_valid():
        return redirect("scheduling:waiting")
    patient = get_patient(wanted.cleaned_data["patient"])
    today = clock.today()
    form = waiting_forms.WaitingForm(request.POST or None, initial={"from_day": today})

    def save(**wish):
        waiting.add_to_list(patient=patient, **wish)

    return _edit(request, patient, form, save, _("Put on the waiting list"), _("On the waiting list."))


@requires(Permission.BOOK_VISITS)
def edit_wish(request, entry_id):
    entry = waiting_queries.get_entry(entry_id)
    initial = vars(entry) | {"visit_type": entry.visit_type_id, "practitioner": entry.practitioner_id}
    form = waiting_forms.WaitingForm(request.POST or None, initial=initial)

    def save(**wish):
        waiting.change_wish(entry=entry, **wish)

    return _edit(request, entry.patient, form, save, _("Waiting for a time"), _("Saved."), entry=entry)


def _edit(request, patient, form, save, heading: str, done: str, entry=None):
    if request.method == "POST" and form.is_valid():
        try:
            save(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, done)
            return redirect("scheduling:waiting")
    record(by=request.user, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=["scheduling:waiting"])
    page = {"patient": patient, "form": form, "heading": heading, "entry": entry, "tab": "scheduling:tab"}
    return render(request, "scheduling/waiting_form.html", page)


@requires(Permission.BOOK_VISITS)
@require_POST
def take_off_list(request, entry_id):
    try:
        waiting.take_off_list(entry=waiting_queries.get_entry(entry_id), by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Taken off the list."))
    return redirect("scheduling:waiting")


@requires(Permission.BOOK_VISITS)
def offer(request, appointment_id):
    """Who waits for the time that this visit gave back; what they are told, to be copied or read to them."""
    visit = queries.get_visit(appointment_id)
    freed = waiting_queries.freed_by(visit, clock.now())
    at = freed.starts_at if freed else visit.starts_at
    offers = waiting_queries.offers_of(at, visit.practitioner)
    asked = {row.entry_id for row in offers if waiting_queries.stands(row, clock.now())}
    waiting_people = waiting_queries.who_waits_for(freed, but=visit.patient) if freed else []
    people = [entry for entry in waiting_people if entry.pk not in asked]
    form = waiting_forms.OfferForm(request.POST if request.method == "POST" else None, waiting=people)
    if freed and form.is_bound and form.is_valid():
        try:
            waiting.offer_slot(
                starts_at=freed.starts_at,
                practitioner=freed.practitioner,
                room=freed.room,
                by=request.user,
                **form.chosen(),
            )
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Offered. Now tell them."))
            return redirect("scheduling:offer", visit.pk)
    record(by=request.user, action=Action.LIST, subject="scheduling.WaitingEntry", fields=["scheduling:offer"])
    shown = [_shown(request, row) for row in offers]
    page = {"visit": visit, "freed": freed, "people": people, "form": form, "offers": shown}
    return render(request, "scheduling/offer.html", page)


def _shown(request, row) -> dict:
    """The offer, with what the patient is told as long as it stands, in the patient's language."""
    if not waiting_queries.stands(row, clock.now()):
        return {"offer": row}
    link = request.build_absolute_uri(reverse("scheduling:answer_offer", args=[token_of(waiting.PURPOSE, row.nonce)]))
    return {"offer": row, "text": _words(request, row, OFFERED, link=link), "link": link}


def _words(request, row, text, **more) -> str:
    """What the patient is told, in the patient's language."""
    with translation.override(row.entry.patient.language or request.clinic.language):
        local = clock.local(row.starts_at)
        return text % {
            "clinic": request.clinic.name,
            "phone": request.clinic.phone,
            "day": date_format(local, "l j F"),
            "time": date_format(local, "H:i"),
            "name": row.practitioner.full_name,
            "until": date_format(clock.local(row.expires_at), "j F, H:i"),
            **more,
        }


@requires(Permission.BOOK_VISITS)
@require_POST
def offer_step(request, offer_id):
    """What they said on the telephone."""
    form = waiting_forms.OfferStepForm(request.POST)
    row = waiting_queries.get_offer(offer_id)
    if not form.is_valid():
        messages.error(request, _("That step is not known."))
        return redirect("scheduling:waiting")
    if form.cleaned_data["step"] == "withdraw":
        waiting.withdraw_offer(offer_id=row.pk, by=request.user)
        messages.success(request, _("The offer is withdrawn."))
        return redirect("scheduling:waiting")
    if form.cleaned_data["step"] == "told":
        waiting.tell_taken(offer_id=row.pk, by=request.user)
        return redirect("scheduling:waiting")
    try:
        answered = waiting.accept_offer(offer_id=row.pk, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("scheduling:waiting")
    if answered.entry.appointment is None:
        messages.error(request, _("That time has just been taken."))
        return redirect("scheduling:waiting")
    messages.success(request, _("The visit is booked."))
    if waiting_queries.count_to_tell(clock.now()):
        return redirect("scheduling:waiting")
    return redirect("scheduling:visit", answered.entry.appointment.pk)


@public
def answer_offer(request, token):
    """Behind the link: opening it changes nothing, the button answers. Names nobody and says nothing of a treatment."""
    row = waiting_queries.offer_of_token(token)
    if (row is None or request.method == "POST") and not _may_ask():
        return too_many_requests(request)
    if row is None:
        raise Http404
    with translation.override(row.entry.patient.language or request.clinic.language):
        refused = _answer(request, row) if request.method == "POST" else ""
        row = waiting_queries.get_offer(row.pk)
        now = clock.now()
        page = {"offer": row, "refused": refused, "stands": waiting_queries.stands(row, now), "clinic": request.clinic}
        return render(request, "scheduling/answer_offer.html", page)


def _may_ask() -> bool:
    """So many answers and wrong addresses a minute from one place."""
    name = f"offer:{context.current().address}"
    return limits.take_slot(name, slots=ANSWERS_A_MINUTE, seconds=60) is not None


def _answer(request, row) -> str:
    """Why it could not be done; empty when it was."""
    form = waiting_forms.AnswerForm(request.POST)
    if not form.is_valid():
        return _("Choose one of the two.")
    act = waiting.accept_offer if form.cleaned_data["answer"] == "accept" else waiting.decline_offer
    try:
        act(offer_id=row.pk)
    except Refused as refusal:
        return refusal.message
    return ""
