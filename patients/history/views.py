"""The history's pages about a patient."""

from collections import namedtuple

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.history import forms, queries, services
from patients.history.enums import Topic
from patients.history.warnings import none_known as none_known_of
from patients.history.warnings import warnings_of
from patients.registry.queries import get_patient
from patients.registry.services import record_opened

CARDS = {
    Topic.ALLERGIES: forms.AllergyForm,
    Topic.CONDITIONS: forms.ConditionForm,
    Topic.MEDICINES: forms.MedicineForm,
}
Card = namedtuple("Card", "state form")


@requires(Permission.VIEW_HISTORY)
@require_safe
def warnings(request, patient_id):
    """The fragment in the patient banner."""
    patient = get_patient(patient_id)
    record_opened(by=request.user, patient=patient, tab="history:warnings")
    history = queries.history_of(patient, people=False)
    context = {"warnings": warnings_of(history), "none_known": none_known_of(history)}
    return render(request, "history/_warnings.html", context)


@requires(Permission.VIEW_HISTORY)
@require_safe
def tab(request, patient_id):
    return _tab(request, get_patient(patient_id))


@requires(Permission.EDIT_HISTORY)
def record_allergy(request, patient_id):
    return _record(request, patient_id, "allergies", forms.AllergyForm, services.record_allergy)


@requires(Permission.EDIT_HISTORY)
def record_condition(request, patient_id):
    return _record(request, patient_id, "conditions", forms.ConditionForm, services.record_condition)


@requires(Permission.EDIT_HISTORY)
def record_medicine(request, patient_id):
    return _record(request, patient_id, "medicines", forms.MedicineForm, services.record_medicine)


@requires(Permission.EDIT_HISTORY)
def record_pregnancy(request, patient_id):
    return _record(request, patient_id, "pregnancy", forms.PregnancyForm, services.record_pregnancy)


@requires(Permission.EDIT_HISTORY)
def none_known(request, patient_id, topic):
    patient = get_patient(patient_id)
    if request.method == "POST":
        try:
            services.record_none_known(patient=patient, topic=topic, by=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
    return _back(patient, topic)


@requires(Permission.EDIT_HISTORY)
def stop_medicine(request, patient_id, row_id):
    return _end(request, patient_id, Topic.MEDICINES, row_id, services.stop_medicine, "stopped_on")


@requires(Permission.EDIT_HISTORY)
def end_condition(request, patient_id, row_id):
    return _end(request, patient_id, Topic.CONDITIONS, row_id, services.end_condition, "until")


@requires(Permission.EDIT_HISTORY)
def void(request, patient_id, kind, row_id):
    """Takes a statement back, with the reason."""
    patient = get_patient(patient_id)
    row = queries.get_row(patient, kind, row_id)

    def take_back(form):
        services.void_row(row=row, reason=form.cleaned_data["reason"], by=request.user)

    page = {
        "what": row.name,
        "title": _("Take back"),
        "hint": _("It stays in the record, crossed out, with your name and the reason."),
        "submit": _("Take back"),
    }
    return _act(request, patient, kind, ReasonForm(request.POST or None), take_back, page)


@requires(Permission.EDIT_HISTORY)
@require_POST
def find_medicine(request):
    return _find(request, forms.MedicineForm)


@requires(Permission.EDIT_HISTORY)
@require_POST
def find_allergen(request):
    return _find(request, forms.AllergyForm)


def _tab(request, patient, **bound):
    """The page with its cards; `bound` are forms that were sent and refused, by card."""
    record_opened(by=request.user, patient=patient, tab="history:tab")
    history = queries.history_of(patient)
    context = {
        "patient": patient,
        "tab": "history:tab",
        "history": history,
        "warnings": warnings_of(history),
        "cards": [Card(state, bound.get(state.topic) or CARDS[state.topic]()) for state in history.topics],
        "pregnancy_form": bound.get("pregnancy") or forms.PregnancyForm(),
    }
    return render(request, "history/tab.html", context)


def _record(request, patient_id, card, form_class, write):
    """Writes what a card's form says, then goes back to the card; a refused form is shown again in its card."""
    patient = get_patient(patient_id)
    if request.method != "POST":
        return _back(patient, card)
    form = form_class(request.POST)
    if form.is_valid():
        try:
            write(patient=patient, by=request.user, **form.statement)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return _back(patient, card)
    return _tab(request, patient, **{card: form})


def _end(request, patient_id, kind, row_id, write, field):
    patient = get_patient(patient_id)
    row = queries.get_row(patient, kind, row_id)

    def end(form):
        write(row=row, by=request.user, **{field: form.cleaned_data["day"]})

    page = {
        "what": row.name,
        "title": _("No longer taken") if kind == Topic.MEDICINES else _("It is over"),
        "hint": _("From the next day on it no longer counts as current."),
        "submit": _("Save"),
    }
    return _act(request, patient, kind, forms.LastDayForm(request.POST or None), end, page)


def _act(request, patient, card, form, write, page):
    """A page that asks one thing before it changes a row."""
    if request.method == "POST" and form.is_valid():
        try:
            write(form)
        except Refused as refusal:
            form.add_error(None, refusal.message)
        else:
            return _back(patient, card)
    record_opened(by=request.user, patient=patient, tab="history:tab")
    context = {"patient": patient, "tab": "history:tab", "form": form, "back": _address(patient, card), **page}
    return render(request, "history/act.html", context)


def _find(request, form_class):
    """What the typed words may mean, while they are typed."""
    return render(request, "history/_matches.html", {"form": form_class(request.POST)})


def _back(patient, card):
    return redirect(_address(patient, card))


def _address(patient, card) -> str:
    return f"{reverse('history:tab', args=[patient.pk])}#{card}"
