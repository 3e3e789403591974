"""The ledger: every amount that moves is a line, the balance is their sum, and a session takes once."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db import IntegrityError, transaction

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.treatments import IngredientFactory, LotFactory
from treatments.stock import queries, services
from treatments.stock.enums import MovementKind
from treatments.stock.models import Lot, Movement
from treatments.stock.services import Taking

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
NOON = datetime(2027, 3, 10, 11, tzinfo=UTC)


@pytest.fixture
def receive(administrator):
    numbers = count()

    def lot(volume_ml="10", **changes):
        values = {
            "ingredient": IngredientFactory(),
            "number": f"R{next(numbers)}",
            "expires_on": date(2030, 1, 31),
            "volume_ml": None if volume_ml is None else Decimal(volume_ml),
            "by": administrator,
            "at": NOON,
        }
        return services.receive_lot(**values | changes)

    return lot


def take(session_id, *takings, by, **when):
    rows = [Taking(lot.pk, Decimal(volume), what) for lot, volume, what in takings]
    services.take_for_session(session_id=session_id, takings=rows, by=by, **{"at": NOON} | when)


def left(lot) -> Decimal | None:
    lot.refresh_from_db()
    return lot.balance_ml


def story(lot) -> list[tuple[str, Decimal]]:
    return [(row.kind, row.volume_ml) for row in lot.movements.all()]


def test_a_session_takes_once_and_gives_back_once(receive, practitioner):
    one, two = receive("10"), receive("5")
    for _again in range(20):
        take(7, (one, "2.5", "1.1"), (two, "0.1", "1.2"), (one, "0.2", "2.1"), by=practitioner)
    assert (left(one), left(two)) == (Decimal("7.3"), Decimal("4.9"))
    for _again in range(20):
        services.give_back_for_session(session_id=7, by=practitioner, at=NOON)
    assert (left(one), left(two)) == (10, 5)
    assert story(two) == [("received", 5), ("taken", Decimal("-0.1")), ("given_back", Decimal("0.1"))]
    assert not queries.wrong_balances()
    changed = AuditEvent.objects.filter(subject_type="stock.Lot", action="change", subject_id=str(one.pk))
    assert [event.fields for event in changed] == [["balance_ml"]] * 2


def test_a_count_stands_whatever_is_voided_of_before(receive, practitioner):
    """What was found on the shelf is what is there; only what was taken after the count comes back."""
    lot = receive("10")
    take(7, (lot, "2", "1.1"), (lot, "1", "2.1"), by=practitioner)
    services.count_lot(lot=lot, counted_ml=Decimal(6), seen_ml=left(lot), reason="Month's end", by=practitioner)
    take(8, (lot, "1", "1.1"), by=practitioner)
    for _again in range(2):
        services.give_back_for_session(session_id=7, by=practitioner, at=NOON)
    assert left(lot) == 5
    assert story(lot)[5:] == [("given_back", 2), ("given_back", 1), ("counted", -2), ("counted", -1)]
    services.give_back_for_session(session_id=8, by=practitioner, at=NOON)
    assert left(lot) == 6
    assert not queries.taken_by(7) and not queries.wrong_balances()
    assert queries.ledger_of(lot)[-1].balance_ml == 6


def test_another_amount_under_the_same_name_is_no_repetition(receive, practitioner):
    lot = receive("10")
    take(7, (lot, "2", "1.1"), by=practitioner)
    with pytest.raises(Conflict):
        take(7, (lot, "3", "1.1"), by=practitioner)
    assert left(lot) == 8


def test_too_little_is_refused_whole_and_says_what_is_left(receive, practitioner):
    full, short = receive("10"), receive("0.3")
    with pytest.raises(Refused) as refusal:
        take(7, (full, "1", "1.1"), (short, "0.2", "1.2"), (short, "0.2", "2.2"), by=practitioner)
    assert refusal.value.message == f"Lot {short.number} holds 0.3 mL, and 0.4 mL are needed."
    assert (left(full), left(short)) == (10, Decimal("0.3"))
    assert not Movement.objects.filter(session_id=7).exists()


def test_the_last_drop_can_be_taken(receive, practitioner):
    lot = receive("0.3")
    for session in range(3):
        take(session, (lot, "0.1", "1.1"), by=practitioner)
    assert left(lot) == 0
    with pytest.raises(Refused, match="is used up"):
        take(9, (lot, "0.0001", "1.1"), by=practitioner)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quarantined": True}, "is in quarantine"),
        ({"retired_at": NOON}, "was taken off the shelf"),
        ({"expires_on": NOON.date() - timedelta(days=1)}, "is out of date"),
        ({"opened_at": NOON - timedelta(hours=9), "open_until": NOON}, "is past its time"),
    ],
)
def test_what_cannot_be_used_is_refused(receive, practitioner, changes, message):
    lot = receive("10")
    Lot.objects.filter(pk=lot.pk).update(**changes)
    with pytest.raises(Refused, match=f"{lot.number} {message}"):
        take(7, (lot, "1", "1.1"), by=practitioner)
    assert left(lot) == 10


def test_what_counts_is_when_the_syringe_was_drawn_up(receive, practitioner):
    lot = receive("10", expires_on=NOON.date())
    take(7, (lot, "1", "1.1"), by=practitioner, at=NOON + timedelta(days=3), used_at=NOON)
    assert left(lot) == 9


def test_a_lot_that_was_never_counted_refuses_nothing(receive, practitioner):
    lot = receive(None)
    take(7, (lot, "400", "1.1"), by=practitioner)
    assert left(lot) is None and story(lot) == [("taken", -400)]
    services.give_back_for_session(session_id=7, by=practitioner, at=NOON)
    assert left(lot) is None


def test_a_lot_that_does_not_exist_is_refused(practitioner, receive):
    lot = receive("10")
    with pytest.raises(Refused, match="does not exist"):
        services.take_for_session(
            session_id=1, takings=[Taking(lot.pk, Decimal(1), "a"), Taking(10**12, Decimal(1), "b")], by=practitioner
        )
    assert left(lot) == 10


# What the database itself refuses --------------------------------------------------------------------------------


def refused_by_database(act):
    with pytest.raises(IntegrityError) as error, transaction.atomic():
        act()
    return str(error.value)


def test_the_ledger_is_append_only(receive):
    row = receive("10").movements.get()
    rows = Movement.objects.filter(pk=row.pk)
    assert "never_updated" in refused_by_database(lambda: rows.update(volume_ml=9))
    assert "never_deleted" in refused_by_database(rows.delete)


@pytest.mark.parametrize(
    ("values", "guard"),
    [
        ({"kind": "received", "volume_ml": -1}, "stock_movement_direction"),
        ({"kind": "taken", "volume_ml": 1, "session_id": 1}, "stock_movement_direction"),
        ({"kind": "taken", "volume_ml": -1}, "stock_movement_of_session"),
        ({"kind": "expired", "volume_ml": -1, "session_id": 3}, "stock_movement_of_session"),
        ({"kind": "wasted", "volume_ml": -1}, "stock_movement_has_reason"),
        ({"kind": "lent", "volume_ml": 1}, "stock_movement_"),
    ],
)
def test_no_line_without_sense(values, guard, practitioner):
    lot = LotFactory()
    assert guard in refused_by_database(lambda: Movement.objects.create(lot=lot, by=practitioner, at=NOON, **values))


def test_never_below_zero_and_never_twice(receive, practitioner):
    lot = receive("1")
    assert "stock_never_below_zero" in refused_by_database(
        lambda: Lot.objects.filter(pk=lot.pk).update(balance_ml=Decimal("-0.0001"))
    )
    facts = {"lot": lot, "by": practitioner, "at": NOON, "session_id": 3, "what": "1.1", "volume_ml": -1}
    Movement.objects.create(kind=MovementKind.TAKEN, **facts)
    again = refused_by_database(lambda: Movement.objects.create(kind=MovementKind.TAKEN, **facts))
    assert "session_id" in again or "stock_session_moves_once" in again


def test_a_balance_that_is_not_the_sum_is_found(receive):
    lot = receive("1")
    Lot.objects.filter(pk=lot.pk).update(balance_ml=2)
    (wrong,) = queries.wrong_balances()
    assert (wrong.pk, wrong.balance_ml, wrong.ledger_ml) == (lot.pk, 2, 1)
