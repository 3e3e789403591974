from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory
from treatments.links import services
from treatments.links.enums import Purpose
from treatments.links.models import PatientLink

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # a Monday, 09:00 in Madrid
VISIT = datetime(2027, 3, 16, 9, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Madrid
BORN = {"day": "17", "month": "4", "year": "1985"}


@pytest.fixture(autouse=True)
def monday(request):
    """Browser tests live in real time: their cookies do."""
    if request.node.get_closest_marker("browser"):
        yield
        return
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def patient(clinic_row):
    return PatientFactory(given_name="Berta", family_name="Soler")


@pytest.fixture
def visit(patient):
    doctor = PractitionerFactory(full_name="Dr Ana Ruiz")
    return AppointmentFactory(patient=patient, practitioner=doctor, starts_at=VISIT)


class Telephone:
    """A browser without an account, with cookies, that opens addresses from messages."""

    def __init__(self, **client):
        self.client = Client(**client)

    def open(self, address: str):
        return self.client.get(address.replace("http://localhost:8000", ""), follow=True)

    def come_in(self, address: str):
        """Opens the address and answers the question; the page behind it."""
        asked = self.open(address)
        return self.client.post(asked.request["PATH_INFO"], BORN, follow=True)

    def do(self, name: str, **told):
        """Presses the button of the newest link's page, as the page stands."""
        link = PatientLink.objects.latest("pk")
        version = {"version": link.appointment.version} if link.appointment else {}
        return self.client.post(reverse(f"links:{name}", args=[link.pk]), version | told, follow=True)


@pytest.fixture
def telephone():
    return Telephone()


@pytest.fixture
def address_for(visit):
    """address_for(purpose): the address that a message about the visit carries."""

    def issue(purpose=Purpose.VISIT, **about):
        about = about or {"visit": visit}
        return services.issue_link(purpose=purpose, **about)

    return issue


def later(**delta):
    return time_machine.travel(NOW + timedelta(**delta), tick=False)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())
