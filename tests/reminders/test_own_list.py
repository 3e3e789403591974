"""The patient's own list: what may be called something to stop, whatever patients take and however they say it."""

import re
from collections import defaultdict
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patients.history.enums import MedicineGroup, MedicineSource
from patients.history.models import Medicine, PatientMedicine
from patients.history.models import Product as Said
from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.test_planning import wish
from tests.reminders.test_texts import PAINKILLERS, THINNERS, Product, Row, Substance
from treatments.reminders import own_list, texts
from treatments.reminders.enums import Decision, TextKind
from treatments.reminders.models import Reminder
from treatments.reminders.services import plan_reminders, write_message

DAY = date(2027, 3, 16)
SELF, PRESCRIBED, UNKNOWN = MedicineSource.SELF_BOUGHT, MedicineSource.PRESCRIBED, MedicineSource.UNKNOWN
STOPS = {TextKind.STOP_OWN_LIST, TextKind.STOP_SELF_BOUGHT}
# What tells a patient to leave something out, in the texts that must not
TO_LEAVE_OUT = re.compile(r"do not take|avoid|leave out|stop taking|no tome|ne prenez pas|nehmen sie kein", re.I)


class Taken(Row):
    """A row with its own number and name."""

    count = 0

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        Taken.count += 1
        self.pk, self.name = Taken.count, f"medicine {Taken.count}."


substances = st.builds(
    Substance,
    st.sampled_from(list(MedicineGroup)),
    never_auto_stop=st.booleans(),
    bleeding_risk=st.booleans(),
    stop_days=st.none() | st.integers(0, 21),
)
products = st.builds(
    lambda contains, ambiguous: Product(*contains, ambiguous=ambiguous),
    st.lists(substances, max_size=3),
    st.booleans(),
)
rows = st.builds(
    lambda source, medicine, product: Taken(source, medicine=medicine, product=product),
    st.sampled_from(list(MedicineSource)),
    st.none() | substances,
    st.none() | products,
)
lists = st.lists(rows, max_size=6)
decisions = st.dictionaries(st.integers(0, 6), st.sampled_from(list(Decision)))


@cache
def words_of() -> dict[str, list[str]]:
    """All words that a new clinic begins with, by the kind of text."""
    found = defaultdict(list)
    for kind, _language, _channel, subject, body in texts.default_texts():
        found[kind].append(subject + body)
    return found


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(lists, decisions)
def test_no_text_ever_says_stop_about_what_is_prescribed_or_unknown(taken, choices):
    decided = {row.pk: choices[n] for n, row in enumerate(taken) if n in choices}
    kind = own_list.which_text(taken, decided)
    named = {line.name for line in own_list.to_stop(taken, DAY)}
    for row in taken:
        inside = ([row.medicine] if row.medicine else []) + (list(row.product.all()) if row.product else [])
        risky = [s for s in inside if s.group in THINNERS | PAINKILLERS or s.never_auto_stop]
        if row.source != SELF or not inside:
            assert row.name not in named
        if not inside or (row.source != SELF and risky) or any(s.group in THINNERS for s in inside):
            assert kind not in STOPS, "one that must be kept decides for the whole message"
    if kind and kind not in STOPS:
        assert not any(TO_LEAVE_OUT.search(words) for words in words_of()[kind])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(lists)
def test_each_is_stopped_from_its_own_day_and_never_later_than_the_house_says(taken):
    for line in own_list.to_stop(taken, DAY):
        (row,) = [row for row in taken if row.name == line.name]
        days = [s.stop_days for s in own_list.contents(row) if s.stop_days is not None]
        assert line.since == DAY - timedelta(days=max(days))


@pytest.mark.django_db
class TestTheVocabulary:
    """What patients really say, with the words that a new clinic begins with."""

    @pytest.fixture(autouse=True)
    def vocabulary(self, db):
        from django.core.management import call_command

        call_command("load_vocabulary", verbosity=0)

    def advice(self, name, source=SELF):
        row = PatientMedicine(source=source, product=Said.objects.filter(name__istartswith=name).first())
        if row.product is None:
            row.medicine = Medicine.objects.get(name__iexact=name)
        return own_list.advice(row)

    @pytest.mark.parametrize("name", ["ibuprofen", "Pepto-Bismol", "Nuromol", "piroxicam"])
    def test_by_ingredient_not_by_brand(self, name):
        assert self.advice(name) == own_list.Advice.STOP
        assert self.advice(name, PRESCRIBED) == self.advice(name, UNKNOWN) == own_list.Advice.KEEP

    @pytest.mark.parametrize("name", ["Anadin", "Midol", "Alka-Seltzer"])
    def test_an_ambiguous_name_is_asked_about(self, name):
        assert self.advice(name) == own_list.Advice.ASK
        assert self.advice(name, PRESCRIBED) == own_list.Advice.KEEP

    @pytest.mark.parametrize("source", list(MedicineSource))
    def test_a_blood_thinner_is_kept_however_they_came_by_it(self, source):
        for medicine in Medicine.objects.filter(group__in=THINNERS):
            assert own_list.advice(PatientMedicine(source=source, medicine=medicine)) == own_list.Advice.KEEP


@pytest.mark.django_db
class TestWritten:
    @pytest.fixture
    def taken(self, visit):
        for name, days in (("ibuprofen", 7), ("piroxicam", 10)):
            medicine = MedicineFactory(name=name, stop_days=days)
            PatientMedicineFactory(patient=visit.patient, medicine=medicine, source="self_bought")

    def message(self, clinic, at=NOW):
        plan_reminders(at=NOW)
        return write_message(Reminder.objects.get(), clinic, at)

    def test_named_with_their_days_to_who_wished_it(self, clinic_row, madrid, visit, taken):
        wish(visit.patient, clinical_words=True)
        message = self.message(clinic_row)
        assert message.kind == "stop_own_list"
        assert "- piroxicam: Saturday 6 March\n- ibuprofen: Tuesday 9 March" in message.body
        assert "paracetamol" in message.body
        assert "ibuprofen" not in message.subject

    def test_a_day_that_is_over_is_today(self, clinic_row, madrid, visit, taken):
        wish(visit.patient, clinical_words=True)
        assert "- piroxicam: Monday 8 March" in self.message(clinic_row, at=VISIT - timedelta(days=8)).body

    @pytest.mark.parametrize("contact", [{}, {"clinical_words": True, "channel": "sms"}])
    def test_not_named_without_the_wish_and_never_in_a_text_message(self, clinic_row, madrid, visit, taken, contact):
        wish(visit.patient, **contact)
        message = self.message(clinic_row)
        assert message.kind == "stop_self_bought"
        assert "piroxicam" not in message.body
        assert "Saturday 6 March" in message.body or contact  # from the earliest of their days

    def test_a_short_window_does_not_shorten_words_about_all_painkillers(self, clinic_row, madrid, visit):
        medicine = MedicineFactory(name="diclofenac gel", stop_days=3)
        PatientMedicineFactory(patient=visit.patient, medicine=medicine, source="self_bought")
        message = self.message(clinic_row)
        assert message.kind == "stop_self_bought"
        assert "Tuesday 9 March" in message.body
        assert "Saturday 13 March" not in message.body

    def test_one_that_is_prescribed_silences_the_whole_list(self, clinic_row, madrid, visit, taken):
        wish(visit.patient, clinical_words=True)
        PatientMedicineFactory(patient=visit.patient, medicine=MedicineFactory(group="aspirin"), source="unknown")
        message = self.message(clinic_row)
        assert message.kind == "keep_taking"
        assert not TO_LEAVE_OUT.search(message.body)
