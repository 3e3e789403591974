"""The bench's millions, a few of them: whole sessions, and a bad lot that can be traced."""

import pytest

from clinic.core import clock, guards
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import ApprovedVersionFactory, AreaFactory, TechniqueFactory
from treatments.charting.models import Injection, PreparationLot, TreatmentSession
from treatments.demo.bench import injections
from treatments.recall.receipts import find_subject, received
from treatments.stock.models import Lot


@pytest.mark.django_db(transaction=True)
def test_a_bad_lot_is_spread_among_them(clinic_row, monkeypatch):
    monkeypatch.setattr(injections, "BATCH", 7)
    monkeypatch.setattr(injections, "AFFECTED", 4)
    PatientFactory.create_batch(20)
    AreaFactory.create_batch(3)
    TechniqueFactory()
    doctors = PractitionerFactory.create_batch(2)
    injections.fill(injections=160, version=ApprovedVersionFactory(), doctors=doctors, say=print)
    assert TreatmentSession.objects.filter(status="signed").count() == 20
    assert Injection.objects.count() == 160
    assert PreparationLot.objects.count() == 40
    bad = Lot.objects.get(number=injections.BAD_LOT)
    rows, _more = received(find_subject("lot", bad.pk), clock.now())
    assert [row.points for row in rows] == [80] * 4
    assert len({row.patient for row in rows}) == 4
    assert guards.missing() == []
    assert Lot.objects.create(
        ingredient=bad.ingredient, number="NEXT", expires_on=bad.expires_on, received_on=bad.received_on,
        received_by=doctors[0],
    ).pk > bad.pk  # fmt: skip
