"""What each part of a rule means, and what becomes of messages when visits move, rules change and time passes."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone

from tests.factories.patients import LONG_AGO, MedicineFactory, PatientMedicineFactory
from tests.factories.treatments import (
    AppointmentFactory,
    AreaFactory,
    PlanFactory,
    SessionFactory,
    VisitTypeFactory,
)
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import change, states, wish
from treatments.charting.models import TreatmentSession
from treatments.reminders import rules
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import (
    deliver_reminder,
    edit_rule,
    effect_of,
    load_default_rules_and_texts,
    plan_reminders,
)
from treatments.reminders.services.acts import default_rules
from treatments.scheduling.models import AppointmentChange

pytestmark = pytest.mark.django_db
R = ReminderStatus
HOUR = timedelta(hours=1)


def only(key: str, **values) -> ReminderRule:
    """The one rule in use, changed so."""
    ReminderRule.objects.exclude(key=key).update(active=False)
    ReminderRule.objects.filter(key=key).update(**{"active": True, "in_use_since": LONG_AGO} | values)
    return ReminderRule.objects.get(key=key)


def moved(visit, starts_at, *, at) -> None:
    change(visit, starts_at=starts_at)
    AppointmentChange.objects.create(
        appointment=visit, status="booked", starts_at=starts_at, changed_by=visit.practitioner, changed_at=at
    )


def tell(at) -> list[Reminder]:
    """Plans, sends all that is due, and answers what was sent now."""
    plan_reminders(at=at)
    due = list(Reminder.objects.filter(status=R.PLANNED, next_try_at__lte=at))
    return [row for row in due if deliver_reminder(reminder_id=row.pk, at=at) == R.SENT]


class TestShipped:
    def test_loaded_once_and_never_over_what_the_clinic_changed(self, messages, administrator):
        assert {rule.key for rule in ReminderRule.objects.all()} == {row["key"] for row in default_rules()}
        rule = ReminderRule.objects.get(key="sun")
        edit_rule(rule=rule, name="Ours", by=administrator, at=NOW)
        assert load_default_rules_and_texts() == 0
        assert ReminderRule.objects.get(key="sun").name == "Ours"

    def test_all_but_one_rule_say_where_they_come_from_or_that_the_clinic_decides(self):
        import tomllib

        from treatments.reminders.services.acts import DEFAULT_RULES

        for row in tomllib.loads(DEFAULT_RULES.read_text())["rule"]:
            assert row.get("source") or row.get("confirm") is True, row["key"]

    def test_a_new_rule_does_not_speak_of_what_was_before_it(self, clinic_row):
        AppointmentFactory(starts_at=VISIT, booked_at=NOW - timedelta(days=3))
        load_default_rules_and_texts(at=NOW)
        plan_reminders(at=NOW + HOUR)
        assert "booked" not in set(Reminder.objects.values_list("rule__key", flat=True))


class TestBookedOrMoved:
    def test_told_at_once_and_again_when_it_moves_but_once_each(self, messages, visit):
        only("booked")
        assert len(tell(NOW)) == 1
        moved(visit, VISIT + timedelta(days=1), at=NOW + HOUR)
        assert len(tell(NOW + 2 * HOUR)) == 1
        assert tell(NOW + 3 * HOUR) == []

    def test_moved_away_and_back_is_told_a_third_time(self, messages, visit):
        """Between the first and the last the patient was told another time: the old message does not count any more."""
        rule = only("booked")
        told = [tell(NOW)]
        moved(visit, VISIT + timedelta(days=1), at=NOW + HOUR)
        told.append(tell(NOW + 2 * HOUR))
        moved(visit, VISIT, at=NOW + 3 * HOUR)
        told.append(tell(NOW + 4 * HOUR))
        told.append(tell(NOW + 5 * HOUR))
        assert [[row.starts_at for row in rows] for rows in told] == [
            [VISIT],
            [VISIT + timedelta(days=1)],
            [VISIT],
            [],
        ]
        assert sorted(Reminder.objects.filter(rule=rule, starts_at=VISIT).values_list("turn", flat=True)) == [0, 1]

    def test_so_is_how_to_prepare_for_it(self, messages, visit):
        only("nsaid_week")
        near, later = VISIT - timedelta(days=3), VISIT + timedelta(days=1)
        told = [tell(near)]
        for number, starts_at in enumerate([later, VISIT], start=1):
            moved(visit, starts_at, at=near + 2 * number * HOUR)
            told.append(tell(near + (2 * number + 1) * HOUR))
        told.append(tell(near + 6 * HOUR))
        assert [[row.starts_at for row in rows] for rows in told] == [[VISIT], [later], [VISIT], []]

    def test_moved_away_and_back_before_anybody_was_told(self, messages, visit):
        only("booked")
        tell(NOW)
        moved(visit, VISIT + timedelta(days=1), at=NOW + HOUR)
        moved(visit, VISIT, at=NOW + HOUR + timedelta(seconds=5))
        assert tell(NOW + 2 * HOUR) == []


class TestLate:
    def test_left_out_when_booked_after_its_moment(self, messages):
        only("day_before")
        AppointmentFactory(starts_at=VISIT, booked_at=VISIT - timedelta(hours=20))
        assert plan_reminders(at=VISIT - timedelta(hours=19)) == 0

    def test_but_not_when_the_sender_was_late(self, messages, visit):
        only("day_before")
        assert len(tell(VISIT - timedelta(hours=5))) == 1

    def test_of_two_late_ones_with_the_same_words_the_nearer_goes(self, messages):
        only("nsaid_week")
        ReminderRule.objects.filter(key="ten_days").update(active=True)
        row = PatientMedicineFactory(medicine=MedicineFactory(stop_days=10))
        AppointmentFactory(starts_at=VISIT, patient=row.patient, booked_at=VISIT - timedelta(days=3))
        assert [sent.rule.key for sent in tell(VISIT - timedelta(days=3) + HOUR)] == ["nsaid_week"]

    def test_a_medicine_told_of_late_is_written_about_once(self, messages):
        """And although the message to everybody has gone out, which could not know of it."""
        only("nsaid_week")
        ReminderRule.objects.filter(key__in=["two_weeks", "ten_days"]).update(active=True)
        visit = AppointmentFactory(starts_at=VISIT)
        due = VISIT - timedelta(days=7)
        assert [sent.rule.key for sent in tell(due)] == ["nsaid_week"]
        late = due + timedelta(days=2)
        PatientMedicineFactory(medicine=MedicineFactory(stop_days=14), patient=visit.patient, recorded_at=late)
        assert [sent.rule.key for sent in tell(late + HOUR)] == ["ten_days"]
        assert tell(late + 2 * HOUR) == []

    def test_nor_does_it_keep_back_the_message_to_everybody(self, messages):
        only("nsaid_week")
        ReminderRule.objects.filter(key__in=["two_weeks", "ten_days"]).update(active=True)
        visit = AppointmentFactory(starts_at=VISIT)
        late = VISIT - timedelta(days=8)
        PatientMedicineFactory(medicine=MedicineFactory(stop_days=14), patient=visit.patient, recorded_at=late)
        assert [sent.rule.key for sent in tell(late + HOUR)] == ["ten_days"]
        assert [sent.rule.key for sent in tell(VISIT - timedelta(days=7))] == ["nsaid_week"]

    def test_in_good_time_both_go(self, messages):
        only("nsaid_week")
        ReminderRule.objects.filter(key="ten_days").update(active=True)
        row = PatientMedicineFactory(medicine=MedicineFactory(stop_days=10))
        AppointmentFactory(starts_at=VISIT, patient=row.patient)
        assert plan_reminders(at=NOW) == 2


class TestSwitchedOnAgain:
    """What a clinic expects: nothing sudden for a visit whose moment came while the rule was not in use."""

    MOMENT = VISIT - timedelta(days=7)

    @pytest.fixture
    def rule(self, messages, administrator):
        return only("nsaid_week")

    def test_what_was_missed_meanwhile_is_not_sent_after_all(self, rule, visit, administrator):
        later = AppointmentFactory(starts_at=VISIT + timedelta(days=1))
        edit_rule(rule=rule, active=False, by=administrator, at=self.MOMENT - HOUR)
        edit_rule(rule=rule, active=True, by=administrator, at=self.MOMENT + HOUR)
        assert tell(self.MOMENT + HOUR) == []
        assert [row.appointment for row in tell(self.MOMENT + timedelta(days=2))] == [later]

    def test_but_a_visit_booked_or_a_medicine_told_of_since_is(self, rule, visit, administrator):
        long_acting = MedicineFactory(stop_days=10)
        switched_on = self.MOMENT + HOUR
        edit_rule(rule=rule, active=False, by=administrator, at=NOW)
        ReminderRule.objects.filter(key="ten_days").update(active=True, in_use_since=switched_on)
        edit_rule(rule=rule, active=True, by=administrator, at=switched_on)
        booked = AppointmentFactory(starts_at=VISIT + HOUR, booked_at=switched_on + HOUR)
        PatientMedicineFactory(patient=visit.patient, medicine=long_acting, recorded_at=switched_on + HOUR)
        sent = tell(switched_on + 2 * HOUR)
        assert {(row.appointment, row.rule.key) for row in sent} == {(booked, "nsaid_week"), (visit, "ten_days")}

    def test_nor_when_it_is_turned_to_another_trigger(self, messages, visit, administrator):
        rule = only("check_day_2")
        edit_rule(rule=rule, trigger="before_visit", offset=9, by=administrator, at=self.MOMENT)
        assert tell(self.MOMENT + HOUR) == []
        edit_rule(rule=rule, trigger="booked", by=administrator, at=self.MOMENT)
        assert tell(self.MOMENT + HOUR) == []

    @pytest.mark.parametrize("key", ["day_before", "after_care"])
    def test_what_the_page_foresees_is_what_saving_does(self, messages, many_visits, administrator, key):
        only("nsaid_week")
        rule = ReminderRule.objects.get(key=key)
        many_visits(3, step=timedelta(days=1))
        at = VISIT - timedelta(hours=20)  # of the first visit the moment has come
        plan_reminders(at=at)
        wanted = {"active": True, "trigger": "before_visit", "if_late": "send", "offset": 1, "send_at": time(10)}
        effect = effect_of(rule, wanted, at=at)
        assert (effect.added, rule.active) == (2, False)
        edit_rule(rule=rule, **wanted, by=administrator, at=at)
        assert Reminder.objects.filter(rule=rule, status=R.PLANNED).count() == 2

    def test_other_changes_keep_what_is_due_by_then(self, rule, visit, administrator):
        """Asked for earlier: who has less time left than that is told at once, and not left without a word."""
        at = self.MOMENT - timedelta(days=2)
        edit_rule(rule=rule, offset=14, by=administrator, at=at)
        assert len(tell(at)) == 1


class TestForWhom:
    """One rule with a condition, and two visits of which it is meant for one."""

    @pytest.fixture
    def pair(self, messages):
        return [AppointmentFactory(starts_at=VISIT + n * HOUR) for n in range(2)]

    def meant(self, **conditions) -> list:
        only("nsaid_week", **conditions)
        plan_reminders(at=NOW)
        return list(Reminder.objects.filter(status=R.PLANNED).values_list("appointment", flat=True))

    def test_visit_type(self, pair):
        other = VisitTypeFactory(kind="follow_up")
        type(pair[1]).objects.filter(pk=pair[1].pk).update(visit_type=other)
        assert self.meant(visit_kinds=[], visit_types=[other.pk]) == [pair[1].pk]
        assert self.meant(visit_kinds=["session"], visit_types=[]) == [pair[0].pk]

    def test_areas_with_those_around_them(self, pair):
        around = AreaFactory(key="leg")
        inside = AreaFactory(key="knee", parent=around)
        PlanFactory(patient=pair[1].patient, areas=[[inside.key, "left"]])
        assert self.meant(areas=["leg"]) == [pair[1].pk]

    def test_indication_and_ingredient_of_the_active_plan(self, pair):
        plan = PlanFactory(patient=pair[1].patient)
        assert self.meant(indications=[plan.indication.key]) == [pair[1].pk]
        key = plan.version.lines.first().ingredient.key
        assert self.meant(indications=[], ingredients=[key]) == [pair[1].pk]
        assert self.meant(ingredients=["something_else"]) == []

    def test_language_of_the_patient(self, pair):
        wish(pair[1].patient, language="ar")
        assert self.meant(languages=["ar", "es"]) == [pair[1].pk]

    def test_one_medicine_must_fit_all_of_it(self, pair):
        patient = pair[1].patient
        PatientMedicineFactory(patient=patient, medicine=MedicineFactory(group="nsaid", stop_days=7))
        PatientMedicineFactory(
            patient=patient, medicine=MedicineFactory(group="supplement", stop_days=14), source="prescribed"
        )
        fits = {"medicine_groups": ["nsaid"], "medicine_sources": ["self_bought"], "window_days": 7}
        assert self.meant(**fits) == [pair[1].pk]
        for wrong in ({"medicine_sources": ["prescribed"]}, {"window_days": 10}, {"medicine_groups": ["aspirin"]}):
            assert self.meant(**fits | wrong) == [], wrong

    def test_a_condition_that_ends_takes_the_message_back(self, pair):
        row = PatientMedicineFactory(patient=pair[1].patient)
        assert self.meant(medicine_groups=["nsaid"]) == [pair[1].pk]
        type(row).objects.update(stopped_on=date(2027, 2, 1))
        plan_reminders(at=NOW)
        assert states() == [(R.CANCELLED, Why.NOT_MEANT)]

    def test_and_is_seen_before_sending(self, pair):
        row = PatientMedicineFactory(patient=pair[1].patient)
        self.meant(medicine_groups=["nsaid"])
        type(row).objects.update(stopped_on=date(2027, 2, 1))
        reminder = Reminder.objects.get()
        assert deliver_reminder(reminder_id=reminder.pk, at=reminder.due_at) == R.CANCELLED


CHANNELS = [
    # rule's way, fallback, what the patient has -> way
    ("sms", "", {"channel": "email"}, "sms"),
    ("sms", "email", {"channel": "email", "phone": ""}, "email"),
    ("sms", "", {"channel": "email", "phone": ""}, None),
    ("email", "sms", {"channel": "sms", "refused_email": "a@b.example"}, "sms"),
]


@pytest.mark.parametrize(("way", "fallback", "contact", "expected"), CHANNELS)
def test_the_rules_own_way_and_its_fallback(visit, way, fallback, contact, expected):
    wish(visit.patient, **{"email": "a@b.example", "phone": "+34600"} | contact)
    only("nsaid_week", channel=way, fallback=fallback)
    plan_reminders(at=NOW)
    reminder = Reminder.objects.get()
    if expected:
        assert (reminder.channel, reminder.status) == (expected, R.PLANNED)
    else:
        assert (reminder.status, reminder.why) == (R.SKIPPED, Why.NO_CONTACT)


class TestQuietHours:
    @pytest.fixture(autouse=True)
    def quiet(self, clinic_row):
        type(clinic_row).objects.update(quiet_from=time(21), quiet_until=time(8))
        clinic_row.refresh_from_db()

    CASES = [
        # local wall time -> hour and day of leaving
        ((1, 20, 59), (1, 20, 59)),
        ((1, 21, 0), (2, 8, 0)),
        ((2, 3, 0), (2, 8, 0)),
        ((2, 8, 0), (2, 8, 0)),
        ((27, 22, 0), (28, 8, 0)),  # the clocks change in that night
    ]

    @pytest.mark.parametrize(("now", "leaves"), CASES)
    def test_what_is_due_in_them_waits_for_their_end(self, clinic_row, now, leaves):
        with timezone.override("Europe/Madrid"):
            zone = timezone.get_current_timezone()
            at, expected = (datetime(2027, 3, *moment, tzinfo=zone) for moment in (now, leaves))
            assert rules.after_quiet(clinic_row, at) == expected

    def test_but_not_past_the_visit(self, clinic_row):
        with timezone.override("Europe/Madrid"):
            night = datetime(2027, 3, 2, 4, tzinfo=timezone.get_current_timezone())
            assert rules.after_quiet(clinic_row, night, night + 3 * HOUR) == night
            assert rules.after_quiet(clinic_row, night, night + 5 * HOUR) == night + 4 * HOUR

    def test_a_booking_late_in_the_evening_is_told_in_the_morning(self, messages, visit):
        only("booked")
        evening = datetime(2027, 3, 1, 21, 30, tzinfo=UTC)  # 22:30 in Madrid
        assert tell(evening) == []
        assert plan_reminders(at=evening + HOUR) == 0
        assert Reminder.objects.get().due_at == datetime(2027, 3, 2, 7, tzinfo=UTC)


def signed(started_at, **fields) -> TreatmentSession:
    session = SessionFactory(started_at=started_at)
    signature = {"signed_by": session.practitioner, "signed_name": "x", "content_hash": "x", "signature": "x"}
    signed_at = fields.pop("signed_at", started_at + HOUR)
    TreatmentSession.objects.filter(pk=session.pk).update(status="signed", signed_at=signed_at, **signature, **fields)
    session.refresh_from_db()
    return session


class TestAfterASession:
    TREATED = datetime(2027, 3, 1, 10, tzinfo=UTC)

    def test_the_same_evening_and_once(self, messages):
        only("after_care")
        session = signed(self.TREATED)
        plan_reminders(at=self.TREATED + HOUR)
        reminder = Reminder.objects.get()
        assert (reminder.session, reminder.appointment, reminder.patient) == (session, None, session.patient)
        assert reminder.due_at == datetime(2027, 3, 1, 17, tzinfo=UTC)
        assert len(tell(reminder.due_at)) == 1
        assert tell(reminder.due_at + HOUR) == []

    def test_a_draft_says_nothing_and_a_voided_session_takes_it_back(self, messages, practitioner):
        only("after_care")
        SessionFactory(started_at=self.TREATED)
        assert plan_reminders(at=self.TREATED + HOUR) == 0
        session = signed(self.TREATED)
        plan_reminders(at=self.TREATED + HOUR)
        void = {"voided_at": self.TREATED + HOUR, "voided_by": practitioner, "void_reason": "wrong patient"}
        TreatmentSession.objects.filter(pk=session.pk).update(status="voided", **void)
        plan_reminders(at=self.TREATED + 2 * HOUR)
        assert states() == [(R.CANCELLED, Why.VISIT_CHANGED)]

    def test_weeks_later_it_is_planned_a_week_ahead(self, messages):
        only("lumps_week_12")
        signed(self.TREATED)
        assert plan_reminders(at=self.TREATED + timedelta(days=70)) == 0
        assert plan_reminders(at=self.TREATED + timedelta(days=78)) == 1
        # by the clinic's calendar: the clocks have changed since
        assert Reminder.objects.get().due_at == datetime(2027, 5, 24, 8, tzinfo=UTC)

    def test_signed_days_later_it_is_too_late_for_the_evening(self, messages):
        only("after_care")
        late = self.TREATED + timedelta(days=3)
        signed(self.TREATED, signed_at=late)
        assert plan_reminders(at=late + HOUR) == 0

    def test_an_outage_of_days_leaves_it_out(self, messages):
        only("after_care")
        signed(self.TREATED)
        plan_reminders(at=self.TREATED + HOUR)
        reminder = Reminder.objects.get()
        assert deliver_reminder(reminder_id=reminder.pk, at=self.TREATED + timedelta(days=3)) == R.SKIPPED

    def test_a_later_moment_by_an_edited_rule_is_kept_to(self, messages, administrator):
        rule = only("check_day_2")
        signed(self.TREATED)
        plan_reminders(at=self.TREATED + HOUR)
        assert edit_rule(rule=rule, offset=40, by=administrator, at=self.TREATED + 2 * HOUR) == 1
        assert Reminder.objects.get().due_at == datetime(2027, 4, 10, 8, tzinfo=UTC)


@pytest.mark.parametrize(("key", "status"), [("visit_cancelled", "cancelled"), ("missed_visit", "no_show")])
def test_what_became_of_a_visit_is_told_when_the_clinic_wants_it(messages, key, status):
    only(key)
    visit = AppointmentFactory(starts_at=NOW + HOUR, status=status, cancel_reason="x" if status == "cancelled" else "")
    AppointmentChange.objects.create(appointment=visit, status=status, starts_at=visit.starts_at, changed_at=NOW)
    assert len(tell(NOW + 3 * HOUR)) == 1
    assert tell(NOW + 4 * HOUR) == []
