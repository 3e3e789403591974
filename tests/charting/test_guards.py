"""What the database itself keeps of a signed session, whatever path a statement takes, on both engines."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, ProtectedError

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN
from tests.charting.test_signing import amend
from tests.factories.patients import PatientFactory
from treatments.catalogue.models import FormulationVersion
from treatments.charting.models import (
    Addendum,
    Injection,
    Preparation,
    PreparationLot,
    SessionDraft,
    TreatmentSession,
)


@pytest.fixture
def signed(kit):
    session = kit.signed()
    amend(session, by=kit.practitioner)
    return session


def refused(act):
    with pytest.raises((IntegrityError, ProtectedError)), transaction.atomic():
        act()


FROZEN = [
    ("patient_id", 10**9),
    ("practitioner_id", 10**9),
    ("started_at", WHEN.replace(year=2025)),
    ("note", "changed"),
    ("reactions", "changed"),
    ("advice", "changed"),
    ("signed_at", WHEN.replace(year=2025)),
    ("signed_by_id", 10**9),
    ("signed_name", "Somebody else"),
    ("signed_role", "changed"),
    ("content_hash", "0" * 64),
    ("signature", "0" * 64),
    ("status", "draft"),
]


@pytest.mark.parametrize(("column", "value"), FROZEN)
def test_no_column_of_a_signed_session_changes_by_any_path(signed, column, value):
    before = TreatmentSession.objects.values().get()

    def save():
        row = TreatmentSession.objects.get()
        setattr(row, column, value)
        row.save()

    def bulk_update():
        row = TreatmentSession.objects.get()
        setattr(row, column, value)
        TreatmentSession.objects.bulk_update([row], [column])

    def raw():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE charting_treatmentsession SET {column} = %s", [value])

    refused(save)
    refused(lambda: TreatmentSession.objects.update(**{column: value}))
    refused(bulk_update)
    refused(raw)
    assert TreatmentSession.objects.values().get() == before


@pytest.mark.parametrize(("column", "value"), FROZEN[:-1])
def test_voiding_changes_nothing_else(signed, column, value):
    voided = {"status": "voided", "voided_at": WHEN, "voided_by": signed.practitioner, "void_reason": "mistake"}
    refused(lambda: TreatmentSession.objects.update(**voided, **{column: value}))
    assert TreatmentSession.objects.update(**voided) == 1


@pytest.mark.parametrize("model", [Preparation, PreparationLot, Injection, Addendum, SessionDraft])
def test_rows_under_a_signed_session_neither_change_nor_go(signed, model):
    table = model._meta.db_table
    key = model._meta.pk.column

    def raw(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    count = model.objects.count()
    refused(lambda: model.objects.first().save())
    refused(lambda: model.objects.update(**{model._meta.pk.attname: F(model._meta.pk.attname)}))
    refused(lambda: model.objects.first().delete())
    refused(lambda: model.objects.all().delete())
    refused(lambda: raw(f"UPDATE {table} SET {key} = {key}"))
    refused(lambda: raw(f"DELETE FROM {table}"))
    assert model.objects.count() == count > 0


def test_nothing_is_added_under_a_signed_session(signed, kit):
    preparation, injection = Preparation.objects.get(), Injection.objects.get()
    lot = PreparationLot.objects.first()

    def again(row, **changes):
        row.pk = None
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    refused(lambda: again(preparation, position=2))
    refused(lambda: again(injection))
    refused(lambda: again(lot, line_id=10**6))
    refused(lambda: Injection.objects.bulk_create([injection]))


def test_the_patient_and_the_session_cannot_be_deleted(signed, kit):
    refused(kit.patient.delete)
    refused(TreatmentSession.objects.get().delete)
    refused(kit.lots[0].delete)

    def raw(table):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")

    refused(lambda: raw("charting_treatmentsession"))


def test_a_session_cannot_become_signed_without_a_signature(kit):
    session = kit.start()
    refused(lambda: TreatmentSession.objects.filter(pk=session.pk).update(status="signed"))


def test_a_voided_session_is_neither_changed_nor_brought_back(signed):
    rows = TreatmentSession.objects
    rows.update(status="voided", voided_at=WHEN, voided_by=F("practitioner"), void_reason="mistake")
    refused(lambda: rows.update(status="signed", voided_at=None, voided_by=None, void_reason=""))
    refused(lambda: rows.update(void_reason="another"))


def test_drafts_are_free_to_change_until_they_are_signed(kit):
    session = kit.start()
    TreatmentSession.objects.filter(pk=session.pk).update(note="free")
    SessionDraft.objects.update(content={"note": "free"})


def test_nothing_is_replaced(signed, kit):
    """SQLite's OR REPLACE deletes what is in its way."""
    if connection.vendor != "sqlite":
        return
    draft = kit.start(kit.content(), patient=PatientFactory())

    def raw(statement):
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def copied(model, **changes):
        columns = [field.column for field in model._meta.concrete_fields]
        values = [changes.get(column, column) for column in columns]
        table = model._meta.db_table
        return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM {table}"

    for statement in [
        copied(TreatmentSession, note="'changed'"),
        copied(TreatmentSession, id=str(signed.pk)),
        copied(Addendum, text="'changed'"),
        copied(Addendum, id="1000 + id", text="'changed'"),
        copied(AuditEvent),
        copied(FormulationVersion, notes="'changed'"),
        f"UPDATE OR REPLACE charting_treatmentsession SET id = {signed.pk} WHERE id = {draft.pk}",
        f"UPDATE OR REPLACE charting_sessiondraft SET session_id = {signed.pk} WHERE session_id = {draft.pk}",
    ]:
        refused(lambda statement=statement: raw(statement))


def test_the_tables_cannot_be_emptied(signed):
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET nappage.may_truncate = 'no'")
        try:
            for table in ("treatmentsession", "sessiondraft", "preparation", "preparationlot", "injection", "addendum"):
                with pytest.raises(DatabaseError, match="never_truncated"), transaction.atomic():
                    cursor.execute(f"TRUNCATE charting_{table} CASCADE")
        finally:
            cursor.execute("SET nappage.may_truncate = 'yes'")
