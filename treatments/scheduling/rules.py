"""What may be booked and why not: asked by forms early, and by services again inside the transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.permissions import Permission, Role
from treatments.charting.models import TreatmentSession
from treatments.scheduling import queries
from treatments.scheduling.enums import OPEN, VISIT_MOVES, RoomKind, VisitKind, VisitStatus, WaitingStatus
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


def check_place(visit_type: VisitType, practitioner, room: Room | None, starts_at: datetime, ends_at: datetime) -> None:
    """The practitioner treats so and works then, and the room is in use and of the kind that the visit needs."""
    check_practitioner(practitioner, visit_type)
    check_room(room, visit_type)
    check_hours(practitioner, starts_at, ends_at)


def check_practitioner(practitioner, visit_type: VisitType) -> None:
    check_treats(practitioner)
    chosen = queries.who_may(visit_type)
    if chosen and practitioner.pk not in chosen:
        names = {"name": practitioner.full_name, "type": visit_type.name}
        raise Refused(_("%(type)s is not done by %(name)s.") % names, field="practitioner")


def check_treats(practitioner) -> None:
    if not queries.is_practitioner(practitioner):
        raise Refused(_("%(name)s does not treat patients.") % {"name": practitioner.full_name}, field="practitioner")


def check_hours(practitioner, starts_at: datetime, ends_at: datetime) -> None:
    """The visit lies within the hours of its practitioner; the minutes before and after need not."""
    if contains(queries.open_hours(practitioner, clock.local(starts_at).date()), starts_at, ends_at):
        return
    raise Refused(
        _("%(name)s does not work from %(start)s to %(end)s on that day.")
        % {"name": practitioner.full_name, "start": time_text(starts_at), "end": time_text(ends_at)},
        field="time",
    )


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


def check_free(*, practitioner, room, patient, starts_at, ends_at, busy_from, busy_until, but=()) -> None:
    """No live visit overlaps. Says who is taken and by whom it was booked, and nothing of the other patient."""
    other = queries.clashing(
        practitioner=practitioner,
        room=room,
        patient=patient,
        starts_at=starts_at,
        ends_at=ends_at,
        busy_from=busy_from,
        busy_until=busy_until,
        but=but,
    )
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
            "by": other.booked_by.full_name,
        },
        field=field,
    )


def check_move(appointment: Appointment, to: VisitStatus, at: datetime) -> None:
    """Whether the visit may become `to`, and whether it is time for that."""
    now, then = VisitStatus(appointment.status), VisitStatus(to)
    if then not in VISIT_MOVES[now]:
        raise Refused(
            _("The visit is “%(now)s” and cannot become “%(then)s”.") % {"now": now.label, "then": then.label}
        )
    if then == VisitStatus.ARRIVED and clock.local(at).date() < clock.local(appointment.starts_at).date():
        raise Refused(_("The visit is on another day. Move it first."))
    if then == VisitStatus.NO_SHOW and at < appointment.starts_at:
        raise Refused(_("The visit has not begun yet."))


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


@dataclass(frozen=True)
class Step:
    """A button of the visit page."""

    status: VisitStatus
    label: str
    icon: str


def next_steps(visit: Appointment, user, at: datetime) -> list[Step]:
    """What this person may do next with the visit, the likeliest first; cancelling has a page of its own."""
    if not user.may(Permission.BOOK_VISITS):
        return []
    steps = [
        Step(
            VisitStatus.IN_SESSION, _("Start the session") if needs_chart(visit) else _("Start the visit"), "play-fill"
        ),
        Step(VisitStatus.DONE, _("Done"), "check2-all"),
        Step(VisitStatus.ARRIVED, _("Has arrived"), "door-open"),
        Step(VisitStatus.CONFIRMED, _("Confirmed by the patient"), "check2"),
        Step(VisitStatus.NO_SHOW, _("Did not come"), "person-x"),
    ]
    return [step for step in steps if _may_take(step.status, visit, user, at)]


def _may_take(status: VisitStatus, visit: Appointment, user, at: datetime) -> bool:
    try:
        check_move(visit, status, at)
        check_starter(visit, status, user)
    except Refused:
        return False
    return not (status == VisitStatus.DONE and visit.status == VisitStatus.ARRIVED and needs_chart(visit))


def needs_chart(visit: Appointment) -> bool:
    return visit.visit_type.kind == VisitKind.SESSION


def check_starter(visit: Appointment, status: VisitStatus, user) -> None:
    if status == VisitStatus.IN_SESSION and needs_chart(visit) and not user.may(Permission.CHART_SESSIONS):
        raise Refused(_("A practitioner starts this visit: it opens the patient's chart."))


def check_chart_is_new(visit: Appointment) -> None:
    """The open chart of the day may belong to an earlier visit: it is finished before this one gets its own."""
    if queries.visit_of_session(visit.session_id) not in {None, visit.pk}:
        raise Refused(_("The chart of an earlier visit is still open. Its practitioner signs or voids it first."))


def session_to_open(visit: Appointment, user) -> TreatmentSession | None:
    """The visit's session, for those who may read it."""
    session = visit.session
    return session if session and user.may(Permission.VIEW_CHARTS) and session.is_open_to(user) else None


