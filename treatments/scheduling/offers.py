"""What the booking page offers: the next free times that a visit's rules allow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.core import clock
from treatments.scheduling import queries, rules
from treatments.scheduling.enums import VisitKind
from treatments.scheduling.models import Appointment, VisitType

DAYS = 28
SHOWN_A_DAY, SHOWN_DAYS = 8, 3


@dataclass
class Offer:
    """`needs_consultation` is a sentence when nothing can be offered without one."""

    times: list[queries.FreeTime]
    to_come: list[Appointment]
    needs_consultation: str = ""


def fill_wish(asked: dict, patient, at: datetime) -> dict:
    """What was asked for, completed: from today on, and the likeliest visit."""
    wish = {"start": clock.local(at).date().isoformat()} | asked
    if "type" not in wish:
        wish["type"] = getattr(_likeliest_type(patient, at), "pk", "")
    return wish


def _likeliest_type(patient, at: datetime) -> VisitType | None:
    """A session once there is a consultation for it, else a consultation."""
    types = list(queries.visit_types())
    consultations = queries.consultations(patient)
    sessions = [kind for kind in types if kind.kind == VisitKind.SESSION]
    after_all = max([at, *(consultation.ends_at for consultation in consultations)])
    ready = [kind for kind in sessions if rules.has_consultation(kind, consultations, after_all, at)]
    first = [kind for kind in types if kind.kind == VisitKind.CONSULTATION]
    return next(iter([*(ready if consultations else []), *first, *types]), None)


def wish_to_move(visit: Appointment) -> dict:
    day = max(clock.local(visit.starts_at).date(), clock.today())
    return {"practitioner": visit.practitioner_id, "start": day.isoformat()}


def wish_of(form) -> dict:
    """The wish as parameters of an address: ids and days only, whatever was asked."""
    data = form.cleaned_data if form.is_valid() else {}
    return {name: getattr(value, "pk", value) for name, value in data.items() if value}


def make_offer(wish, patient, *, may_override: bool, at: datetime, visit: Appointment | None = None) -> Offer:
    """The next free times of the wish. Those who may override are offered times without a consultation too."""
    to_come = [other for other in queries.visits_to_come(patient, at) if other != visit]
    if not wish.is_valid():
        return Offer([], to_come)
    asked = wish.cleaned_data
    visit_type = visit.visit_type if visit else asked["type"]
    excused = visit is not None and bool(visit.override_reason)
    needed = visit_type.consultation_within_days is not None and not excused
    consultations = queries.consultations(patient) if needed else []

    def free():
        return queries.free_times(
            visit_type=visit_type,
            practitioner=asked["practitioner"],
            from_day=asked["start"],
            days=DAYS,
            part_of_day=asked["part"],
            patient=patient,
            after=at,
            but=[visit.pk] if visit else [],
        )

    def allowed(time):
        return not needed or rules.has_consultation(visit_type, consultations, time.starts_at, at)

    times = _first(filter(allowed, free()), visit_type.length)
    if times or not needed:
        return Offer(times, to_come)
    return Offer(
        _first(free(), visit_type.length) if may_override else [], to_come, rules.consultation_text(visit_type)
    )


def _first(times: Iterable[queries.FreeTime], length: timedelta) -> list[queries.FreeTime]:
    """A few of each of the first days that have any: none begins before the one shown before it would have ended."""
    shown: dict[date, list[queries.FreeTime]] = {}
    for time in times:
        day = clock.local(time.starts_at).date()
        if day not in shown and len(shown) == SHOWN_DAYS:
            break
        of_day = shown.setdefault(day, [])
        if len(of_day) < SHOWN_A_DAY and (not of_day or time.starts_at >= of_day[-1].starts_at + length):
            of_day.append(time)
    return [time for of_day in shown.values() for time in of_day]
