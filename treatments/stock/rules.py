"""Answers about lots: may this one be used, how long still, and what there is to say about it in a list."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from patients.history.enums import Effect
from treatments.stock.models import Lot


def usable(lot: Lot, on: date) -> bool:
    """A lot may be used up to and including its expiry day, unless it is in quarantine or off the shelf."""
    return lot.retired_at is None and not lot.quarantined and lot.expires_on >= on


def expiry(lot: Lot, on: date, warn_days: int) -> tuple[Effect | None, str]:
    """How its expiry stands on a day: the weight of the matter, and the word for it."""
    days = (lot.expires_on - on).days
    if days < 0:
        return Effect.STOP, _("Expired")
    if days == 0:
        return Effect.REASON, _("Last day")
    if days <= warn_days:
        return Effect.REASON, ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    return None, _("In date")


@dataclass(frozen=True)
class LotLine:
    """A lot as a list shows it. `late`: its open vial is past its time."""

    lot: Lot
    effect: Effect | None
    word: str
    late: bool
    low: bool


def lines(lots, *, at: datetime, warn_days: int, low_products: set[int] = frozenset()) -> list[LotLine]:
    """`low_products`: ids of the products of which less is left than the clinic wants to have."""
    today = clock.local(at).date()
    return [
        LotLine(
            lot,
            *expiry(lot, today, warn_days),
            late=vial_is_late(lot, at),
            low=lot.product_id in low_products and lot.retired_at is None,
        )
        for lot in lots
    ]


def vial_is_late(lot: Lot, at: datetime) -> bool:
    return lot.open_until is not None and lot.open_until <= at
