from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class LotState(TextChoices):
    """Which lots the list shows."""

    SHELF = "shelf", _("On the shelf")
    SOON = "soon", _("Expire within 60 days, or expired")
    QUARANTINE = "quarantine", _("In quarantine")
    RETIRED = "retired", _("Taken off the shelf")
