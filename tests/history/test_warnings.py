"""What a history asks of whoever treats: each rule by itself, then their order, and the cost."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.core import clock
from patients.history import services
from patients.history.enums import Effect, Pregnancy, Severity, Topic
from patients.history.models import Condition, Product
from patients.history.queries import history_of
from patients.history.record import State
from patients.history.warnings import none_known, warnings_of
from tests.factories.patients import PatientFactory

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def days(number):
    return clock.today() - timedelta(days=number)


@pytest.fixture
def asked(patient, practitioner):
    """A patient who was asked about everything and has nothing."""
    for topic in Topic:
        services.record_none_known(patient=patient, topic=topic, by=practitioner)
    services.record_pregnancy(patient=patient, state=Pregnancy.NO, by=practitioner)
    return patient


def said(patient):
    return [(warning.level.value, warning.text) for warning in warnings_of(history_of(patient))]


def test_asked_about_everything_and_nothing_to_heed(asked):
    assert said(asked) == []
    assert none_known(history_of(asked)) == "None known: allergies, conditions, medicines"


def test_not_asked_is_a_reason_and_is_not_none_known(patient):
    assert said(patient) == [("reason", "Not asked: allergies, conditions, medicines, pregnancy")]
    assert none_known(history_of(patient)) == ""


def test_what_is_still_to_be_asked_is_named(patient, practitioner):
    services.record_none_known(patient=patient, topic=Topic.MEDICINES, by=practitioner)
    assert said(patient) == [("reason", "Not asked: allergies, conditions, pregnancy")]


@pytest.mark.parametrize(("sex", "asks"), [("female", True), ("male", False), ("other", True), ("unknown", True)])
def test_who_is_asked_about_pregnancy(patient, sex, asks):
    patient.sex = sex
    assert history_of(patient).asks_pregnancy is asks


@pytest.mark.parametrize(
    ("state", "level", "key"),
    [
        (Pregnancy.NO, None, None),
        (Pregnancy.NOT_APPLICABLE, None, None),
        (Pregnancy.PREGNANT, "stop", "pregnancy"),
        (Pregnancy.TRYING, "stop", "pregnancy"),
        (Pregnancy.RECENT_BIRTH, "stop", "pregnancy"),
        (Pregnancy.BREASTFEEDING, "stop", "breast_feeding"),
    ],
)
def test_pregnancy(asked, practitioner, state, level, key):
    services.record_pregnancy(patient=asked, state=state, by=practitioner)
    assert [warning.level for warning in warnings_of(history_of(asked))] == ([level] if level else [])
    assert history_of(asked).condition_keys == ({key} if key else set())


def test_the_newest_answer_about_pregnancy_counts(asked, practitioner):
    services.record_pregnancy(patient=asked, state=Pregnancy.PREGNANT, by=practitioner)
    services.record_pregnancy(patient=asked, state=Pregnancy.NO, by=practitioner)
    assert said(asked) == []


@pytest.mark.parametrize(
    ("born", "expected"),
    [
        (date(2008, 3, 11), [("stop", "Under 18")]),
        (date(2008, 3, 10), []),
        (date(1950, 3, 11), []),
        (date(1950, 3, 10), [("reason", "Over 75")]),
    ],
)
def test_age(asked, born, expected, time_machine):
    time_machine.move_to("2026-03-10 12:00Z", tick=False)
    asked.birth_date = born
    assert said(asked) == expected


@pytest.mark.parametrize(
    ("severity", "level", "text"),
    [
        (Severity.SEVERE, "reason", "Allergy: Soy (severe)"),
        (Severity.UNKNOWN, "reason", "Allergy: Soy"),
        (Severity.MODERATE, "note", "Allergy: Soy (moderate)"),
        (Severity.MILD, "note", "Allergy: Soy (mild)"),
    ],
)
def test_allergies_are_always_shown(asked, practitioner, word, severity, level, text):
    services.record_allergy(patient=asked, by=practitioner, allergen=word("soy"), severity=severity)
    assert said(asked) == [(level, text)]


def test_an_allergy_in_the_patients_words_cannot_be_checked(asked, practitioner):
    services.record_allergy(patient=asked, by=practitioner, as_told="blue plasters", severity=Severity.MILD)
    (warning,) = warnings_of(history_of(asked))
    assert (warning.level, warning.text) == (Effect.REASON, "Allergy: blue plasters (mild)")
    assert "cannot be checked" in warning.detail


@pytest.mark.parametrize(
    ("key", "level"),
    [("bleeding_disorder", "stop"), ("epilepsy", "reason"), ("herpes", "wait"), ("smoking", "note")],
)
def test_conditions_ask_for_what_the_vocabulary_says(asked, practitioner, word, key, level):
    services.record_condition(patient=asked, by=practitioner, condition=word(key))
    assert [warning.level for warning in warnings_of(history_of(asked))] == [level]
    assert history_of(asked).condition_keys == {key}


@pytest.mark.parametrize(
    ("since", "until", "level"),
    [
        (10, None, "wait"),
        (13, None, "wait"),
        (14, None, "note"),
        (None, None, "wait"),
        (30, 1, "wait"),
        (30, 13, "wait"),
        (30, 14, None),
    ],
)
def test_a_wait_of_fourteen_days(asked, practitioner, word, since, until, level):
    services.record_condition(
        patient=asked,
        by=practitioner,
        condition=word("fever"),
        since=since and days(since),
        until=until and days(until),
    )
    found = [warning for warning in warnings_of(history_of(asked)) if warning.source != "not_asked"]
    assert [warning.level for warning in found] == ([level] if level else [])


def test_a_condition_that_is_over_no_longer_counts(asked, practitioner, word):
    row = services.record_condition(patient=asked, by=practitioner, condition=word("high_blood_pressure"))
    services.end_condition(row=row, until=days(0), by=practitioner)
    assert history_of(asked).condition_keys == set()
    assert "stop" not in dict(said(asked))


@pytest.mark.parametrize(
    ("key", "source", "level", "never", "condition"),
    [
        ("apixaban", "prescribed", "reason", True, "anticoagulant"),
        ("warfarin", "unknown", "reason", True, "anticoagulant"),
        ("clopidogrel", "prescribed", "reason", True, "antiplatelet"),
        ("aspirin", "prescribed", "reason", True, "antiplatelet"),
        ("aspirin", "unknown", "reason", True, None),
        ("aspirin", "self_bought", "reason", False, None),
        ("ibuprofen", "self_bought", "reason", False, None),
        ("ibuprofen", "prescribed", "reason", True, None),
        ("fish_oil", "self_bought", "reason", False, None),
        ("anadin_extra", "prescribed", "reason", True, "antiplatelet"),
        ("alka_seltzer", "self_bought", "reason", False, None),
        ("celecoxib", "prescribed", None, None, None),
        ("paracetamol", "self_bought", None, None, None),
        ("excedrin_tension_headache", "self_bought", None, None, None),
    ],
)
def test_medicines(asked, practitioner, word, key, source, level, never, condition):
    taken = word(key)
    kind = "product" if taken._meta.model_name == "product" else "medicine"
    services.record_medicine(patient=asked, by=practitioner, source=source, **{kind: taken})
    found = warnings_of(history_of(asked))
    assert [warning.level for warning in found] == ([level] if level else [])
    assert history_of(asked).condition_keys == ({condition} if condition else set())
    for warning in found:
        assert "Raises the risk of bleeding" in warning.detail
        assert ("ever tell the patient to stop" in warning.detail) is never
        assert ("House rule" in warning.detail) is not never


def test_an_ambiguous_product_counts_as_all_it_may_contain_until_it_is_known(asked, practitioner, word):
    services.record_medicine(patient=asked, by=practitioner, source="self_bought", product=word("anadin"))
    (warning,) = warnings_of(history_of(asked))
    assert warning.text == "Anadin (may contain aspirin, ibuprofen, paracetamol)"
    assert "Which Anadin is it?" in warning.detail
    ((_row, substances),) = history_of(asked).medicines
    assert {substance.key for substance in substances} == {"aspirin", "ibuprofen", "paracetamol"}


def test_an_ambiguous_product_that_was_asked_about(asked, practitioner, word):
    services.record_medicine(
        patient=asked, by=practitioner, source="self_bought", product=word("anadin"), medicine=word("paracetamol")
    )
    assert said(asked) == []
    ((row, substances),) = history_of(asked).medicines
    assert (row.name, [substance.key for substance in substances]) == ("Anadin (paracetamol)", ["paracetamol"])


def test_words_that_nobody_matched_are_a_reason(asked, practitioner):
    services.record_medicine(patient=asked, by=practitioner, source="prescribed", as_told="blod thinner")
    assert said(asked) == [("reason", "Medicine not matched: blod thinner")]


@pytest.mark.parametrize(("stopped", "levels"), [(6, ["note"]), (7, [])])
def test_a_painkiller_works_on_after_it_was_stopped(asked, practitioner, word, stopped, levels):
    row = services.record_medicine(patient=asked, by=practitioner, source="self_bought", medicine=word("aspirin"))
    services.stop_medicine(row=row, stopped_on=days(stopped), by=practitioner)
    found = [warning for warning in warnings_of(history_of(asked)) if warning.source != "not_asked"]
    assert [warning.level for warning in found] == levels
    assert history_of(asked).medicines == []


def test_the_clinics_own_effects_count(asked, practitioner, word):
    Condition.objects.filter(key="anticoagulant").update(effect="stop")
    Condition.objects.filter(key="keloid").update(effect="note")
    services.record_medicine(patient=asked, by=practitioner, source="prescribed", medicine=word("apixaban"))
    services.record_condition(patient=asked, by=practitioner, condition=word("keloid"))
    assert said(asked) == [("stop", "apixaban"), ("note", "Raised or keloid scars")]


def test_a_blood_thinner_never_sinks_below_a_reason(asked, practitioner, word):
    Condition.objects.filter(key="anticoagulant").update(effect="note")
    services.record_medicine(patient=asked, by=practitioner, source="prescribed", medicine=word("apixaban"))
    assert said(asked) == [("reason", "apixaban")]


def test_without_a_vocabulary_pregnancy_still_stops(db, practitioner, madrid):
    patient = PatientFactory()
    services.record_pregnancy(patient=patient, state=Pregnancy.PREGNANT, by=practitioner)
    assert said(patient)[0] == ("stop", "Pregnant")


def test_strongest_first_and_severe_allergies_before_the_rest(asked, practitioner, word):
    services.record_condition(patient=asked, by=practitioner, condition=word("smoking"))
    services.record_condition(patient=asked, by=practitioner, condition=word("herpes"))
    services.record_condition(patient=asked, by=practitioner, condition=word("epilepsy"))
    services.record_allergy(patient=asked, by=practitioner, as_told="something")
    services.record_allergy(patient=asked, by=practitioner, allergen=word("latex"), severity=Severity.SEVERE)
    services.record_allergy(patient=asked, by=practitioner, allergen=word("soy"), severity=Severity.MILD)
    services.record_pregnancy(patient=asked, state=Pregnancy.PREGNANT, by=practitioner)
    assert said(asked) == [
        ("stop", "Pregnant"),
        ("reason", "Allergy: Latex (severe)"),
        ("reason", "Allergy: something"),
        ("reason", "Epilepsy or seizures"),
        ("wait", "Cold sores"),
        ("note", "Allergy: Soy (mild)"),
        ("note", "Smoking"),
    ]


@pytest.mark.parametrize("topic", Topic)
def test_the_newest_statement_about_a_topic_wins(patient, practitioner, word, topic):
    def state():
        return next(state.state for state in history_of(patient).topics if state.topic == topic)

    assert state() == State.NOT_ASKED
    services.record_none_known(patient=patient, topic=topic, by=practitioner)
    assert state() == State.NONE_KNOWN
    if topic == Topic.ALLERGIES:
        row = services.record_allergy(patient=patient, by=practitioner, allergen=word("soy"))
    elif topic == Topic.CONDITIONS:
        row = services.record_condition(patient=patient, by=practitioner, condition=word("epilepsy"))
    else:
        row = services.record_medicine(patient=patient, by=practitioner, source="unknown", as_told="pills")
    assert state() == State.LISTED
    services.void_row(row=row, reason="wrong patient", by=practitioner)
    assert state() == State.NONE_KNOWN


def test_a_stopped_medicine_makes_none_known_lapse(patient, practitioner, word):
    services.record_none_known(patient=patient, topic=Topic.MEDICINES, by=practitioner)
    row = services.record_medicine(patient=patient, by=practitioner, source="unknown", medicine=word("paracetamol"))
    services.stop_medicine(row=row, stopped_on=days(0), by=practitioner)
    assert "medicines" in said(patient)[0][1]
    services.record_none_known(patient=patient, topic=Topic.MEDICINES, by=practitioner)
    assert "medicines" not in said(patient)[0][1]


def test_one_patients_history_is_not_anothers(asked, practitioner, word):
    other = PatientFactory(sex="male")
    services.record_allergy(patient=other, by=practitioner, allergen=word("soy"))
    services.record_none_known(patient=other, topic=Topic.MEDICINES, by=practitioner)
    assert said(asked) == []


def test_six_queries_however_long_the_history(patient, practitioner, word):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            warnings_of(history_of(patient))
        return len(queries)

    services.record_medicine(patient=patient, by=practitioner, source="unknown", product=word("nuromol"))
    services.record_condition(patient=patient, by=practitioner, condition=word("fever"))
    services.record_allergy(patient=patient, by=practitioner, allergen=word("soy"))
    few = cost()
    for key in list(Condition.objects.exclude(key="fever").values_list("key", flat=True))[:30]:
        services.record_condition(patient=patient, by=practitioner, condition=word(key))
    for number in range(30):
        services.record_allergy(patient=patient, by=practitioner, as_told=f"thing {number}")
        services.record_medicine(patient=patient, by=practitioner, source="unknown", as_told=f"pill {number}")
    for product in Product.objects.exclude(key="nuromol"):
        services.record_medicine(patient=patient, by=practitioner, source="unknown", product=product)
    assert cost() == few == 6
