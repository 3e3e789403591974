"""What may be written to whom, what a status needs, and when a case may be closed. Nothing here writes or sends."""

from django.utils.translation import gettext as _

from clinic.core.errors import Refused
from patients.registry.enums import Channel
from treatments.recall import queries, texts
from treatments.recall.enums import ENTRY_MOVES, LEFT, EntryStatus
from treatments.recall.models import RecallCase, RecallEntry
from treatments.recall.receipts import Subject, open_drafts
from treatments.reminders.rules import address_of
from treatments.reminders.texts import fill, sms_parts, unknown_marks

MAX_SMS_PARTS = 4


def why_not_written_to(patient, channel: str) -> str:
    """Why this patient cannot be written to in this way; "" when nothing speaks against it."""
    if not patient.may_message:
        return _("This patient does not want messages: please call.")
    if not address_of(patient, channel):
        return _("There is no e-mail address.") if channel == Channel.EMAIL else _("There is no telephone number.")
    return ""


def check_step(entry: RecallEntry, *, status: str, note: str) -> None:
    """Refused when the move is not open, or "no action needed" has no reason, or nothing would change."""
    if status not in ENTRY_MOVES[entry.status]:
        raise Refused(_("This cannot follow: set the patient back to “To call” first."), field="status")
    if status == EntryStatus.NO_ACTION and not note:
        raise Refused(_("Write why no action is needed."), field="note")
    if status == entry.status and not note:
        raise Refused(_("Nothing was changed: choose another status, or write a note."), field="note")


def left_to_do(case: RecallCase, subject: Subject) -> int:
    """How many patients nobody has spoken with: in the case, found since it was opened, or in an open draft."""
    counts = queries.progress(case)
    waiting = sum(counts[status] for status in LEFT)
    return waiting + queries.count_missing(case, subject) + len(open_drafts(subject))


def check_words(*, channel: str, subject: str, body: str, marks, clinic, case: RecallCase, names=()) -> None:
    """Refused, at its field, when words cannot be filled in, are too long for an SMS, or tell too much to others.

    `marks` are the placeholders that the words may hold: none in a message that is filled in already.
    `names` are the patient's own, which may happen to be the name of something else.
    """
    is_sms = channel == Channel.SMS
    allowed = {"subject": texts.SUBJECT_PLACEHOLDERS, "body": texts.SMS_PLACEHOLDERS if is_sms else texts.PLACEHOLDERS}
    for field, text in (("subject", subject), ("body", body)):
        if unknown := unknown_marks(text, allowed[field].keys() & set(marks)):
            message = _("This cannot be filled in: %(marks)s. See the list of what can.")
            raise Refused(message % {"marks": " ".join(unknown)}, field=field)
    field, text = ("body", body) if is_sms else ("subject", subject)
    known = queries.names_of_substances(case)
    if words := texts.telling_words(text, names=known, harmless=(clinic.name, *names)):
        message = _("Others may see this: it must not tell of a treatment. Leave out: %(words)s.")
        raise Refused(message % {"words": ", ".join(words)}, field=field)
    if is_sms and sms_parts(fill(body, texts.sample_values(clinic))) > MAX_SMS_PARTS:
        message = _("This is longer than %(parts)d text messages. Please shorten it.")
        raise Refused(message % {"parts": MAX_SMS_PARTS}, field="body")
