"""The registry's pages."""

from django.shortcuts import redirect, render

from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry import queries, services


@requires(Permission.VIEW_PATIENTS)
def patients(request):
    return render(request, "registry/patients.html")


@requires(Permission.VIEW_PATIENTS)
def patient(request, patient_id):
    """The patient's page opens on its first tab."""
    return redirect("registry:details_tab", patient_id)


@requires(Permission.VIEW_PATIENTS)
def details_tab(request, patient_id):
    patient = queries.get_patient(patient_id)
    services.record_opened(by=request.user, patient=patient, tab="registry:details_tab")
    return render(request, "registry/details.html", {"patient": patient, "tab": "registry:details_tab"})


@requires(Permission.EDIT_PATIENTS)
def register(request):
    return render(request, "registry/register.html")


@requires(Permission.EDIT_PATIENTS)
def edit(request, patient_id):
    return render(request, "registry/edit.html")
