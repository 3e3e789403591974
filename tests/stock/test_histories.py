"""Random histories: whatever is done in whatever order, the balance is the sum of the ledger and never below zero."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.core.errors import Refused
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import IngredientFactory
from treatments.stock import queries, services
from treatments.stock.models import Lot, Movement
from treatments.stock.services import Taking

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
NOON = datetime(2027, 3, 10, 11, tzinfo=UTC)

amounts = st.integers(1, 60_000).map(lambda n: Decimal(n) / 10_000)
shelves = st.integers(0, 1)
takings = st.lists(st.tuples(shelves, amounts), min_size=1, max_size=3)
acts = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 6), takings),
    st.tuples(st.just("give_back"), st.integers(1, 6)),
    st.tuples(st.just("waste"), shelves, amounts),
    st.tuples(st.just("count"), shelves, amounts),
    st.tuples(st.just("open"), shelves),
    st.tuples(st.just("finish"), shelves, amounts),
    st.tuples(st.just("retire"), shelves),
)


def perform(act, lots, by):
    name, *facts = act
    common = {"by": by, "at": NOON}
    if name == "take":
        session, wanted = facts
        rows = [Taking(lots[shelf].pk, amount, f"1.{place}") for place, (shelf, amount) in enumerate(wanted)]
        return services.take_for_session(session_id=session, takings=rows, **common)
    if name == "give_back":
        return services.give_back_for_session(session_id=facts[0], **common)
    lot = lots[facts[0]]
    lot.refresh_from_db()
    return {
        "waste": lambda: services.waste_volume(lot=lot, volume_ml=facts[1], reason="Spilt", **common),
        "count": lambda: services.count_lot(
            lot=lot, counted_ml=facts[1], seen_ml=lot.balance_ml, reason="Count", **common
        ),
        "open": lambda: services.open_vial(lot=lot, **common),
        "finish": lambda: services.finish_vial(lot=lot, left_ml=facts[1], reason="Late", **common),
        "retire": lambda: services.retire_lot(lot=lot, reason="Gone", **common),
    }[name]()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=amounts | st.none(), history=st.lists(acts, max_size=25))
def test_the_balance_is_the_sum_of_any_history(db, first, history):
    with transaction.atomic():
        doctor = PractitionerFactory()
        lots = [
            services.receive_lot(
                ingredient=IngredientFactory(),
                number=f"L{place}",
                expires_on=date(2030, 1, 31),
                volume_ml=volume,
                by=doctor,
                at=NOON,
            )
            for place, volume in enumerate([first, Decimal(10)])
        ]
        for act in history:
            before = list(Lot.objects.values_list("balance_ml").order_by("pk")), Movement.objects.count()
            try:
                perform(act, lots, doctor)
            except Refused:
                after = list(Lot.objects.values_list("balance_ml").order_by("pk")), Movement.objects.count()
                assert after == before, "what is refused leaves nothing behind"
            assert not queries.wrong_balances()
            assert all(lot.balance_ml is None or lot.balance_ml >= 0 for lot in Lot.objects.all())
        for lot in Lot.objects.filter(balance_ml__isnull=False):
            assert queries.ledger_of(lot)[-1].balance_ml == lot.balance_ml
        call_command("verify_stock")
        transaction.set_rollback(True)


def test_the_command_names_what_is_wrong(capsys):
    by = PractitionerFactory()
    lot = services.receive_lot(
        ingredient=IngredientFactory(), number="L1", expires_on=date(2030, 1, 31), volume_ml=Decimal(5), by=by, at=NOON
    )
    call_command("verify_stock")
    assert "is the sum" in capsys.readouterr().out
    Lot.objects.filter(pk=lot.pk).update(balance_ml=Decimal("4.9999"))
    with pytest.raises(CommandError, match="lot L1 says 4.9999 mL, its ledger 5 mL"):
        call_command("verify_stock")
