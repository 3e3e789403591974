"""Claiming a message: in plain SQL, together with the end of the one before, as it is done once for each that leaves.

The transaction of an e-mail's claim does not wait for PostgreSQL's disk: should that machine lose its power, it forgets
for less than a second what left, and e-mails leave again. A text message, which must not, waits.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from clinic.core.statements import Statement, run
from patients.registry.enums import Channel
from treatments.reminders.models import Reminder

# No other table says whether the row is claimed: with a join two who claim at once would both think that they had won
_CLAIM = """
UPDATE reminders_reminder SET status = 'claimed', claimed_at = %s, attempts = attempts + 1
WHERE id = %s AND channel = %s AND status = 'planned' AND next_try_at <= %s
RETURNING attempts = %s AND resends = %s
    AND EXISTS (SELECT 1 FROM reminders_reminderrule WHERE id = %s AND active AND retired_at IS NULL)
    AND EXISTS (SELECT 1 FROM registry_patient WHERE id = %s AND version = %s
        AND refused_email = %s AND refused_phone = %s)
"""
_ABOUT_VISIT = """
    AND EXISTS (SELECT 1 FROM scheduling_appointment WHERE id = %s AND version = %s AND status = %s AND starts_at = %s)
"""
_ABOUT_SESSION = "    AND EXISTS (SELECT 1 FROM charting_treatmentsession WHERE id = %s AND status = %s)"


def claim(reminder: Reminder, at: datetime, *, after: Iterable[Statement] = ()) -> bool | None:
    """Makes the message ours, `after` what else is to be written in the same transaction.

    None when it was not to be had, or goes another way by now; else whether nothing has changed since it was read:
    the row, its visit or session, its patient and its rule.
    """
    row = run(*after, _claiming(reminder, at), wait=reminder.channel != Channel.EMAIL)
    return bool(row[0]) if row else None


def _claiming(reminder: Reminder, at: datetime) -> Statement:
    patient, visit, session = reminder.patient, reminder.appointment, reminder.session
    moment = connection.ops.adapt_datetimefield_value
    sql, values = _CLAIM, [moment(at), reminder.pk, reminder.channel, moment(at)]
    values += [reminder.attempts + 1, reminder.resends, reminder.rule_id]
    values += [patient.pk, patient.version, patient.refused_email, patient.refused_phone]
    if visit:
        sql += _ABOUT_VISIT
        values += [visit.pk, visit.version, visit.status, moment(visit.starts_at)]
    if session:
        sql += _ABOUT_SESSION
        values += [session.pk, session.status]
    return sql, values
