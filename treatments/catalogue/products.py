"""Writers of the products that the clinic buys. What a product is made of never changes: add another."""

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from treatments.catalogue.clashes import refusing
from treatments.catalogue.models import Ingredient, Product
from treatments.catalogue.rules import concentration_refusal
from treatments.catalogue.services import edit_term


@transaction.atomic
def add_product(*, ingredient: Ingredient, values: dict, by) -> Product:
    """A product of the clinic's own. `values` are the columns; the licensed areas are a queryset."""
    _check(ingredient, values)
    columns = {name: value for name, value in values.items() if name != "licensed_areas"}
    with refusing(_taken(), field="gtin"):
        product = Product.objects.create(ingredient=ingredient, **columns)
    product.licensed_areas.set(values.get("licensed_areas", ()))
    record(by=by, action=Action.CREATE, subject=product, fields=list(values))
    return product


@transaction.atomic
def edit_product(*, product: Product, values: dict, by, at=None) -> list[str]:
    """Writes what differs, and answers which fields did."""
    _check(product.ingredient, values)
    with refusing(_taken(), field="gtin"):
        return edit_term(term=product, values=values, by=by, at=at)


@transaction.atomic
def retire_product(*, product: Product, reason: str, by, at=None) -> None:
    """No longer offered when a delivery comes in; lots of it stay as they are."""
    _move(product, Action.RETIRE, by, was=True, retired_at=at or clock.now(), retire_reason=given(reason))


@transaction.atomic
def restore_product(*, product: Product, by) -> None:
    _move(product, Action.CHANGE, by, was=False, retired_at=None, retire_reason="")


def _move(product: Product, action: Action, by, *, was: bool, **values) -> None:
    if not Product.objects.filter(pk=product.pk, retired_at__isnull=was).update(**values):
        raise Conflict
    record(by=by, action=action, subject=product, fields=list(values))


def _check(ingredient: Ingredient, values: dict) -> None:
    if message := concentration_refusal(ingredient, values.get("concentration")):
        raise Refused(message, field="concentration")


def _taken() -> str:
    return _("There is a product of this number already; it may be retired.")
