"""What every part of the clockwork does besides its work."""

from contextlib import contextmanager
from zoneinfo import ZoneInfo

from django.utils import timezone

from clinic.staff.queries import clinic_profile
from treatments.reminders.enums import REMINDER_MOVES, Clockwork
from treatments.reminders.models import Heartbeat, Reminder


@contextmanager
def clinic_time():
    """The clinic's zone is the active one inside; yields the clinic."""
    clinic = clinic_profile()
    with timezone.override(ZoneInfo(clinic.time_zone)):
        yield clinic


def note_run(name: Clockwork, at) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def move(pks, *, was: str, to: str, claimed_at=None, **fields) -> int:
    """Compare-and-set: moves the messages that still are what they were, and says how many.

    `claimed_at` tells one claim from the next, so that a sender whose time has run out changes nothing.
    """
    if to not in REMINDER_MOVES[was]:
        raise ValueError(f"no move from {was} to {to}")
    rows = Reminder.objects.filter(pk__in=pks, status=was)
    if claimed_at is not None:
        rows = rows.filter(claimed_at=claimed_at)
    return rows.update(status=to, **fields)
