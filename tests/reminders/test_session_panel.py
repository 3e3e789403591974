"""What follows a signed session, on the page that closes it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN, Kit
from treatments.reminders.services import load_default_rules_and_texts


@pytest.fixture
def kit(db, clinic_row, practitioner, madrid):
    """On the morning of the session, when the clinic's rules have been in use for a day."""
    with time_machine.travel(WHEN - timedelta(days=1), tick=False):
        load_default_rules_and_texts()
    with time_machine.travel(WHEN, tick=False):
        yield Kit(practitioner)


def test_the_panel_names_what_will_be_sent_and_leaves_a_trace(kit, client_of):
    session = kit.signed()
    desk = client_of(kit.practitioner)
    panel = reverse("reminders:session_panel", args=[session.pk])
    assert panel in desk.get(reverse("charting:after", args=[session.pk])).content.decode()
    page = desk.get(panel)
    assert page.status_code == 200 and page.context["lines"], "the shipped rules follow a session"
    assert all(line.at >= session.signed_at for line in page.context["lines"])
    assert AuditEvent.objects.filter(patient_id=kit.patient.pk, fields=["reminders:session_panel"]).exists()


def test_a_session_that_is_not_signed_has_none(kit, client_of):
    session = kit.start(kit.content())
    page = client_of(kit.practitioner).get(reverse("reminders:session_panel", args=[session.pk]))
    assert b"No message follows this session." in page.content
