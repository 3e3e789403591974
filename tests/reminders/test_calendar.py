"""The e-mails that tell of a new or of a cancelled visit carry it as a calendar file."""

from datetime import timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from tests.factories.patients import LONG_AGO
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import change, wish
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import deliver_reminder, plan_reminders, write_message
from treatments.scheduling.models import AppointmentChange

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def rules_of_visits(messages):
    keys = ["booked", "visit_cancelled"]
    ReminderRule.objects.update(active=False)
    ReminderRule.objects.filter(key__in=keys).update(active=True, in_use_since=LONG_AGO)


def told(visit, status: str, at) -> None:
    change(visit, status=status, cancel_reason="ill" if status == "cancelled" else "")
    AppointmentChange.objects.create(
        appointment=visit, status=status, starts_at=visit.starts_at, changed_by=visit.practitioner, changed_at=at
    )


def send(rule: str):
    """The calendar of the e-mail that the rule has planned, and its METHOD as a mail program reads it."""
    reminder = Reminder.objects.get(rule__key=rule, status="planned")
    assert deliver_reminder(reminder_id=reminder.pk, at=reminder.next_try_at) == "sent"
    (part,) = [part for part in mail.outbox[-1].message().walk() if part.get_content_type() == "text/calendar"]
    assert part.get_filename() == "visit.ics"
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    assert calendar["method"] == part.get_param("method")
    (event,) = calendar.walk("VEVENT")
    return calendar["method"], event


def test_booked_then_cancelled(visit, rules_of_visits, clinic_row):
    told(visit, "booked", NOW - HOUR)
    plan_reminders(at=NOW)
    method, event = send("booked")
    assert (method, event["status"], event.start) == ("PUBLISH", "CONFIRMED", VISIT)
    assert str(event["summary"]) == clinic_row.name
    told(visit, "cancelled", NOW)
    plan_reminders(at=NOW + HOUR)
    method, cancelled = send("visit_cancelled")
    assert (method, cancelled["status"], cancelled["uid"]) == ("CANCEL", "CANCELLED", event["uid"])


def test_neither_previews_nor_text_messages_carry_it(visit, rules_of_visits, clinic_row):
    told(visit, "booked", NOW - HOUR)
    plan_reminders(at=NOW)
    assert write_message(Reminder.objects.get(), clinic_row, NOW).attachments == []
    wish(visit.patient, channel="sms")
    plan_reminders(at=NOW)
    reminder = Reminder.objects.get(status="planned")
    reminder.status = "claimed"
    assert (reminder.channel, write_message(reminder, clinic_row, NOW).attachments) == ("sms", [])
