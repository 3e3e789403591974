"""What the safety rules say of a visit: all of it to who may read it, and to the desk only to ask first."""

from dataclasses import dataclass
from datetime import datetime, time

from clinic.core import clock
from clinic.staff.permissions import Permission
from treatments.charting.plan_queries import active_plans
from treatments.charting.safety import answers_for_booking
from treatments.charting.safety_page import Group, recorded
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.models import Appointment

# What the practitioner settles at the visit itself: no reason to be asked before it is booked.
SETTLED_LATER = {"not_asked", "allergy_in_words", "allergy_material"}


@dataclass(frozen=True)
class Advice:
    """`groups` for who may read a patient's history; for the others no more than whether to `ask`."""

    groups: list[Group]
    ask: bool = False


def when_booking(patient, wish, user) -> Advice | None:
    """Before a session is booked, from the day on from which times are looked for."""
    if not wish.is_valid() or wish.cleaned_data["type"].kind != VisitKind.SESSION:
        return None
    from_day = max(wish.cleaned_data["start"], clock.today())
    return _advice(patient, clock.instant(from_day, time(12)), user)


def of_visit(visit: Appointment, user) -> Advice | None:
    """Beside a session that is still to come, for who may read it."""
    over = {VisitStatus.DONE, VisitStatus.CANCELLED, VisitStatus.NO_SHOW}
    if visit.visit_type.kind != VisitKind.SESSION or visit.status in over or not user.may(Permission.VIEW_HISTORY):
        return None
    return _advice(visit.patient, visit.starts_at, user)


def _advice(patient, at: datetime, user) -> Advice:
    """With the recipe and the areas of the patient's plan, when there is one. The pages themselves ask for a
    consultation."""
    plans = active_plans(patient.pk)
    plan = plans[0] if len(plans) == 1 else None
    known = {"areas": plan.areas, "version": plan.version} if plan else {}
    answers = [answer for answer in answers_for_booking(patient, at, **known) if answer.rule != "consultation"]
    if user.may(Permission.VIEW_HISTORY):
        return Advice(recorded(answers))
    return Advice([], any(a.needs_reason and a.rule not in SETTLED_LATER for a in answers))


def is_consulted(patient, at: datetime, session_id: int | None) -> bool | None:
    """Whether the consultation that a session at `at` needs took place or will; None where none is needed.

    A session that belongs to no visit needs what the least demanding kind of session visit needs.
    """
    visit = queries.visit_with_session(session_id) if session_id else None
    if visit and visit.override_reason:
        return None
    kinds = [visit.visit_type] if visit else [t for t in queries.visit_types() if t.kind == VisitKind.SESSION]
    if not kinds or any(kind.consultation_within_days is None for kind in kinds):
        return None
    consultations = queries.consultations(patient)
    return any(rules.has_consultation(kind, consultations, at, clock.now()) for kind in kinds)
