"""What may become of a visit on its day, and who may take which step with it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.permissions import Permission, Role
from treatments.charting.models import TreatmentSession
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import OPEN, VISIT_MOVES, VisitKind, VisitStatus
from treatments.scheduling.models import Appointment


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


def check_undoable(visit: Appointment, at: datetime) -> None:
    """A cancellation can be taken back for a moment only."""
    if visit.status != VisitStatus.CANCELLED:
        raise Refused(_("The visit is not cancelled."))
    if not was_just_cancelled(visit, at):
        raise Refused(
            _("It is too late to undo this: messages about it may have gone out. Book the visit again instead.")
        )


def was_just_cancelled(visit: Appointment, at: datetime) -> bool:
    """Not yet UNDO_TIME ago, so that nobody has been told."""
    if visit.status != VisitStatus.CANCELLED:
        return False
    return any(at - change.changed_at < queries.UNDO_TIME for change in visit.changes.all())


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


def may_start(visit: Appointment, user) -> bool:
    return not needs_chart(visit) or user.may(Permission.CHART_SESSIONS)


def check_starter(visit: Appointment, status: VisitStatus, user) -> None:
    if status == VisitStatus.IN_SESSION and not may_start(visit, user):
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
    return not rules.has_consultation(visit.visit_type, queries.consultations(visit.patient), visit.starts_at, at)


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
            and not rules.has_consultation(visit.visit_type, done[visit.patient_id], visit.starts_at, at),
            unconfirmed=visit.status == VisitStatus.BOOKED,
            unreachable=not (visit.patient.phone or visit.patient.email),
        )
        for visit in visits
    ]
