"""Fifty sessions are signed at one moment, and the vial holds enough for five."""

from decimal import Decimal

import pytest
from django.db import connection

from clinic.core.errors import Refused
from tests.charting.drafts import Kit
from tests.factories.patients import PatientFactory, asked
from tests.factories.people import PractitionerFactory
from tests.scheduling.racing import at_once
from treatments.charting.enums import SessionStatus
from treatments.charting.models import TreatmentSession
from treatments.charting.services import void_session
from treatments.stock import queries
from treatments.stock.models import Lot, Movement

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SIGNINGS, HOLDS = 50, 5


@pytest.fixture
def kit(transactional_db, clinic_row, madrid):
    """Each session takes 2.5 mL of either lot; the first lot was counted and holds five times that."""
    kit = Kit(PractitionerFactory())
    holds = HOLDS * Decimal("2.5")
    Movement.objects.create(
        lot=kit.lots[0], kind="received", volume_ml=holds, at="2026-01-05T09:00Z", by=kit.practitioner
    )
    Lot.objects.filter(pk=kit.lots[0].pk).update(balance_ml=holds)
    return kit


def signer(kit, session):
    def sign():
        try:
            return kit.sign(session)
        except Refused as refusal:
            return refusal

    return sign


def test_fifty_signings_of_the_last_vial(kit):
    sessions = [kit.start(kit.content(), patient=asked(PatientFactory())) for _ in range(SIGNINGS)]
    results = at_once([signer(kit, session) for session in sessions])
    signed = [result for result in results if isinstance(result, TreatmentSession)]
    refused = [result for result in results if isinstance(result, Refused)]
    print(f"\n{connection.vendor}: {len(signed)} of {SIGNINGS} signed, {len(refused)} refused")
    assert (len(signed), len(refused)) == (HOLDS, SIGNINGS - HOLDS), results
    assert TreatmentSession.objects.filter(status=SessionStatus.SIGNED).count() == HOLDS
    lot, uncounted = Lot.objects.order_by("pk")
    assert (lot.balance_ml, uncounted.balance_ml) == (0, None)
    assert Movement.objects.filter(kind="taken").count() == 2 * HOLDS
    assert not queries.wrong_balances()


def test_one_signing_twenty_times_and_its_voiding_twenty_times(kit):
    from tests.factories.people import PASSWORD

    session = kit.start(kit.content())
    results = at_once([signer(kit, session)] * 20)
    assert all(isinstance(result, TreatmentSession) for result in results), results
    lot = Lot.objects.get(pk=kit.lots[0].pk)
    assert lot.balance_ml == (HOLDS - 1) * Decimal("2.5")

    def void():
        return void_session(session_id=session.pk, reason="Wrong patient", password=PASSWORD, by=kit.practitioner)

    results = at_once([void] * 20)
    assert sum(isinstance(result, TreatmentSession) for result in results) == 1
    assert all(isinstance(result, TreatmentSession | Refused) for result in results), results
    lot.refresh_from_db()
    assert lot.balance_ml == HOLDS * Decimal("2.5")
    assert Movement.objects.filter(session_id=session.pk).count() == 4
