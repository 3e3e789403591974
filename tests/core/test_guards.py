"""The guards stand on the engine in use, and come back after what takes them away."""

import pytest
from django.core.management import call_command
from django.core.management.sql import emit_pre_migrate_signal
from django.db import connection, models

from clinic.audit.models import AuditSeal
from clinic.core import guards
from treatments.catalogue.models import FormulationVersion


def test_every_guard_stands_after_migrating(db):
    assert guards.registered()
    assert guards.missing() == []


def test_a_missing_guard_is_noticed(db, client):
    lost = next(guard for guard in guards.registered() if len(guard.makes(connection.vendor)) > 0)
    with connection.cursor() as cursor:
        for statement in lost.remove[connection.vendor]:
            cursor.execute(statement)
    assert guards.missing() == lost.makes(connection.vendor)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert lost.makes(connection.vendor)[0] in answer.json()["database"]
    guards.install()
    assert guards.missing() == []
    assert client.get("/healthz").status_code == 200


def test_half_a_guard_is_noticed(db):
    if connection.vendor == "postgresql":
        guard = next(guard for guard in guards.registered() if guard.makes("postgresql"))
        loss = f"ALTER TABLE {guard.table} DISABLE TRIGGER {guard.makes('postgresql')[0]}"
    else:
        guard = max(guards.registered(), key=lambda guard: len(guard.makes("sqlite")))
        loss = f"DROP TRIGGER {guard.makes('sqlite')[-1]}"
    with connection.cursor() as cursor:
        cursor.execute(loss)
    assert len(guards.missing()) == 1
    guards.install()
    assert guards.missing() == []


def test_names_fit_both_engines():
    names = [
        name for guard in guards.registered() for vendor in ("sqlite", "postgresql") for name in guard.makes(vendor)
    ]
    assert max(map(len, names)) <= 63


@pytest.mark.django_db(transaction=True)
def test_the_trap_a_rebuilt_table_loses_its_triggers_and_migrating_brings_them_back():
    """SQLite copies a table to alter a column, and the copy has no triggers."""
    old, new = AuditSeal._meta.get_field("digest"), models.CharField(max_length=65)
    new.set_attributes_from_name("digest")
    new.model = AuditSeal
    with connection.schema_editor() as editor:
        editor.alter_field(AuditSeal, old, new)
    lost = guards.missing()
    assert bool(lost) is (connection.vendor == "sqlite"), "the trap is real"
    assert all(name.startswith(AuditSeal._meta.db_table) for name in lost)
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
    with connection.schema_editor() as editor:
        editor.alter_field(AuditSeal, new, old)
    guards.install()
    assert guards.missing() == []


def test_installing_twice_changes_nothing(db):
    guards.install()
    guards.install()
    assert guards.missing() == []


@pytest.mark.django_db(transaction=True)
def test_migrating_rebuilds_a_table_that_another_tables_triggers_name():
    """SQLite refuses to rename a table while a trigger speaks of one that is not there."""
    old, new = FormulationVersion._meta.get_field("change_note"), models.CharField(max_length=301)
    new.set_attributes_from_name("change_note")
    new.model = FormulationVersion
    emit_pre_migrate_signal(verbosity=0, interactive=False, db="default")
    with connection.schema_editor() as editor:
        editor.alter_field(FormulationVersion, old, new)
    call_command("migrate", verbosity=0)
    assert guards.missing() == []
