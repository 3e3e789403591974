"""How a plan goes: which of its sessions are done, when the next one is due, and the intervals as planned and as kept.

The interval is what counts for the skin: when a session was late, the next one is due as long after it as was
planned, not on the day of the first calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest

from clinic.core import clock
from treatments.charting.models import TreatmentPlan, TreatmentSession


@dataclass(frozen=True)
class Step:
    """One session of a course, planned for `week` (None: it came on top), done or to come.

    `planned_weeks` and `kept_days` are since the session before; None where there is none.
    """

    number: int
    week: int | None
    session: TreatmentSession | None
    planned_weeks: int | None
    kept_days: int | None

    @property
    def is_early(self) -> bool:
        return None not in (self.kept_days, self.planned_weeks) and self.kept_days < 7 * self.planned_weeks


@dataclass(frozen=True)
class Course:
    """`due_from` is the day from which the next session is due; None when all are done."""

    steps: list[Step]
    done: int
    expected: int
    due_from: date | None

    @property
    def next_number(self) -> int:
        return self.done + 1

    @property
    def next_week(self) -> int | None:
        return self.steps[self.done].week if self.done < self.expected else None


def course_of(plan: TreatmentPlan, sessions: Sequence[TreatmentSession]) -> Course:
    """The course of a plan with its signed sessions, the earliest first."""
    days = [clock.local(session.started_at).date() for session in sessions]
    steps = [
        Step(
            number=place + 1,
            week=week,
            session=session,
            planned_weeks=None if week is None or place == 0 else week - plan.weeks[place - 1],
            kept_days=(days[place] - days[place - 1]).days if session and place else None,
        )
        for place, (week, session) in enumerate(zip_longest(plan.weeks, sessions))
    ]
    return Course(steps, len(sessions), len(plan.weeks), _due_from(plan, days))


def _due_from(plan: TreatmentPlan, days: list[date]) -> date | None:
    done = len(days)
    if done >= len(plan.weeks):
        return None
    if not done:
        return clock.local(plan.made_at).date() + timedelta(weeks=plan.weeks[0])
    return days[-1] + timedelta(weeks=plan.weeks[done] - plan.weeks[done - 1])
