"""What the screens of the stock show, each fetched whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet
from django.shortcuts import get_object_or_404

from clinic.core import clock
from clinic.core.text import fold
from treatments.catalogue.models import Ingredient, Product
from treatments.stock import shelf
from treatments.stock.enums import LotState, MovementKind
from treatments.stock.models import Lot, Movement, StockSettings


def warn_days() -> int:
    """How many days before its expiry the clinic wants to look at a lot."""
    return (StockSettings.objects.first() or StockSettings()).warn_days


def lots(*, state: str = LotState.SHELF, typed: str = "", on: date) -> list[Lot]:
    """The list of lots, first expiry first: those whose ingredient, number, product or supplier hold every word."""
    rows = {
        LotState.SHELF: Lot.objects.current(),
        LotState.SOON: expiring_lots(on, warn_days()),
        LotState.OPEN: Lot.objects.current().filter(opened_at__isnull=False),
        LotState.QUARANTINE: Lot.objects.current().filter(quarantined=True),
        LotState.RETIRED: Lot.objects.filter(retired_at__isnull=False),
    }[LotState(state)].select_related("ingredient", "product")
    words = fold(typed).split()
    return [row for row in rows if not words or all(word in _text(row) for word in words)]


def get_lot(lot_id: int) -> Lot:
    return get_object_or_404(Lot.objects.select_related("ingredient", "product", "received_by"), pk=lot_id)


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


def lots_in_date(ingredient_ids: Iterable[int], on: date) -> dict[int, list[Lot]]:
    """By ingredient, what can be used on a day: first expiry first. [] where there is none."""
    found = {ingredient_id: [] for ingredient_id in ingredient_ids}
    lots = Lot.objects.current().filter(ingredient__in=found, quarantined=False, expires_on__gte=on)
    for lot in lots.order_by("expires_on", "received_on", "pk"):
        found[lot.ingredient_id].append(lot)
    return found


def ledger_of(lot: Lot) -> list[Movement]:
    """Everything that came and went, in order; each with `balance_ml`, what was left then (None: not counted)."""
    rows, balance = list(lot.movements.select_related("by")), Decimal(0)
    counted = False
    for row in rows:
        counted = counted or row.kind in {MovementKind.RECEIVED, MovementKind.COUNTED}
        balance += row.volume_ml
        row.balance_ml = balance if counted else None
    return rows


def taken_by(session_id: int) -> list[Movement]:
    """What a session took from each lot and did not give back: one line a component, with `taken_ml`."""
    rows = Movement.objects.filter(session_id=session_id).select_related("lot__ingredient").order_by("pk")
    sums: dict[str, Movement] = {}
    for row in rows:
        first = sums.setdefault(row.what, row)
        first.taken_ml = getattr(first, "taken_ml", Decimal(0)) - row.volume_ml
    return [row for row in sums.values() if row.taken_ml]


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


def expiring_lots(on: date, days: int) -> QuerySet[Lot]:
    """Lots on the shelf that expire within `days`, or have: what the panel asks somebody to look at."""
    soon = Lot.objects.current().filter(expires_on__lte=on + timedelta(days=days))
    return soon.select_related("ingredient", "product").order_by("expires_on", "pk")


@dataclass(frozen=True)
class ToDo:
    """What the shelf asks for: each lot once, where it presses most."""

    expired: list[Lot]
    late_vials: list[Lot]
    quarantined: list[Lot]
    soon: list[Lot]
    low: list[tuple[Product, Decimal]]


def to_do(at: datetime, days: int) -> ToDo:
    today = clock.local(at).date()
    pressing = Q(expires_on__lte=today + timedelta(days=days)) | Q(open_until__lte=at) | Q(quarantined=True)
    found = ToDo([], [], [], [], low_products(today))
    for lot in Lot.objects.current().filter(pressing).select_related("ingredient", "product"):
        if lot.expires_on < today:
            found.expired.append(lot)
        elif lot.quarantined:
            found.quarantined.append(lot)
        elif lot.open_until and lot.open_until <= at:
            found.late_vials.append(lot)
        else:
            found.soon.append(lot)
    return found


def low_products(on: date) -> list[tuple[Product, Decimal]]:
    """Products of which less can be used than the clinic wants to have, with how much that is, in mL.

    What is expired or in quarantine does not count; where a lot was never counted, nobody can tell.
    """
    left = _left_of_products(on)
    wanted = Product.objects.current().filter(minimum_ml__isnull=False).order_by("name", "pk")
    return [
        (product, amount)
        for product in wanted
        if (amount := left.get(product.pk, Decimal(0))) is not None and amount < product.minimum_ml
    ]


def _left_of_products(on: date) -> dict[int, Decimal | None]:
    """None where a lot was never counted."""
    found = {}
    usable = Lot.objects.current().filter(product__isnull=False, quarantined=False, expires_on__gte=on)
    for key, balance_ml in usable.values_list("product_id", "balance_ml"):
        known = found.get(key, Decimal(0))
        found[key] = None if known is None or balance_ml is None else known + balance_ml
    return found


def ingredients_to_receive() -> QuerySet[Ingredient]:
    """What a delivery may be of, grouped by class in the form."""
    return (
        Ingredient.objects.current()
        .filter(ingredient_class__enabled=True)
        .select_related("ingredient_class")
        .order_by("ingredient_class__name", "name")
    )


def _text(lot: Lot) -> str:
    words = (lot.ingredient.name, lot.number, lot.product_name, lot.supplier, lot.invoice_number, lot.location)
    return fold(" ".join(words))


def products_to_receive() -> QuerySet[Product]:
    enabled = Product.objects.current().filter(ingredient__ingredient_class__enabled=True)
    return enabled.filter(ingredient__retired_at__isnull=True).select_related("ingredient").order_by("name", "pk")


def product_of_code(gtin: str) -> Product | None:
    """The product whose box carries the number (14 digits)."""
    return products_to_receive().filter(gtin=gtin).first() if gtin else None
