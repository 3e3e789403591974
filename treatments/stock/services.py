"""The only writers of the stock. An amount moves by a line in the ledger and never otherwise."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from uuid import UUID, uuid4

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Case, DecimalField, Q, Value, When
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, record_each, save_changes
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.fields import format_amount
from clinic.core.text import clean_line
from treatments.catalogue.models import Ingredient, Product
from treatments.stock import shelf
from treatments.stock.enums import MovementKind
from treatments.stock.models import Lot, Movement, StockSettings


@dataclass(frozen=True)
class Taking:
    """What a session takes of one lot. `what` names the component of the syringe: once in a session."""

    lot_id: int
    volume_ml: Decimal
    what: str


@transaction.atomic
def receive_lot(
    *,
    ingredient: Ingredient,
    number: str,
    expires_on: date,
    product: Product | None = None,
    volume_ml: Decimal | None = None,
    supplier: str = "",
    product_name: str = "",
    invoice_number: str = "",
    location: str = "",
    photo: File | None = None,
    received_on: date | None = None,
    submission: UUID | None = None,
    by,
    at=None,
) -> Lot:
    """Puts a delivery on the shelf. The same number of the same ingredient is one lot, however it is written.

    Without `volume_ml` the lot is not counted: nothing of it is ever refused for lack.
    """
    at = at or clock.now()
    arrived = received_on or clock.local(at).date()
    if submission and (known := Movement.objects.filter(submission=submission).select_related("lot").first()):
        return known.lot
    _check_delivery(ingredient, product, number, expires_on, arrived)
    try:
        with transaction.atomic():
            lot = Lot.objects.create(
                ingredient=ingredient,
                product=product,
                number=number,
                expires_on=expires_on,
                supplier=supplier,
                product_name=product.name if product else product_name,
                invoice_number=invoice_number,
                location=location,
                received_on=arrived,
                received_by=by,
            )
    except IntegrityError as error:
        raise Refused(_twice(), field="number") from error
    if volume_ml is not None:
        _move(lot, MovementKind.RECEIVED, volume_ml, balance_ml=volume_ml, by=by, at=at, submission=submission)
    if photo:
        _keep_photo(lot, photo)
    record(by=by, action=Action.CREATE, subject=lot, at=at)
    return lot


def _check_delivery(ingredient, product, number, expires_on, arrived) -> None:
    if ingredient.retired_at:
        raise Refused(_("This ingredient is retired."), field="ingredient")
    if product and product.ingredient_id != ingredient.pk:
        raise Refused(_("This product is of another ingredient."), field="product")
    if expires_on < arrived:
        raise Refused(_("This lot had expired when it arrived."), field="expires_on")
    _check_number(ingredient, product, number)


def _check_number(ingredient: Ingredient, product: Product | None, number: str, besides: Lot | None = None) -> None:
    """One number is one lot of an ingredient, unless both are known to be of different products."""
    same = Lot.objects.filter(ingredient=ingredient, number__iexact=number).exclude(pk=besides and besides.pk)
    if any(lot.product_id is None or product is None or lot.product_id == product.pk for lot in same):
        raise Refused(_twice(), field="number")


@transaction.atomic
def receive_more(
    *, lot: Lot, volume_ml: Decimal, reason: str = "", submission: UUID | None = None, by, at=None
) -> None:
    """Adds another delivery of the same lot, on a delivery note named in `reason`; sent again it adds nothing."""
    lot = _on_the_shelf(lot)
    if submission and Movement.objects.filter(submission=submission).exists():
        return
    if lot.balance_ml is None:
        raise Refused(_("Nobody knows how much there is of this lot: count it instead."))
    _act(lot, MovementKind.RECEIVED, volume_ml, reason=clean_line(reason), submission=submission, by=by, at=at)


@transaction.atomic
def correct_lot(*, lot: Lot, values: dict, by, at=None) -> list[str]:
    """Mends what was typed wrongly when the lot came in; answers which fields differ. The trail keeps who and when."""
    lot = _on_the_shelf(lot)
    if values["expires_on"] < lot.received_on:
        raise Refused(_("This lot had expired when it arrived."), field="expires_on")
    _check_number(lot.ingredient, lot.product, values["number"], besides=lot)
    try:
        with transaction.atomic():
            return save_changes(row=lot, values=values, by=by, at=at)
    except IntegrityError as error:
        raise Refused(_twice(), field="number") from error


@transaction.atomic
def add_photo(*, lot: Lot, photo: File, by, at=None) -> None:
    """Keeps a picture of the box or the delivery note, as made safe by `core.pictures`; a picture is never replaced."""
    (lot,) = _locked({lot.pk}).values()
    if lot.photo:
        raise Conflict(_("This lot has a photo already."))
    _keep_photo(lot, photo)
    record(by=by, action=Action.CHANGE, subject=lot, fields=["photo"], at=at)


def _keep_photo(lot: Lot, photo: File) -> None:
    """Under a name that says nothing, in a folder that nobody is served from."""
    lot.photo.save(f"{uuid4().hex}.jpg", photo, save=False)
    lot.save(update_fields=["photo"])


def _twice() -> str:
    return _("This lot of the ingredient is here already.")


def take_for_session(
    *, session_id: int, takings: Iterable[Taking], by, at: datetime | None = None, used_at: datetime | None = None
) -> None:
    """Takes the amounts of a session, inside the transaction that signs it; the same ones again take nothing.

    Raises Refused, naming the lot and what is left, when a counted lot holds too little or one could not be used at
    `used_at` (when the syringe was drawn up; `at` if it is not said). What was never counted is only written down.
    """
    at = at or clock.now()
    with transaction.atomic():
        takings = list(takings)
        lots = _locked({taking.lot_id for taking in takings})
        new = _not_yet_taken(session_id, takings)
        _check_enough(lots, new, used_at or at)
        amounts = {taking.what: (lots[taking.lot_id], -taking.volume_ml) for taking in new}
        _move_for_session(session_id, MovementKind.TAKEN, amounts, by=by, at=at)


def _move_for_session(session_id: int, kind: MovementKind, amounts: dict[str, tuple[Lot, Decimal]], *, by, at) -> None:
    """Writes what a session moves, in three statements: `amounts` names for each component its lot and the change.

    The lots are held by `_locked`, yet a balance is set only where it still is what was seen; Conflict otherwise.
    """
    changes: dict[int, Decimal] = defaultdict(Decimal)
    lots = {lot.pk: lot for lot, _volume in amounts.values()}
    for lot, volume_ml in amounts.values():
        changes[lot.pk] += volume_ml
    counted = [lot for lot in lots.values() if lot.balance_ml is not None]
    _set_balances({lot: lot.balance_ml + changes[lot.pk] for lot in counted})
    Movement.objects.bulk_create(
        Movement(lot=lot, kind=kind, volume_ml=volume_ml, by=by, at=at, session_id=session_id, what=what)
        for what, (lot, volume_ml) in amounts.items()
    )
    rows = [lots[lot_id] for lot_id in sorted(lots)]
    record_each(by=by, action=Action.CHANGE, subjects=rows, fields=["balance_ml"], at=at)


def _set_balances(balances: dict[Lot, Decimal]) -> None:
    if not balances:
        return
    as_seen = [Q(pk=lot.pk, balance_ml=lot.balance_ml) for lot in balances]
    new = Case(*(When(pk=lot.pk, then=Value(left)) for lot, left in balances.items()), output_field=DecimalField())
    if Lot.objects.filter(reduce(or_, as_seen)).update(balance_ml=new) != len(balances):
        raise Conflict
    for lot, left in balances.items():
        lot.balance_ml = left


def _not_yet_taken(session_id: int, takings: list[Taking]) -> list[Taking]:
    """Raises Conflict when the session has taken something else under the same name."""
    taken = {
        row.what: (row.lot_id, -row.volume_ml)
        for row in Movement.objects.filter(session_id=session_id, kind=MovementKind.TAKEN)
    }
    for taking in takings:
        if taken.get(taking.what, (taking.lot_id, taking.volume_ml)) != (taking.lot_id, taking.volume_ml):
            raise Conflict
    return [taking for taking in takings if taking.what not in taken]


def _check_enough(lots: dict[int, Lot], takings: list[Taking], used_at: datetime) -> None:
    wanted = defaultdict(Decimal)
    for taking in takings:
        wanted[taking.lot_id] += taking.volume_ml
    for lot_id, volume_ml in wanted.items():
        if message := shelf.refusal(lots[lot_id], used_at):
            raise Refused(message)
        _check_left(lots[lot_id], volume_ml)


def _check_left(lot: Lot, volume_ml: Decimal, field: str | None = None) -> None:
    if lot.balance_ml is not None and lot.balance_ml < volume_ml:
        amounts = {"number": lot.number, "left": format_amount(lot.balance_ml), "wanted": format_amount(volume_ml)}
        message = _("Lot %(number)s holds %(left)s mL, and %(wanted)s mL are needed.") % amounts
        raise Refused(message, field=field)


def give_back_for_session(*, session_id: int, by, at=None) -> None:
    """Puts back what a voided session took, inside the transaction that voids it; a second time does nothing.

    A lot that was counted since keeps its balance: what the count found was on the shelf, whatever became of the
    session. The ledger then says both, that it was given back and that the count had settled it.
    """
    at = at or clock.now()
    with transaction.atomic():
        taken = list(Movement.objects.filter(session_id=session_id, kind=MovementKind.TAKEN))
        lots = _locked({row.lot_id for row in taken})
        back = Movement.objects.filter(session_id=session_id, kind=MovementKind.GIVEN_BACK)
        known = set(back.values_list("what", flat=True))
        amounts = {row.what: (lots[row.lot_id], -row.volume_ml) for row in taken if row.what not in known}
        _move_for_session(session_id, MovementKind.GIVEN_BACK, amounts, by=by, at=at)
        _settle([row for row in taken if row.what in amounts], lots, by=by, at=at)


def _settle(taken: list[Movement], lots: dict[int, Lot], *, by, at) -> None:
    """Takes out again what was given back of lots that were counted after it was taken."""
    counts = Movement.objects.filter(lot__in=lots, kind=MovementKind.COUNTED, what="").order_by("pk")
    counted = dict(counts.values_list("lot_id", "pk"))
    for row in taken:
        if counted.get(row.lot_id, 0) > row.pk:
            reason = _("Counted after it was taken: what was found then stays.")
            facts = {"reason": reason, "what": f"{row.session_id}:{row.what}"}
            _move(lots[row.lot_id], MovementKind.COUNTED, row.volume_ml, by=by, at=at, **facts)


def _locked(lot_ids: set[int]) -> dict[int, Lot]:
    """The lots, held until the end of the transaction; always in the order of their ids, so that nobody deadlocks."""
    rows = Lot.objects.select_for_update(of=("self",)).select_related("ingredient", "product")
    lots = {lot.pk: lot for lot in rows.filter(pk__in=lot_ids).order_by("pk")}
    if missing := lot_ids - lots.keys():
        raise Refused(_("A lot that was chosen does not exist.")) from KeyError(*missing)
    return lots


def _move(lot: Lot, kind: MovementKind, volume_ml: Decimal, *, balance_ml: Decimal | None = None, by, at, **facts):
    """Writes a line of the ledger and sets the balance, if that still is what was seen; Conflict if it is not.

    The balance of a lot that was never counted stays unknown until `balance_ml` says what there is.
    """
    if balance_ml is None and lot.balance_ml is not None:
        balance_ml = lot.balance_ml + volume_ml
    if balance_ml is not None:
        if not Lot.objects.filter(pk=lot.pk, balance_ml=lot.balance_ml).update(balance_ml=balance_ml):
            raise Conflict
        lot.balance_ml = balance_ml
    return Movement.objects.create(lot=lot, kind=kind, volume_ml=volume_ml, by=by, at=at, **facts)


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
def count_lot(*, lot: Lot, counted_ml: Decimal, seen_ml: Decimal | None, reason: str, by, at=None) -> None:
    """Writes what a count found. Conflict when the balance is no longer `seen_ml`, which the counter had before them.

    From the first count on the balance is known, whatever was taken before.
    """
    lot = _on_the_shelf(lot)
    if lot.balance_ml != seen_ml:
        raise Conflict(_("Something was taken from this lot meanwhile. Count again."))
    known = seen_ml if seen_ml is not None else sum(lot.movements.values_list("volume_ml", flat=True))
    _act(lot, MovementKind.COUNTED, counted_ml - known, balance_ml=counted_ml, reason=given(reason), by=by, at=at)


@transaction.atomic
def waste_volume(*, lot: Lot, volume_ml: Decimal, reason: str, submission: UUID | None = None, by, at=None) -> None:
    """Writes off what was spilt, broken or thrown away. A form that is sent again writes off nothing."""
    lot = _on_the_shelf(lot)
    if submission and Movement.objects.filter(submission=submission).exists():
        return
    _check_left(lot, volume_ml, field="volume_ml")
    _act(lot, MovementKind.WASTED, -volume_ml, reason=given(reason), submission=submission, by=by, at=at)


@transaction.atomic
def open_vial(*, lot: Lot, by, at=None) -> None:
    """Begins a vial: from now on its time runs, as long as its maker says, or what is known of the ingredient."""
    at = at or clock.now()
    lot = _on_the_shelf(lot)
    if lot.opened_at:
        raise Conflict(_("A vial of this lot is open already."))
    if message := shelf.refusal(lot, at):
        raise Refused(message)
    keeps = lot.opened_shelf_life
    lot.opened_at, lot.open_until = at, None if keeps is None else at + keeps
    lot.save(update_fields=["opened_at", "open_until"])
    record(by=by, action=Action.CHANGE, subject=lot, fields=["opened_at", "open_until"], at=at)


@transaction.atomic
def finish_vial(*, lot: Lot, left_ml: Decimal, reason: str, by, at=None) -> None:
    """Ends the open vial and writes off what was left in it; 0 when it was used up."""
    lot = _on_the_shelf(lot)
    if not lot.opened_at:
        raise Conflict(_("No vial of this lot is open."))
    _check_left(lot, left_ml, field="left_ml")
    lot.opened_at = lot.open_until = None
    lot.save(update_fields=["opened_at", "open_until"])
    if left_ml:
        _act(lot, MovementKind.WASTED, -left_ml, reason=given(reason), by=by, at=at)
    record(by=by, action=Action.CHANGE, subject=lot, fields=["opened_at", "open_until"], at=at)


@transaction.atomic
def expire_lot(*, lot: Lot, by, at=None) -> None:
    """Takes what is out of date off the shelf, and out of the balance."""
    at = at or clock.now()
    lot = _on_the_shelf(lot)
    if lot.expires_on >= clock.local(at).date():
        raise Refused(_("This lot is still in date."))
    _take_off(lot, MovementKind.EXPIRED, _("Expired"), by, at)


@transaction.atomic
def retire_lot(*, lot: Lot, reason: str, by, at=None) -> None:
    """Takes a lot off the shelf for good: used up, recalled, broken. What was left of it is written off."""
    _take_off(_on_the_shelf(lot), MovementKind.WASTED, given(reason), by, at or clock.now())


def _take_off(lot: Lot, kind: MovementKind, reason: str, by, at) -> None:
    if lot.balance_ml:
        _act(lot, kind, -lot.balance_ml, reason=reason, by=by, at=at)
    lot.retired_at, lot.retire_reason = at, reason
    lot.opened_at = lot.open_until = None
    lot.save(update_fields=["retired_at", "retire_reason", "opened_at", "open_until"])
    record(by=by, action=Action.RETIRE, subject=lot, at=at)


def _on_the_shelf(lot: Lot) -> Lot:
    """The lot as it is now, held until the end of the transaction."""
    (lot,) = _locked({lot.pk}).values()
    if lot.retired_at:
        raise Conflict(_("This lot is off the shelf already."))
    return lot


def _act(lot: Lot, kind: MovementKind, volume_ml: Decimal, *, by, at, **facts) -> None:
    """A movement that somebody made by hand, with its line in the trail."""
    at = at or clock.now()
    _move(lot, kind, volume_ml, by=by, at=at, **facts)
    record(by=by, action=Action.CHANGE, subject=lot, fields=["balance_ml"], at=at)


@transaction.atomic
def set_warn_days(*, warn_days: int, by, at=None) -> None:
    """How many days before its expiry a lot is to be looked at."""
    row, _new = StockSettings.objects.get_or_create(pk=1)
    save_changes(row=row, values={"warn_days": warn_days}, by=by, at=at)
