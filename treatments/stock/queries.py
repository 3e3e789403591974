"""What the screens of the stock show, each fetched whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404

from clinic.core.text import fold
from treatments.catalogue.models import Ingredient
from treatments.stock import shelf
from treatments.stock.enums import LotState, MovementKind
from treatments.stock.models import Lot, Movement

SOON_DAYS = 60


def lots(*, state: str = LotState.SHELF, typed: str = "", on: date) -> list[Lot]:
    """The list of lots, first expiry first: those whose ingredient, number, product or supplier hold every word."""
    rows = {
        LotState.SHELF: Lot.objects.current(),
        LotState.SOON: expiring_lots(on),
        LotState.OPEN: Lot.objects.current().filter(opened_at__isnull=False),
        LotState.QUARANTINE: Lot.objects.current().filter(quarantined=True),
        LotState.RETIRED: Lot.objects.filter(retired_at__isnull=False),
    }[LotState(state)].select_related("ingredient")
    words = fold(typed).split()
    return [row for row in rows if not words or all(word in _text(row) for word in words)]


def get_lot(lot_id: int) -> Lot:
    return get_object_or_404(Lot.objects.select_related("ingredient", "received_by"), pk=lot_id)


@dataclass(frozen=True)
class LotOffer:
    """A lot that may be chosen for an ingredient, or that may not and why. `balance_ml` None: never counted."""

    lot: Lot
    balance_ml: Decimal | None
    usable_until: datetime
    is_open: bool
    why_not: str


def proposed_lots(ingredient_ids: Iterable[int], at: datetime) -> dict[int, list[LotOffer]]:
    """The lots on the shelf by ingredient: usable ones first, an open vial before sealed ones, first expiry first.

    One query; [] where there is none. How much is wanted is for the caller to compare with `balance_ml`.
    """
    found = {ingredient_id: [] for ingredient_id in ingredient_ids}
    lots = Lot.objects.current().filter(ingredient__in=found).select_related("ingredient", "product")
    for lot in lots.order_by(F("opened_at").asc(nulls_last=True), "expires_on", "received_on", "pk"):
        why_not = shelf.refusal(lot, at)
        offer = LotOffer(lot, lot.balance_ml, lot.usable_until, lot.opened_at is not None, why_not)
        found[lot.ingredient_id].append(offer)
    return {key: sorted(offers, key=lambda offer: bool(offer.why_not)) for key, offers in found.items()}


def ledger_of(lot: Lot) -> list[Movement]:
    """Everything that came and went, in order; each with `balance_ml`, what was left then (None: not counted)."""
    rows, balance = list(lot.movements.select_related("by")), Decimal(0)
    counted = False
    for row in rows:
        counted = counted or row.kind in {MovementKind.RECEIVED, MovementKind.COUNTED}
        balance += row.volume_ml
        row.balance_ml = balance if counted else None
    return rows


def wrong_balances() -> list[Lot]:
    """Lots whose balance is not the sum of their movements, each with that sum as `ledger_ml`: there must be none."""
    sums = defaultdict(Decimal)
    for lot_id, volume_ml in Movement.objects.values_list("lot_id", "volume_ml").iterator():
        sums[lot_id] += volume_ml
    wrong = []
    for lot in Lot.objects.filter(balance_ml__isnull=False).iterator():
        lot.ledger_ml = sums[lot.pk]
        if lot.ledger_ml != lot.balance_ml:
            wrong.append(lot)
    return wrong


def expiring_lots(on: date) -> QuerySet[Lot]:
    """Lots on the shelf that expire within 60 days, or have: what the panel asks somebody to look at."""
    soon = Lot.objects.current().filter(expires_on__lte=on + timedelta(days=SOON_DAYS))
    return soon.select_related("ingredient").order_by("expires_on", "pk")


def ingredients_to_receive() -> QuerySet[Ingredient]:
    """What a delivery may be of, grouped by class in the form."""
    return (
        Ingredient.objects.current()
        .filter(ingredient_class__enabled=True)
        .select_related("ingredient_class")
        .order_by("ingredient_class__name", "name")
    )


def _text(lot: Lot) -> str:
    return fold(f"{lot.ingredient.name} {lot.number} {lot.product_name} {lot.supplier}")
