"""Visits for calendar programs: a practitioner's private feed, and a single visit for its patient.

Neither says who the patient is nor anything clinical.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.models import ClinicProfile, User
from treatments.scheduling import ics, queries, rules
from treatments.scheduling.enums import LIVE
from treatments.scheduling.links import new_secret
from treatments.scheduling.models import Appointment, CalendarFeed

PURPOSE = "feed"
BACK, AHEAD = timedelta(days=30), timedelta(days=365)


@transaction.atomic
def add_feed(*, practitioner: User, busy_only: bool, by, at=None) -> CalendarFeed:
    at = at or clock.now()
    rules.check_treats(practitioner)
    feed = CalendarFeed.objects.create(
        practitioner=practitioner, busy_only=busy_only, created_at=at, **new_secret(PURPOSE)
    )
    record(by=by, action=Action.CREATE, subject=feed, at=at)
    return feed


@transaction.atomic
def revoke_feed(*, feed: CalendarFeed, by, at=None) -> None:
    """Its address answers nothing from now on."""
    at = at or clock.now()
    if not CalendarFeed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=at):
        raise Refused(_("It has been revoked already."))
    record(by=by, action=Action.RETIRE, subject=feed, at=at)


def feed_ics(feed: CalendarFeed, clinic: ClinicProfile, at: datetime) -> str:
    """The visits of a month back and a year ahead; cancelled ones too, so that programs take them out."""
    visits = queries.visits_of_feed(feed.practitioner, at - BACK, at + AHEAD)
    return ics.calendar(clinic.name, (_event_of_feed(visit, feed.busy_only) for visit in visits))


def _event_of_feed(visit: Appointment, busy_only: bool) -> ics.Event:
    if busy_only:
        return _event(visit, visit.changed_at, summary=_("Busy"))
    return _event(
        visit, visit.changed_at, summary=visit.visit_type.name, location=visit.room.name if visit.room else ""
    )


def visit_ics(appointment: Appointment, clinic: ClinicProfile) -> str:
    """One visit as its patient may keep it: METHOD is CANCEL once it does not take place any more."""
    event = _event(
        appointment,
        queries.changed_at(appointment),
        summary=clinic.name,
        location=clinic.address,
        organizer=f"mailto:{clinic.email}" if clinic.email else f"tel:{clinic.phone.replace(' ', '')}",
    )
    return ics.calendar(clinic.name, [event], method="CANCEL" if event.cancelled else "PUBLISH")


def visit_attachment(appointment: Appointment, clinic: ClinicProfile) -> tuple[str, str, str]:
    """The same for an e-mail: file name, text, content type. It says nothing of a treatment."""
    text = visit_ics(appointment, clinic)
    method = "CANCEL" if appointment.status not in LIVE else "PUBLISH"
    return "visit.ics", text, f"text/calendar; charset=utf-8; method={method}"


def _event(visit: Appointment, changed_at: datetime | None, **words) -> ics.Event:
    return ics.Event(
        uid=f"{visit.submission}@nappage",
        sequence=visit.version - 1,
        stamp=changed_at or visit.booked_at,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        cancelled=visit.status not in LIVE,
        **words,
    )
