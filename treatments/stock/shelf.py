"""Whether a lot may be used at a moment, and why not."""

from datetime import datetime

from django.utils.translation import gettext as _

from clinic.core import clock
from treatments.stock.models import Lot


def refusal(lot: Lot, at: datetime) -> str:
    """Why the lot cannot be used at `at`, in one sentence that names it; empty when it can."""
    number = {"number": lot.number}
    if lot.retired_at:
        return _("Lot %(number)s was taken off the shelf.") % number
    if lot.quarantined:
        return _("Lot %(number)s is in quarantine.") % number
    if lot.expires_on < clock.local(at).date():
        return _("Lot %(number)s is out of date.") % number
    if lot.open_until and lot.open_until <= at:
        return _("The open vial of lot %(number)s is past its time: throw away what is left in it.") % number
    if lot.balance_ml == 0:
        return _("Lot %(number)s is used up.") % number
    return ""
