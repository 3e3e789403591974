"""The history's pages."""

from django.shortcuts import render

from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.history import queries
from patients.history.warnings import none_known, warnings_of
from patients.registry.queries import get_patient
from patients.registry.services import record_opened


@requires(Permission.VIEW_HISTORY)
def warnings(request, patient_id):
    """The fragment in the patient banner."""
    patient = get_patient(patient_id)
    record_opened(by=request.user, patient=patient, tab="history:warnings")
    history = queries.history_of(patient)
    context = {"warnings": warnings_of(history), "none_known": none_known(history)}
    return render(request, "history/_warnings.html", context)
