"""What the history's screens show, and what higher apps ask about a patient. Six queries, however long the history."""

from django.db.models import F, Value

from clinic.core import clock
from patients.history.enums import Topic
from patients.history.models import (
    Condition,
    Medicine,
    NoneKnown,
    PatientAllergy,
    PatientCondition,
    PatientMedicine,
    PregnancyAnswer,
)
from patients.history.record import DERIVED, Answer, History
from patients.history.warnings import ClinicalWarning, warnings_of
from patients.registry.models import Patient


def history_of(patient: Patient) -> History:
    """Everything on record about the patient, taken-back rows included, newest first."""

    def rows(model, *related):
        return model.objects.filter(patient=patient).select_related("recorded_by", "voided_by", *related)

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


def warnings_for(patient: Patient) -> list[ClinicalWarning]:
    """Today's warnings, in the order stop, reason, wait, note."""
    return warnings_of(history_of(patient))


def allergen_keys(patient: Patient) -> set[str]:
    """What the patient reacts to, for matching with ingredients."""
    return history_of(patient).allergen_keys


def condition_keys(patient: Patient) -> set[str]:
    """What the patient has, with what follows from age, pregnancy and medicines."""
    return history_of(patient).condition_keys


def medicines_of(patient: Patient) -> list[tuple[PatientMedicine, list[Medicine]]]:
    """What the patient takes today, each row with the substances in it."""
    return history_of(patient).medicines
