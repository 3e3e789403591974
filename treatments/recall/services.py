"""The only writers of recalls: opened, followed up patient by patient, written to by a person, closed."""

import logging
from datetime import datetime
from email.utils import formataddr, parseaddr
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.text import clean, clean_line
from clinic.staff.queries import clinic_profile
from patients.registry.enums import Channel
from treatments.recall import queries, rules, texts
from treatments.recall.enums import EntryStatus, MessageState, Way
from treatments.recall.models import RecallCase, RecallEntry, RecallMessage, RecallStep, RecallText
from treatments.recall.receipts import Subject, newest_preparation, patients_who_received
from treatments.reminders.transports import Answer, Outcome, send_email, send_sms
from treatments.stock.services import quarantine_lot

log = logging.getLogger(__name__)


class OpenAlready(Conflict):
    """There is an open case about the same thing: `case`."""

    def __init__(self, case: RecallCase):
        super().__init__(_("There is an open recall of this already."))
        self.case = case


@transaction.atomic
def open_case(
    *, subject: Subject, reason: str, tell: str, quarantine: bool = False, by, at: datetime | None = None
) -> RecallCase:
    """Opens a case with everybody who received it so far, and sets its lots aside if `quarantine` says so."""
    at = at or clock.now()
    reason, tell = given(reason), clean(tell)
    if not tell:
        raise Refused(_("Write what patients are told."), field="tell")
    try:
        with transaction.atomic():
            case = RecallCase.objects.create(
                kind=subject.kind,
                row_id=subject.row_id,
                title=subject.title,
                reason=reason,
                tell=tell,
                opened_by=by,
                opened_at=at,
                seen_until=newest_preparation(),
            )
    except IntegrityError as error:
        raise OpenAlready(queries.case_of(subject)) from error
    _add_entries(case, patients_who_received(subject), at)
    words = texts.default_texts(clinic_profile().language)
    RecallText.objects.bulk_create(
        RecallText(case=case, language=language, channel=channel, subject=head, body=body)
        for language, channel, head, body in words
    )
    if quarantine:
        for lot in subject.lots:
            if not (lot.quarantined or lot.retired_at):
                quarantine_lot(lot=lot, reason=reason[:200], by=by, at=at)
    record(by=by, action=Action.CREATE, subject=case, at=at)
    return case


@transaction.atomic
def take_in_later_ones(*, case: RecallCase, by, at: datetime | None = None) -> int:
    """Adds the patients whose session was signed since the case was opened. Returns how many."""
    at = at or clock.now()
    case = _lock_open(case)
    newest = newest_preparation()
    added = _add_entries(case, patients_who_received(queries.subject_of(case), besides=case), at, late=True)
    RecallCase.objects.filter(pk=case.pk).update(seen_until=newest)
    if added:
        record(by=by, action=Action.CHANGE, subject=case, fields=["entries"], at=at)
    return added


def _add_entries(case: RecallCase, patients, at: datetime, *, late: bool = False) -> int:
    """By one statement, for there may be as many as the clinic has patients. Returns how many."""
    found, facts = patients.query.sql_with_params()
    values = (case.pk, EntryStatus.TO_CALL, late, connection.ops.adapt_datetimefield_value(at), 0)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {RecallEntry._meta.db_table} (case_id, status, late, found_at, version, patient_id) "  # noqa: S608
            f"SELECT %s, %s, %s, %s, %s, found.who FROM ({found}) found",
            (*values, *facts),
        )
        return cursor.rowcount


@transaction.atomic
def follow_up(
    *, entry: RecallEntry, version: int, status: str, way: str = "", note: str = "", by, at: datetime | None = None
) -> None:
    """Notes what was done about a patient who is still at `version`; the same form sent again notes nothing."""
    at = at or clock.now()
    note = clean_line(note)
    _lock_open(entry.case)
    if _is_done_already(entry, version, status=status, way=way, note=note, by=by):
        return
    rules.check_step(entry, status=status, note=note)
    _take_version(entry, version, status=status)
    RecallStep.objects.create(entry=entry, status=status, way=way, note=note, by=by, at=at)
    record(by=by, action=Action.CHANGE, subject=entry, patient_id=entry.patient_id, fields=["status"], at=at)


def tell_by_telephone(*, entry: RecallEntry, version: int, by, at: datetime | None = None) -> None:
    """Somebody has spoken with the patient: reached, by telephone."""
    follow_up(entry=entry, version=version, status=EntryStatus.REACHED, way=Way.TELEPHONE, by=by, at=at)


def _is_done_already(entry: RecallEntry, version: int, **step) -> bool:
    last = entry.steps.order_by("-pk").first()
    return entry.version == version + 1 and last is not None and all(getattr(last, k) == v for k, v in step.items())


def _take_version(entry: RecallEntry, version: int, **changes) -> None:
    if not RecallEntry.objects.filter(pk=entry.pk, version=version).update(version=F("version") + 1, **changes):
        raise Conflict


