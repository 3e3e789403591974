"""The trail: written with the act, never rewritten, and every manipulation found."""

import random
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit import queries
from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent, AuditSeal
from clinic.audit.services import record, seal_events
from clinic.core import clock, guards
from clinic.staff import services as staff
from tests.factories.patients import PatientAllergyFactory, PatientFactory, PatientMedicineFactory
from tests.factories.people import PractitionerFactory
from treatments.reminders.models import MedicineDecision

TABLE = AuditEvent._meta.db_table
START = datetime(2026, 11, 2, 8, tzinfo=UTC)


def some_events(number, by=None):
    for step in range(number):
        record(
            by=by,
            action=Action.VIEW,
            subject="registry.Patient",
            patient_id=step % 7,
            fields=["phone", "email"],
            at=START + timedelta(seconds=step),
        )


def test_an_act_and_its_event_stand_or_fall_together(administrator, clinic_row):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        staff.update_clinic(by=administrator, name="Clínica Luz")
        raise ZeroDivisionError
    clinic_row.refresh_from_db()
    assert clinic_row.name == "Clínica Aurora"
    assert not AuditEvent.objects.filter(action=Action.CHANGE).exists()


def test_no_event_no_act(administrator, clinic_row, monkeypatch):
    def full(*args, **kwargs):
        raise DatabaseError

    monkeypatch.setattr(AuditEvent, "save", full)
    with pytest.raises(DatabaseError):
        staff.update_clinic(by=administrator, name="Clínica Luz")
    clinic_row.refresh_from_db()
    assert clinic_row.name == "Clínica Aurora"


def test_a_page_whose_event_cannot_be_written_is_not_shown(administrator, clinic_row, client_of, monkeypatch):
    client = client_of(administrator)
    client.raise_request_exception = False
    monkeypatch.setattr(AuditEvent, "save", lambda *args, **kwargs: 1 / 0)
    assert client.get(reverse("staff:audit")).status_code == 500


@pytest.mark.parametrize(
    "attack",
    [
        lambda: AuditEvent.objects.update(actor_id=None),
        lambda: AuditEvent.objects.first().delete(),
        lambda: AuditEvent.objects.all().delete(),
        lambda: AuditEvent.objects.filter(pk__gt=0)._raw_delete("default"),
        lambda: AuditEvent.objects.bulk_update(AuditEvent.objects.all(), ["mac"]),
        lambda: sql(f"UPDATE {TABLE} SET action = 'view'"),
        lambda: sql(f"DELETE FROM {TABLE}"),
        lambda: sql(f"UPDATE {AuditSeal._meta.db_table} SET digest = ''"),
        lambda: sql(f"DELETE FROM {AuditSeal._meta.db_table}"),
    ],
)
def test_the_database_refuses_to_change_or_delete(db, attack):
    some_events(3)
    seal_events()
    with pytest.raises(DatabaseError, match="_never_"), transaction.atomic():
        attack()
    assert queries.broken() == []


def test_the_trail_is_not_emptied_at_a_stroke_either(db):
    if connection.vendor == "sqlite":
        return  # it has no TRUNCATE, and DELETE is refused above
    with pytest.raises(DatabaseError, match="_never_truncated"), transaction.atomic():
        sql("SET LOCAL nappage.may_truncate = 'no'")
        sql(f"TRUNCATE {TABLE}")


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def unguarded(db):
    """The database of an attacker who switched the guards off."""
    guards.remove_triggers()
    yield
    guards.install()


MEDDLERS = {
    "actor": lambda event, dice: {"actor_id": dice.randrange(1000, 2000)},
    "action": lambda event, dice: {"action": Action.LIST},
    "patient": lambda event, dice: {"patient_id": 100 + event.pk},
    "time": lambda event, dice: {"at": event.at + timedelta(microseconds=1)},
    "fields": lambda event, dice: {"fields": event.fields[:1]},
    "row": lambda event, dice: {"subject_id": "1"},
    "address": lambda event, dice: {"address": "10.0.0.1"},
    "request": lambda event, dice: {"request_id": "f" * 32},
    "roles": lambda event, dice: {"actor_roles": "administrator"},
    "mac": lambda event, dice: {"mac": event.mac[::-1]},
}


