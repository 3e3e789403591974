"""Sending: find what is due, claim one row, look again whether it may go, send outside any transaction, note the end.

E-mail goes out at least once, with the same Message-ID at every try. A text message goes out at most once: when it is
not known whether it was sent, it is UNKNOWN and a person decides.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from patients.registry.enums import Channel
from treatments.reminders import queries, rules, texts, transports
from treatments.reminders.enums import Clockwork, ReminderStatus, Why
from treatments.reminders.models import Reminder
from treatments.reminders.services.clockwork import clinic_time, move, note_run
from treatments.reminders.transports import Answer, Outcome

BATCH = 3000  # rows handed to the queue by one sweep; the next sweep waits in the queue behind them
R = ReminderStatus
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    kind: str
    subject: str
    body: str
    sms_parts: int


def sweep_reminders(*, publish, at: datetime | None = None) -> int:
    """Frees what a dead sender held and hands every due row's id to `publish`. Returns how many were handed over.

    When the queue does not answer, the rows stay as they are and the next sweep finds them.
    """
    at = at or clock.now()
    for reminder in queries.stuck(at - rules.LEASE):
        _free(reminder, at)
    note_run(Clockwork.SWEEPER, at)
    handed = 0
    for pk in queries.due(at, BATCH):
        try:
            publish(pk)
        except Exception as error:
            log.warning("the queue does not take messages: %s", type(error).__name__)
            break
        handed += 1
    return handed


def _free(reminder: Reminder, at: datetime) -> None:
    if reminder.channel == Channel.SMS:
        _end(reminder, R.UNKNOWN, why=Why.NO_ANSWER)
    else:
        _try_later(reminder, at, wait=False)


def deliver_reminder(*, reminder_id: int, at: datetime | None = None) -> str | None:
    """Sends one message if it is due and nobody else does. Returns what became of it; None when it was not ours."""
    at = at or clock.now()
    ours = Reminder.objects.filter(pk=reminder_id, status=R.PLANNED, next_try_at__lte=at)
    if not ours.update(status=R.CLAIMED, claimed_at=at, attempts=F("attempts") + 1):
        return None
    reminder = queries.reminder_to_send(reminder_id)
    if end := rules.why_not(reminder, at):
        status, why = end
        return _end(reminder, status, why=why)
    with clinic_time() as clinic:
        try:
            message = write_message(reminder, clinic, at)
        except Exception as error:
            log.error("message %s cannot be written: %s", reminder_id, type(error).__name__)
            return _end(reminder, R.FAILED, why=Why.NOT_WRITTEN)
        return _note(reminder, message, _send(reminder, message, clinic), at)


def write_message(reminder: Reminder, clinic, at: datetime) -> Message:
    """The words for this patient, from what is known now, in their language or else the clinic's."""
    patient, rule = reminder.patient, reminder.rule
    kind = rules.which_text(patient, at)
    text = queries.text_for(kind, reminder.channel, [patient.language, clinic.language, "en"])
    values = texts.values_for(
        clinic=clinic,
        name=patient.given_name or patient.family_name,
        starts_at=reminder.starts_at,
        since=rules.avoid_from(reminder.starts_at, days_before=rule.days_before, at=at),
        language=text.language,
    )
    body = texts.fill(text.body, values)
    parts = texts.sms_parts(body) if reminder.channel == Channel.SMS else 0
    return Message(kind, texts.fill(text.subject, values), body, parts)


def write_next(reminders, clinic, at: datetime | None = None) -> tuple[Reminder, Message] | None:
    """The soonest message that waits, with the words it would have if it went out now."""
    waiting = [reminder for reminder in reminders if reminder.status == R.PLANNED]
    if not waiting:
        return None
    soonest = min(waiting, key=lambda reminder: reminder.next_try_at)
    try:
        return soonest, write_message(soonest, clinic, at or clock.now())
    except LookupError:
        return None


def reference_of(reminder: Reminder) -> str:
    """The same at every try; another one when a person has it sent again."""
    return f"reminder-{reminder.pk}-{reminder.resends}"


def message_id_of(reminder: Reminder) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{reference_of(reminder)}@{domain}>"


def _send(reminder: Reminder, message: Message, clinic) -> Answer:
    try:
        if reminder.channel == Channel.SMS:
            reference = reference_of(reminder)
            return transports.send_sms(to=reminder.patient.phone, text=message.body, reference=reference)
        return transports.send_email(_email(reminder, message, clinic))
    except Exception as error:
        log.error("message %s: %s while sending", reminder.pk, type(error).__name__)
        return Answer(Outcome.UNCLEAR, type(error).__name__)


def _email(reminder: Reminder, message: Message, clinic) -> EmailMultiAlternatives:
    return EmailMultiAlternatives(
        subject=message.subject,
        body=message.body,
        from_email=formataddr((clinic.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[reminder.patient.email],
        reply_to=[clinic.email] if clinic.email else None,
        headers={
            "Message-ID": message_id_of(reminder),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )


def _note(reminder: Reminder, message: Message, answer: Answer, at: datetime) -> str:
    if answer.outcome == Outcome.SENT:
        return _note_sent(reminder, message, answer)
    if answer.outcome == Outcome.REFUSED:
        return _end(reminder, R.FAILED, why=Why.REFUSED, provider_answer=answer.detail[:200])
    if answer.outcome == Outcome.UNCLEAR and reminder.channel == Channel.SMS:
        return _end(reminder, R.UNKNOWN, why=Why.NO_ANSWER, provider_answer=answer.detail[:200], **_words(message))
    return _try_later(reminder, at, provider_answer=answer.detail[:200])


@transaction.atomic
def _note_sent(reminder: Reminder, message: Message, answer: Answer) -> str:
    is_email = reminder.channel == Channel.EMAIL
    status = _end(
        reminder,
        R.SENT,
        why="",
        sent_at=clock.now(),
        message_id=message_id_of(reminder) if is_email else "",
        provider_answer=answer.detail[:200],
        **_words(message),
    )
    record(by=None, action=Action.SEND, subject=reminder, patient_id=reminder.patient_id)
    return status


def _words(message: Message) -> dict:
    return {"text_kind": message.kind, "text": message.body, "sms_parts": message.sms_parts}


def _try_later(reminder: Reminder, at: datetime, *, wait: bool = True, **fields) -> str:
    again = rules.next_try(reminder.attempts, at)
    if again is None:
        return _end(reminder, R.FAILED, why=Why.TOO_MANY_TRIES, **fields)
    return _end(reminder, R.PLANNED, next_try_at=again if wait else at, **fields)


def _end(reminder: Reminder, status: str, **fields) -> str:
    """Ends our claim; changes nothing when it is not ours any more."""
    move([reminder.pk], was=R.CLAIMED, to=status, claimed_at=reminder.claimed_at, **fields)
    return status
