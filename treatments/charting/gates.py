"""What is known before a session starts, and the gates that charting itself keeps."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from clinic.core import clock
from clinic.core.gates import Gap, gaps_before
from patients.history.enums import Effect
from patients.history.record import History
from patients.registry.models import Patient
from treatments.charting import plan_queries, safety
from treatments.charting.models import TreatmentPlan, TreatmentSession
from treatments.charting.safety.case import Answer

# "May have to avoid aspirin and other NSAIDs for one week before": what is asked about, in days before the session
NSAID_DAYS = 7


@dataclass(frozen=True)
class Start:
    """A session that is about to start: what the gates are asked about."""

    session: TreatmentSession
    patient: Patient
    at: datetime
    plan: TreatmentPlan | None
    history: History
    answers: list[Answer]
    gaps: tuple[Gap, ...] = ()


def start_of(session: TreatmentSession, at: datetime | None = None) -> Start:
    """Everything known of an open session, asked now of the safety rules (with the plan's recipe and areas) and gates.

    A constant number of queries.
    """
    at = at or clock.now()
    plan = plan_queries.get_plan(session.plan_id) if session.plan_id else None
    known = {"areas": plan.areas, "version": plan.version} if plan else {}
    case = safety.case_for_booking(session.patient, at, session_id=session.pk, **known)
    start = Start(session, session.patient, at, plan, case.facts.history, safety.asked(case))
    return replace(start, gaps=tuple(gaps_before(start)))


def safety_gate(start: Start) -> Iterator[Gap]:
    """What the safety rules ask a reason for: given here, it stands beside the same answer in the chart."""
    for answer in start.answers:
        if answer.needs_reason:
            tone = "stop" if answer.effect == Effect.STOP else "reason"
            address = reverse("history:tab", args=[start.patient.pk]) if answer.rule == "not_asked" else ""
            yield Gap(answer.key, answer.message, tone, address, answer.sources)
