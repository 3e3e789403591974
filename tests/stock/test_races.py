"""Many hands at one shelf: the last vial goes to as many as it holds, on both engines, and what the guards are for."""

import random
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection

from clinic.core.errors import Conflict, Refused
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import IngredientFactory
from tests.scheduling.racing import at_once
from treatments.stock import queries, services
from treatments.stock.models import Lot, Movement
from treatments.stock.services import Taking

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
NOON = datetime(2027, 3, 10, 11, tzinfo=UTC)
HANDS = 50


@pytest.fixture
def doctor(transactional_db, madrid):
    from clinic.staff.models import ClinicProfile

    ClinicProfile.objects.create(pk=1, name="Aurora", phone="+34 910 000 000", time_zone="Europe/Madrid")
    return PractitionerFactory()


def receive(doctor, volume_ml, number="L1") -> Lot:
    return services.receive_lot(
        ingredient=IngredientFactory(),
        number=number,
        expires_on=date(2030, 1, 31),
        volume_ml=Decimal(volume_ml),
        by=doctor,
        at=NOON,
    )


def taker(doctor, session_id, *takings):
    rows = [Taking(lot.pk, Decimal(volume), what) for lot, volume, what in takings]
    return lambda: services.take_for_session(session_id=session_id, takings=rows, by=doctor, at=NOON)


def taken(lot) -> Decimal:
    return -sum(lot.movements.filter(kind="taken").values_list("volume_ml", flat=True))


def assert_ordinary(results):
    assert all(result is None or isinstance(result, Refused) for result in results), results


@pytest.mark.parametrize(
    ("holds", "each", "winners"), [("5", "1", 5), ("0.3", "0.1", 3), ("2", "0.7", 2), ("1", "1", 1)]
)
def test_the_last_vial_goes_to_as_many_as_it_holds(doctor, holds, each, winners):
    lot = receive(doctor, holds)
    results = at_once([taker(doctor, number, (lot, each, "1.1")) for number in range(HANDS)])
    assert_ordinary(results)
    assert results.count(None) == winners
    lot.refresh_from_db()
    print(f"\n{connection.vendor}: {winners} of {HANDS} took {each} of {holds} mL; {lot.balance_ml} mL left")
    assert lot.balance_ml == Decimal(holds) - winners * Decimal(each)
    assert taken(lot) == winners * Decimal(each)
    assert not queries.wrong_balances()


def test_one_signing_sent_twenty_times_takes_once(doctor):
    one, two = receive(doctor, "10"), receive(doctor, "10", "L2")
    job = taker(doctor, 7, (one, "2", "1.1"), (two, "1", "1.2"))
    assert at_once([job] * 20) == [None] * 20
    assert [taken(one), taken(two), Movement.objects.filter(session_id=7).count()] == [2, 1, 2]
    back = at_once([lambda: services.give_back_for_session(session_id=7, by=doctor, at=NOON)] * 20)
    assert back == [None] * 20
    assert [lot.balance_ml for lot in Lot.objects.order_by("pk")] == [10, 10]


def test_crossing_takings_meet_no_deadlock(doctor):
    one, two = receive(doctor, "100"), receive(doctor, "100", "L2")
    pairs = [((one, "1", "1.1"), (two, "1", "1.2")), ((two, "1", "1.1"), (one, "1", "1.2"))]
    assert at_once([taker(doctor, number, *pairs[number % 2]) for number in range(HANDS)]) == [None] * HANDS
    assert [lot.balance_ml for lot in Lot.objects.order_by("pk")] == [50, 50]


def test_a_crowd_that_does_everything_leaves_a_true_ledger(doctor):
    lots, choice = [receive(doctor, "6", f"L{number}") for number in range(3)], random.Random(11)

    def job(number):
        lot, other = choice.sample(lots, 2)
        kind = choice.randrange(5)
        if kind == 0:
            return lambda: services.waste_volume(lot=lot, volume_ml=Decimal("0.4"), reason="Spilt", by=doctor, at=NOON)
        if kind == 1:
            return lambda: services.give_back_for_session(session_id=choice.randrange(number), by=doctor, at=NOON)
        if kind == 2:
            seen = Decimal(6)
            return lambda: services.count_lot(
                lot=lot, counted_ml=Decimal("5.5"), seen_ml=seen, reason="Count", by=doctor, at=NOON
            )
        return taker(doctor, number, (lot, "0.3", "1.1"), (other, "0.5", "1.2"))

    for round_ in range(3):
        assert_ordinary(at_once([job(number) for number in range(1 + round_ * HANDS, 1 + (round_ + 1) * HANDS)]))
        assert not queries.wrong_balances()
        assert all(lot.balance_ml >= 0 for lot in Lot.objects.all())


# The controls ----------------------------------------------------------------------------------------------------


@pytest.fixture
def no_locks(monkeypatch):
    """Everybody has looked before the first one writes: the worst timing."""
    looked = threading.Barrier(HANDS)

    def take(job_lot, session_id, doctor):
        seen = Lot.objects.select_related("ingredient", "product").get(pk=job_lot.pk)
        looked.wait(timeout=30)
        local.lots = {job_lot.pk: seen}
        taker(doctor, session_id, (job_lot, "1", "1.1"))()

    local = threading.local()
    monkeypatch.setattr(services, "_locked", lambda lot_ids: local.lots)
    return take


def test_compare_and_set_alone_loses_nothing(doctor, no_locks):
    lot = receive(doctor, "5")
    results = at_once([lambda number=number: no_locks(lot, number, doctor) for number in range(HANDS)])
    assert results.count(None) == 1 and sum(isinstance(result, Conflict) for result in results) == HANDS - 1
    assert not queries.wrong_balances() and taken(lot) == 1


def test_control_looking_and_then_taking_gives_everybody_the_last_vial(doctor, no_locks, monkeypatch):
    """What the guards are for: without lock and compare-and-set all fifty take of five, and the ledger disagrees."""

    def naive(balances):
        for lot, left in balances.items():
            Lot.objects.filter(pk=lot.pk).update(balance_ml=left)

    lot = receive(doctor, "5")
    monkeypatch.setattr(services, "_set_balances", naive)
    results = at_once([lambda number=number: no_locks(lot, number, doctor) for number in range(HANDS)])
    assert results == [None] * HANDS
    assert taken(lot) == HANDS and [row.pk for row in queries.wrong_balances()] == [lot.pk]


def test_the_database_alone_takes_once_for_a_session(doctor, monkeypatch):
    lot = receive(doctor, "10")
    monkeypatch.setattr(services, "_not_yet_taken", lambda session_id, takings: takings)
    results = at_once([taker(doctor, 7, (lot, "1", "1.1"))] * 20)
    assert results.count(None) == 1 and sum(isinstance(result, IntegrityError) for result in results) == 19
    assert taken(lot) == 1 and not queries.wrong_balances()
