"""What stands on the shelf: lots of ingredients."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable
from treatments.catalogue.models import Ingredient


class Lot(Retirable):
    """A delivery of one ingredient with the maker's lot number; usable up to and including its expiry day."""

    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="lots")
    number = models.CharField(_("lot number"), max_length=40)
    expires_on = models.DateField(_("expires on"))
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    product_name = models.CharField(_("product"), max_length=120, blank=True)
    received_on = models.DateField(_("received on"))
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    quarantined = models.BooleanField(_("in quarantine"), default=False)
    quarantine_reason = models.CharField(_("why in quarantine"), max_length=200, blank=True, editable=False)

    class Meta(Retirable.Meta):
        ordering = ["expires_on", "pk"]
        constraints = [models.UniqueConstraint("ingredient", Lower("number"), name="stock_lot_number_once")]

    def __str__(self):
        return f"lot {self.number}"
