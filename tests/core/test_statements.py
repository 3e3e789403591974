"""Statements in one round trip are one transaction, and write what the ORM would."""

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core import clock
from clinic.core.statements import inserting, run

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = "SELECT count(*), %s FROM audit_auditevent", ["counted"]


def event(**about) -> AuditEvent:
    return AuditEvent(at=clock.now(), action=Action.SEND, subject_type="x.Y", fields=["a", "b"], mac="0" * 64, **about)


def test_the_last_ones_answer():
    assert run(inserting(event()), inserting(event()), COUNT, wait=False) == (2, "counted")
    assert run(inserting(event())) is None
    assert run(("SELECT 1 WHERE 1 = 0", [])) is None


def test_all_or_none():
    with pytest.raises(DatabaseError):
        run(inserting(event()), inserting(event(subject_id="7")), ("SELECT nothing FROM nowhere", []))
    assert AuditEvent.objects.count() == 0


def test_a_row_as_the_orm_writes_it():
    row = event(actor_id=7, patient_id=8, address="2001:db8::1", subject_id="100 %s")
    run(inserting(row))
    row.save(force_insert=True)
    ours, djangos = AuditEvent.objects.order_by("pk").values()
    assert ours | {"id": None} == djangos | {"id": None}


def test_one_round_trip_on_postgresql():
    with CaptureQueriesContext(connection) as captured:
        run(inserting(event()), COUNT, wait=False)
    said = [query["sql"] for query in captured]
    if connection.vendor == "postgresql":
        assert len(said) == 1 and said[0].startswith("SET LOCAL synchronous_commit TO off; INSERT")
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
    else:
        assert len([sql for sql in said if sql.startswith(("INSERT", "SELECT"))]) == 2
