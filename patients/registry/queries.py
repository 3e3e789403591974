"""What the registry's screens show."""

from django.shortcuts import get_object_or_404

from patients.registry.models import Patient


def get_patient(patient_id: int) -> Patient:
    """The patient of a page; Http404 when there is none."""
    return get_object_or_404(Patient, pk=patient_id)
