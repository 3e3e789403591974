import pytest
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from patients.registry.models import Patient
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db


def test_each_opened_page_leaves_one_line_in_the_trail(client_of, front_desk, clinic_row):
    patient = PatientFactory()
    response = client_of(front_desk).get(reverse("registry:patient", args=[patient.pk]), follow=True)
    assert response.status_code == 200
    (event,) = AuditEvent.objects.filter(action=Action.VIEW)
    assert (event.patient_id, event.fields) == (patient.pk, ["registry:details_tab"])


def test_an_unknown_patient_is_no_such_page(client_of, front_desk):
    assert client_of(front_desk).get("/patients/999999/details/").status_code == 404
    assert client_of(front_desk).get("/patients/0/").status_code == 404


def test_the_warnings_are_for_clinicians_only(client_of, front_desk, practitioner, clinic_row):
    address = reverse("registry:details_tab", args=[PatientFactory().pk])
    warnings = reverse("registry:patient", args=[Patient.objects.get().pk])
    assert f'hx-get="{warnings}"' in client_of(practitioner).get(address).text
    assert f'hx-get="{warnings}"' not in client_of(front_desk).get(address).text
