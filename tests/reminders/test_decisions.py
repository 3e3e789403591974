"""What practitioners decide about prescribed medicines before a session, and what messages make of it."""

from datetime import date, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from clinic.core import guards
from clinic.core.errors import Conflict
from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.factories.treatments import AppointmentFactory
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import states, wish
from tests.reminders.test_rules import HOUR, moved, tell
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import MedicineDecision, Reminder
from treatments.reminders.services import decide_medicine, deliver_reminder, plan_reminders
from treatments.scheduling.models import AppointmentChange

pytestmark = pytest.mark.django_db
R = ReminderStatus
EARLIER = VISIT - timedelta(days=1)


class TestDecisions:
    @pytest.fixture
    def decision(self, visit):
        medicine = MedicineFactory(name="warfarin", group="anticoagulant", never_auto_stop=True, stop_days=None)
        PatientMedicineFactory(patient=visit.patient, medicine=medicine, source="prescribed")
        plan_reminders(at=NOW)
        return MedicineDecision.objects.get()

    def due(self) -> datetime:
        return VISIT - timedelta(days=7)

    @pytest.mark.parametrize(
        ("choice", "kind"), [(None, "keep_taking"), ("continue", "keep_decided"), ("prescriber_agreed", "as_agreed")]
    )
    def test_the_next_message_obeys(self, decision, practitioner, choice, kind):
        if choice:
            decide(decision, choice, practitioner)
        (sent,) = tell(self.due())
        sent.refresh_from_db()
        assert sent.text_kind == kind
        assert "warfarin" not in sent.text

    def test_a_decision_is_replaced_and_never_changed(self, decision, practitioner):
        """By the database itself, whatever path a statement takes."""

        def refused(assignment):
            with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE reminders_medicinedecision SET {assignment}")
            return "reminders_decision_frozen" in str(error.value)

        assert refused("medicine_id = medicine_id + 1")
        decide(decision, "continue", practitioner)
        assert refused("note = 'Other'") and refused("decision = 'waiting', decided_by_id = NULL, decided_at = NULL")
        MedicineDecision.objects.update(replaced_at=NOW)
        assert refused("replaced_at = NULL")
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM reminders_medicinedecision")

    def test_who_agreed_is_named_only_to_who_wished_it(self, decision, practitioner):
        wish(decision.patient, clinical_words=True)
        decide(decision, "prescriber_agreed", practitioner)
        (sent,) = tell(self.due())
        sent.refresh_from_db()
        assert "warfarin: Dr Vega, Tuesday 9 March – Tuesday 16 March" in sent.text

    def test_of_several_medicines_each_pause_is_named_as_agreed_for_this_time(self, decision, practitioner, visit):
        """Not the pause of one that is kept, nor of one that is not taken any more."""
        wish(decision.patient, clinical_words=True)
        decide(decision, "continue", practitioner)
        for name in ("clopidogrel", "aspirin", "heparin"):
            medicine = MedicineFactory(name=name, group="anticoagulant", stop_days=None)
            PatientMedicineFactory(patient=visit.patient, medicine=medicine, source="prescribed")
        plan_reminders(at=NOW)
        for waiting in MedicineDecision.objects.filter(decision="waiting"):
            decide(waiting, "prescriber_agreed", practitioner)
        type(decision.medicine).objects.filter(medicine__name="heparin").update(stopped_on=date(2027, 3, 2))
        (sent,) = tell(self.due())
        sent.refresh_from_db()
        pause = "Dr Vega, Tuesday 9 March – Tuesday 16 March"
        assert f"clopidogrel: {pause}; aspirin: {pause}\n" in sent.text
        assert "warfarin" not in sent.text
        assert "heparin" not in sent.text

    @pytest.mark.parametrize("choice", ["postpone", "decline"])
    def test_nobody_prepares_for_a_visit_on_hold(self, decision, practitioner, choice):
        decide(decision, choice, practitioner)
        assert tell(self.due()) == []
        assert states() == [(R.SKIPPED, Why.ON_HOLD)]

    def test_held_even_when_decided_after_planning(self, decision, practitioner):
        reminder = Reminder.objects.get()
        decide(decision, "postpone", practitioner)
        assert deliver_reminder(reminder_id=reminder.pk, at=self.due()) == R.SKIPPED

    def test_a_move_asks_again_but_for_keep_taking_it(self, decision, practitioner, visit):
        decide(decision, "prescriber_agreed", practitioner)
        moved(visit, VISIT + timedelta(days=14), at=NOW + HOUR)
        plan_reminders(at=NOW + 2 * HOUR)
        waiting = MedicineDecision.objects.get(replaced_at=None)
        assert (waiting.decision, waiting.starts_at) == ("waiting", VISIT + timedelta(days=14))
        decide(waiting, "continue", practitioner)
        moved(visit, VISIT, at=NOW + 3 * HOUR)
        assert plan_reminders(at=NOW + 4 * HOUR) >= 0
        assert MedicineDecision.objects.get(replaced_at=None).decision == "continue"

    def test_deciding_again_keeps_what_was_decided(self, decision, practitioner):
        decide(decision, "decline", practitioner)
        decision.refresh_from_db()
        decide(decision, "continue", practitioner, seen="decline")
        assert list(MedicineDecision.objects.order_by("pk").values_list("decision", "replaced_at")) == [
            ("decline", NOW),
            ("continue", None),
        ]

    def test_not_for_a_time_that_was_not_seen(self, decision, practitioner, visit):
        assert decision.appointment.starts_at == VISIT
        moved(visit, VISIT + HOUR, at=NOW)
        with pytest.raises(Conflict, match="moved meanwhile"):
            decide(decision, "postpone", practitioner, seen_at=VISIT)  # of two at once: it was read before the move
        decision.refresh_from_db()
        with pytest.raises(Conflict, match="moved meanwhile"):
            decide(decision, "postpone", practitioner, seen_at=VISIT)
        assert not MedicineDecision.objects.exclude(decision="waiting").exists()

    @pytest.mark.parametrize(
        ("story", "told"),
        [
            ([], VISIT),
            ([(VISIT, -2)], VISIT),
            ([(EARLIER, -2), (VISIT, -1)], VISIT),
            ([(EARLIER, -2), (VISIT, 1)], EARLIER),
            ([(VISIT, -3), (EARLIER, -2), (VISIT, 1), (VISIT, 2)], EARLIER),
        ],
    )
    def test_an_old_decision_is_about_the_time_that_stood_when_it_was_made(self, decision, practitioner, story, told):
        """Made before decisions kept the visit's time. Without a story of the visit it is about its present one."""
        decide(decision, "postpone", practitioner)
        visit = decision.appointment
        for starts_at, hours in story:
            about = {"appointment": visit, "status": "booked", "starts_at": starts_at}
            AppointmentChange.objects.create(**about, changed_at=NOW + hours * HOUR)
        other = MedicineDecision.objects.create(
            appointment=AppointmentFactory(starts_at=VISIT + 5 * HOUR),
            patient=visit.patient,
            medicine=decision.medicine,
            opened_at=NOW,
        )
        guards.remove_triggers()  # as before each migrate
        MedicineDecision.objects.update(starts_at=None)
        import_module("treatments.reminders.migrations.0003_rules_as_data").note_times_decided_about(apps)
        decision.refresh_from_db()
        other.refresh_from_db()
        assert (decision.starts_at, other.starts_at) == (told, VISIT + 5 * HOUR)


def decide(decision, choice, by, **others):
    pause = {"prescriber": "Dr Vega", "pause_from": date(2027, 3, 9), "pause_until": date(2027, 3, 16)}
    pause = pause if choice == "prescriber_agreed" else {}
    others = {"seen_at": decision.appointment.starts_at} | others
    decide_medicine(decision=decision, choice=choice, by=by, at=NOW, **pause, **others)
