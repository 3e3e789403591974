"""The addresses in messages: the page that belongs to the words, and how to get no more of them."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import wish
from treatments.links.enums import Purpose, Topic
from treatments.links.models import MessageStop, PatientLink
from treatments.links.services import address_of
from treatments.reminders import texts
from treatments.reminders.enums import PAGE_OF, ReminderStatus, TextKind, Why
from treatments.reminders.models import MessageText, Reminder
from treatments.reminders.services import deliver_reminder, plan_reminders, write_next

pytestmark = pytest.mark.django_db
R = ReminderStatus
DUE = VISIT - timedelta(days=7)


@pytest.fixture
def reminder(visit):
    """A message whose words end with its page and the way out."""
    for text in MessageText.objects.all():
        MessageText.objects.filter(pk=text.pk).update(body=text.body + "\n{link}\n{unsubscribe}")
    plan_reminders(at=NOW)
    return Reminder.objects.get()


def link_of(purpose):
    return PatientLink.objects.get(purpose=purpose, closed_at=None)


def test_a_message_that_leaves_carries_its_page_and_the_way_out(reminder):
    deliver_reminder(reminder_id=reminder.pk, at=DUE)
    (message,) = mail.outbox
    assert message.body.split()[-2:] == [address_of(link_of(Purpose.PREPARE)), address_of(link_of(Purpose.STOP))]
    assert message.extra_headers["List-Unsubscribe"] == f"<{address_of(link_of(Purpose.STOP))}/off>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with time_machine.travel(DUE, tick=False):
        assert "What is your date of birth?" in follow(address_of(link_of(Purpose.PREPARE)))


def follow(address) -> str:
    return Client().get(address.removeprefix("http://localhost:8000"), follow=True).content.decode()


def test_sent_again_it_is_the_same_address(reminder):
    deliver_reminder(reminder_id=reminder.pk, at=DUE)
    Reminder.objects.update(status=R.PLANNED, next_try_at=DUE)
    deliver_reminder(reminder_id=reminder.pk, at=DUE + timedelta(minutes=5))
    first, again = mail.outbox
    assert first.body == again.body and PatientLink.objects.count() == 2


def test_looking_at_a_message_makes_no_address(reminder, clinic_row):
    _row, message = write_next([reminder], clinic_row, NOW)
    assert "/l/xxxxxxxxxxxxxxxxxxxxxx" in message.body and not message.headers
    assert not PatientLink.objects.exists()


def test_words_without_a_mark_make_no_page(visit):
    MessageText.objects.update(body="Hello {name}")
    plan_reminders(at=NOW)
    deliver_reminder(reminder_id=Reminder.objects.get().pk, at=DUE)
    assert [link.purpose for link in PatientLink.objects.all()] == [Purpose.STOP], "for the header only"


def test_who_unsubscribed_gets_nothing_of_that_kind_by_that_way(reminder):
    stop = {"patient": reminder.patient, "channel": "email", "topic": Topic.REMINDERS, "stopped_at": NOW}
    other = MessageStop.objects.create(**stop | {"topic": Topic.AFTER_CARE})
    plan_reminders(at=NOW)
    assert Reminder.objects.get().status == R.PLANNED, other
    MessageStop.objects.create(**stop)
    deliver_reminder(reminder_id=reminder.pk, at=DUE)
    reminder.refresh_from_db()
    assert (reminder.status, reminder.why) == (R.SKIPPED, Why.OPTED_OUT) and not mail.outbox
    wish(reminder.patient, channel="sms")
    plan_reminders(at=NOW)
    assert Reminder.objects.get(status=R.PLANNED).channel == "sms"


def test_it_is_noticed_when_planning_too_and_taken_back(reminder):
    stop = MessageStop.objects.create(patient=reminder.patient, channel="email", topic=Topic.REMINDERS, stopped_at=NOW)
    plan_reminders(at=NOW)
    assert Reminder.objects.get().why == Why.OPTED_OUT
    MessageStop.objects.filter(pk=stop.pk).update(resumed_at=NOW)
    plan_reminders(at=NOW)
    assert Reminder.objects.get().status == R.PLANNED


def test_every_kind_has_its_page_or_is_about_nothing_to_come():
    assert set(TextKind) - set(PAGE_OF) == {TextKind.VISIT_CANCELLED, TextKind.MISSED_VISIT}
    assert not texts.unknown_marks("{link} {unsubscribe}")
