"""Before a visit, when something the clinic asks for is not answered: who gets the message, and who not any more."""

from datetime import timedelta

import pytest

from patients.history.models import NoneKnown
from tests.factories.patients import PatientMedicineFactory
from tests.factories.treatments import AppointmentFactory
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import states
from tests.reminders.test_rules import LONG_AGO, only, signed
from treatments.links.enums import Purpose
from treatments.links.models import PatientLink
from treatments.links.services import find_or_make, tell_taken
from treatments.reminders import preview
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import deliver_reminder, deliver_reminders, plan_reminders, write_message

pytestmark = pytest.mark.django_db
R = ReminderStatus
DUE = VISIT - timedelta(days=5)


@pytest.fixture
def visit(messages):
    only("missing_form")
    return AppointmentFactory(starts_at=VISIT)


def told_at_the_clinic(visit):
    PatientMedicineFactory(patient=visit.patient)


def takes_none(visit):
    NoneKnown.objects.create(patient=visit.patient, topic="medicines", recorded_by=visit.practitioner, recorded_at=NOW)


def told_by_link(visit):
    tell_taken(link=find_or_make(purpose=Purpose.TAKEN, visit=visit, by=None, at=NOW), medicines=[], at=NOW)


ANSWERS = pytest.mark.parametrize("answer", [told_at_the_clinic, takes_none, told_by_link])


def test_who_has_not_answered_is_asked_with_a_link_to_do_it(visit, clinic_row):
    plan_reminders(at=NOW)
    reminder = Reminder.objects.get()
    assert (reminder.status, reminder.due_at) == (R.PLANNED, DUE)
    assert "We do not know yet which medicines you take" in write_message(reminder, clinic_row, NOW).body
    assert deliver_reminder(reminder_id=reminder.pk, at=DUE) == R.SENT
    assert PatientLink.objects.filter(purpose=Purpose.TAKEN, appointment=visit).count() == 1
    assert plan_reminders(at=DUE + timedelta(minutes=1)) == 0


@ANSWERS
def test_who_has_answered_is_not_asked(visit, answer):
    answer(visit)
    assert plan_reminders(at=NOW) == 0
    assert preview.of_visit(visit.pk, at=NOW) == []


@ANSWERS
def test_an_answer_meanwhile_takes_the_message_back(visit, answer):
    plan_reminders(at=NOW)
    assert [line.rule.key for line in preview.of_visit(visit.pk, at=NOW)] == ["missing_form"]
    answer(visit)
    plan_reminders(at=NOW)
    assert states() == [(R.CANCELLED, Why.NOT_MEANT)]


@ANSWERS
def test_and_is_seen_right_before_sending(visit, answer):
    plan_reminders(at=NOW)
    answer(visit)
    assert deliver_reminder(reminder_id=Reminder.objects.get().pk, at=DUE) == R.CANCELLED


def test_a_message_after_a_session_whose_rule_now_asks_for_a_form_stops_nobody_else(visit, practitioner):
    """Its rule was changed while it was claimed, and its sender ended."""
    done = ReminderRule.objects.filter(key="check_day_2")
    done.update(active=True, in_use_since=LONG_AGO)
    signed(NOW)
    plan_reminders(at=NOW + timedelta(hours=2))
    done.update(trigger="missing_form")
    after, asking = (Reminder.objects.get(rule__key=key) for key in ("check_day_2", "missing_form"))
    ends = deliver_reminders(reminder_ids=[after.pk, asking.pk], at=DUE)
    assert ends == {after.pk: R.CANCELLED, asking.pk: R.SENT}


def nobody(visits):
    return {visit.pk for visit in visits}


def test_other_apps_may_ask_for_more(visit, settings):
    told_at_the_clinic(visit)
    settings.MISSING_FORMS = [*settings.MISSING_FORMS, f"{__name__}.nobody"]
    assert plan_reminders(at=NOW) == 1
