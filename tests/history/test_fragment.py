import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from patients.history.enums import Severity
from tests.factories.patients import PatientAllergyFactory, PatientFactory

pytestmark = pytest.mark.django_db


def test_the_fragment_shows_what_is_known_and_what_was_not_asked(client_of, practitioner, clinic_row):
    patient = PatientFactory()
    PatientAllergyFactory(patient=patient, allergen__name="Soy", severity=Severity.SEVERE)
    page = client_of(practitioner).get(reverse("history:warnings", args=[patient.pk]))
    assert page.status_code == 200
    assert "Allergy: Soy (severe)" in page.text
    assert "Not asked: conditions, medicines, pregnancy" in page.text
    assert "<html" not in page.text
    assert AuditEvent.objects.filter(patient_id=patient.pk, fields=["history:warnings"]).count() == 1
