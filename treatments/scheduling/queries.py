"""What the calendar's screens and rules read; each function fetches all that its screen needs."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.dates import WEEKDAYS_ABBR

from clinic.core import clock
from clinic.staff.models import User
from clinic.staff.queries import practitioners
from treatments.scheduling.enums import LIVE, OPEN, VisitKind, VisitStatus
from treatments.scheduling.intervals import Stretch
from treatments.scheduling.links import digest_of
from treatments.scheduling.models import (
    Appointment,
    AppointmentChange,
    CalendarFeed,
    Course,
    HoursException,
    Room,
    VisitType,
    WorkingHours,
)
from treatments.scheduling.openings import Openings, openings

# No visit keeps anybody busy for longer (see VisitType's constraint): bounds every search by an index.
LONGEST = timedelta(hours=24)
# How long an act on the calendar can be undone with one click: ten seconds on the screen, and two for the way there.
UNDO_TIME = timedelta(seconds=12)


def visit_types() -> QuerySet[VisitType]:
    return VisitType.objects.current()


def rooms() -> QuerySet[Room]:
    return Room.objects.current()


def rooms_for(visit_type: VisitType) -> QuerySet[Room]:
    """Rooms in use that serve for visits of this type."""
    return rooms().filter(kind__in=["", visit_type.room_kind]) if visit_type.room_kind else rooms()


def get_visit_type(visit_type_id: int) -> VisitType:
    return get_object_or_404(VisitType.objects.prefetch_related("practitioners"), pk=visit_type_id)


def get_room(room_id: int) -> Room:
    return get_object_or_404(Room, pk=room_id)


def get_practitioner(practitioner_id: int) -> User:
    return get_object_or_404(practitioners(), pk=practitioner_id)


def get_visit(appointment_id: int) -> Appointment:
    """The visit page: the visit with its people, its room and its story."""
    visits = Appointment.objects.select_related("patient", "practitioner", "room", "visit_type", "booked_by", "session")
    return get_object_or_404(visits.prefetch_related("changes__changed_by"), pk=appointment_id)


def get_visit_to_change(appointment_id: int) -> Appointment:
    return get_object_or_404(
        Appointment.objects.select_related("visit_type", "patient", "practitioner"), pk=appointment_id
    )


def visits_to_change(appointment_ids: Collection[int]) -> dict[int, Appointment]:
    visits = Appointment.objects.select_related("visit_type", "patient", "practitioner", "room")
    return visits.in_bulk(appointment_ids)


def course_by_submission(submission) -> Course | None:
    return Course.objects.filter(submission=submission).first()


def visits_of_course(course: Course | int | None) -> list[Appointment]:
    """In their order; none for a visit without a course."""
    visits = Appointment.objects.filter(course=course) if course else Appointment.objects.none()
    return list(visits.select_related("visit_type", "patient", "practitioner", "room").order_by("starts_at", "pk"))


def open_visits_of_course(course: Course | int) -> list[Appointment]:
    return [visit for visit in visits_of_course(course) if visit.status in OPEN]


def was_at(visit: Appointment, starts_at: datetime) -> bool:
    """Whether the visit is at that time, or was before its latest change: there it may stay and go back to."""
    latest = visit.changes.order_by("-changed_at", "-pk").values_list("starts_at", flat=True)[:2]
    return starts_at == visit.starts_at or starts_at in latest


def unsettled_visits(at: datetime) -> set[int]:
    """Visits changed a moment ago: the change can still be undone, so nobody is told of it yet."""
    recent = AppointmentChange.objects.filter(changed_at__gt=at - UNDO_TIME)
    return set(recent.order_by().values_list("appointment_id", flat=True))


def cancelled_together(visit: Appointment) -> list[Appointment]:
    """The cancelled visit, and the others of its course that were cancelled in the same act."""
    latest = visit.changes.latest("changed_at", "pk")
    same = Q(course=visit.course_id, changes__changed_at=latest.changed_at, changes__changed_by=latest.changed_by_id)
    wanted = Q(pk=visit.pk) | same if visit.course_id else Q(pk=visit.pk)
    visits = Appointment.objects.filter(wanted, status=VisitStatus.CANCELLED).distinct().order_by("starts_at", "pk")
    return list(visits.select_related("visit_type", "patient", "practitioner", "room"))


def status_before_cancelling(visit: Appointment) -> str:
    changes = visit.changes.exclude(status=VisitStatus.CANCELLED)
    return changes.latest("changed_at", "pk").status


def visit_of_session(session_id: int) -> int | None:
    return Appointment.objects.filter(session=session_id).values_list("pk", flat=True).first()


def visit_with_session(session_id: int) -> Appointment | None:
    return Appointment.objects.filter(session=session_id).select_related("visit_type").first()


def find_by_submission(submission) -> Appointment | None:
    return Appointment.objects.filter(submission=submission).first()


def practitioner_named(practitioner_id: int) -> User | None:
    return practitioners().filter(pk=practitioner_id).first()


def room_named(room_id: int) -> Room | None:
    return rooms().filter(pk=room_id).first()


def is_practitioner(user: User) -> bool:
    return practitioners().filter(pk=user.pk).exists()


def practitioners_for(visit_type: VisitType) -> QuerySet[User]:
    """Who may do visits of the type: those chosen for it, or everybody where nobody is."""
    chosen = VisitType.practitioners.through.objects.filter(visittype=visit_type.pk)
    return practitioners().filter(Exists(chosen.filter(user=OuterRef("pk"))) | ~Exists(chosen))


def open_stretches(practitioner_ids: Collection[int], days: Collection[date]) -> dict[tuple[int, date], list[Stretch]]:
    """When each of them works on each of the days, exceptions included; an empty list is closed. One query."""
    hours = openings(practitioner_ids, min(days), max(days)) if days else Openings()
    return {(pk, day): hours.on(pk, day) for pk in practitioner_ids for day in days}


def consultations(patient) -> list[Appointment]:
    """Consultations of the patient that took place or are still to."""
    live = Appointment.objects.filter(patient=patient, visit_type__kind=VisitKind.CONSULTATION, status__in=LIVE)
    return list(live.only("starts_at", "ends_at", "status"))


def nearest_of_type(visit_type: VisitType, patient, starts_at: datetime, within: timedelta, but=()):
    """When the patient has another live visit of this type nearer than so, or None."""
    near = Appointment.objects.filter(patient=patient, visit_type=visit_type, status__in=LIVE).exclude(pk__in=but)
    near = near.filter(starts_at__gt=starts_at - within, starts_at__lt=starts_at + within)
    return near.values_list("starts_at", flat=True).first()


def visits_of_feed(practitioner: User, start: datetime, end: datetime) -> list[Appointment]:
    """By start, each with `changed_at`, the moment of its latest change."""
    visits = Appointment.objects.filter(practitioner=practitioner, starts_at__gte=start, starts_at__lt=end)
    visits = visits.annotate(changed_at=Max("changes__changed_at")).select_related("visit_type", "room")
    return list(visits.order_by("starts_at", "pk"))


def changed_at(visit: Appointment) -> datetime | None:
    return visit.changes.aggregate(latest=Max("changed_at"))["latest"]


def feeds_of(practitioner: User) -> list[CalendarFeed]:
    return list(CalendarFeed.objects.filter(practitioner=practitioner, revoked_at=None))


def get_feed(feed_id: int, practitioner: User) -> CalendarFeed:
    return get_object_or_404(CalendarFeed, pk=feed_id, practitioner=practitioner)


def feed_of_token(token: str) -> CalendarFeed | None:
    """The feed of this address, while it stands and its practitioner works here."""
    feeds = CalendarFeed.objects.filter(token_digest=digest_of(token), revoked_at=None)
    return feeds.filter(practitioner__in=practitioners()).select_related("practitioner").first()


def done_consultations(patient_ids) -> dict[int, list[Appointment]]:
    """Consultations that took place, by patient."""
    rows = Appointment.objects.filter(
        patient__in=patient_ids, visit_type__kind=VisitKind.CONSULTATION, status=VisitStatus.DONE
    )
    by_patient = defaultdict(list)
    for row in rows.only("patient_id", "starts_at", "ends_at", "status"):
        by_patient[row.patient_id].append(row)
    return by_patient


def visits_on(day: date, practitioner: User | None = None) -> list[Appointment]:
    """The panel "today": visits that are not over yet, of everybody or of one practitioner."""
    start, end = clock.day_bounds(day)
    over = (VisitStatus.DONE, VisitStatus.CANCELLED, VisitStatus.NO_SHOW)
    visits = Appointment.objects.filter(starts_at__gte=start, starts_at__lt=end).exclude(status__in=over)
    if practitioner is not None:
        visits = visits.filter(practitioner=practitioner)
    return list(visits.select_related("patient", "practitioner", "visit_type", "room"))


def visits_of(patient) -> list[Appointment]:
    """The patient's tab: every visit, the latest first."""
    visits = Appointment.objects.filter(patient=patient).select_related("practitioner", "visit_type", "room")
    return list(visits.order_by("-starts_at", "-pk"))


