"""The registry's writers."""

from clinic.audit.enums import Action
from clinic.audit.services import record
from patients.registry.models import Patient


def record_opened(*, by, patient: Patient, tab: str) -> None:
    """Notes that somebody opened a page of the patient; `tab` says which, as its URL name."""
    record(by=by, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=[tab])
