"""How a try to send ends: what becomes of the row, and the record of the try."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.db import connection, transaction

from clinic.audit.enums import Action
from clinic.audit.services import recording
from clinic.core import clock
from clinic.core.statements import Statement, inserting, run
from patients.registry.enums import Channel
from patients.registry.services import mark_undeliverable
from treatments.reminders import rules
from treatments.reminders.enums import Outcome, ReminderStatus, Why
from treatments.reminders.models import Attempt, Reminder
from treatments.reminders.services.clockwork import move
from treatments.reminders.services.writing import Message
from treatments.reminders.transports import Answer

R = ReminderStatus


@dataclass(frozen=True)
class Try:
    """A try that is over and not noted yet. `address` is where the message went."""

    reminder: Reminder
    message: Message
    answer: Answer
    address: str
    at: datetime


def reference_of(reminder: Reminder) -> str:
    """The same at every try; another one when a person has it sent again."""
    return f"reminder-{reminder.pk}-{reminder.resends}"


def message_id_of(reminder: Reminder) -> str:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{reference_of(reminder)}@{domain}>"


def note(done: Try) -> str:
    """Writes down how a try ended, and what becomes of the message. In a transaction, which the caller opens."""
    reminder, answer = done.reminder, done.answer
    if answer.outcome == Outcome.SENT:
        run(*sent(done))
        return R.SENT
    _try_of(reminder, answer.outcome, began=done.at, answer=answer).save()
    if answer.bad_address:
        mark_undeliverable(patient_id=reminder.patient_id, channel=reminder.channel, address=done.address)
    detail = {"provider_answer": answer.detail[:200]}
    if answer.outcome == Outcome.REFUSED:
        return end(reminder, R.FAILED, why=Why.REFUSED, **detail)
    if answer.outcome == Outcome.UNCLEAR and reminder.channel == Channel.SMS:
        return end(reminder, R.UNKNOWN, why=Why.NO_ANSWER, **detail, **_words(done.message))
    return try_later(reminder, done.at, wait=answer.wait, **detail)


_SENT = """
UPDATE reminders_reminder SET status = 'sent', why = '', report = '', reported_at = NULL, sent_at = %s,
    message_id = %s, provider_answer = %s, text_kind = %s, text = %s, sms_parts = %s, message_text_id = %s,
    text_version = %s
WHERE id = %s AND status = 'claimed' AND claimed_at = %s
"""


def sent(done: Try) -> list[Statement]:
    """What writes down that a message was accepted: in plain SQL, as it is done once for each that leaves."""
    reminder, message, moment = done.reminder, done.message, connection.ops.adapt_datetimefield_value
    message_id = message_id_of(reminder) if reminder.channel == Channel.EMAIL else ""
    values = [moment(clock.now()), message_id, done.answer.detail[:200], message.kind, message.body, message.sms_parts]
    values += [message.text.pk, message.text.version, reminder.pk, moment(reminder.claimed_at)]
    return [
        inserting(_try_of(reminder, Outcome.SENT, began=done.at, answer=done.answer)),
        (_SENT, values),
        recording(by=None, action=Action.SEND, subject=reminder, patient_id=reminder.patient_id),
    ]


@transaction.atomic
def free(reminder: Reminder, at: datetime) -> str:
    """Ends the claim of a sender that has died. An e-mail waits again; of a text message nobody knows."""
    _try_of(reminder, Outcome.LOST, began=reminder.claimed_at, ended=at).save()
    if reminder.channel == Channel.SMS:
        return end(reminder, R.UNKNOWN, why=Why.NO_ANSWER)
    return try_later(reminder, at, at_once=True)


def end(reminder: Reminder, status: str, **fields) -> str:
    """Ends our claim; changes nothing when it is not ours any more."""
    move([reminder.pk], was=R.CLAIMED, to=status, claimed_at=reminder.claimed_at, **fields)
    return status


def _try_of(
    reminder: Reminder, outcome: Outcome, *, began: datetime, ended=None, answer: Answer | None = None
) -> Attempt:
    return Attempt(
        reminder_id=reminder.pk,
        resend=reminder.resends,
        began_at=began,
        ended_at=ended or clock.now(),
        outcome=outcome,
        answer=answer.detail[:200] if answer else "",
        provider_id=answer.provider_id[:120] if answer else "",
    )


def _words(message: Message) -> dict:
    return {
        "text_kind": message.kind,
        "text": message.body,
        "sms_parts": message.sms_parts,
        "message_text": message.text,
        "text_version": message.text.version,
    }


def try_later(reminder: Reminder, at: datetime, *, wait: int = 0, at_once: bool = False, **fields) -> str:
    """Waits again, or fails after too many tries.

    `wait` is how many seconds the provider wants us to stay away: our own wait may be longer.
    """
    again = rules.next_try(reminder.attempts, at)
    if again is None:
        return end(reminder, R.FAILED, why=Why.TOO_MANY_TRIES, **fields)
    again = at if at_once else max(again, at + timedelta(seconds=wait))
    return end(reminder, R.PLANNED, next_try_at=again, **fields)