def change(dice, events):
    event = dice.choice(events)
    meddle = dice.choice(list(MEDDLERS.values()))
    AuditEvent.objects.filter(pk=event.pk).update(**meddle(event, dice))


def delete(dice, events):
    AuditEvent.objects.filter(pk=dice.choice(events).pk).delete()


def swap(dice, events):
    """Two events change places, each with its own valid digest."""
    one, other = dice.sample(events, 2)
    AuditEvent.objects.filter(pk__in=[one.pk, other.pk]).delete()
    one.pk, other.pk = other.pk, one.pk
    AuditEvent.objects.bulk_create([one, other])


def cut_the_end(dice, events):
    """The last events go, and the seals over them too."""
    first = dice.choice(events).pk
    AuditEvent.objects.filter(pk__gte=first).delete()
    AuditSeal.objects.filter(last_id__gte=first).delete()


def forge(dice, events):
    """An event that never was, with the digest of another."""
    event = dice.choice(events)
    event.pk = max(row.pk for row in events) + 1
    event.patient_id = 999
    event.save(force_insert=True)


def slip_in(dice, events):
    """A true event once more, between the sealed ones."""
    gap = dice.choice(events[:-1])
    AuditEvent.objects.filter(pk=gap.pk).delete()
    copy = dice.choice([event for event in events if event.pk != gap.pk])
    copy.pk = gap.pk
    copy.save(force_insert=True)


@pytest.mark.slow
def test_a_thousand_manipulations_are_found(unguarded):
    some_events(30)
    for part in range(3):
        seal_events(at=START + timedelta(seconds=10 * (part + 1) + 60))
    assert AuditSeal.objects.count() == 3
    assert queries.broken() == []
    dice, found = random.Random(20261122), 0
    for _number in range(1000):
        with transaction.atomic():
            dice.choice([change, delete, swap, cut_the_end, forge, slip_in])(
                dice, list(AuditEvent.objects.order_by("pk"))
            )
            found += bool(queries.broken())
            transaction.set_rollback(True)
    assert found == 1000
    assert queries.broken() == []


def test_the_command_says_what_is_wrong(unguarded, capsys):
    some_events(3)
    seal_events()
    call_command("verify_audit")
    assert "whole" in capsys.readouterr().out
    AuditEvent.objects.order_by("pk").first().delete()
    with pytest.raises(CommandError, match="not what was sealed"):
        call_command("verify_audit")


def test_without_the_key_no_digest_can_be_made(unguarded, settings):
    some_events(1)
    settings.AUDIT_KEY = "another key"
    assert len(queries.broken()) == 1


def test_an_event_in_another_zone_is_the_same_event(db):
    from zoneinfo import ZoneInfo

    record(by=None, action=Action.VIEW, subject="x", at=START.astimezone(ZoneInfo("Asia/Kathmandu")))
    assert queries.broken() == []


def test_seals_follow_each_other_without_gap_also_when_the_clock_jumps(db):
    """Events carry the time of their act; two workers' clocks and order of ids may disagree."""
    for seconds in (0, 50, 10, 40, 20, 30):
        record(by=None, action=Action.VIEW, subject="x", at=START + timedelta(seconds=seconds))
    for seconds in range(60, 131, 5):
        seal_events(at=START + timedelta(seconds=seconds))
        assert queries.broken() == []
    assert sum(AuditSeal.objects.values_list("count", flat=True)) == 6


def test_what_is_fresh_waits_and_nothing_is_sealed_twice(db):
    some_events(2)
    assert seal_events(at=START + timedelta(seconds=30)) is None
    assert seal_events(at=START + timedelta(seconds=120)).count == 2
    assert seal_events(at=START + timedelta(seconds=180)) is None


def test_the_trail_holds_names_of_fields_and_never_their_values(administrator, practitioner, clinic_row):
    staff.edit_person(
        user=practitioner, full_name="Secret Name", qualification="Secret", colour="#000000", by=administrator
    )
    event = AuditEvent.objects.get(action=Action.CHANGE)
    assert event.fields == ["colour", "full_name", "qualification"]
    assert "Secret" not in str(AuditEvent.objects.values())


# The page


