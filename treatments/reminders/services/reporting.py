"""What providers tell after they have accepted a message: delivered, came back, unwanted. Twice, in any order."""

import re
from datetime import datetime

from django.db import transaction

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict
from patients.registry.services import mark_undeliverable
from treatments.reminders.enums import ReminderStatus, Report, Why
from treatments.reminders.models import Attempt, Reminder
from treatments.reminders.services.clockwork import move

R = ReminderStatus
UPWARDS = ("", Report.DELIVERED, Report.BOUNCED, Report.COMPLAINED)  # only what says more than the one before counts
REFERENCE = re.compile(r"reminder-([0-9]{1,18})-([0-9]{1,4})")


@transaction.atomic
def note_report(
    *, report: Report, reference="", provider_id="", address="", bad_address=False, at: datetime | None = None
) -> bool:
    """Notes a report about the message with our reference, or the provider's id. False when it tells nothing new.

    A bounce makes a sent message a failed one; a delivery settles one of which nobody knew. `address` is where the
    provider says it went: marked on the patient when nothing can be delivered there. Raises Conflict while the
    message is still being handed over: the provider is to report again.
    """
    at = at or clock.now()
    if not (found := _reminder(reference, provider_id)):
        return False
    reminder, resend = found
    if reminder.status == R.CLAIMED:
        raise Conflict
    if bad_address or report == Report.COMPLAINED:
        mark_undeliverable(patient_id=reminder.patient_id, channel=reminder.channel, address=address, at=at)
    if resend != reminder.resends or UPWARDS.index(report) <= UPWARDS.index(reminder.report):
        return False
    Reminder.objects.filter(pk=reminder.pk).update(report=report, reported_at=at)
    changed = ["report"] + (["status"] if _move(reminder, report, at) else [])
    record(by=None, action=Action.CHANGE, subject=reminder, patient_id=reminder.patient_id, fields=changed, at=at)
    return True


def _reminder(reference: str, provider_id: str) -> tuple[Reminder, int] | None:
    """The message, and at which sending of it the report is aimed."""
    if match := REFERENCE.fullmatch(reference):
        pk, resend = int(match[1]), int(match[2])
    elif provider_id and (row := Attempt.objects.filter(provider_id=provider_id).order_by("-pk").first()):
        pk, resend = row.reminder_id, row.resend
    else:
        return None
    reminder = Reminder.objects.select_for_update().filter(pk=pk).first()
    return (reminder, resend) if reminder else None


def _move(reminder: Reminder, report: Report, at: datetime) -> int:
    was = reminder.status
    unsettled = was == R.UNKNOWN or (was == R.PLANNED and reminder.attempts > 0)
    if report == Report.DELIVERED and unsettled:
        return move([reminder.pk], was=was, to=R.SENT, why="", sent_at=at)
    if report == Report.BOUNCED and (unsettled or was == R.SENT):
        return move([reminder.pk], was=was, to=R.FAILED, why=Why.BOUNCED)
    return 0
