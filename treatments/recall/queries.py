"""What each page of a recall shows, in a constant number of statements."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.shortcuts import get_object_or_404

from clinic.core.text import fold
from patients.history.models import Medicine
from treatments.catalogue.models import Formulation, FormulationVersion, Ingredient, Product
from treatments.charting.models import Preparation, TreatmentSession
from treatments.recall.enums import LEFT, EntryStatus, Kind
from treatments.recall.models import RecallCase, RecallEntry, RecallMessage, RecallStep, RecallText
from treatments.recall.receipts import Subject, find_subject, next_visits, patients_who_received, sessions_of
from treatments.stock.models import Lot

FOUND = 12
NAMED = 3  # sessions of a patient in a list


@dataclass
class Person:
    """A patient of a case as the case's page shows them."""

    entry: RecallEntry
    sessions: list[TreatmentSession] = field(default_factory=list)
    next_visit: datetime | None = None
    step: RecallStep | None = None
    message: RecallMessage | None = None

    @property
    def all_voided(self) -> bool:
        """Every session in which they are said to have received it was a mistake: somebody should look."""
        return all(session.voided_at for session in self.sessions)

    @property
    def newest(self) -> list[TreatmentSession]:
        return self.sessions[:NAMED]

    @property
    def unnamed(self) -> int:
        return max(len(self.sessions) - NAMED, 0)


def cases() -> QuerySet[RecallCase]:
    """Open ones first; each with how many patients it has, and how many are left."""
    return (
        RecallCase.objects.select_related("opened_by")
        .annotate(people=Count("entries"), left=Count("entries", filter=Q(entries__status__in=LEFT)))
        .order_by(F("closed_at").desc(nulls_first=True), "-opened_at", "-pk")
    )


def open_cases() -> QuerySet[RecallCase]:
    return cases().filter(closed_at__isnull=True)


def get_case(case_id: int) -> RecallCase:
    return get_object_or_404(RecallCase.objects.select_related("opened_by", "closed_by"), pk=case_id)


def case_of(subject: Subject) -> RecallCase | None:
    """The newest case about it: the open one, if there is one."""
    rows = RecallCase.objects.filter(kind=subject.kind, row_id=subject.row_id)
    return rows.order_by("-opened_at", "-pk").first()


def subject_of(case: RecallCase) -> Subject:
    return find_subject(case.kind, case.row_id)


def progress(case: RecallCase) -> dict[str, int]:
    """How many patients of the case are in each status, every status named."""
    counted = dict(case.entries.order_by().values_list("status").annotate(Count("pk")))
    return {status: counted.get(status, 0) for status in EntryStatus}


def entries(case: RecallCase, status: str = "") -> QuerySet[RecallEntry]:
    rows = case.entries.select_related("patient").order_by("pk")
    return rows.filter(status=status) if status else rows


def people_of(case: RecallCase, subject: Subject, rows, at: datetime) -> list[Person]:
    """The given entries with what their patients received and what was done."""
    people = {entry.pk: Person(entry) for entry in rows}
    patient_ids = [entry.patient_id for entry in rows]
    sessions, visits = sessions_of(subject, patient_ids), next_visits(patient_ids, at)
    for step in RecallStep.objects.filter(entry__in=people).select_related("by").order_by("pk"):
        people[step.entry_id].step = step
    for message in RecallMessage.objects.filter(entry__in=people).defer("text", "subject").order_by("pk"):
        people[message.entry_id].message = message
    for person in people.values():
        person.sessions = sessions.get(person.entry.patient_id, [])
        person.next_visit = visits.get(person.entry.patient_id)
    return list(people.values())


def count_missing(case: RecallCase, subject: Subject) -> int:
    """How many received it and are not in the case: their session was signed after it was opened."""
    return patients_who_received(subject, besides=case).count()


def get_entry(entry_id: int) -> RecallEntry:
    rows = RecallEntry.objects.select_related("case__opened_by", "patient")
    return get_object_or_404(rows, pk=entry_id)


def trail_of(entry: RecallEntry) -> tuple[list[RecallStep], list[RecallMessage]]:
    steps = entry.steps.select_related("by").order_by("-pk")
    return list(steps), list(entry.messages.select_related("sent_by").order_by("-pk"))


def message_sent(submission) -> RecallMessage | None:
    """The message that this very form has sent already, if it has."""
    return RecallMessage.objects.filter(submission=submission).first()


def texts_of(case: RecallCase) -> list[RecallText]:
    return list(case.texts.all())


def get_text(text_id: int) -> RecallText:
    return get_object_or_404(RecallText.objects.select_related("case"), pk=text_id)


def text_for(case: RecallCase, channel: str, languages) -> RecallText:
    """The words in the first of the languages that the case has them in, or in any."""
    found = {text.language: text for text in case.texts.filter(channel=channel)}
    codes = (code for language in languages for code in (language, language.partition("-")[0]))
    return next((found[code] for code in codes if code in found), None) or next(iter(found.values()))


def names_of_substances(case: RecallCase | None = None) -> set[str]:
    """Folded names that tell what was injected: they stand in no subject line and no text message."""
    names = [
        name
        for model in (Ingredient, Product, Formulation, Medicine)
        for name in model.objects.order_by().values_list("name", flat=True)
    ]
    if case and case.kind == Kind.LOT:
        names += Lot.objects.filter(pk=case.row_id).values_list("number", flat=True)
    return {folded for name in names if len(folded := fold(name)) > 2}


def find_anything(typed: str) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """Lots, mixtures, products, ingredients and versions whose number or name holds what was typed, by kind."""
    typed = typed.strip()
    if not typed:
        return []
    lots = Lot.objects.filter(number__icontains=typed).select_related("ingredient").order_by("-pk")
    mixtures = Preparation.objects.filter(number__in={typed, typed.upper()}).order_by("-pk")
    mixtures = mixtures.select_related("version__formulation")
    products = Product.objects.filter(name__icontains=typed).order_by("name")
    ingredients = Ingredient.objects.filter(name__icontains=typed).order_by("name")
    versions = (
        FormulationVersion.objects.filter(formulation__name__icontains=typed)
        .select_related("formulation")
        .order_by("formulation__name", "-number")
    )
    found = {
        Kind.LOT: [(f"{row.number} · {row.ingredient.name}", row.pk) for row in lots[:FOUND]],
        Kind.MIXTURE: [(f"{row.number} · {row.version.formulation.name}", row.pk) for row in mixtures[:1]],
        Kind.PRODUCT: [(row.name, row.pk) for row in products[:FOUND]],
        Kind.INGREDIENT: [(row.name, row.pk) for row in ingredients[:FOUND]],
        Kind.VERSION: [(f"{row.formulation.name} · {row.number}", row.pk) for row in versions[:FOUND]],
    }
    return [(kind.label, [(name, kind.value, pk) for name, pk in rows]) for kind, rows in found.items() if rows]