def visits_to_come(patient, at: datetime) -> list[Appointment]:
    """What the booking page reminds of: visits of the patient that are still open."""
    visits = Appointment.objects.filter(patient=patient, starts_at__gte=at, status__in=OPEN)
    return list(visits.select_related("visit_type", "practitioner"))


def latest_visit(patient, at: datetime) -> Appointment | None:
    """The last visit that took place: whom the patient saw."""
    visits = Appointment.objects.filter(patient=patient, starts_at__lt=at, status=VisitStatus.DONE)
    return visits.select_related("practitioner", "visit_type").order_by("-starts_at").first()


def starts_of_type(visit_type: VisitType, patient, but=()) -> list[datetime]:
    """When the patient's live visits of this type are."""
    visits = Appointment.objects.filter(patient=patient, visit_type=visit_type, status__in=LIVE).exclude(pk__in=but)
    return list(visits.values_list("starts_at", flat=True))


def visits_to_come_in(room: Room, at: datetime) -> int:
    return Appointment.objects.filter(room=room, starts_at__gte=at, status__in=OPEN).count()


def open_visits(days: tuple[date, date], at: datetime, practitioner: User | None = None) -> list[Appointment]:
    """Visits that are still to take place on these days, of one practitioner or of all."""
    start, end = clock.day_bounds(days[0])[0], clock.day_bounds(days[1])[1]
    visits = Appointment.objects.filter(status__in=OPEN, starts_at__gte=max(start, at), starts_at__lt=end)
    if practitioner is not None:
        visits = visits.filter(practitioner=practitioner)
    return list(visits.select_related("patient", "practitioner", "visit_type"))


