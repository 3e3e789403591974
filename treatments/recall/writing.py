"""The draft of a message to one patient, in their language."""

from dataclasses import dataclass

from clinic.core import clock
from treatments.recall import queries, texts
from treatments.recall.models import RecallEntry
from treatments.recall.receipts import receipts_of
from treatments.reminders.texts import fill


@dataclass(frozen=True)
class Draft:
    language: str
    subject: str
    body: str


def draft_for(entry: RecallEntry, channel: str, clinic) -> Draft:
    """The case's words for the patient, in their language or else the clinic's, about the newest session."""
    case, patient = entry.case, entry.patient
    text = queries.text_for(case, channel, [patient.language, clinic.language, "en"])
    subject = queries.subject_of(case)
    receipts = receipts_of(subject, [patient.pk], clock.now()).get(patient.pk, [])
    standing = [receipt for receipt in receipts if not receipt.session.voided_at] or receipts
    values = texts.values_for(
        clinic=clinic,
        name=patient.given_name or patient.family_name,
        day=clock.local(standing[0].session.started_at).date() if standing else None,
        tell=case.tell,
        language=text.language,
    )
    return Draft(text.language, fill(text.subject, values), fill(text.body, values))
