"""What is planned, when it is due, and what happens to it when visits, patients and rules change."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.factories.treatments import AppointmentFactory, VisitTypeFactory
from tests.reminders.conftest import NOW, VISIT
from treatments.reminders import rules
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Heartbeat, MedicineDecision, Reminder
from treatments.reminders.services import edit_rule, plan_reminders
from treatments.scheduling.enums import VisitKind, VisitStatus

pytestmark = pytest.mark.django_db
R = ReminderStatus


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_due_a_week_before_by_the_calendar_at_the_wall_time(zone):
    here = ZoneInfo(zone)
    with timezone.override(here):
        for day in (date(2027, 1, 1) + timedelta(days=n) for n in range(365)):
            starts_at = datetime.combine(day, time(9, 30), tzinfo=here).astimezone(UTC)
            due = rules.due_at(starts_at, days_before=7, send_at=time(10)).astimezone(here)
            assert (due.date(), due.time()) == (day - timedelta(days=7), time(10))


def test_due_at_a_wall_time_that_the_clocks_skip_or_show_twice():
    with timezone.override("Europe/Madrid"):
        skipped = rules.due_at(datetime(2027, 4, 4, 9, tzinfo=UTC), days_before=7, send_at=time(2, 30))
        doubled = rules.due_at(datetime(2027, 11, 7, 9, tzinfo=UTC), days_before=7, send_at=time(2, 30))
    assert skipped == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert doubled == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_late_evening_visit_belongs_to_the_clinics_day():
    with timezone.override("America/New_York"):
        due = rules.due_at(datetime(2027, 6, 10, 1, 0, tzinfo=UTC), days_before=7, send_at=time(10))
    assert due == datetime(2027, 6, 2, 14, 0, tzinfo=UTC)


def test_a_visit_ahead_gets_its_message(visit):
    assert plan_reminders(at=NOW) == 1
    reminder = Reminder.objects.get()
    assert (reminder.appointment, reminder.patient, reminder.status) == (visit, visit.patient, R.PLANNED)
    assert reminder.starts_at == VISIT
    assert reminder.due_at == reminder.next_try_at == datetime(2027, 3, 9, 9, 0, tzinfo=UTC)
    assert Heartbeat.objects.get(name="planner").at == NOW


def test_planning_again_changes_nothing(visit):
    plan_reminders(at=NOW)
    assert plan_reminders(at=NOW + timedelta(minutes=1)) == 0
    assert Reminder.objects.count() == 1


def test_booked_inside_the_window_is_due_now_and_stays_so(visit):
    late = VISIT - timedelta(days=2)
    plan_reminders(at=late)
    assert Reminder.objects.get().due_at == late
    assert plan_reminders(at=late + timedelta(minutes=1)) == 0


@pytest.mark.parametrize("status", [VisitStatus.CANCELLED, VisitStatus.NO_SHOW, VisitStatus.ARRIVED, VisitStatus.DONE])
def test_only_open_visits_get_one(rule, status):
    AppointmentFactory(starts_at=VISIT, status=status, cancel_reason="x" if status == VisitStatus.CANCELLED else "")
    assert plan_reminders(at=NOW) == 0


def test_visits_of_other_kinds_and_of_the_past_get_none(rule):
    AppointmentFactory(starts_at=VISIT, visit_type=VisitTypeFactory(kind=VisitKind.CONSULTATION))
    AppointmentFactory(starts_at=NOW - timedelta(minutes=1))
    assert plan_reminders(at=NOW) == 0


def test_a_confirmed_visit_keeps_its_message(visit):
    plan_reminders(at=NOW)
    change(visit, status=VisitStatus.CONFIRMED)
    assert plan_reminders(at=NOW) == 0


def test_cancelled(visit):
    plan_reminders(at=NOW)
    change(visit, status=VisitStatus.CANCELLED, cancel_reason="ill")
    plan_reminders(at=NOW)
    assert states() == [(R.CANCELLED, Why.VISIT_CANCELLED)]


def test_moved_and_moved_back(visit):
    plan_reminders(at=NOW)
    later = VISIT + timedelta(days=3)
    change(visit, starts_at=later, ends_at=later + timedelta(minutes=30), busy_until=later + timedelta(hours=1))
    plan_reminders(at=NOW)
    assert states() == [(R.CANCELLED, Why.VISIT_MOVED), (R.PLANNED, "")]
    assert Reminder.objects.get(starts_at=later).due_at == datetime(2027, 3, 12, 9, 0, tzinfo=UTC)
    change(visit, starts_at=VISIT)
    plan_reminders(at=NOW)
    assert states() == [(R.PLANNED, ""), (R.CANCELLED, Why.VISIT_MOVED)]


def test_a_moved_visit_is_told_again_although_the_old_time_was_sent(visit):
    plan_reminders(at=NOW)
    Reminder.objects.update(status=R.SENT)
    change(visit, starts_at=VISIT - timedelta(days=1))
    plan_reminders(at=NOW)
    assert states() == [(R.SENT, ""), (R.PLANNED, "")]


def test_a_visit_that_has_begun_is_not_announced(visit):
    plan_reminders(at=NOW)
    plan_reminders(at=VISIT)
    assert states() == [(R.CANCELLED, Why.VISIT_BEGUN)]


def test_rule_edited_moves_what_waits_and_only_that(visit, many_visits, rule, administrator):
    many_visits(3, first=VISIT + timedelta(days=1))
    plan_reminders(at=NOW)
    Reminder.objects.filter(appointment=visit).update(status=R.SENT)
    assert edit_rule(rule=rule, offset=5, send_at=time(18), active=True, by=administrator, at=NOW) == 3
    assert set(Reminder.objects.filter(status=R.PLANNED).values_list("due_at", "next_try_at")) == {
        (datetime(2027, 3, 12, 17, tzinfo=UTC),) * 2
    }
    assert Reminder.objects.get(status=R.SENT).due_at == datetime(2027, 3, 9, 9, tzinfo=UTC)


def test_rule_switched_off_and_on(visit, rule, administrator):
    plan_reminders(at=NOW)
    edit_rule(rule=rule, active=False, by=administrator, at=NOW)
    assert states() == [(R.CANCELLED, Why.RULE_OFF)]
    edit_rule(rule=rule, active=True, by=administrator, at=NOW)
    assert states() == [(R.PLANNED, "")]


CHANNELS = [
    # preferred, e-mail, telephone, may be messaged -> channel, status, why
    ("email", "a@b.example", "+34600", True, "email", R.PLANNED, ""),
    ("sms", "a@b.example", "+34600", True, "sms", R.PLANNED, ""),
    ("", "a@b.example", "+34600", True, "email", R.PLANNED, ""),
    ("", "", "+34600", True, "sms", R.PLANNED, ""),
    ("", "", "", True, "email", R.SKIPPED, Why.NO_CONTACT),
    ("sms", "", "+34600", False, "sms", R.SKIPPED, Why.OPTED_OUT),
    ("", "", "", False, "email", R.SKIPPED, Why.OPTED_OUT),
]


@pytest.mark.parametrize(("preferred", "email", "phone", "may", "channel", "status", "why"), CHANNELS)
def test_channel(rule, preferred, email, phone, may, channel, status, why):
    contact = {"channel": preferred, "email": email, "phone": phone, "may_message": may}
    AppointmentFactory(starts_at=VISIT, **{f"patient__{name}": value for name, value in contact.items()})
    plan_reminders(at=NOW)
    reminder = Reminder.objects.get()
    assert (reminder.channel, reminder.status, reminder.why) == (channel, status, why)


def test_a_waiting_message_follows_the_patients_wishes(visit):
    plan_reminders(at=NOW)
    wish(visit.patient, channel="sms")
    plan_reminders(at=NOW)
    assert Reminder.objects.get().channel == "sms"
    wish(visit.patient, may_message=False)
    plan_reminders(at=NOW)
    assert states() == [(R.SKIPPED, Why.OPTED_OUT)]
    wish(visit.patient, may_message=True)
    plan_reminders(at=NOW)
    assert states() == [(R.PLANNED, "")]


def test_a_sent_message_is_not_sent_again_by_another_channel(visit):
    plan_reminders(at=NOW)
    Reminder.objects.update(status=R.SENT)
    wish(visit.patient, channel="sms")
    assert plan_reminders(at=NOW) == 0


def test_two_planned_by_two_channels_do_not_both_go_out(visit, rule):
    plan_reminders(at=NOW)
    twin = Reminder.objects.get()
    twin.pk, twin.channel = None, "sms"
    twin.save(force_insert=True)
    plan_reminders(at=NOW)
    assert states() == [(R.PLANNED, ""), (R.CANCELLED, Why.OTHER_CHANNEL)]


def test_a_decision_for_every_medicine_that_no_message_may_touch(visit):
    thinner = MedicineFactory(group="anticoagulant", never_auto_stop=True, stop_days=None)
    for medicine in (thinner, MedicineFactory(group="aspirin")):
        PatientMedicineFactory(patient=visit.patient, medicine=medicine, source="prescribed")
    PatientMedicineFactory(patient=visit.patient, source="self_bought")
    plan_reminders(at=NOW)
    plan_reminders(at=NOW)
    assert MedicineDecision.objects.filter(appointment=visit, decision="waiting").count() == 2


def test_a_medicine_told_later_opens_its_decision(visit):
    plan_reminders(at=NOW)
    PatientMedicineFactory(patient=visit.patient, medicine=None, as_told="heart pills", source="unknown")
    plan_reminders(at=NOW)
    assert MedicineDecision.objects.count() == 1


def test_statements_do_not_grow_with_the_visits(many_visits):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            plan_reminders(at=NOW)
        return len(queries)

    many_visits(1)
    plan_reminders(at=NOW)
    Reminder.objects.all().delete()
    first, second = statements(), statements()
    Reminder.objects.all().delete()
    many_visits(30, first=VISIT + timedelta(days=1))
    assert (statements(), statements()) == (first, second)


@pytest.mark.django_db(transaction=True)
def test_two_planners_at_once(many_visits):
    many_visits(60)
    barrier = threading.Barrier(2)
    errors = []

    def plan():
        try:
            barrier.wait()
            plan_reminders(at=NOW)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=plan) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Reminder.objects.count() == 60


def change(visit, **fields):
    if "starts_at" in fields:
        start = fields["starts_at"]
        fields |= {
            "ends_at": start + timedelta(minutes=30),
            "busy_from": start,
            "busy_until": start + timedelta(minutes=30),
        }
    type(visit).objects.filter(pk=visit.pk).update(**fields)


def wish(patient, **fields):
    type(patient).objects.filter(pk=patient.pk).update(**fields)


def states():
    return list(Reminder.objects.order_by("pk").values_list("status", "why"))
