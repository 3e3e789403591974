"""What a patient will get, when and why: beside a visit, before it moves, before a rule changes, made up."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.factories.treatments import AppointmentFactory, RoomFactory
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_pages import RULE, page, post
from tests.reminders.test_planning import change, wish
from tests.reminders.test_rules import only, signed
from treatments.reminders import preview
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import deliver_reminder, plan_reminders

pytestmark = pytest.mark.django_db
IN_USE = ("nsaid_week", "day_before", "after_care")


@pytest.fixture(autouse=True)
def on_that_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def three(visit):
    """Three rules in use: two before the visit, one after the session."""
    for key in IN_USE:
        ReminderRule.objects.filter(key=key).update(active=True)
    return visit


def said(lines) -> list[tuple]:
    return [(line.rule.key, line.at.date(), str(line.status), line.if_signed) for line in lines]


class TestOfAVisit:
    def test_the_same_before_planning_after_it_and_after_sending(self, three):
        expected = [
            ("nsaid_week", date(2027, 3, 9), "planned", False),
            ("day_before", date(2027, 3, 15), "planned", False),
            ("after_care", date(2027, 3, 16), "planned", True),
        ]
        assert said(preview.of_visit(three.pk, at=NOW)) == expected
        plan_reminders(at=NOW)
        assert said(preview.of_visit(three.pk, at=NOW)) == expected
        week = Reminder.objects.get(rule__key="nsaid_week")
        deliver_reminder(reminder_id=week.pk, at=week.due_at)
        assert said(preview.of_visit(three.pk, at=week.due_at))[1:] == expected[1:]
        assert "nsaid_week" in {line.rule.key for line in preview.of_visit(three.pk) if line.status == "sent"}

    def test_it_writes_nothing(self, three):
        preview.of_visit(three.pk, words=True)
        preview.of_move(three.pk, VISIT + timedelta(days=3))
        assert not Reminder.objects.exists()

    def test_after_the_session_it_speaks_of_what_was_signed(self, three):
        session = signed(VISIT)
        change(three, status="done")
        type(three).objects.filter(pk=three.pk).update(session=session)
        (line,) = preview.of_visit(three.pk, at=VISIT + timedelta(hours=2))
        assert (line.rule.key, line.if_signed) == ("after_care", False)

    def test_the_desk_reads_no_words_and_no_rule_that_tells_what_a_patient_takes(self, client_of, front_desk, three):
        only("ten_days", name="For who takes piroxicam")
        PatientMedicineFactory(patient=three.patient, medicine=MedicineFactory(name="piroxicam", stop_days=10))
        shown = page(client_of(front_desk), "visit_panel", three.pk)
        assert "Before a visit" in shown
        assert "piroxicam" not in shown
        assert "painkiller" not in shown

    def test_a_practitioner_reads_when_why_and_the_words(self, client_of, practitioner, three):
        wish(three.patient, clinical_words=True)
        PatientMedicineFactory(patient=three.patient, medicine=MedicineFactory(name="naproxen", stop_days=7))
        shown = page(client_of(practitioner), "visit_panel", three.pk)
        assert "Before a visit: 7 days, 10:00" in shown
        assert "- naproxen: Tuesday 9 March" in shown
        assert "Once the session is signed" in shown

    def test_statements_do_not_grow_with_what_was_sent(self, three):
        def statements():
            with CaptureQueriesContext(connection) as queries:
                preview.of_visit(three.pk)
            return len(queries)

        plan_reminders(at=NOW)
        first = statements()
        row = Reminder.objects.first()
        for days in range(1, 20):
            row.pk, row.starts_at, row.status = None, VISIT + timedelta(days=days), "sent"
            row.save(force_insert=True)
        assert statements() <= first + 1


class TestOfAMove:
    def test_what_goes_and_what_comes(self, three):
        plan_reminders(at=NOW)
        comparison = preview.of_move(three.pk, VISIT + timedelta(days=7), at=NOW)
        assert [line.at.date() for line in comparison.gone] == [date(2027, 3, n) for n in (9, 15)]
        assert [line.at.date() for line in comparison.added] == [date(2027, 3, n) for n in (16, 22)]

    def test_to_where_it_is_changes_nothing(self, three):
        plan_reminders(at=NOW)
        comparison = preview.of_move(three.pk, VISIT, at=NOW)
        assert (comparison.gone, comparison.rewritten, comparison.added) == ([], [], [])

    def test_to_another_hour_messages_leave_when_they_would_and_say_it(self, three):
        plan_reminders(at=NOW)
        week = Reminder.objects.get(rule__key="nsaid_week")
        later = VISIT + timedelta(hours=2)
        comparison = preview.of_move(three.pk, later, at=NOW)
        assert (comparison.gone, comparison.added) == ([], [])
        assert [(line.at.date(), line.about) for line in comparison.rewritten] == [
            (date(2027, 3, 9), later),
            (date(2027, 3, 15), later),
        ]
        deliver_reminder(reminder_id=week.pk, at=week.due_at)  # what was sent is not taken back: it is said again
        comparison = preview.of_move(three.pk, later, at=week.due_at)
        assert [line.rule.key for line in comparison.rewritten] == ["day_before"]
        assert [line.rule.key for line in comparison.added] == ["nsaid_week"]

    def test_what_it_foresees_is_what_happens(self, three):
        plan_reminders(at=NOW)
        later = VISIT - timedelta(days=13)
        foreseen = preview.of_move(three.pk, later, at=NOW).after
        change(three, starts_at=later)
        three.changes.create(status="booked", starts_at=later, changed_at=NOW)
        plan_reminders(at=NOW + timedelta(seconds=15))
        rows = Reminder.objects.filter(starts_at=later).order_by("due_at")
        assert [row.rule.key for row in rows] == [line.rule.key for line in foreseen]

    @pytest.mark.parametrize("typed", [True, False])
    def test_on_the_page_where_it_is_moved(self, client_of, front_desk, three, typed):
        client = client_of(front_desk)
        assert "Choose a time" in page(client, "move_panel", three.pk)
        if typed:
            query = {"slot": "other", "day": "2027-03-23", "time": "10:00"}
        else:
            query = {"slot": f"2027-03-23T09:00Z.{three.practitioner_id}.{RoomFactory().pk}"}
        shown = page(client, "move_panel", three.pk, **query)
        assert "Tue 16 Mar, 10:00" in shown
        assert "Not any more" in shown

    @pytest.mark.parametrize("query", [{"slot": "x"}, {"slot": "other", "day": "2027-02-30", "time": "10:00"}])
    def test_nonsense_is_no_time(self, client_of, front_desk, three, query):
        assert "Choose a time" in page(client_of(front_desk), "move_panel", three.pk, **query)


class TestOfARule:
    def effect(self, client, rule, **changes) -> str:
        return post(client, "rule_effect", rule.pk, **RULE | changes).content.decode()

    def test_what_saving_would_change_is_what_it_changes(self, client_of, administrator, rule, many_visits):
        many_visits(3)
        plan_reminders(at=NOW)
        client = client_of(administrator)
        assert "3 change," in self.effect(client, rule, offset="9")
        assert "3 are taken back." in self.effect(client, rule, visit_kinds=["consultation"])
        switched_off = {name: value for name, value in RULE.items() if name != "active"}
        answer = post(client, "rule_effect", rule.pk, **switched_off).content.decode()
        assert "3 are taken back." in answer
        assert "no waiting message changes" in self.effect(client, rule)
        assert "not right yet" in self.effect(client, rule, offset="-1")
        assert set(Reminder.objects.values_list("status", flat=True)) == {"planned"}
        assert ReminderRule.objects.get(pk=rule.pk).offset == 7

    def test_a_rule_switched_on_adds(self, client_of, administrator, rule, many_visits):
        many_visits(2)
        ReminderRule.objects.filter(pk=rule.pk).update(active=False)
        assert "2 messages are added," in self.effect(client_of(administrator), rule)

    def test_every_condition_is_kept_as_it_is_ticked(self, client_of, administrator, rule, visit):
        data = RULE | {
            "visit_types": [str(visit.visit_type_id)],
            "medicine_groups": ["nsaid", "aspirin"],
            "window_days": "8",
            "channel": "sms",
            "fallback": "email",
            "languages": ["ar", "es"],
        }
        assert client_of(administrator).post(reverse("reminders:edit_rule", args=[rule.pk]), data).status_code == 302
        rule.refresh_from_db()
        assert (rule.visit_types, rule.medicine_groups, rule.window_days) == (
            [visit.visit_type_id],
            ["nsaid", "aspirin"],
            8,
        )
        assert (rule.channel, rule.fallback, rule.languages) == ("sms", "email", ["ar", "es"])

    def test_tried_on_a_made_up_patient(self, client_of, administrator, rule, visit):
        medicine = MedicineFactory(name="ibuprofen")
        asked = {
            "visit_type": visit.visit_type_id,
            "day": "2027-03-16",
            "time": "10:00",
            "booked_on": "2027-03-01",
            "channel": "email",
            "language": "en",
            "medicine": medicine.pk,
            "source": "self_bought",
            "clinical_words": "on",
        }
        client = client_of(administrator)
        shown = page(client, "try_rule", rule.pk, **asked)
        assert "leave on Tuesday 9 March, 10:00" in shown
        assert "- ibuprofen: Tuesday 9 March" in shown
        assert "- ibuprofen: martes 9 de marzo" in page(client, "try_rule", rule.pk, **asked | {"language": "es"})
        assert "Keep taking" in page(client, "try_rule", rule.pk, **asked | {"source": "prescribed"})
        only("day_before")
        late = asked | {"booked_on": "2027-03-15", "time": "11:00"}
        shown = page(client, "try_rule", ReminderRule.objects.get(key="day_before").pk, **late)
        assert "Its time had passed" in shown
        assert not Reminder.objects.exists()

    def test_tried_with_nonsense(self, client_of, administrator, rule, visit):
        wrong = {
            "visit_type": "0",
            "day": "2027-02-30",
            "time": "99",
            "booked_on": "",
            "channel": "fax",
            "language": "tlh",
        }
        shown = page(client_of(administrator), "try_rule", rule.pk, **wrong)
        assert "A message would leave" not in shown


def test_a_visit_that_is_not_there(client_of, front_desk):
    for name in ("visit_panel", "move_panel"):
        assert client_of(front_desk).get(reverse(f"reminders:{name}", args=[999])).status_code == 404


def test_beside_a_visit_without_messages(client_of, front_desk, messages):
    only("nsaid_week", visit_kinds=["consultation"])
    shown = page(client_of(front_desk), "visit_panel", AppointmentFactory(starts_at=VISIT).pk)
    assert "No message is meant" in shown
