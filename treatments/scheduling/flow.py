"""Who is here: today's visits by state, how long somebody has been waiting, and whose turn is next."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from clinic.core import clock
from treatments.scheduling import step_rules
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange

S = VisitStatus
MINUTE = timedelta(minutes=1)
# Further ahead than any weekend or holiday: where the next day with visits is looked for.
NEAR = timedelta(days=14)


@dataclass
class Flow:
    """Each visit carries `minutes`: late, waiting or inside, by its list, and `waited`, the same in words; `next` is
    set on who is called next, and `may_start` where this person may start it.
    """

    expected: list[Appointment] = field(default_factory=list)
    waiting: list[Appointment] = field(default_factory=list)
    inside: list[Appointment] = field(default_factory=list)
    done: list[Appointment] = field(default_factory=list)

    @property
    def visits(self) -> list[Appointment]:
        return [*self.expected, *self.waiting, *self.inside, *self.done]


def todays_flow(at: datetime, user) -> Flow:
    flow = Flow()
    lists = {
        S.BOOKED: flow.expected,
        S.CONFIRMED: flow.expected,
        S.ARRIVED: flow.waiting,
        S.IN_SESSION: flow.inside,
        S.DONE: flow.done,
    }
    called = set()
    for visit in _visits(clock.local(at).date()).filter(status__in=lists):
        since = visit.starts_at if visit.status in {S.BOOKED, S.CONFIRMED} else visit.since
        visit.minutes = max(0, (at - (since or visit.starts_at)) // MINUTE)
        visit.waited = _waited(visit.minutes)
        visit.next = visit.status == S.ARRIVED and visit.practitioner_id not in called
        visit.may_start = step_rules.may_start(visit, user)
        if visit.next:
            called.add(visit.practitioner_id)
        lists[visit.status].append(visit)
    return flow


def _waited(minutes: int) -> str:
    if minutes < 60:
        return _("%(n)d min") % {"n": minutes}
    return _("%(hours)d h %(n)d min") % {"hours": minutes // 60, "n": minutes % 60}


def _visits(day: date):
    """With `since`: when each became what it is."""
    start, end = clock.day_bounds(day)
    became = AppointmentChange.objects.filter(appointment=OuterRef("pk"), status=OuterRef("status"))
    visits = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end)
    visits = visits.annotate(since=Subquery(became.order_by("changed_at").values("changed_at")[:1]))
    return visits.select_related("patient", "practitioner", "visit_type", "room").order_by("starts_at", "pk")


def next_day_with_visits(today: date) -> date:
    """Tomorrow, or the first day after it that has visits."""
    start = clock.day_bounds(today)[1]
    visits = Appointment.objects.filter(
        starts_at__gte=start, starts_at__lt=start + NEAR, status__in=(S.BOOKED, S.CONFIRMED)
    )
    first = visits.order_by("starts_at").values_list("starts_at", flat=True).first()
    return clock.local(first).date() if first else today + timedelta(days=1)


def to_confirm(day: date) -> tuple[list[Appointment], int]:
    """Visits of the day that nobody has confirmed, and how many are confirmed."""
    visits = list(_visits(day).filter(status__in=(S.BOOKED, S.CONFIRMED)))
    asked = [visit for visit in visits if visit.status == S.BOOKED]
    return asked, len(visits) - len(asked)


def sheet(day: date) -> list[tuple[str, list[Appointment]]]:
    """The printed day: each practitioner's visits that are not cancelled."""
    by_person: dict[str, list[Appointment]] = {}
    for visit in _visits(day).exclude(status__in=(S.CANCELLED, S.NO_SHOW)):
        by_person.setdefault(visit.practitioner.full_name, []).append(visit)
    return sorted(by_person.items())