def stranded_visits(at: datetime) -> list[Appointment]:
    """Visits to come that lie outside the hours of their practitioner: to be moved, or kept on purpose."""
    today = clock.local(at).date()
    days = today, today + timedelta(days=730)
    visits = open_visits(days, at)
    hours = openings({visit.practitioner_id for visit in visits}, *days)
    return [visit for visit in visits if not hours.hold(visit)]


def exceptions_ahead(today: date) -> list[HoursException]:
    """The settings page: dated exceptions that are not over, each set of stretches as its first with `walls`."""
    rows = HoursException.objects.filter(last_day__gte=today).select_related("practitioner")
    sets = defaultdict(list)
    for row in rows.order_by("first_day", "last_day", "practitioner__full_name", "starts"):
        sets[row.practitioner_id, row.first_day, row.last_day, row.is_off].append(row)
    for first, *others in sets.values():
        first.walls = [] if first.is_off else [(row.starts, row.ends) for row in (first, *others)]
    return [first for first, *_others in sets.values()]


def get_exception(exception_id: int) -> HoursException:
    return get_object_or_404(HoursException.objects.select_related("practitioner"), pk=exception_id)


def entered_with(exception: HoursException) -> list[HoursException]:
    """The exception and the other stretches of the same days."""
    same = HoursException.objects.filter(
        practitioner=exception.practitioner_id, first_day=exception.first_day, last_day=exception.last_day
    )
    return list(same.filter(starts__isnull=exception.is_off))


def has_other_hours(practitioner: User | None, first_day: date, last_day: date) -> bool:
    rows = HoursException.objects.filter(practitioner=practitioner, starts__isnull=False)
    return rows.filter(last_day__gte=first_day, first_day__lte=last_day).exists()


def is_name_taken(model, name: str, but=None) -> bool:
    return model.objects.filter(name__iexact=name).exclude(pk=but and but.pk).exists()


def week_of(practitioner: User) -> list[tuple]:
    """(weekday, from, to), in order."""
    return list(practitioner.working_hours.order_by("weekday", "starts").values_list("weekday", "starts", "ends"))


def calendar_settings() -> dict:
    """The settings page: everything that can be booked, retired rows last, and each practitioner's week."""
    retired_last = F("retired_at").asc(nulls_first=True)
    people = practitioners().prefetch_related("working_hours")
    return {
        "visit_types": list(VisitType.objects.prefetch_related("practitioners").order_by(retired_last, "kind", "name")),
        "rooms": list(Room.objects.order_by(retired_last, "name")),
        "people": [(person, week_text(person.working_hours.all())) for person in people],
        "exceptions": exceptions_ahead(clock.today()),
    }


def week_text(rows: Iterable[WorkingHours]) -> list[tuple[str, str]]:
    """A week in few words: ("Mon–Fri", "09:00–13:00, 15:00–19:00"), equal days in a row as one."""
    hours = defaultdict(list)
    for row in rows:
        hours[row.weekday].append(f"{row.starts:%H:%M}\N{EN DASH}{row.ends:%H:%M}")
    texts = [(weekday, ", ".join(hours[weekday])) for weekday in sorted(hours)]
    runs = groupby(enumerate(texts), key=lambda item: (item[1][0] - item[0], item[1][1]))
    return [(_days([weekday for _number, (weekday, _text) in run]), key[1]) for key, run in runs]


def _days(weekdays: list[int]) -> str:
    first, last = WEEKDAYS_ABBR[weekdays[0]], WEEKDAYS_ABBR[weekdays[-1]]
    return str(first) if first == last else f"{first}\N{EN DASH}{last}"