def _lock_open(case: RecallCase) -> RecallCase:
    """The case as it is now, held until the end of the transaction; Refused when it is closed."""
    case = RecallCase.objects.select_for_update().get(pk=case.pk)
    if case.closed_at:
        raise Refused(_("This recall is closed."))
    return case


def send_message(
    *,
    entry: RecallEntry,
    version: int,
    channel: str,
    subject: str,
    body: str,
    submission: UUID,
    by,
    at: datetime | None = None,
) -> RecallMessage:
    """Sends the words that a person has before them. The same form sent again sends nothing.

    The message is written down before it leaves and its end afterwards, with no transaction open in between: one
    whose sender dies in the middle is "perhaps sent", and never repeated by itself.
    """
    at = at or clock.now()
    if sent := queries.message_sent(submission):
        return sent
    try:
        message = _claim(entry, version, channel, clean_line(subject), clean(body), submission, by, at)
    except Conflict:
        if sent := queries.message_sent(submission):
            return sent
        raise
    return _note_end(message, _send(entry, message), by)


@transaction.atomic
def _claim(entry, version, channel, subject, body, submission, by, at) -> RecallMessage:
    _lock_open(entry.case)
    _check_message(entry, channel, subject, body)
    _take_version(entry, version)
    message = RecallMessage.objects.create(
        entry=entry,
        channel=channel,
        subject="" if channel == Channel.SMS else subject,
        text=body,
        submission=submission,
        sent_by=by,
        at=at,
    )
    record(by=by, action=Action.CREATE, subject=message, patient_id=entry.patient_id, at=at)
    return message


def _check_message(entry: RecallEntry, channel: str, subject: str, body: str) -> None:
    patient = entry.patient
    if reason := rules.why_not_written_to(patient, channel):
        raise Refused(reason)
    if not body:
        raise Refused(_("Write the message."), field="body")
    if channel == Channel.EMAIL and not subject:
        raise Refused(_("Write the subject."), field="subject")
    rules.check_words(
        channel=channel,
        subject=subject,
        body=body,
        marks=(),
        clinic=clinic_profile(),
        case=entry.case,
        names=(patient.given_name, patient.family_name),
    )


def _send(entry: RecallEntry, message: RecallMessage) -> Answer:
    reference = f"recall-{message.pk}"
    try:
        if message.channel == Channel.SMS:
            return send_sms(to=entry.patient.phone, text=message.text, reference=reference)
        return send_email(_email(entry, message, reference))
    except Exception as error:
        log.error("recall message %s: %s while sending", message.pk, type(error).__name__)
        return Answer(Outcome.UNCLEAR, type(error).__name__)


def _email(entry: RecallEntry, message: RecallMessage, reference: str) -> EmailMultiAlternatives:
    clinic, (_name, address) = clinic_profile(), parseaddr(settings.DEFAULT_FROM_EMAIL)
    return EmailMultiAlternatives(
        subject=message.subject,
        body=message.text,
        from_email=formataddr((clinic.name, address)),
        to=[entry.patient.email],
        reply_to=[clinic.email] if clinic.email else None,
        headers={"Message-ID": f"<{reference}@{address.rpartition('@')[2]}>"},
    )


@transaction.atomic
def _note_end(message: RecallMessage, answer: Answer, by) -> RecallMessage:
    ends = {Outcome.SENT: MessageState.SENT, Outcome.UNCLEAR: MessageState.UNKNOWN}
    message.state = ends.get(answer.outcome, MessageState.FAILED)
    message.provider_answer = answer.detail[:200]
    message.save(update_fields=["state", "provider_answer"])
    if message.state == MessageState.SENT:
        record(by=by, action=Action.SEND, subject=message, patient_id=message.entry.patient_id)
    return message


@transaction.atomic
def edit_text(*, text: RecallText, version: int, subject: str, body: str, by, at: datetime | None = None) -> None:
    """New words for the messages of a case that are still to be written, if nobody else changed them meanwhile."""
    _lock_open(text.case)
    rules.check_words(
        channel=text.channel,
        subject=subject,
        body=body,
        marks=texts.PLACEHOLDERS,
        clinic=clinic_profile(),
        case=text.case,
    )
    unchanged = RecallText.objects.filter(pk=text.pk, version=version)
    if not unchanged.update(subject=subject, body=body, version=F("version") + 1):
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=text, fields=["subject", "body"], at=at)


@transaction.atomic
def close_case(*, case: RecallCase, reason: str, by, at: datetime | None = None) -> None:
    """Closes a case when nobody is left, or with the reason why it is closed all the same."""
    at, reason = at or clock.now(), clean_line(reason)
    _lock_open(case)
    if not reason and rules.left_to_do(case, queries.subject_of(case)):
        raise Refused(_("Some patients are left: write why the recall is closed all the same."), field="reason")
    RecallCase.objects.filter(pk=case.pk).update(closed_at=at, closed_by=by, close_reason=reason)
    record(by=by, action=Action.CHANGE, subject=case, fields=["closed_at", "close_reason"], at=at)
