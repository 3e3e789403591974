"""What stands on the shelf: lots of ingredients and products, and the ledger of what came and went."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.models import Retirable
from treatments.catalogue.models import Ingredient, Product
from treatments.stock.enums import MovementKind

ADDS = [MovementKind.RECEIVED, MovementKind.GIVEN_BACK]
TAKES = [MovementKind.WASTED, MovementKind.EXPIRED, MovementKind.TAKEN]
OF_SESSIONS = [MovementKind.TAKEN, MovementKind.GIVEN_BACK]
WITH_REASON = [MovementKind.COUNTED, MovementKind.WASTED]


class Lot(Retirable):
    """A delivery of one ingredient with the maker's lot number; usable up to and including its expiry day.

    `balance_ml` is what is left, always the sum of the lot's movements; None means that nobody ever counted it.
    A vial that was opened has a time of its own: `open_until`, None where nobody says how long it keeps.
    """

    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="lots")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="lots")
    number = models.CharField(_("lot number"), max_length=40)
    expires_on = models.DateField(_("expires on"))
    supplier = models.CharField(_("supplier"), max_length=120, blank=True)
    product_name = models.CharField(_("product"), max_length=120, blank=True)
    invoice_number = models.CharField(_("invoice number"), max_length=60, blank=True)
    location = models.CharField(_("where it stands"), max_length=80, blank=True)
    photo = models.FileField(_("photo"), upload_to="lots/", max_length=120, blank=True, editable=False)
    received_on = models.DateField(_("received on"))
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    balance_ml = models.DecimalField(_("left, mL"), max_digits=11, decimal_places=4, null=True, editable=False)
    opened_at = models.DateTimeField(_("vial opened at"), null=True, editable=False)
    open_until = models.DateTimeField(_("open vial usable until"), null=True, editable=False)
    quarantined = models.BooleanField(_("in quarantine"), default=False)
    quarantine_reason = models.CharField(_("why in quarantine"), max_length=200, blank=True, editable=False)

    class Meta(Retirable.Meta):
        ordering = ["expires_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                "ingredient", Lower("number"), condition=Q(product__isnull=True), name="stock_lot_number_once"
            ),
            models.UniqueConstraint("product", Lower("number"), name="stock_product_lot_number_once"),
            models.CheckConstraint(
                name="stock_never_below_zero", condition=Q(balance_ml__isnull=True) | Q(balance_ml__gte=0)
            ),
            models.CheckConstraint(
                name="stock_open_vial_was_opened", condition=Q(open_until__isnull=True) | Q(opened_at__isnull=False)
            ),
        ]

    def __str__(self):
        return f"lot {self.number}"

    @property
    def opened_shelf_life(self) -> timedelta | None:
        """How long an opened vial keeps: what the product's maker says, else what is known of the ingredient."""
        of_product = self.product.opened_shelf_life_hours if self.product else None
        hours = of_product if of_product is not None else self.ingredient.opened_shelf_life_hours
        return None if hours is None else timedelta(hours=hours)

    @property
    def usable_until(self) -> datetime:
        """The earlier of the end of its expiry day and the end of its open vial."""
        expiry = clock.day_bounds(self.expires_on)[1]
        return min(expiry, self.open_until) if self.open_until else expiry


class Movement(models.Model):
    """One line of a lot's ledger, never changed or removed: how many mL came (+) or went (-), when, by whom and why.

    A session takes and gives back once for each `what`, its own name for the component of a syringe. A count with a
    `what` is nobody's count: it keeps what was given back out of a balance that was counted in between.
    """

    lot = models.ForeignKey(Lot, models.PROTECT, related_name="movements")
    kind = models.CharField(_("what happened"), max_length=10, choices=MovementKind)
    volume_ml = models.DecimalField(_("change, mL"), max_digits=11, decimal_places=4)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    session_id = models.PositiveBigIntegerField(_("session"), null=True)
    what = models.CharField(max_length=120, blank=True)
    submission = models.UUIDField(null=True, unique=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session_id", "kind", "what"], name="stock_session_moves_once"),
            models.CheckConstraint(name="stock_movement_kind_known", condition=Q(kind__in=MovementKind.values)),
            models.CheckConstraint(
                name="stock_movement_direction",
                condition=Q(kind__in=ADDS, volume_ml__gt=0)
                | Q(kind__in=TAKES, volume_ml__lt=0)
                | Q(kind=MovementKind.COUNTED),
            ),
            models.CheckConstraint(
                name="stock_movement_of_session",
                condition=Q(kind__in=OF_SESSIONS, session_id__isnull=False)
                | (~Q(kind__in=OF_SESSIONS) & Q(session_id__isnull=True)),
            ),
            models.CheckConstraint(
                name="stock_movement_has_reason", condition=~Q(kind__in=WITH_REASON) | ~Q(reason="")
            ),
        ]

    def __str__(self):
        return f"{self.kind} of lot {self.lot_id}"


class StockSettings(models.Model):
    """What the clinic says about its stock, in one row: how many days ahead an expiry is worth a look."""

    warn_days = models.PositiveSmallIntegerField(
        _("days before expiry"), default=60, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )

    class Meta:
        constraints = [models.CheckConstraint(name="stock_settings_one_row", condition=Q(pk=1))]

    def __str__(self):
        return "stock settings"
