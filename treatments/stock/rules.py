"""Answers about lots: may this one be used, and how long still?"""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.history.enums import Effect
from treatments.stock.models import Lot
from treatments.stock.queries import SOON_DAYS


def usable(lot: Lot, on: date) -> bool:
    """A lot may be used up to and including its expiry day, unless it is in quarantine or off the shelf."""
    return lot.retired_at is None and not lot.quarantined and lot.expires_on >= on


def expiry(lot: Lot, on: date) -> tuple[Effect | None, str]:
    """How its expiry stands on a day: the weight of the matter, and the word for it."""
    days = (lot.expires_on - on).days
    if days < 0:
        return Effect.STOP, _("Expired")
    if days == 0:
        return Effect.REASON, _("Last day")
    if days <= SOON_DAYS:
        return Effect.REASON, ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}
    return None, _("In date")
