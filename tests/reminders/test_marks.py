"""The desk sees beside a visit whether its messages went out."""

import pytest
import time_machine
from django.urls import reverse

from tests.reminders.conftest import NOW, VISIT
from treatments.reminders.marks import marks_of_visits
from treatments.reminders.models import Reminder
from treatments.reminders.services import plan_reminders
from treatments.scheduling.models import Appointment

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(visit):
    plan_reminders(at=NOW)
    return visit


@pytest.mark.parametrize(
    ("status", "tone"),
    [
        ("planned", ""),
        ("sent", "ok"),
        ("told", "ok"),
        ("failed", "reason"),
        ("unknown", "reason"),
        ("skipped", "reason"),
    ],
)
def test_the_mark_tells_the_worst_news(planned, status, tone):
    Reminder.objects.update(status="sent")
    Reminder.objects.filter(pk=Reminder.objects.first().pk).update(status=status)
    ((visit_id, mark),) = marks_of_visits([planned.pk])
    assert (visit_id, mark.tone) == (planned.pk, tone)


def test_messages_about_another_time_or_not_needed_leave_no_mark(planned):
    Reminder.objects.update(status="cancelled")
    assert not list(marks_of_visits([planned.pk]))
    Reminder.objects.update(status="sent")
    Appointment.objects.update(starts_at=VISIT.replace(minute=5))
    assert not list(marks_of_visits([planned.pk]))


def test_the_board_and_the_list_to_confirm_show_it(planned, client_of, front_desk, administrator):
    Reminder.objects.update(status="failed")
    for at, name in ((VISIT, "board"), (VISIT.replace(day=15), "unconfirmed")):
        with time_machine.travel(at, tick=False):
            html = client_of(front_desk).get(reverse(f"scheduling:{name}")).content.decode()
            assert "A message did not arrive" in html


def test_one_statement_for_a_whole_day(many_visits, django_assert_num_queries):
    visits = many_visits(30)
    plan_reminders(at=NOW)
    with django_assert_num_queries(1):
        assert len(dict(marks_of_visits([visit.pk for visit in visits]))) == 30
