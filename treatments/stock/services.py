"""The only writers of the stock."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from treatments.catalogue.models import Ingredient
from treatments.stock.models import Lot


@transaction.atomic
def receive_lot(
    *,
    ingredient: Ingredient,
    number: str,
    expires_on: date,
    supplier: str = "",
    product_name: str = "",
    received_on: date | None = None,
    by,
    at=None,
) -> Lot:
    """Puts a delivery on the shelf. The same number of the same ingredient is one lot, however it is written."""
    at = at or clock.now()
    arrived = received_on or clock.local(at).date()
    if ingredient.retired_at:
        raise Refused(_("This ingredient is retired."), field="ingredient")
    if expires_on < arrived:
        raise Refused(_("This lot had expired when it arrived."), field="expires_on")
    try:
        with transaction.atomic():
            lot = Lot.objects.create(
                ingredient=ingredient,
                number=number,
                expires_on=expires_on,
                supplier=supplier,
                product_name=product_name,
                received_on=arrived,
                received_by=by,
            )
    except IntegrityError as error:
        raise Refused(_("This lot of the ingredient is here already."), field="number") from error
    record(by=by, action=Action.CREATE, subject=lot, at=at)
    return lot


@transaction.atomic
def quarantine_lot(*, lot: Lot, reason: str, by, at=None) -> None:
    """Sets a lot aside: it cannot be used until it is released."""
    values = {"quarantined": True, "quarantine_reason": given(reason)}
    if not Lot.objects.current().filter(pk=lot.pk, quarantined=False).update(**values):
        raise Conflict(_("This lot is in quarantine already, or off the shelf."))
    record(by=by, action=Action.CHANGE, subject=lot, fields=list(values), at=at)


@transaction.atomic
def release_lot(*, lot: Lot, by, at=None) -> None:
    values = {"quarantined": False, "quarantine_reason": ""}
    if not Lot.objects.current().filter(pk=lot.pk, quarantined=True).update(**values):
        raise Conflict(_("This lot is not in quarantine."))
    record(by=by, action=Action.CHANGE, subject=lot, fields=list(values), at=at)


@transaction.atomic
def retire_lot(*, lot: Lot, reason: str, by, at=None) -> None:
    """Takes a lot off the shelf for good: used up, expired, recalled, broken."""
    at = at or clock.now()
    if not Lot.objects.current().filter(pk=lot.pk).update(retired_at=at, retire_reason=given(reason)):
        raise Conflict(_("This lot is off the shelf already."))
    record(by=by, action=Action.RETIRE, subject=lot, at=at)
