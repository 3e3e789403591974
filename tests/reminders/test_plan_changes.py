"""The pass of every minute: what it finds by the trail is what a pass through everything would find."""

from datetime import time, timedelta

import pytest

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.services import update_clinic
from patients.history.services import record_medicine
from patients.registry.services import update_patient
from tests.factories.patients import MedicineFactory
from tests.reminders.conftest import NOW
from tests.reminders.test_planning import change
from treatments.links.enums import Purpose, Topic
from treatments.links.services import find_or_make, stop_messages
from treatments.reminders.models import Heartbeat
from treatments.reminders.services import plan_changes, plan_reminders
from treatments.scheduling.services import cancel_appointment
from treatments.scheduling.settings_services import edit_visit_type

pytestmark = pytest.mark.django_db
THEN = NOW + timedelta(minutes=30)
LATER = THEN + timedelta(seconds=30)  # after the time in which a change may be undone


def cancel(visit, by):
    cancel_appointment(appointment_id=visit.pk, version=visit.version, reason="ill", by=by, at=THEN)


def wish_texts(visit, by):
    patient = visit.patient
    names = {"given_name": patient.given_name, "family_name": patient.family_name, "phone": patient.phone}
    details = names | {"birth_date": patient.birth_date, "channel": "sms"}
    update_patient(patient_id=patient.pk, version=patient.version, **details, by=by, at=THEN)


def tell_medicine(visit, by):
    warfarin = MedicineFactory(name="warfarin", group="anticoagulant", never_auto_stop=True, stop_days=None)
    record_medicine(patient=visit.patient, medicine=warfarin, source="prescribed", by=by, at=THEN)


def unsubscribe(visit, by):
    about = {"patient": visit.patient, "channel": "email", "topic": Topic.REMINDERS}
    stop_messages(link=find_or_make(purpose=Purpose.STOP, by=None, at=THEN, **about), at=THEN)


def be_quiet(visit, by):
    update_clinic(by=by, quiet_from=time(9), quiet_until=time(12), at=THEN)


def make_a_consultation(visit, by):
    edit_visit_type(visit_type=visit.visit_type, kind="consultation", by=by, at=THEN)


def move(visit, by):
    """As the service does it, but at whatever time."""
    tomorrow = visit.starts_at + timedelta(days=1)
    change(visit, starts_at=tomorrow)
    visit.changes.create(status=visit.status, starts_at=tomorrow, changed_by=by, changed_at=THEN)
    record(by=by, action=Action.MOVE, subject=visit, patient_id=visit.patient_id, at=THEN)


@pytest.mark.parametrize("act", [cancel, move, wish_texts, tell_medicine, unsubscribe, be_quiet, make_a_consultation])
def test_what_a_service_changed_is_found(act, visit, many_visits, practitioner):
    many_visits(3, first=visit.starts_at + timedelta(days=1))
    plan_reminders(at=NOW)
    act(visit, practitioner)
    assert plan_changes(at=LATER) > 0
    assert plan_reminders(at=LATER) == 0


def test_only_those_who_changed_are_looked_at(visit, many_visits, practitioner):
    """And what no service wrote is found by the pass through everything."""
    others = many_visits(3, first=visit.starts_at + timedelta(days=1))
    plan_reminders(at=NOW)
    change(others[0], status="cancelled", cancel_reason="x")
    cancel(visit, practitioner)
    assert plan_changes(at=LATER) == 1
    assert plan_changes(at=LATER + timedelta(minutes=5)) == 0
    assert plan_reminders(at=LATER + timedelta(minutes=5)) == 1


def test_what_may_be_undone_is_found_by_the_pass_after(visit, practitioner):
    plan_reminders(at=NOW)
    move(visit, practitioner)
    assert plan_changes(at=THEN + timedelta(seconds=1)) == 1  # only the old one is taken back
    assert plan_changes(at=THEN + timedelta(seconds=50)) == 1


def test_the_first_pass_looks_at_everything(visit):
    Heartbeat.objects.all().delete()
    assert plan_changes(at=NOW) == 1


def test_a_pass_whose_clock_is_ahead_hides_nothing(visit, practitioner):
    plan_reminders(at=THEN + timedelta(minutes=5))
    cancel(visit, practitioner)
    assert plan_changes(at=THEN + timedelta(minutes=6)) == 1


def test_a_clock_set_back_hides_nothing(visit, practitioner):
    plan_reminders(at=LATER + timedelta(hours=2))
    cancel(visit, practitioner)
    assert plan_changes(at=LATER) == 1
