"""Who received it: every preparation that holds a lot, is of a version or has a number, with what is needed to call.

However many there are, a page of them takes the same few statements: their ids come from an index, the newest
first, and only then is the rest fetched, for these alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, Max, OuterRef, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from treatments.catalogue.enums import Side
from treatments.catalogue.models import FormulationVersion, Ingredient, Product
from treatments.charting.enums import SessionStatus
from treatments.charting.models import Injection, Preparation, PreparationLot, SessionDraft, TreatmentSession
from treatments.recall.enums import Kind
from treatments.recall.models import RecallCase, RecallEntry
from treatments.scheduling.enums import OPEN
from treatments.scheduling.models import Appointment
from treatments.stock.models import Lot

PAGE = 50
PRINTED = 1000
CHUNK = 500
# A preparation gets its id before the transaction that signs it ends: so many of the newest are looked at again
UNDER_WAY = 1000


@dataclass(frozen=True)
class Subject:
    """What somebody asks about. `lots` are the lots that it comes down to; none where a recipe or mixture is meant."""

    kind: Kind
    row: object
    title: str
    lots: tuple[Lot, ...] = ()

    @property
    def row_id(self) -> int:
        return self.row.pk

    def uses(self) -> tuple[QuerySet, str]:
        """The rows that say that a preparation holds it, and their column with the preparation's id."""
        if self.kind == Kind.VERSION:
            return Preparation.objects.filter(version=self.row), "pk"
        if self.kind == Kind.MIXTURE:
            return Preparation.objects.filter(pk=self.row_id), "pk"
        return PreparationLot.objects.filter(lot__in=[lot.pk for lot in self.lots]), "preparation_id"

    def is_in(self, syringe: dict) -> bool:
        """Whether a preparation of a draft names it."""
        if self.kind == Kind.VERSION:
            return syringe.get("version_id") == self.row_id
        return not {lot.pk for lot in self.lots}.isdisjoint(syringe.get("lots", {}).values())


@dataclass
class Receipt:
    """One preparation that a patient received, and what calling that patient takes."""

    preparation: Preparation
    lots: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    points: int = 0
    volume_ml: Decimal = Decimal(0)
    next_visit: datetime | None = None
    entry: RecallEntry | None = None

    @property
    def session(self) -> TreatmentSession:
        return self.preparation.session

    @property
    def patient(self):
        return self.session.patient


def find_subject(kind: str, row_id: int) -> Subject:
    """What the address names, by a constant number of statements; Http404 when there is no such thing."""
    finders = {
        Kind.LOT: _lot,
        Kind.PRODUCT: _product,
        Kind.INGREDIENT: _ingredient,
        Kind.VERSION: _version,
        Kind.MIXTURE: _mixture,
    }
    if kind not in finders:
        raise Http404
    return finders[kind](row_id)


def _lot(row_id: int) -> Subject:
    lot = get_object_or_404(Lot.objects.select_related("ingredient", "product"), pk=row_id)
    name = lot.product.name if lot.product else lot.product_name or lot.ingredient.name
    title = _("%(name)s, lot %(number)s") % {"name": name, "number": lot.number}
    return Subject(Kind.LOT, lot, title, (lot,))


def _product(row_id: int) -> Subject:
    product = get_object_or_404(Product, pk=row_id)
    return Subject(Kind.PRODUCT, product, product.name, tuple(product.lots.all()))


def _ingredient(row_id: int) -> Subject:
    ingredient = get_object_or_404(Ingredient, pk=row_id)
    return Subject(Kind.INGREDIENT, ingredient, ingredient.name, tuple(ingredient.lots.all()))


def _version(row_id: int) -> Subject:
    version = get_object_or_404(FormulationVersion.objects.select_related("formulation"), pk=row_id)
    title = _("%(name)s, version %(number)d") % {"name": version.formulation.name, "number": version.number}
    return Subject(Kind.VERSION, version, title)


def _mixture(row_id: int) -> Subject:
    preparation = get_object_or_404(Preparation.objects.select_related("version__formulation"), pk=row_id)
    title = _("%(name)s, mixture %(number)s") % {
        "name": preparation.version.formulation.name,
        "number": preparation.number or f"#{preparation.pk}",
    }
    return Subject(Kind.MIXTURE, preparation, title)


def received(subject: Subject, at: datetime, *, before: int | None = None, size: int = PAGE):
    """The newest receipts, or those after the one named `before`; and the name of the last if there are more."""
    ids = _ids(subject, before, size + 1)
    rows = _receipts(subject, ids[:size], at)
    return rows, ids[size - 1] if len(ids) > size else None


def count_received(subject: Subject) -> int:
    rows, column = subject.uses()
    return rows.order_by().values(column).distinct().count()


def all_received(subject: Subject, at: datetime) -> Iterator[list[Receipt]]:
    """Every receipt, in chunks, so that a list of any length fits into memory."""
    before = None
    while True:
        rows, before = received(subject, at, before=before, size=CHUNK)
        yield rows
        if before is None:
            return


