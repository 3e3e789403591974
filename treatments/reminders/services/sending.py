"""Sending: claim one row, look again whether it may go, send outside any transaction, note the end.

E-mail goes out at least once, with the same Message-ID at every try. A text message goes out at most once: when it is
not known whether it was sent, it is UNKNOWN and a person decides.
"""

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from clinic.core import clock
from patients.registry.enums import Channel
from treatments.reminders import queries, rules, sources, transports
from treatments.reminders.enums import Outcome, ReminderStatus, Why
from treatments.reminders.models import Reminder
from treatments.reminders.services.claiming import claim
from treatments.reminders.services.clockwork import clinic_time, move
from treatments.reminders.services.ending import Try, end, message_id_of, note, reference_of, sent, try_later
from treatments.reminders.services.kit import Kit
from treatments.reminders.services.writing import Message, make_kit, write_message
from treatments.reminders.sources import Source
from treatments.reminders.transports import Answer

RUN = 10.0  # seconds after which a run begins no other message: a task is ended after 30, and a server may be slow
FRESH = 0.5  # seconds for which what was read of medicines and rules counts as what is so at the moment of sending
R = ReminderStatus
log = logging.getLogger(__name__)


def deliver_reminders(*, reminder_ids: list[int], at: datetime | None = None) -> dict[int, str]:
    """Sends those that are due and that nobody else sends. Returns what became of each that was ours.

    One at a time is claimed, right before it is sent, so that a sender that dies leaves one in doubt. That one was sent
    and that the next is claimed is one transaction. What a slow server leaves no time for waits for the next sweep.
    """
    until = time.monotonic() + RUN
    ends: dict[int, str] = {}
    done: Try | None = None
    with clinic_time() as clinic:
        reading = Reading(reminder_ids, clinic, at)
        try:
            while (reminder := reading.next()) and time.monotonic() < until:
                if _waits_for_the_morning(reminder, clinic, reading.at):
                    continue
                claimed, done = _claim(reminder, reading, ends, after=done), None
                done = _try(claimed, clinic, ends) if claimed else None
                if done and done.answer.outcome != Outcome.SENT:
                    done = _note(done, ends)
        except DatabaseError:
            # What was sent must be known: once more, alone, and on a connection that works
            if done and done.reminder.pk not in ends and not connection.in_atomic_block:
                connection.close()
                _note(done, ends)
            raise
        _note(done, ends)
    return ends


@dataclass(frozen=True)
class Claimed:
    """A message that is ours, what it is about, and with what to write it; None is what has to be read."""

    reminder: Reminder
    source: Source | None
    kit: Kit | None
    at: datetime


class Reading:
    """The messages of a run with what they are about, read together: reading one costs as much as reading many.

    Visits and patients are compared with what was read when the message is claimed; the rest is read again when it is
    older than half a second.
    """

    def __init__(self, pks: list[int], clinic, at: datetime | None):
        self.left, self.clinic, self.moment = list(pks), clinic, at
        self.rows: list[Reminder] = []
        self.sources: dict[int, Source] = {}
        self.kit = Kit()
        self.until = 0.0

    @property
    def at(self) -> datetime:
        return self.moment or clock.now()

    def next(self) -> Reminder | None:
        """The next one that was still due when it was read."""
        if self.left and time.monotonic() > self.until:
            self._read()
        if not self.rows:
            return None
        reminder = self.rows.pop(0)
        self.left = [row.pk for row in self.rows]
        return reminder

    def _read(self) -> None:
        at = self.at
        self.rows = queries.reminders_to_send(self.left, at)
        self.sources = sources.of_reminders(self.rows, at)
        self.kit = make_kit([(row, self.sources[row.pk]) for row in self.rows], self.clinic, at)
        self.left = [row.pk for row in self.rows]
        self.until = time.monotonic() + FRESH


def deliver_reminder(*, reminder_id: int, at: datetime | None = None) -> str | None:
    """Sends one message; None when it was not ours."""
    return deliver_reminders(reminder_ids=[reminder_id], at=at).get(reminder_id)


def _waits_for_the_morning(reminder: Reminder, clinic, at: datetime) -> bool:
    """What is late, or tried again, does not leave in the quiet hours either; what a person sends again does."""
    morning = at if reminder.resends else rules.after_quiet(clinic, at, reminder.starts_at)
    return morning > at and bool(move([reminder.pk], was=R.PLANNED, to=R.PLANNED, next_try_at=morning))


@transaction.atomic(savepoint=False)
def _note(done: Try | None, ends: dict) -> None:
    if done:
        ends[done.reminder.pk] = note(done)


def _claim(reminder: Reminder, reading: Reading, ends: dict, *, after: Try | None) -> Claimed | None:
    """The message as it is now, ours; None when it was not to be had, or must not go out any more.

    Together with it is noted that the one before was sent.
    """
    at = reading.at
    as_read = claim(reminder, at, after=sent(after) if after else ())
    if after:
        ends[after.reminder.pk] = R.SENT
    if as_read is None:
        return None
    if as_read:
        source, kit = reading.sources[reminder.pk], reading.kit
        reminder.status, reminder.claimed_at, reminder.attempts = R.CLAIMED, at, reminder.attempts + 1
    else:
        reminder, source, kit = queries.reminder_to_send(reminder.pk), None, None
    if not (stop := rules.why_not(reminder, at, source)):
        return Claimed(reminder, source, kit, at)
    status, why = stop
    ends[reminder.pk] = end(reminder, status, why=why)
    return None


def _try(claimed: Claimed, clinic, ends: dict) -> Try | None:
    reminder = claimed.reminder
    try:
        message = write_message(reminder, clinic, claimed.at, source=claimed.source, kit=claimed.kit)
    except (OperationalError, InterfaceError) as error:
        # It passes, and nothing was sent: also a text message may wait for a connection that works
        log.warning("message %s is not written yet: %s", reminder.pk, type(error).__name__)
        if not connection.in_atomic_block:
            connection.close()
        ends[reminder.pk] = try_later(reminder, claimed.at)
        return None
    except Exception as error:
        log.error("message %s cannot be written: %s", reminder.pk, type(error).__name__)
        ends[reminder.pk] = end(reminder, R.FAILED, why=Why.NOT_WRITTEN)
        return None
    address = rules.address_of(reminder.patient, reminder.channel)
    return Try(reminder, message, _send(reminder, message, address, clinic), address, claimed.at)


def _send(reminder: Reminder, message: Message, address: str, clinic) -> Answer:
    try:
        if reminder.channel == Channel.SMS:
            return transports.send_sms(to=address, text=message.body, reference=reference_of(reminder))
        return transports.send_email(_email(reminder, message, address, clinic))
    except Exception as error:
        log.error("message %s: %s while sending", reminder.pk, type(error).__name__)
        return Answer(Outcome.UNCLEAR, type(error).__name__)


def _email(reminder: Reminder, message: Message, address: str, clinic) -> EmailMultiAlternatives:
    email = EmailMultiAlternatives(
        subject=message.subject,
        body=message.body,
        from_email=formataddr((clinic.name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[address],
        reply_to=[clinic.email] if clinic.email else None,
        headers={
            "Message-ID": message_id_of(reminder),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **message.headers,
        },
        attachments=message.attachments,
    )
    email.metadata = {"reference": reference_of(reminder)}  # providers give it back with their reports
    return email
