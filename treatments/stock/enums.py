from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class LotState(TextChoices):
    """Which lots the list shows."""

    SHELF = "shelf", _("On the shelf")
    SOON = "soon", _("Expire soon, or expired")
    OPEN = "open", _("With an open vial")
    QUARANTINE = "quarantine", _("In quarantine")
    RETIRED = "retired", _("Taken off the shelf")


class MovementKind(TextChoices):
    """Why the amount of a lot changed."""

    RECEIVED = "received", _("Received")
    COUNTED = "counted", _("Counted")
    WASTED = "wasted", _("Thrown away")
    EXPIRED = "expired", _("Expired")
    TAKEN = "taken", _("Taken for a session")
    GIVEN_BACK = "given_back", _("Given back by a voided session")
