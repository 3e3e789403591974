"""What the history's screens show, and what higher apps ask about a patient. Six queries, however long the history."""

from django.db.models import F, Value
from django.db.models.functions import Lower
from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.core import clock
from clinic.core.text import fold
from patients.history.enums import Topic
from patients.history.matching import Match, best_matches
from patients.history.models import (
    Allergen,
    Condition,
    Medicine,
    NoneKnown,
    PatientAllergy,
    PatientCondition,
    PatientMedicine,
    PregnancyAnswer,
    Product,
    Term,
)
from patients.history.record import DERIVED, NOT_OFFERED, Answer, History, is_current
from patients.registry.models import Patient


def history_of(patient: Patient, *, people: bool = True) -> History:
    """Everything on record about the patient, taken-back rows included, newest first.

    Without `people`, who recorded what is not fetched: for whoever only asks what is on record.
    """
    who = ("recorded_by", "voided_by") if people else ()

    def rows(model, *related):
        return model.objects.filter(patient=patient).select_related(*who, *related)

    medicines = rows(PatientMedicine, "medicine", "product").prefetch_related("product__contains")
    return History(
        patient=patient,
        day=clock.today(),
        rows={
            Topic.ALLERGIES: list(rows(PatientAllergy, "allergen")),
            Topic.CONDITIONS: list(rows(PatientCondition, "condition")),
            Topic.MEDICINES: list(medicines),
        },
        answers=_answers(patient),
        terms={term.key: term for term in Condition.objects.filter(key__in=DERIVED)},
    )


def _answers(patient: Patient) -> list[Answer]:
    """Standing answers to whole topics, newest first."""
    columns = ("pk", "topic", "state", "recorded_at", "by")
    none_known = NoneKnown.objects.annotate(state=Value(""))
    pregnancy = PregnancyAnswer.objects.annotate(topic=Value("pregnancy"))
    parts = [
        answers.standing()
        .filter(patient=patient)
        .annotate(by=F("recorded_by__full_name"))
        .order_by()
        .values_list(*columns)
        for answers in (none_known, pregnancy)
    ]
    return [Answer(*row) for row in parts[0].union(parts[1], all=True).order_by("-recorded_at", "-pk")]


ROWS = {
    Topic.ALLERGIES: PatientAllergy,
    Topic.CONDITIONS: PatientCondition,
    Topic.MEDICINES: PatientMedicine,
}


def current_rows(patient: Patient, topic: Topic) -> list:
    """What stands on one list today."""
    rows = ROWS[topic].objects.standing().filter(patient=patient)
    if topic == Topic.CONDITIONS:
        rows = rows.select_related("condition")
    today = clock.today()
    return [row for row in rows if is_current(row, today)]


def get_row(patient: Patient, kind: str, row_id: int):
    """A row of this patient, by the kind in its address; Http404 when it is not this patient's."""
    model = {**ROWS, "none_known": NoneKnown, "pregnancy": PregnancyAnswer}.get(kind)
    if model is None:
        raise Http404
    return get_object_or_404(model, pk=row_id, patient=patient)


def offered_conditions() -> list[Condition]:
    """What the list of conditions offers: not what follows from age, pregnancy and the other lists."""
    return list(Condition.objects.current().exclude(key__in=NOT_OFFERED))


def find_medicine(said: str) -> list[Match]:
    """Products and substances that a patient may mean; a product goes before a brand of the same name."""
    products = Product.objects.current().prefetch_related("contains")
    medicines = Medicine.objects.current()
    matches = best_matches(
        said,
        [
            *((product, [product.name]) for product in products),
            *((medicine, [medicine.name, *medicine.brands]) for medicine in medicines),
        ],
    )
    named = {fold(match.name) for match in matches if isinstance(match.row, Product)}
    return [match for match in matches if isinstance(match.row, Product) or fold(match.name) not in named]


def find_allergen(said: str) -> list[Match]:
    """Allergens that a patient may mean, by name or synonym."""
    return best_matches(
        said, ((allergen, [allergen.name, *allergen.synonyms]) for allergen in Allergen.objects.current())
    )


VOCABULARY = {"allergens": Allergen, "conditions": Condition, "medicines": Medicine}


def vocabulary(kind: str):
    """All words of one kind, those still offered first."""
    return VOCABULARY[kind].objects.order_by(F("retired_at").asc(nulls_first=True), Lower("name"), "pk")


def get_term(kind: str, term_id: int) -> Term:
    return get_object_or_404(VOCABULARY[kind], pk=term_id)
