"""Writing the history: who, what, when; refusals; taking back. Every act leaves its line in the trail."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.audit.models import AuditEvent
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from patients.history import services
from patients.history.enums import Pregnancy, Topic
from patients.history.models import Allergen, Medicine, NoneKnown, PatientAllergy, PatientMedicine, PregnancyAnswer
from patients.history.queries import history_of

pytestmark = pytest.mark.django_db


def tomorrow():
    return clock.today() + timedelta(days=1)


@pytest.fixture
def statement(patient, practitioner, word):
    """statement("allergy"): a row of each kind, written by its service."""
    about = {"patient": patient, "by": practitioner}
    writers = {
        "allergy": lambda: services.record_allergy(allergen=word("soy"), as_told="lecithin", severity=3, **about),
        "condition": lambda: services.record_condition(condition=word("epilepsy"), note="as a child", **about),
        "medicine": lambda: services.record_medicine(medicine=word("ibuprofen"), source="self_bought", **about),
        "none_known": lambda: services.record_none_known(topic=Topic.MEDICINES, **about),
        "pregnancy": lambda: services.record_pregnancy(state=Pregnancy.NO, **about),
    }
    return lambda kind: writers[kind]()


KINDS = ["allergy", "condition", "medicine", "none_known", "pregnancy"]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("allergy", ["allergen", "as_told", "severity"]),
        ("condition", ["condition", "note"]),
        ("medicine", ["medicine", "source"]),
        ("none_known", ["topic"]),
        ("pregnancy", ["state"]),
    ],
)
def test_each_statement_is_signed_dated_and_in_the_trail(
    statement, practitioner, trail, patient, time_machine, kind, fields
):
    time_machine.move_to("2026-03-10 12:00Z", tick=False)
    row = statement(kind)
    assert (row.recorded_by, row.patient) == (practitioner, patient)
    assert row.recorded_at == AuditEvent.objects.latest("pk").at == clock.now()
    assert trail(row) == [("create", sorted(fields))]
    assert AuditEvent.objects.latest("pk").patient_id == patient.pk


@pytest.mark.parametrize("kind", KINDS)
def test_taking_back_keeps_the_row_with_who_when_and_why(statement, practitioner, trail, kind):
    row = statement(kind)
    services.void_row(row=row, reason=" said about her sister ", by=practitioner)
    row.refresh_from_db()
    assert (row.void_reason, row.voided_by) == ("said about her sister", practitioner)
    assert row.voided_at is not None
    assert trail(row)[-1] == ("void", [])
    with pytest.raises(Conflict):
        services.void_row(row=row, reason="again", by=practitioner)
    assert len(trail(row)) == 2


@pytest.mark.parametrize("reason", ["", "  "])
def test_taking_back_needs_a_reason(statement, practitioner, reason):
    row = statement("allergy")
    with pytest.raises(Refused):
        services.void_row(row=row, reason=reason, by=practitioner)
    row.refresh_from_db()
    assert row.voided_at is None


def test_stopping_a_medicine(statement, practitioner, trail):
    row = statement("medicine")
    services.stop_medicine(row=row, stopped_on=clock.today(), by=practitioner)
    row.refresh_from_db()
    assert row.stopped_on == clock.today()
    assert trail(row)[-1] == ("change", ["stopped_on"])
    with pytest.raises(Conflict):
        services.stop_medicine(row=row, stopped_on=clock.today(), by=practitioner)


def test_what_was_taken_back_cannot_be_stopped(statement, practitioner):
    row = statement("medicine")
    services.void_row(row=row, reason="wrong patient", by=practitioner)
    with pytest.raises(Conflict):
        services.stop_medicine(row=row, stopped_on=clock.today(), by=practitioner)


def test_a_last_day_is_not_ahead_and_not_before_the_first(patient, practitioner, word):
    row = services.record_medicine(
        patient=patient, by=practitioner, source="unknown", medicine=word("aspirin"), since=clock.today()
    )
    for day in (tomorrow(), clock.today() - timedelta(days=1)):
        with pytest.raises(Refused):
            services.stop_medicine(row=row, stopped_on=day, by=practitioner)


def test_none_known_is_refused_while_something_is_listed(statement, patient, practitioner):
    row = statement("medicine")
    with pytest.raises(Refused):
        statement("none_known")
    assert not NoneKnown.objects.exists()
    services.stop_medicine(row=row, stopped_on=clock.today(), by=practitioner)
    statement("none_known")


def test_none_known_of_one_topic_says_nothing_about_another(statement, patient, practitioner):
    statement("allergy")
    statement("none_known")


def test_recording_does_not_touch_an_earlier_none_known(statement, patient):
    before = statement("none_known")
    statement("medicine")
    before.refresh_from_db()
    assert before.voided_at is None
    assert [state.answer for state in history_of(patient).topics] == [None, None, None]


@pytest.mark.parametrize("kind", ["allergy", "condition", "medicine"])
def test_the_same_thing_is_not_listed_twice(statement, practitioner, kind):
    row = statement(kind)
    with pytest.raises(Refused):
        statement(kind)
    services.void_row(row=row, reason="typed wrong", by=practitioner)
    statement(kind)


def test_prescribed_and_self_bought_aspirin_are_two_things(patient, practitioner, word):
    for source in ("prescribed", "self_bought"):
        services.record_medicine(patient=patient, by=practitioner, source=source, medicine=word("aspirin"))
    assert PatientMedicine.objects.count() == 2


@pytest.mark.parametrize(
    "values",
    [
        {"as_told": " "},
        {"as_told": "pills", "source": "stolen"},
        {"as_told": "pills", "source": ""},
        {"as_told": "pills", "since": "tomorrow"},
        {"product": "anadin", "medicine": "warfarin"},
        {"medicine": "retired"},
    ],
)
def test_medicines_that_are_refused_leave_nothing(patient, practitioner, word, values):
    Medicine.objects.filter(key="garlic").update(retired_at=clock.now(), retire_reason="no longer used")
    values = {"source": "unknown", **values}
    if values.get("since"):
        values["since"] = tomorrow()
    for name in {"medicine", "product"} & set(values):
        values[name] = word(values[name] if values[name] != "retired" else "garlic")
    before = AuditEvent.objects.count()
    with pytest.raises(Refused):
        services.record_medicine(patient=patient, by=practitioner, **values)
    assert (PatientMedicine.objects.count(), AuditEvent.objects.count()) == (0, before)


@pytest.mark.parametrize("days", [{"since": 1}, {"until": 1}, {"since": -1, "until": -2}])
def test_days_of_a_condition(patient, practitioner, word, days):
    moved = {name: clock.today() + timedelta(days=number) for name, number in days.items()}
    with pytest.raises(Refused) as refused:
        services.record_condition(patient=patient, by=practitioner, condition=word("epilepsy"), **moved)
    assert refused.value.field in days


def test_a_retired_allergen_is_refused_and_nothing_said_too(patient, practitioner, word):
    Allergen.objects.filter(key="soy").update(retired_at=clock.now(), retire_reason="test")
    with pytest.raises(Refused):
        services.record_allergy(patient=patient, by=practitioner, allergen=word("soy"))
    with pytest.raises(Refused):
        services.record_allergy(patient=patient, by=practitioner)
    assert not PatientAllergy.objects.exists()


@pytest.mark.parametrize("state", ["", "maybe", Pregnancy.NOT_ASKED])
def test_pregnancy_takes_a_real_answer(patient, practitioner, state):
    with pytest.raises(Refused):
        services.record_pregnancy(patient=patient, by=practitioner, state=state)
    assert not PregnancyAnswer.objects.exists()


def test_rows_say_nothing_about_the_patient_by_themselves(statement):
    assert "lecithin" not in str(statement("allergy"))


# What the database itself refuses


def refused(act):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    return str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_no_statement_leaves_its_patient_or_the_record_by_any_path(statement, practitioner, kind):
    row = statement(kind)
    table = row._meta.db_table

    def raw(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    assert "never_deleted" in refused(lambda: raw(f"DELETE FROM {table}"))
    assert "frozen" in refused(lambda: raw(f"UPDATE {table} SET patient_id = patient_id + 1"))
    raw(f"UPDATE {table} SET voided_at = recorded_at, voided_by_id = recorded_by_id, void_reason = 'Mistake'")
    if kind in {"allergy", "condition", "medicine"}:
        assert "frozen" in refused(lambda: raw(f"UPDATE {table} SET note = 'Other'"))
    assert "frozen" in refused(
        lambda: raw(f"UPDATE {table} SET voided_at = NULL, voided_by_id = NULL, void_reason = ''")
    )
