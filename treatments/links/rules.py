"""How long a link stands, what it is about, and what the visit behind it allows."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic.core.errors import Refused
from treatments.links.enums import LinkState, Purpose
from treatments.links.models import LinkSettings, PatientLink
from treatments.scheduling.enums import OPEN, VisitStatus
from treatments.scheduling.models import Appointment

TRIES = 5
# After the last question about lumps, in week 12 (late infections of injected skin show that late).
AFTER_CARE_STANDS = timedelta(days=120)
# Longer than anybody keeps a message before unsubscribing by it.
STOP_STANDS = timedelta(days=400)
ABOUT_A_VISIT = (Purpose.VISIT, Purpose.PREPARE, Purpose.TAKEN)
# Whoever holds the message may stop the messages: no question is asked first.
UNASKED = (Purpose.STOP,)


def key_of(*, purpose: str, patient, visit=None, session=None, channel="", topic="") -> str:
    """What a link is about. A visit at another time is something else: its message has a link of its own."""
    if purpose == Purpose.STOP:
        return f"{purpose}:{patient.pk}:{channel}:{topic}"
    if purpose == Purpose.AFTER_CARE:
        return f"{purpose}:{session.pk}"
    return f"{purpose}:{visit.pk}:{visit.starts_at:%Y%m%dT%H%M%S}"


def expiry(*, purpose: str, visit, at: datetime) -> datetime:
    if purpose == Purpose.STOP:
        return at + STOP_STANDS
    if purpose == Purpose.AFTER_CARE:
        return at + AFTER_CARE_STANDS
    return visit.starts_at


def prolonged(link: PatientLink, at: datetime) -> datetime | None:
    """Each e-mail carries the same link for unsubscribing: until when it stands now; None while most of its time is
    left."""
    ends_soon = link.purpose == Purpose.STOP and link.expires_at - at < STOP_STANDS / 2
    return at + STOP_STANDS if ends_soon else None


def deadline(link: PatientLink) -> datetime:
    """A visit moved to a later time takes its links with it: they say what is true now."""
    if link.purpose in ABOUT_A_VISIT:
        return max(link.expires_at, link.appointment.starts_at)
    return link.expires_at


def stands(link: PatientLink | None, at: datetime) -> bool:
    return link is not None and link.closed_at is None and at < deadline(link)


def state_of(link: PatientLink, at: datetime) -> LinkState:
    if link.closed_at:
        return LinkState.REPLACED
    if link.locked_at:
        return LinkState.LOCKED
    if link.answered_at:
        return LinkState.ANSWERED
    if at >= deadline(link):
        return LinkState.EXPIRED
    return LinkState.OPENED if link.opened_at else LinkState.OPEN


def is_ahead(visit: Appointment, at: datetime) -> bool:
    return visit.status in OPEN and visit.starts_at > at


def check_ahead(visit: Appointment, at: datetime) -> None:
    if not is_ahead(visit, at):
        raise Refused(_("This visit can no longer be changed here. Please ring us."))


def may_cancel(visit: Appointment, settings: LinkSettings, at: datetime) -> bool:
    """The clinic's rule; a visit that is cancelled already may be cancelled again, to no effect."""
    if visit.status == VisitStatus.CANCELLED:
        return True
    return settings.may_cancel and visit.starts_at - at >= timedelta(hours=settings.cancel_hours)


def check_may_cancel(visit: Appointment, settings: LinkSettings, at: datetime) -> None:
    if not may_cancel(visit, settings, at):
        raise Refused(_("It is too late to cancel here. Please ring us."))
