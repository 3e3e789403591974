"""Every try is kept and shown; an address where nothing arrives is shown on the patient, and can be trusted again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from patients.registry.services import mark_undeliverable
from tests.reminders.conftest import NOW, VISIT
from treatments.reminders.enums import ReminderStatus
from treatments.reminders.models import Attempt, Reminder
from treatments.reminders.services import plan_reminders, sweep_reminders
from treatments.reminders.transports import Answer, Outcome

from .test_sending import DUE, deliver, reminder  # noqa: F401 -- a fixture

pytestmark = pytest.mark.django_db
R = ReminderStatus


@pytest.fixture
def answers(monkeypatch):
    """answers(...): what the mail server says, one try after the other."""

    def give(*given):
        left = list(given)
        monkeypatch.setattr("treatments.reminders.transports.send_email", lambda message: left.pop(0))

    return give


def test_every_try_is_kept(reminder, answers, client_of, front_desk):  # noqa: F811
    answers(Answer(Outcome.LATER, "451 4.7.1"), Answer(Outcome.UNCLEAR, "TimeoutError"), Answer(Outcome.SENT))
    at = DUE
    for _ in range(3):
        at = deliver(reminder, at=at).next_try_at
    rows = list(Attempt.objects.values_list("outcome", "answer", "resend"))
    assert rows == [("later", "451 4.7.1", 0), ("unclear", "TimeoutError", 0), ("sent", "", 0)]
    client = client_of(front_desk)
    for page in (reverse("reminders:outbox"), reverse("reminders:tab", args=[reminder.patient_id])):
        text = client.get(page).content.decode()
        assert "3 tries" in text
        assert "451 4.7.1" in text


def test_a_dead_sender_leaves_a_try(reminder):  # noqa: F811
    Reminder.objects.update(status=R.CLAIMED, claimed_at=DUE, attempts=1)
    sweep_reminders(publish=lambda pks: None, at=DUE.replace(hour=DUE.hour + 1))
    assert Attempt.objects.get().outcome == "lost"


def test_as_many_queries_for_one_as_for_thirty(many_visits, client_of, front_desk):
    def queries_for(count):
        many_visits(count, first=VISIT + timedelta(days=count))
        plan_reminders(at=NOW)
        for row in Reminder.objects.filter(tries=None):
            Attempt.objects.create(reminder=row, resend=0, began_at=NOW, ended_at=NOW, outcome="later")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(reverse("reminders:outbox")).status_code == 200
        return len(seen)

    client = client_of(front_desk)
    assert queries_for(1) == queries_for(29)


class TestBadAddress:
    def test_a_refused_recipient_is_marked(self, reminder, answers):  # noqa: F811
        answers(Answer(Outcome.REFUSED, "550 5.1.1", bad_address=True))
        assert deliver(reminder).status == R.FAILED
        reminder.patient.refresh_from_db()
        assert not reminder.patient.email_works

    def test_is_shown_and_may_be_trusted_again(self, reminder, client_of, front_desk):  # noqa: F811
        patient = reminder.patient
        mark_undeliverable(patient_id=patient.pk, channel="email", address=patient.email)
        client, details = client_of(front_desk), reverse("registry:details_tab", args=[patient.pk])
        assert "Messages do not arrive there" in client.get(details).content.decode()
        trust = reverse("registry:trust_contact", args=[patient.pk])
        client.post(trust, {"channel": "sms"})
        client.post(trust, {"channel": "nonsense"})
        assert "Messages do not arrive there" in client.get(details).content.decode()
        assert client.post(trust, {"channel": "email"}).url == details
        assert "Messages do not arrive there" not in client.get(details).content.decode()
        assert AuditEvent.objects.filter(actor_id=front_desk.pk, action="change", patient_id=patient.pk).count() == 1

    def test_another_address_is_used_at_once(self, reminder):  # noqa: F811
        patient = reminder.patient
        mark_undeliverable(patient_id=patient.pk, channel="email", address=patient.email)
        patient.refresh_from_db()
        patient.email = "new@mail.example"
        assert patient.email_works
