"""The only writers of a patient's history. Statements are dated and signed; a wrong one is taken back with a reason."""

from datetime import date
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.reference import add_missing, rows_of
from patients.history.enums import MedicineSource, Pregnancy, Severity, Topic
from patients.history.models import (
    Allergen,
    Condition,
    Medicine,
    NoneKnown,
    PatientAllergy,
    PatientCondition,
    PatientMedicine,
    PatientRow,
    PregnancyAnswer,
    Product,
)
from patients.history.queries import current_rows
from patients.registry.models import Patient

DATA = Path(__file__).parent / "data"


@transaction.atomic
def load_vocabulary() -> int:
    """Adds the shipped words that are not here yet and returns how many. A word that is here is never touched:
    what the clinic edited or retired stays so."""
    before = _words()
    add_missing(Allergen, rows_of(DATA / "allergens.toml"))
    add_missing(Condition, rows_of(DATA / "conditions.toml"))
    medicines = add_missing(Medicine, rows_of(DATA / "medicines.toml"))
    known = set(Product.objects.values_list("key", flat=True))
    rows = rows_of(DATA / "products.toml")
    products = add_missing(Product, rows)
    contains = Product.contains.through
    contains.objects.bulk_create(
        contains(product=products[row["key"]], medicine=medicines[key])
        for row in rows
        if row["key"] not in known
        for key in row["contains"]
    )
    if added := _words() - before:
        record(by=None, action=Action.IMPORT, subject="history.Vocabulary")
    return added


def _words() -> int:
    return sum(model.objects.count() for model in (Allergen, Condition, Medicine, Product))


@transaction.atomic
def record_allergy(
    *,
    patient: Patient,
    by,
    allergen: Allergen | None = None,
    as_told: str = "",
    severity: int = Severity.UNKNOWN,
    reaction: str = "",
    note: str = "",
    at=None,
) -> PatientAllergy:
    """An allergen of the vocabulary, the patient's own words, or both."""
    _say_what(allergen, as_told)
    row = PatientAllergy(allergen=allergen, as_told=as_told, severity=severity, reaction=reaction, note=note)
    return _add(row, patient, by, at, topic=Topic.ALLERGIES, same=("allergen_id",) if allergen else ("as_told",))


@transaction.atomic
def record_condition(
    *,
    patient: Patient,
    by,
    condition: Condition,
    since: date | None = None,
    until: date | None = None,
    note: str = "",
    at=None,
) -> PatientCondition:
    """What the patient has or had; the days bound a wait."""
    _not_retired(condition)
    _not_ahead(since, "since")
    _not_ahead(until, "until")
    _in_order(since, until, "until")
    row = PatientCondition(condition=condition, since=since, until=until, note=note)
    return _add(row, patient, by, at, topic=Topic.CONDITIONS, same=("condition_id",))


@transaction.atomic
def record_medicine(
    *,
    patient: Patient,
    by,
    source: str,
    medicine: Medicine | None = None,
    product: Product | None = None,
    as_told: str = "",
    purpose: str = "",
    dose: str = "",
    since: date | None = None,
    note: str = "",
    at=None,
) -> PatientMedicine:
    """What the patient takes. How they come by it decides whether a message may ever speak of stopping it."""
    _say_what(medicine or product, as_told)
    for term in filter(None, (medicine, product)):
        _not_retired(term)
    if medicine and product and not product.contains.filter(pk=medicine.pk).exists():
        raise Refused(_("That is not in this product."), field="choice")
    if source not in MedicineSource.values:
        raise Refused(_("Say how the patient gets it."), field="source")
    _not_ahead(since, "since")
    row = PatientMedicine(
        medicine=medicine,
        product=product,
        as_told=as_told,
        source=source,
        purpose=purpose,
        dose=dose,
        since=since,
        note=note,
    )
    same = ("medicine_id", "product_id", "source") if medicine or product else ("as_told", "source")
    return _add(row, patient, by, at, topic=Topic.MEDICINES, same=same)