def test_the_page_finds_by_person_patient_action_and_day(administrator, clinic_row, client_of, madrid):
    ana, luis = PractitionerFactory(full_name="Ana"), PractitionerFactory(full_name="Luis")
    patient = PatientFactory()
    midnight = clock.day_bounds(date(2026, 3, 30))[0]
    record(by=ana, action=Action.VIEW, subject=patient, patient_id=patient.pk, at=midnight - timedelta(seconds=1))
    record(by=luis, action=Action.CHANGE, subject=patient, patient_id=patient.pk, at=midnight)
    record(by=luis, action=Action.EXPORT, subject="registry.Patient", at=midnight + timedelta(hours=1))
    client = client_of(administrator)

    def found(**filters):
        page = client.get(reverse("staff:audit"), filters).context["page"]
        return [event.action for event in page if event.action not in {Action.SIGN_IN, Action.LIST}]

    assert found(person=ana.pk) == [Action.VIEW]
    assert found(patient=patient.number.lower()) == [Action.CHANGE, Action.VIEW]
    assert found(action="export") == [Action.EXPORT]
    assert found(first="2026-03-29", last="2026-03-29") == [Action.VIEW], "the clinic's day, over the change of clocks"
    assert found(first="2026-03-30", last="2026-03-30") == [Action.EXPORT, Action.CHANGE]
    assert patient.number in client.get(reverse("staff:audit"), {"person": ana.pk}).content.decode()


def test_the_page_does_not_tell_what_the_clinical_record_holds(administrator, clinic_row, client_of, practitioner):
    """That there is a row about an allergy, or a decision about a blood thinner, is clinical by itself."""
    patient = PatientFactory()
    rows = [PatientAllergyFactory, PatientMedicineFactory]
    subjects = [make(patient=patient, recorded_by=practitioner) for make in rows]
    decision = MedicineDecision(pk=7)
    for subject in subjects:
        record(by=practitioner, action=Action.CREATE, subject=subject, patient_id=patient.pk, fields=["allergen"])
    client = client_of(administrator)
    record(by=practitioner, action=Action.CHANGE, subject=subjects[0], patient_id=patient.pk, fields=["stopped_on"])
    changed = rows_of_the_page(client)[0]
    record(by=practitioner, action=Action.DECIDE, subject=decision, patient_id=patient.pk, fields=["decision"])
    decided = rows_of_the_page(client)[0]
    assert decided == changed
    assert patient.number in decided
    text = " ".join(rows_of_the_page(client))
    for word in ("allerg", "medicine", "decid", "decision", "stopped"):
        assert word not in text.lower()
    assert "decide" not in dict(client.get(reverse("staff:audit")).context["form"].fields["action"].choices)


def rows_of_the_page(client) -> list[str]:
    """What the table says of acts on patients, newest first, without its times."""
    table = client.get(reverse("staff:audit")).content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    rows = re.sub(r"<time.*?</time>", "", table).split("</tr>")
    lines = [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]
    return [line for line in lines if "clinical" in line or "patient" in line.lower()]


@pytest.mark.parametrize(
    "query",
    [
        {"person": "9" * 30},
        {"person": "x"},
        {"patient": "' OR 1=1 --"},
        {"patient": "X" * 500},
        {"action": "nothing"},
        {"first": "0001-01-01"},
        {"last": "9999-12-31"},
        {"first": "03/04/2026"},
        {"page": "-1"},
        {"page": "1" * 40},
        {"page": "\u0661"},
    ],
)
def test_odd_filters_are_answered_calmly(administrator, clinic_row, client_of, query):
    assert client_of(administrator).get(reverse("staff:audit"), query).status_code == 200


def test_a_page_of_the_trail_costs_the_same_with_few_and_many(administrator, clinic_row, client_of):
    client = client_of(administrator)

    def count():
        with CaptureQueriesContext(connection) as counted:
            client.get(reverse("staff:audit"))
        return len(counted)

    patient = PatientFactory()
    record(by=administrator, action=Action.VIEW, subject=patient, patient_id=patient.pk)
    count()
    few = count()
    people = PractitionerFactory.create_batch(5)
    patients = PatientFactory.create_batch(30)
    for number, patient in enumerate(patients * 5):
        record(by=people[number % 5], action=Action.VIEW, subject=patient, patient_id=patient.pk)
    assert count() == few


def test_reading_the_trail_is_in_the_trail(administrator, clinic_row, client_of):
    client_of(administrator).get(reverse("staff:audit"))
    assert AuditEvent.objects.filter(actor_id=administrator.pk, action=Action.LIST).count() == 1
