from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from clinic.core import clock
from tests.factories.patients import PatientFactory
from tests.factories.treatments import (
    ApprovedVersionFactory,
    AreaFactory,
    LotFactory,
    SessionFactory,
    TechniqueFactory,
)
from treatments.charting.models import Injection, Preparation, PreparationLot, TreatmentSession
from treatments.recall import receipts
from treatments.stock.models import Lot

TREATED = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


@pytest.fixture
def version(db):
    return ApprovedVersionFactory(formulation__name="Thigh mix")


@pytest.fixture
def lot(version):
    """A lot of the recipe's first ingredient."""
    return LotFactory(number="BAD1", ingredient=version.lines.first().ingredient)


@pytest.fixture
def give(version, practitioner):
    """give(lot): a signed session at which the lot was injected, written past the services."""

    def give(lot: Lot, *, patient=None, status="signed", at=TREATED, number="", area="Thigh", side="left", points=10):
        session = SessionFactory(patient=patient or PatientFactory(), practitioner=practitioner, started_at=at)
        line = version.lines.get(ingredient=lot.ingredient)
        preparation = Preparation.objects.create(
            session=session, position=1, version=version, volume_ml=5, number=number
        )
        PreparationLot.objects.create(preparation=preparation, line=line, lot=lot)
        Injection.objects.create(
            session=session,
            preparation=preparation,
            area=AreaFactory(key=area.lower(), name=area),
            side=side,
            technique=TechniqueFactory(key="nappage"),
            depth_mm=3,
            volume_ml=Decimal("0.05"),
            count=points,
        )
        sign(session)
        if status == "voided":
            void(session)
        return session

    return give


def sign(session) -> None:
    signed = {"signed_at": session.started_at, "signed_by": session.practitioner, "signed_name": "A"}
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="signed", content_hash="0" * 64, signature="0" * 64, **signed
    )


def void(session) -> None:
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="voided", voided_at=clock.now(), voided_by=session.practitioner, void_reason="Wrong patient"
    )


@pytest.fixture
def subject(lot):
    return receipts.find_subject("lot", lot.pk)


@pytest.fixture
def draft_with(version, practitioner):
    """draft_with(lot): an open session whose draft names the lot."""

    def make(lot, **session):
        syringe = {"id": "p1", "version_id": version.pk, "volume_ml": "5", "lots": {"1": lot.pk}}
        return SessionFactory(practitioner=practitioner, draft={"preparations": [syringe]}, **session)

    return make


def later(hours: int) -> datetime:
    return TREATED + timedelta(hours=hours)