def receipts_of(subject: Subject, patient_ids: Iterable[int], at: datetime) -> dict[int, list[Receipt]]:
    """What these patients received, newest first, by patient."""
    found = defaultdict(list)
    for receipt in _receipts(subject, _ids_of(subject, patient_ids), at):
        found[receipt.patient.pk].append(receipt)
    return found


def sessions_of(subject: Subject, patient_ids: Iterable[int]) -> dict[int, list[TreatmentSession]]:
    """The sessions at which these patients received it, newest first, by patient."""
    sessions = TreatmentSession.objects.filter(preparations__in=_ids_of(subject, patient_ids)).distinct()
    found = defaultdict(list)
    for session in sessions.only("patient", "started_at", "status", "voided_at").order_by("-started_at", "-pk"):
        found[session.patient_id].append(session)
    return found


def _ids_of(subject: Subject, patient_ids: Iterable[int]) -> list[int]:
    """The preparations of it that these patients received, newest first.

    In two statements, the patients' own first: one for both lets PostgreSQL begin with everybody who received it.
    """
    own = Preparation.objects.filter(session__patient__in=list(patient_ids)).order_by().values_list("pk", flat=True)
    rows, column = subject.uses()
    mine = rows.filter(**{f"{column}__in": list(own)}).order_by(f"-{column}")
    return list(mine.values_list(column, flat=True).distinct())


def open_drafts(subject: Subject) -> list[TreatmentSession]:
    """Sessions that are not signed yet and name it, the oldest first: it may be in a syringe right now."""
    drafts = SessionDraft.objects.filter(session__status=SessionStatus.DRAFT)
    found = [
        pk
        for pk, syringes in drafts.values_list("pk", "content__preparations")
        if any(subject.is_in(syringe) for syringe in syringes or ())
    ]
    sessions = TreatmentSession.objects.filter(pk__in=found).select_related("patient", "practitioner")
    return list(sessions.order_by("started_at", "pk")) if found else []


def patients_who_received(subject: Subject, *, besides: RecallCase | None = None) -> QuerySet:
    """Ids of all patients with a signed session that holds it, as `who`; voided ones too, so that a person decides.

    Only those who are not in the case `besides`, without looking again at what it has seen.
    """
    rows, column = subject.uses()
    rows = rows.annotate(who=F("session__patient" if column == "pk" else "preparation__session__patient"))
    if besides:
        known = RecallEntry.objects.filter(case=besides, patient=OuterRef("who"))
        rows = rows.filter(~Exists(known), **{f"{column}__gt": besides.seen_until - UNDER_WAY})
    return rows.order_by("who").values_list("who", flat=True).distinct()


def newest_preparation() -> int:
    """The id of the last one that was signed; 0 before the first."""
    return Preparation.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _ids(subject: Subject, before: int | None, limit: int) -> list[int]:
    rows, column = subject.uses()
    if before is not None:
        rows = rows.filter(**{f"{column}__lt": before})
    return list(rows.order_by(f"-{column}").values_list(column, flat=True).distinct()[:limit])


def _receipts(subject: Subject, ids: list[int], at: datetime) -> list[Receipt]:
    preparations = Preparation.objects.filter(pk__in=ids).select_related(
        "session__patient", "session__practitioner", "version__formulation"
    )
    found = {row.pk: Receipt(row) for row in preparations.order_by("-pk")}
    _add_injections(found)
    _add_lots(subject, found)
    _add_patients(subject, list(found.values()), at)
    return list(found.values())


def _add_injections(found: dict[int, Receipt]) -> None:
    rows = Injection.objects.filter(preparation__in=list(found)).order_by("pk")
    sides = dict(Side.choices)
    for pk, area, side, count, volume in rows.values_list("preparation_id", "area__name", "side", "count", "volume_ml"):
        receipt = found[pk]
        place = area if side == Side.NONE else f"{area}, {sides[side].lower()}"
        if place not in receipt.places:
            receipt.places.append(place)
        receipt.points += count
        receipt.volume_ml += count * volume


def _add_lots(subject: Subject, found: dict[int, Receipt]) -> None:
    if len(subject.lots) == 1:
        for receipt in found.values():
            receipt.lots = [subject.lots[0].number]
        return
    uses = PreparationLot.objects.filter(preparation__in=list(found), lot__in=[lot.pk for lot in subject.lots])
    for pk, number in uses.order_by("pk").values_list("preparation_id", "lot__number"):
        found[pk].lots.append(number)


def _add_patients(subject: Subject, receipts: list[Receipt], at: datetime) -> None:
    patient_ids = {receipt.patient.pk for receipt in receipts}
    visits = next_visits(patient_ids, at)
    entries = RecallEntry.objects.filter(
        patient__in=patient_ids, case__kind=subject.kind, case__row_id=subject.row_id
    ).order_by("pk")
    entry_of = {entry.patient_id: entry for entry in entries}
    for receipt in receipts:
        receipt.next_visit = visits.get(receipt.patient.pk)
        receipt.entry = entry_of.get(receipt.patient.pk)


def next_visits(patient_ids: Iterable[int], at: datetime) -> dict[int, datetime]:
    visits = Appointment.objects.filter(patient__in=list(patient_ids), status__in=OPEN, starts_at__gt=at)
    return dict(visits.order_by("-starts_at").values_list("patient_id", "starts_at"))