@transaction.atomic
def stop_medicine(*, row: PatientMedicine, stopped_on: date, by) -> None:
    """The patient no longer takes it."""
    _end(row, "stopped_on", stopped_on, by)


@transaction.atomic
def end_condition(*, row: PatientCondition, until: date, by) -> None:
    """It is over; a wait that the condition asks for runs from that day."""
    _end(row, "until", until, by)


@transaction.atomic
def record_none_known(*, patient: Patient, topic: str, by, at=None) -> NoneKnown:
    """The patient was asked and knows of none. It lapses by itself when something is recorded later."""
    topic = Topic(topic)
    row = NoneKnown(topic=topic)
    patient = _locked(patient)
    if current_rows(patient, topic):
        raise Refused(_("Something is on the list. Take it back or end it first."))
    return _save(row, patient, by, at)


@transaction.atomic
def record_pregnancy(*, patient: Patient, state: str, by, note: str = "", at=None) -> PregnancyAnswer:
    """Today's answer; the newest one counts."""
    if state not in Pregnancy.values or state == Pregnancy.NOT_ASKED:
        raise Refused(_("Choose an answer."), field="state")
    return _save(PregnancyAnswer(state=state, note=note), patient, by, at)


@transaction.atomic
def void_row(*, row: PatientRow, reason: str, by, at=None) -> None:
    """Takes back a statement that was a mistake. It stays in the record, marked with who, when and why."""
    taken_back = (
        type(row)
        .objects.standing()
        .filter(pk=row.pk)
        .update(voided_at=at or clock.now(), voided_by=by, void_reason=given(reason))
    )
    if not taken_back:
        raise Conflict(_("Somebody has already taken this back."))
    record(by=by, action=Action.VOID, subject=row, patient_id=row.patient_id)


def _add(row, patient, by, at, *, topic: Topic, same: tuple[str, ...]):
    """Saves a row unless the list already says the same."""
    patient = _locked(patient)
    if any(all(getattr(old, name) == getattr(row, name) for name in same) for old in current_rows(patient, topic)):
        raise Refused(_("This is already on the list."), field="told" if topic != Topic.CONDITIONS else "condition")
    return _save(row, patient, by, at)


def _save(row, patient, by, at):
    row.patient, row.recorded_by, row.recorded_at = patient, by, at or clock.now()
    row.save(force_insert=True)
    filled = [field.name for field in row._meta.concrete_fields if field.editable and field.value_from_object(row)]
    fields = {*filled} - {"id", "patient"}
    record(by=by, action=Action.CREATE, subject=row, patient_id=patient.pk, fields=fields, at=row.recorded_at)
    return row


def _end(row, field: str, day: date, by) -> None:
    """Writes the last day of a row that has none yet."""
    _not_ahead(day, field)
    _in_order(row.since, day, field)
    ended = type(row).objects.standing().filter(pk=row.pk, **{f"{field}__isnull": True}).update(**{field: day})
    if not ended:
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=row, patient_id=row.patient_id, fields=[field])


def _locked(patient: Patient) -> Patient:
    """Statements about one patient are written one after the other, so that none misses another."""
    return Patient.objects.select_for_update().get(pk=patient.pk)


def _say_what(term, as_told: str) -> None:
    if term is None and not as_told.strip():
        raise Refused(_("Say what it is."), field="told")
    if term is not None:
        _not_retired(term)


def _not_retired(term) -> None:
    if term.retired_at:
        raise Refused(_("This is no longer offered."))


def _not_ahead(day: date | None, field: str) -> None:
    if day and day > clock.today():
        raise Refused(_("This day is still to come."), field=field)


def _in_order(first: date | None, last: date | None, field: str) -> None:
    if first and last and last < first:
        raise Refused(_("This is before the first day."), field=field)
