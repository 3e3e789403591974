"""Claiming a message: in plain SQL, and in one go, as it is done once for each message that leaves.

The transaction of an e-mail's claim does not wait for PostgreSQL's disk: should that machine lose its power, it forgets
for less than a second what left, and e-mails leave again. A text message, which must not, waits.
"""

from datetime import datetime

from django.db import connection

from patients.registry.enums import Channel
from treatments.reminders.models import Reminder

_NO_WAIT, _WAIT = "SET LOCAL synchronous_commit TO off;", "SET LOCAL synchronous_commit TO DEFAULT"
# No other table says whether the row is claimed: with a join two who claim at once would both think that they had won
_CLAIM = """
UPDATE reminders_reminder SET status = 'claimed', claimed_at = %(at)s, attempts = attempts + 1
WHERE id = %(pk)s AND status = 'planned' AND next_try_at <= %(at)s
RETURNING attempts = %(attempts)s AND resends = %(resends)s AND channel = %(channel)s
    AND EXISTS (SELECT 1 FROM reminders_reminderrule WHERE id = %(rule)s AND active AND retired_at IS NULL)
    AND EXISTS (SELECT 1 FROM registry_patient WHERE id = %(patient)s AND version = %(patient_version)s
        AND refused_email = %(refused_email)s AND refused_phone = %(refused_phone)s)
"""
_ABOUT_VISIT = """
    AND EXISTS (SELECT 1 FROM scheduling_appointment WHERE id = %(visit)s AND version = %(visit_version)s
        AND status = %(visit_status)s AND starts_at = %(starts_at)s)
"""
_ABOUT_SESSION = """
    AND EXISTS (SELECT 1 FROM charting_treatmentsession WHERE id = %(session)s AND status = %(session_status)s)
"""


def claim(reminder: Reminder, at: datetime) -> bool | None:
    """Makes the message ours. None when it was not to be had; else whether nothing has changed since it was read:
    the row, its visit or session, its patient and its rule.
    """
    patient, visit, session = reminder.patient, reminder.appointment, reminder.session
    values = {
        "at": connection.ops.adapt_datetimefield_value(at),
        "pk": reminder.pk,
        "attempts": reminder.attempts + 1,
        "resends": reminder.resends,
        "channel": reminder.channel,
        "rule": reminder.rule_id,
        "patient": patient.pk,
        "patient_version": patient.version,
        "refused_email": patient.refused_email,
        "refused_phone": patient.refused_phone,
    }
    if visit:
        starts_at = connection.ops.adapt_datetimefield_value(visit.starts_at)
        values |= {"visit": visit.pk, "visit_version": visit.version, "visit_status": visit.status}
        values |= {"starts_at": starts_at}
    if session:
        values |= {"session": session.pk, "session_status": session.status}
    no_wait = connection.vendor == "postgresql" and reminder.channel == Channel.EMAIL
    with connection.cursor() as cursor:
        about = (_ABOUT_VISIT if visit else "") + (_ABOUT_SESSION if session else "")
        cursor.execute((_NO_WAIT if no_wait else "") + _CLAIM + about, values)
        row = cursor.fetchone()
        if no_wait and not (row and row[0]):  # it may be a text message by now
            cursor.execute(_WAIT)
    return bool(row[0]) if row else None
