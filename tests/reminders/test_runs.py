"""Several messages sent in one go: what it costs, and what is known when something breaks in the middle."""

from collections import Counter
from datetime import timedelta

import pytest
from django.core import mail
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from tests.reminders.conftest import NOW
from tests.reminders.test_sending import DUE
from treatments.links.models import PatientLink
from treatments.reminders import queries
from treatments.reminders.enums import ReminderStatus
from treatments.reminders.models import Attempt, Reminder
from treatments.reminders.services import deliver_reminders, plan_reminders, sending

R = ReminderStatus
LATER = DUE + timedelta(days=3)


def planned(many_visits, count: int) -> list[int]:
    many_visits(count)
    plan_reminders(at=NOW)
    return list(Reminder.objects.order_by("pk").values_list("pk", flat=True))


@pytest.mark.django_db
def test_what_a_message_costs(many_visits, monkeypatch):
    """Its claim, and of the end of the one before three rows: on PostgreSQL one round trip. Texts, links, medicines and
    decisions are read for all of them at once."""
    monkeypatch.setattr(sending, "FRESH", 600.0)
    monkeypatch.setattr(sending, "RUN", 600.0)
    pks = planned(many_visits, 30)

    def statements(some):
        with CaptureQueriesContext(connection) as captured:
            deliver_reminders(reminder_ids=some, at=LATER)
        return [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]

    few, many = statements(pks[:10]), statements(pks[10:])
    trips = 1 if connection.vendor == "postgresql" else 4
    assert len(many) - len(few) == 10 * trips, Counter(sql[:40] for sql in many)
    assert len(mail.outbox) == 30
    assert PatientLink.objects.filter(purpose="prepare").count() == 30
    assert all("List-Unsubscribe" in message.extra_headers for message in mail.outbox)


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_is_known_when_the_database_goes_away(many_visits, monkeypatch):
    """While the next ones are read: the one before has left already, and must not leave again."""
    pks = planned(many_visits, 3)
    monkeypatch.setattr(sending, "FRESH", -1.0)
    real, reads = queries.reminders_to_send, []

    def read(*about):
        reads.append(about)
        if len(reads) == 2:
            raise OperationalError("the server closed the connection")
        return real(*about)

    monkeypatch.setattr(queries, "reminders_to_send", read)
    with pytest.raises(OperationalError):
        deliver_reminders(reminder_ids=pks, at=LATER)
    assert len(mail.outbox) == 1
    assert Counter(Reminder.objects.values_list("status", flat=True)) == {R.SENT: 1, R.PLANNED: 2}
    assert deliver_reminders(reminder_ids=pks, at=LATER).keys() == set(pks[1:])
    assert len(mail.outbox) == 3


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_is_noted_once(many_visits, monkeypatch):
    """The next one is ours and the end of the one before is written, when the database goes away."""
    pks = planned(many_visits, 2)
    real = sending._send

    def send(*about):
        Reminder.objects.filter(pk=pks[1]).update(resends=1)
        return real(*about)

    def away(pk):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(sending, "_send", send)
    monkeypatch.setattr(queries, "reminder_to_send", away)
    with pytest.raises(OperationalError):
        deliver_reminders(reminder_ids=pks, at=LATER)
    assert [row.status for row in Reminder.objects.order_by("pk")] == [R.SENT, R.CLAIMED]
    assert Attempt.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_only_an_e_mails_claim_does_not_wait_for_the_disk(many_visits, monkeypatch):
    if connection.vendor != "postgresql":
        return
    pks = planned(many_visits, 4)
    Reminder.objects.filter(pk__in=pks[:2]).update(channel="sms")
    with CaptureQueriesContext(connection) as captured:
        deliver_reminders(reminder_ids=pks, at=LATER)
    claims = [query["sql"] for query in captured if "SET status = 'claimed'" in query["sql"]]
    assert ["synchronous_commit TO off" in sql for sql in claims] == [False, False, True, True]
