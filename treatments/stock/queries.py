"""What the screens of the stock show, each fetched whole."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from clinic.core.text import fold
from treatments.catalogue.models import Ingredient
from treatments.stock.enums import LotState
from treatments.stock.models import Lot

SOON_DAYS = 60


def lots(*, state: str = LotState.SHELF, typed: str = "", on: date) -> list[Lot]:
    """The list of lots, first expiry first: those whose ingredient, number, product or supplier hold every word."""
    rows = {
        LotState.SHELF: Lot.objects.current(),
        LotState.SOON: expiring_lots(on),
        LotState.QUARANTINE: Lot.objects.current().filter(quarantined=True),
        LotState.RETIRED: Lot.objects.filter(retired_at__isnull=False),
    }[LotState(state)].select_related("ingredient")
    words = fold(typed).split()
    return [row for row in rows if not words or all(word in _text(row) for word in words)]


def get_lot(lot_id: int) -> Lot:
    return get_object_or_404(Lot.objects.select_related("ingredient", "received_by"), pk=lot_id)


def proposed_lots(ingredient_ids: Iterable[int], on: date) -> dict[int, list[Lot]]:
    """The lots that may be used on a day, by ingredient, first expiry first. One query; [] where there is none."""
    found = {ingredient_id: [] for ingredient_id in ingredient_ids}
    usable = Lot.objects.current().filter(ingredient__in=found, quarantined=False, expires_on__gte=on)
    for lot in usable.select_related("ingredient").order_by("expires_on", "received_on", "pk"):
        found[lot.ingredient_id].append(lot)
    return found


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
