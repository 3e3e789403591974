"""What the booking page offers: the next free times that a visit's rules allow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from clinic.core import clock
from clinic.core.errors import Refused
from treatments.scheduling import queries, rules, services
from treatments.scheduling.enums import VisitKind
from treatments.scheduling.free_times import FreeTime, free_times
from treatments.scheduling.intervals import instant_text
from treatments.scheduling.models import Appointment, VisitType

DAYS = 28
SHOWN_A_DAY, SHOWN_DAYS = 8, 3


@dataclass
class Offer:
    """`needs_consultation` is a sentence when nothing can be offered without one; `chosen` the time that was chosen in
    the calendar, or `not_chosen` why it cannot be; `too_soon` why nearer days are left out.
    """

    times: list[FreeTime]
    to_come: list[Appointment]
    needs_consultation: str = ""
    chosen: FreeTime | None = None
    not_chosen: str = ""
    too_soon: str = ""

    @property
    def booked_days(self) -> set[date]:
        return {clock.local(visit.starts_at).date() for visit in self.to_come}


def fill_wish(asked: dict, patient, at: datetime) -> dict:
    """What was asked for, completed: from today on, and the likeliest visit."""
    wish = {"start": clock.local(at).date().isoformat()} | asked
    if "at" in asked and "start" not in asked:
        wish["start"] = _day_of(asked["at"]) or wish["start"]
    if "type" not in wish:
        wish["type"] = getattr(_likeliest_type(patient, at), "pk", "")
    return wish


def _day_of(instant: str) -> str:
    try:
        return clock.local(datetime.fromisoformat(instant)).date().isoformat()
    except (ValueError, OverflowError):
        return ""


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
    return {name: _as_text(value) for name, value in data.items() if value}


def _as_text(value):
    return instant_text(value) if isinstance(value, datetime) else getattr(value, "pk", value)


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
    moved = [visit.pk] if visit else []
    others = queries.starts_of_type(visit_type, patient, moved) if visit_type.days_between and not excused else []
    length = visit.ends_at - visit.starts_at if visit else wish.length

    def free():
        return free_times(
            visit_type=visit_type,
            practitioner=asked["practitioner"],
            from_day=asked["start"],
            days=DAYS,
            part_of_day=asked["part"],
            patient=patient,
            after=at,
            but=moved,
            length=length,
        )

    def allowed(free_time):
        if any(rules.is_too_soon(visit_type, other, free_time.starts_at) for other in others):
            return False
        return not needed or rules.has_consultation(visit_type, consultations, free_time.starts_at, at)

    offer = Offer(_first(filter(allowed, free()), length or visit_type.length), to_come)
    offer.too_soon = _too_soon(visit_type, others, clock.instant(max(asked["start"], clock.local(at).date()), time.max))
    if asked.get("at"):
        _choose(offer, asked, visit_type, patient, length, at)
    if not offer.times and needed:
        offer.needs_consultation = rules.consultation_text(visit_type)
        offer.times = _first(free(), length or visit_type.length) if may_override else []
    return offer


def _too_soon(visit_type: VisitType, others: list[datetime], start: datetime) -> str:
    near = next((other for other in others if rules.is_too_soon(visit_type, other, start)), None)
    return rules.too_soon_text(visit_type, near) if near else ""


def _choose(offer: Offer, asked: dict, visit_type: VisitType, patient, length, at: datetime) -> None:
    """The time that was chosen in the calendar, with whoever and wherever it is free; or why it cannot be."""
    starts_at = asked["at"]
    people = [asked["practitioner"]] if asked["practitioner"] else list(queries.practitioners())
    rooms = [asked["room"]] if asked["room"] else [*queries.rooms_for(visit_type)] or [None]
    for practitioner in people:
        for room in rooms:
            try:
                services.check_booking(
                    patient=patient,
                    practitioner=practitioner,
                    visit_type=visit_type,
                    room=room,
                    starts_at=starts_at,
                    length=length,
                    at=at,
                )
            except Refused as refusal:
                offer.not_chosen = refusal.message
                if refusal.field != "room":
                    break
            else:
                offer.chosen, offer.not_chosen = FreeTime(starts_at, practitioner, room), ""
                return


def _first(times: Iterable[FreeTime], length: timedelta) -> list[FreeTime]:
    """A few of each of the first days that have any: none begins before the one shown before it would have ended."""
    shown: dict[date, list[FreeTime]] = {}
    for free in times:
        day = clock.local(free.starts_at).date()
        if day not in shown and len(shown) == SHOWN_DAYS:
            break
        of_day = shown.setdefault(day, [])
        if len(of_day) < SHOWN_A_DAY and (not of_day or free.starts_at >= of_day[-1].starts_at + length):
            of_day.append(free)
    return [free for of_day in shown.values() for free in of_day]