def lacks_consultation(visit: Appointment, at: datetime) -> bool:
    """Whether a visit that is still to come has lost the consultation it needs."""
    if visit.override_reason or visit.status not in {*OPEN, VisitStatus.ARRIVED}:
        return False
    return not has_consultation(visit.visit_type, queries.consultations(visit.patient), visit.starts_at, at)


def check_name_is_new(model, name: str, but=None) -> None:
    if queries.is_name_taken(model, name, but):
        raise Refused(_("There is one with this name already."), field="name")


def check_room_is_empty(room: Room, at: datetime) -> None:
    count = queries.visits_to_come_in(room, at)
    if count:
        raise Refused(
            ngettext(
                "%(count)d visit is still booked in this room. Move it first.",
                "%(count)d visits are still booked in this room. Move them first.",
                count,
            )
            % {"count": count}
        )


def check_week(hours: list[tuple[int, time, time]]) -> None:
    """Each stretch ends after it begins, and none overlaps the next of its day."""
    for weekday, starts, ends in hours:
        if ends <= starts:
            raise Refused(_("The end must be later than the beginning."), field=f"day_{weekday}")
    for (weekday, _starts, ends), (next_weekday, next_starts, _ends) in pairwise(hours):
        if weekday == next_weekday and next_starts < ends:
            raise Refused(_("These hours overlap."), field=f"day_{weekday}")


def check_exception(practitioner, first_day: date, last_day: date, hours) -> None:
    if practitioner is not None:
        check_treats(practitioner)
    if last_day < first_day:
        raise Refused(_("The last day must not be before the first."), field="last_day")
    if last_day - first_day > FURTHEST:
        raise Refused(_("At most two years at once."), field="last_day")
    if any(ends <= starts for starts, ends in hours):
        raise Refused(_("The end must be later than the beginning."), field="hours")
    if any(two[0] < one[1] for one, two in pairwise(sorted(hours))):
        raise Refused(_("These hours overlap."), field="hours")
    if hours and queries.has_other_hours(practitioner, first_day, last_day):
        raise Refused(_("There are other hours on some of these days already. Take them back first."), field="hours")


@dataclass(frozen=True)
class TodaysVisit:
    """A line of the page "today": the visit, and whether its consultation, an answer or a contact is missing."""

    visit: Appointment
    without_consultation: bool
    unconfirmed: bool
    unreachable: bool


def todays_visits(user, at: datetime) -> list[TodaysVisit]:
    """Today's visits that are not over: all for the desk, their own for practitioners."""
    own = Role.FRONT_DESK not in user.role_names
    visits = queries.visits_on(clock.local(at).date(), practitioner=user if own else None)
    done = queries.done_consultations({visit.patient_id for visit in visits})
    return [
        TodaysVisit(
            visit=visit,
            without_consultation=not visit.override_reason
            and not has_consultation(visit.visit_type, done[visit.patient_id], visit.starts_at, at),
            unconfirmed=visit.status == VisitStatus.BOOKED,
            unreachable=not (visit.patient.phone or visit.patient.email),
        )
        for visit in visits
    ]
