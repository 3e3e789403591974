"""What may be booked: hours, people, rooms, the clocks, and the consultation before a session."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from clinic.audit.models import AuditEvent
from clinic.core import clock
from clinic.core.errors import Refused
from tests.factories.people import AdministratorFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory, WorkingHoursFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import rules, services
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def at_wall(hour, minute=0):
    return clock.instant(date(2027, 3, 1), time(hour, minute))


@pytest.mark.parametrize(
    ("hour", "minute", "allowed"),
    [
        (7, 45, False),
        (8, 0, True),
        (12, 30, True),
        (12, 45, False),
        (13, 0, False),
        (15, 0, True),
        (18, 30, True),
        (18, 45, False),
    ],
)
def test_a_visit_lies_within_working_hours(calendar, hour, minute, allowed):
    person = PractitionerFactory()
    for starts, ends in [(8, 11), (11, 13), (15, 19)]:
        WorkingHoursFactory(practitioner=person, weekday=0, starts=time(starts), ends=time(ends))
    if allowed:
        assert calendar.book(practitioner=person, starts_at=at_wall(hour, minute))
    else:
        with pytest.raises(Refused, match="does not work"):
            calendar.book(practitioner=person, starts_at=at_wall(hour, minute))


def test_a_visit_may_span_stretches_that_touch(calendar):
    person = PractitionerFactory()
    for starts, ends in [(8, 11), (11, 13)]:
        WorkingHoursFactory(practitioner=person, weekday=0, starts=time(starts), ends=time(ends))
    assert calendar.book(practitioner=person, starts_at=at_wall(10, 45))


def test_only_practitioners_who_are_active_are_booked(calendar):
    for person in (AdministratorFactory(), PractitionerFactory(is_active=False)):
        with pytest.raises(Refused, match="does not treat patients"):
            calendar.book(practitioner=work_always(person))


def test_retired_rooms_and_types_are_not_booked(calendar):
    with pytest.raises(Refused, match="no longer used"):
        calendar.book(room=RoomFactory(retired_at=NOW))
    calendar.consultation.retired_at = NOW
    with pytest.raises(Refused, match="no longer offered"):
        calendar.book()


def test_the_past_and_the_far_future_are_not_booked(calendar):
    with pytest.raises(Refused, match="passed"):
        calendar.book(at=NINE + timedelta(minutes=16))
    assert calendar.book(at=NINE + timedelta(minutes=14))
    with pytest.raises(Refused, match="two years"):
        calendar.book(starts_at=NINE + 900 * DAY)


# The consultation --------------------------------------------------------------------------------------------


def consult(calendar, starts_at, status=VisitStatus.BOOKED):
    visit = calendar.book(starts_at=starts_at, at=min(NOW, starts_at))
    extra = {"cancel_reason": "ill"} if status == VisitStatus.CANCELLED else {}
    Appointment.objects.filter(pk=visit.pk).update(status=status, **extra)
    return visit


@pytest.mark.parametrize(
    ("days", "minutes", "status", "counts"),
    [
        (-180, 0, VisitStatus.DONE, True),
        (-181, 0, VisitStatus.DONE, False),
        (-1, 0, VisitStatus.DONE, True),
        (-1, 0, VisitStatus.BOOKED, False),
        (-1, 0, VisitStatus.NO_SHOW, False),
        (-1, 0, VisitStatus.CANCELLED, False),
        (0, -30, VisitStatus.BOOKED, True),
        (0, -30, VisitStatus.CONFIRMED, True),
        (0, -30, VisitStatus.ARRIVED, True),
        (0, 30, VisitStatus.BOOKED, False),
        (1, 0, VisitStatus.BOOKED, False),
    ],
)
def test_a_session_needs_a_consultation_before_it(calendar, days, minutes, status, counts):
    consult(calendar, NINE + days * DAY + timedelta(minutes=minutes), status)
    if counts:
        assert calendar.book(visit_type=calendar.session)
    else:
        with pytest.raises(Refused, match="needs a consultation in the 180 days") as refusal:
            calendar.book(visit_type=calendar.session)
        assert refusal.value.field == "override_reason"


def test_who_may_and_says_why_books_without_a_consultation(calendar):
    visit = calendar.book(visit_type=calendar.session, override_reason="seen elsewhere", by=calendar.practitioner)
    assert visit.override_reason == "seen elsewhere"
    event = AuditEvent.objects.get(action="override")
    assert (event.actor_id, event.fields) == (calendar.practitioner.pk, ["override_reason"])


def test_the_desk_may_not(calendar):
    with pytest.raises(Refused, match="Only a practitioner"):
        calendar.book(visit_type=calendar.session, override_reason="let me", by=calendar.desk)
    assert not Appointment.objects.exists()


def test_a_reason_that_was_not_needed_is_not_kept(calendar):
    visit = calendar.book(override_reason="just in case", by=calendar.practitioner)
    assert visit.override_reason == ""
    assert not AuditEvent.objects.filter(action="override").exists()


def test_a_session_is_not_moved_before_its_consultation(calendar):
    consult(calendar, NINE + DAY)
    visit = calendar.book(visit_type=calendar.session, starts_at=NINE + 2 * DAY)
    with pytest.raises(Refused, match="needs a consultation"):
        services.move_appointment(
            appointment_id=visit.pk,
            version=1,
            starts_at=NINE,
            practitioner=calendar.practitioner,
            room=calendar.room,
            by=calendar.practitioner,
            at=NOW,
        )


def test_the_days_are_the_clinics_days(calendar):
    """A session at 0:30 in Auckland is on the next day of the clinic, though not yet of UTC."""
    session = calendar.session
    session.consultation_within_days = 1
    with timezone.override("Pacific/Auckland"):
        starts_at = clock.instant(date(2027, 3, 3), time(0, 30))
        done = Appointment(starts_at=clock.instant(date(2027, 3, 1), time(23, 0)), status=VisitStatus.DONE)
        done.ends_at = done.starts_at + timedelta(minutes=30)
        assert not rules.has_consultation(session, [done], starts_at, NOW)
        done.starts_at = clock.instant(date(2027, 3, 2), time(0, 0))
        done.ends_at = done.starts_at + timedelta(minutes=30)
        assert rules.has_consultation(session, [done], starts_at, NOW)


# The clocks: F5 ----------------------------------------------------------------------------------------------

GAPS = [
    ("Europe/Madrid", date(2027, 3, 28), time(2, 30)),
    ("Europe/Madrid", date(2028, 3, 26), time(2, 0)),
    ("America/New_York", date(2027, 3, 14), time(2, 30)),
    ("America/New_York", date(2028, 3, 12), time(2, 59)),
    ("Australia/Lord_Howe", date(2027, 10, 3), time(2, 15)),
    ("Australia/Lord_Howe", date(2028, 10, 1), time(2, 0)),
]
DOUBLES = [
    ("Europe/Madrid", date(2027, 10, 31), time(2, 30), 60),
    ("Europe/Madrid", date(2028, 10, 29), time(2, 0), 60),
    ("America/New_York", date(2027, 11, 7), time(1, 30), 60),
    ("America/New_York", date(2028, 11, 5), time(1, 59), 60),
    ("Australia/Lord_Howe", date(2027, 4, 4), time(1, 45), 30),
    ("Australia/Lord_Howe", date(2028, 4, 2), time(1, 30), 30),
]


@pytest.mark.parametrize(("zone", "day", "wall"), GAPS)
def test_a_time_that_does_not_exist_is_refused(zone, day, wall):
    with timezone.override(zone), pytest.raises(Refused, match="does not exist") as refusal:
        rules.instant_of(day, wall)
    assert refusal.value.field == "time"


@pytest.mark.parametrize(("zone", "day", "wall", "apart"), DOUBLES)
def test_a_time_that_comes_twice_is_asked_about(zone, day, wall, apart):
    with timezone.override(zone):
        assert rules.is_ambiguous(day, wall)
        with pytest.raises(Refused, match="comes twice") as refusal:
            rules.instant_of(day, wall)
        assert refusal.value.field == "fold"
        first, second = (rules.instant_of(day, wall, fold) for fold in (0, 1))
        assert second - first == timedelta(minutes=apart)
        assert [clock.local(instant).time() for instant in (first, second)] == [wall, wall]


@pytest.mark.parametrize("zone", ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_an_ordinary_time_stays_the_wall_time_told_on_every_day_of_two_years(zone):
    with timezone.override(zone):
        for number in range(730):
            day = date(2027, 1, 1) + number * DAY
            instant = rules.instant_of(day, time(10, 15))
            assert instant.utcoffset() == timedelta(0)
            assert instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == datetime.combine(day, time(10, 15))


@pytest.mark.parametrize(("zone", "day", "wall", "apart"), DOUBLES)
def test_visits_in_both_readings_of_an_hour_do_not_overlap(calendar, zone, day, wall, apart):
    with timezone.override(zone):
        person = work_always(PractitionerFactory(), time(0), time(23, 59))
        for fold in (0, 1):
            visit = calendar.book(
                practitioner=person,
                starts_at=rules.instant_of(day, wall, fold),
                at=rules.instant_of(day, time(12)) - 2 * DAY,
            )
            assert visit.ends_at - visit.starts_at == timedelta(minutes=30)
