"""How far a visit's messages have come, as one mark for the calendar's lists."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from django.db.models import F
from django.utils.translation import gettext as _

from treatments.reminders.enums import ReminderStatus
from treatments.reminders.models import Reminder
from treatments.scheduling.marks import Mark

R = ReminderStatus


def marks_of_visits(visit_ids: Collection[int]) -> Iterator[tuple[int, Mark]]:
    """One mark for each visit that has messages for the time it now has: the worst news of them."""
    rows = Reminder.objects.filter(appointment__in=visit_ids, starts_at=F("appointment__starts_at")).order_by()
    statuses = defaultdict(set)
    for visit_id, status in rows.values_list("appointment_id", "status"):
        statuses[visit_id].add(status)
    for visit_id, found in statuses.items():
        if mark := _mark(found):
            yield visit_id, mark


def _mark(found: set[str]) -> Mark | None:
    if found & {R.FAILED, R.UNKNOWN}:
        return Mark("envelope-exclamation", _("A message did not arrive, or perhaps not"), "reason")
    if R.SKIPPED in found:
        return Mark("envelope-slash", _("A message cannot be sent"), "reason")
    if found & {R.PLANNED, R.CLAIMED}:
        return Mark("envelope", _("A message is still to go out"))
    if found & {R.SENT, R.TOLD}:
        return Mark("envelope-check", _("Messages have gone out"), "ok")
    return None
