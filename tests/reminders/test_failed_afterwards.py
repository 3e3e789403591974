"""A message after a session that failed: the desk sees it for a week, and may send it again however late it is."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from tests.reminders.conftest import NOW
from tests.reminders.test_planning import wish
from tests.reminders.test_rules import only, signed
from treatments.reminders import queries
from treatments.reminders.enums import ReminderStatus
from treatments.reminders.models import Reminder
from treatments.reminders.services import deliver_reminder, plan_reminders

pytestmark = pytest.mark.django_db
R = ReminderStatus


@pytest.fixture
def check(messages):
    """The question after two days, refused by the server."""
    only("check_day_2")
    signed(NOW)
    plan_reminders(at=NOW + timedelta(hours=2))
    Reminder.objects.update(status=R.FAILED, why="refused")
    return Reminder.objects.get()


@pytest.mark.parametrize("status", [R.FAILED, R.UNKNOWN])
def test_is_listed_for_a_week(check, status):
    Reminder.objects.update(status=status)
    assert queries.for_the_desk(check.due_at + timedelta(days=6)) == [check]
    assert queries.for_the_desk(check.due_at + timedelta(days=8)) == []
    Reminder.objects.update(status=R.SKIPPED, why="too_late")
    assert queries.for_the_desk(check.due_at + timedelta(days=1)) == [], "nobody has to ring because of it"


def test_is_sent_again_although_it_is_late(check, client_of, front_desk):
    late = check.due_at + timedelta(days=5)
    with time_machine.travel(late, tick=False):
        client_of(front_desk).post(reverse("reminders:resend", args=[check.pk]))
        check.refresh_from_db()
        assert (check.status, check.resends) == (R.PLANNED, 1)
        plan_reminders()
        assert deliver_reminder(reminder_id=check.pk) == R.SENT


def test_what_nobody_sends_again_is_withdrawn_when_it_is_late(check):
    Reminder.objects.update(status=R.PLANNED, why="")
    plan_reminders(at=check.due_at + timedelta(days=5))
    assert Reminder.objects.get().status == R.CANCELLED


def test_a_patient_who_wants_none_is_not_sent_one_again(check, client_of, front_desk):
    wish(check.patient, may_message=False)
    client_of(front_desk).post(reverse("reminders:resend", args=[check.pk]))
    check.refresh_from_db()
    assert (check.status, check.resends) == (R.FAILED, 0)
