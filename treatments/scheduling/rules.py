"""What may be booked and why not: asked by forms early, and by services again inside the transaction."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.permissions import Permission
from treatments.scheduling import place_queries, queries
from treatments.scheduling.enums import OPEN, RoomKind, VisitStatus, WaitingStatus
from treatments.scheduling.intervals import contains
from treatments.scheduling.models import Appointment, Room, SlotOffer, VisitType, WaitingEntry

# A patient who is already there may be booked for a quarter that has just begun.
WALK_IN = timedelta(minutes=15)
FURTHEST = timedelta(days=730)
MOST_IN_COURSE = 30
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)


def instant_of(day: date, wall: time, fold: int | None = None) -> datetime:
    """The instant of a wall time; `fold` 0 or 1 says which, where the clocks show it twice. Refuses what is unclear."""
    try:
        return clock.exact_instant(day, wall)
    except clock.NonexistentTime:
        raise Refused(
            _("%(time)s does not exist on that day: the clocks go forward.") % {"time": wall_text(wall)}, field="time"
        ) from None
    except clock.AmbiguousTime:
        if fold is None:
            raise Refused(
                _("%(time)s comes twice on that day: choose which.") % {"time": wall_text(wall)}, field="fold"
            ) from None
        return datetime.combine(day, wall, tzinfo=clock.zone()).replace(fold=fold).astimezone(UTC)


def is_ambiguous(day: date, wall: time) -> bool:
    try:
        clock.exact_instant(day, wall)
    except clock.AmbiguousTime:
        return True
    except clock.NonexistentTime:
        return False
    return False


def check_time(starts_at: datetime, at: datetime) -> None:
    if starts_at < at - WALK_IN:
        raise Refused(_("That time has passed."), field="time")
    if starts_at > at + FURTHEST:
        raise Refused(_("Visits can be booked at most two years ahead."), field="day")


def check_length(length: timedelta) -> None:
    if not SHORTEST <= length <= LONGEST:
        raise Refused(_("A visit takes from 5 minutes to 12 hours."), field="minutes")


def check_place(
    visit_type: VisitType, practitioner, room: Room | None, starts_at: datetime, ends_at: datetime, *, place=None
) -> None:
    """The practitioner treats so and works then, and the room is in use and of the kind that the visit needs.

    The minutes before and after need not lie within the hours. `place` is what `place_queries` has found there already.
    """
    person = place.person if place else place_queries.person_on(practitioner, visit_type, clock.local(starts_at).date())
    if not person.treats:
        raise _treats_nobody(practitioner)
    if not person.may:
        names = {"name": practitioner.full_name, "type": visit_type.name}
        raise Refused(_("%(type)s is not done by %(name)s.") % names, field="practitioner")
    check_room(room, visit_type)
    if not contains(person.hours, starts_at, ends_at):
        names = {"name": practitioner.full_name, "start": time_text(starts_at), "end": time_text(ends_at)}
        raise Refused(_("%(name)s does not work from %(start)s to %(end)s on that day.") % names, field="time")


def check_treats(practitioner) -> None:
    if not queries.is_practitioner(practitioner):
        raise _treats_nobody(practitioner)


def _treats_nobody(person) -> Refused:
    return Refused(_("%(name)s does not treat patients.") % {"name": person.full_name}, field="practitioner")


def check_room(room: Room | None, visit_type: VisitType) -> None:
    if room is not None and room.retired_at:
        raise Refused(_("%(room)s is no longer used.") % {"room": room.name}, field="room")
    needed = visit_type.room_kind
    if needed and (room is None or room.kind not in {"", needed}):
        names = {"type": visit_type.name, "kind": RoomKind(needed).label}
        raise Refused(_("%(type)s needs a room of this kind: %(kind)s.") % names, field="room")


def check_visit_type(visit_type: VisitType) -> None:
    if visit_type.retired_at:
        raise Refused(_("%(type)s is no longer offered.") % {"type": visit_type.name}, field="visit_type")


def has_consultation(
    visit_type: VisitType, consultations: list[Appointment], starts_at: datetime, at: datetime
) -> bool:
    """Whether a consultation ends before the visit and at most so many days earlier as its type asks.

    A consultation counts when it took place, or is booked for today or later; one of the past that nobody
    marked as done does not.
    """
    if visit_type.consultation_within_days is None:
        return True
    earliest = clock.local(starts_at).date() - timedelta(days=visit_type.consultation_within_days)
    today = clock.local(at).date()

    def counts(consultation: Appointment) -> bool:
        day = clock.local(consultation.starts_at).date()
        took_or_takes_place = consultation.status == VisitStatus.DONE or day >= today
        return took_or_takes_place and day >= earliest and consultation.ends_at <= starts_at

    return any(counts(consultation) for consultation in consultations)


def consultation_text(visit_type: VisitType) -> str:
    """Why a visit cannot be booked yet, in words that say nothing clinical."""
    days = visit_type.consultation_within_days
    return ngettext(
        "%(type)s needs a consultation in the %(days)d day before it. Book the consultation first.",
        "%(type)s needs a consultation in the %(days)d days before it. Book the consultation first.",
        days,
    ) % {"type": visit_type.name, "days": days}


def check_prerequisites(
    *, visit_type, patient, starts_at, by, override_reason: str, at: datetime, but: Collection[int] = ()
) -> bool:
    """Refuses a visit that lacks its consultation or comes too soon after, or before, another of its type.

    True when it goes on for a reason given by somebody who may. `but` are visits that are being moved.
    """
    obstacle = obstacle_to(visit_type=visit_type, patient=patient, starts_at=starts_at, at=at, but=but)
    if not obstacle:
        return False
    if not override_reason:
        raise Refused(obstacle, field="override_reason")
    if by is None or not by.may(Permission.OVERRIDE_CONSULTATION):
        raise Refused(_("Only a practitioner may book this visit without a consultation."), field="override_reason")
    return True


def obstacle_to(*, visit_type, patient, starts_at, at: datetime, but: Collection[int] = ()) -> str:
    """Why the patient cannot have the visit then, in words that say nothing clinical; empty when they can."""
    needs_consultation = visit_type.consultation_within_days is not None
    if needs_consultation and not has_consultation(visit_type, queries.consultations(patient), starts_at, at):
        return consultation_text(visit_type)
    if visit_type.days_between:
        within = timedelta(days=visit_type.days_between + 1)
        other = queries.nearest_of_type(visit_type, patient, starts_at, within, but)
        if other and is_too_soon(visit_type, other, starts_at):
            return too_soon_text(visit_type, other)
    return ""


def is_too_soon(visit_type: VisitType, one: datetime, other: datetime) -> bool:
    """Whether two visits of the type are fewer days of the calendar apart than it asks."""
    apart = abs(clock.local(one).date() - clock.local(other).date())
    return apart < timedelta(days=visit_type.days_between or 0)


def too_soon_text(visit_type: VisitType, other: datetime) -> str:
    return ngettext(
        "There is one on %(day)s, and between two of %(type)s there must be %(days)d day.",
        "There is one on %(day)s, and between two of %(type)s there must be %(days)d days.",
        visit_type.days_between,
    ) % {
        "day": date_format(clock.local(other).date(), "j F"),
        "type": visit_type.name,
        "days": visit_type.days_between,
    }


def check_free(*, practitioner, room, patient, place=None, **wanted) -> None:
    """No live visit overlaps but the one that is moved. Says who is taken and by whom it was booked, and nothing of
    the other patient. See `place_queries.look_at` for what may be `wanted`, and for `place`."""
    who = {"practitioner": practitioner, "room": room, "patient": patient}
    other = place.clash if place else place_queries.clashing(**who, **wanted)
    if other is None:
        return
    if other.practitioner_id == practitioner.pk:
        who, field = practitioner.full_name, "practitioner"
    elif room is not None and other.room_id == room.pk:
        who, field = room.name, "room"
    else:
        who, field = _("The patient"), "time"
    raise Refused(
        _("%(who)s is taken from %(start)s to %(end)s, booked by %(by)s. Choose another time.")
        % {
            "who": who,
            "start": time_text(other.starts_at),
            "end": time_text(other.ends_at),
            "by": other.booked_by,
        },
        field=field,
    )


def check_course(count: int) -> None:
    if not 1 <= count <= MOST_IN_COURSE:
        raise Refused(_("A course has from 1 to %(most)d visits.") % {"most": MOST_IN_COURSE})


def check_waiting(wish: dict, at: datetime) -> None:
    if wish["until_day"] < wish["from_day"]:
        raise Refused(_("The last day must not be before the first."), field="until_day")
    if wish["until_day"] < clock.local(at).date():
        raise Refused(_("That day has passed."), field="until_day")


def check_waits(entry: WaitingEntry) -> None:
    if entry.status != WaitingStatus.WAITING:
        raise Refused(_("This is no longer on the list."))


def check_offer_stands(offer: SlotOffer, at: datetime) -> None:
    if at >= offer.expires_at:
        raise Refused(_("This offer has expired."))
    check_waits(offer.entry)


def check_movable(appointment: Appointment) -> None:
    if appointment.status not in OPEN:
        label = VisitStatus(appointment.status).label
        raise Refused(_("The visit is “%(now)s”: its time can no longer change.") % {"now": label})


def time_text(instant: datetime) -> str:
    return date_format(clock.local(instant), "H:i")


def wall_text(wall: time) -> str:
    return f"{wall:%H:%M}"
