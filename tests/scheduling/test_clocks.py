"""T06: what was said on the wall stays on the wall, in four zones and four changes of their clocks each."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from icalendar import Calendar

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.queries import clinic_profile
from tests.clocks import DAYS, HOURS
from tests.factories.patients import PatientFactory
from tests.factories.people import FrontDeskFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory, VisitTypeFactory
from tests.scheduling.conftest import work_always
from treatments.scheduling import courses, feeds, queries, rules
from treatments.scheduling.course_plan import plan_course
from treatments.scheduling.courses import Slot
from treatments.scheduling.enums import VisitKind
from treatments.scheduling.free_times import free_times
from treatments.scheduling.models import Appointment
from treatments.scheduling.openings import openings

pytestmark = pytest.mark.django_db
NINE_O_CLOCK = time(9)


@pytest.fixture(params=DAYS, ids=[f"{zone}-{day}" for zone, day in DAYS])
def change(request, clinic_row):
    """The zone is the clinic's, the day is that of the change, and it is noon four weeks before."""
    zone, day = request.param
    clinic_row.time_zone = zone
    clinic_row.save()
    with timezone.override(ZoneInfo(zone)):
        yield zone, day, clock.instant(day - timedelta(weeks=4), time(12))


@pytest.fixture
def people(db):
    return {
        "practitioner": work_always(PractitionerFactory(), starts=time(0), ends=time(23, 45)),
        "patient": PatientFactory(),
        "room": RoomFactory(),
        "by": FrontDeskFactory(),
        "visit_type": VisitTypeFactory(kind=VisitKind.FOLLOW_UP),
    }


def shift_of(day) -> timedelta:
    """How much longer than 24 hours the day is."""
    start, end = clock.day_bounds(day)
    return end - start - timedelta(hours=24)


def test_the_table_of_changes_is_right(change):
    zone, day, _at = change
    assert abs(shift_of(day)) == timedelta(hours=HOURS[zone])


def test_nine_o_clock_stays_nine_in_a_course(change, people):
    _zone, day, at = change
    start = day - timedelta(weeks=1) + timedelta(days=1)
    wish = {"type": people["visit_type"], "practitioner": people["practitioner"], "start": start}
    wish |= {"weeks": [0, 1, 2, 3], "weekday": None, "time": NINE_O_CLOCK}
    lines = plan_course(wish, people["patient"], at)
    assert all(line.is_free for line in lines)
    course = courses.book_course(
        patient=people["patient"],
        visit_type=people["visit_type"],
        slots=[Slot(line.chosen.starts_at, line.chosen.practitioner, line.chosen.room) for line in lines],
        submission=uuid4(),
        by=people["by"],
        at=at,
    )
    booked = queries.visits_of_course(course)
    assert {clock.local(visit.starts_at).time() for visit in booked} == {NINE_O_CLOCK}
    assert {visit.ends_at - visit.starts_at for visit in booked} == {timedelta(minutes=30)}
    gaps = [two.starts_at - one.starts_at for one, two in zip(booked, booked[1:], strict=False)]
    assert sum(gaps, timedelta()) == timedelta(weeks=3) + shift_of(day)


def test_a_moved_course_stays_at_its_time(change, people):
    _zone, day, at = change
    visit = _book(people, clock.instant(day - timedelta(days=3), NINE_O_CLOCK), at)
    to = Slot(clock.instant(day + timedelta(days=4), NINE_O_CLOCK), people["practitioner"], people["room"])
    (moved,) = courses.move_visits(moves=[courses.Move(visit.pk, 1, to)], by=people["by"], at=at)
    assert clock.local(moved.starts_at).time() == NINE_O_CLOCK
    event = Calendar.from_ical(feeds.visit_ics(moved, clinic_profile())).walk("VEVENT")[0]
    assert clock.local(event["DTSTART"].dt).time() == NINE_O_CLOCK


def _book(people, starts_at, at) -> Appointment:
    slots = [Slot(starts_at, people["practitioner"], people["room"])]
    course = courses.book_course(
        patient=people["patient"],
        visit_type=people["visit_type"],
        slots=slots,
        submission=uuid4(),
        by=people["by"],
        at=at,
    )
    return queries.visits_of_course(course)[0]


def test_free_times_of_a_long_or_short_day(change, people):
    """The whole day in quarters of an hour: four an hour of its real length, each once, and none after the end."""
    _zone, day, at = change
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, minutes=15)
    frees = list(free_times(visit_type=kind, from_day=day, days=1, after=at))
    start, _end = clock.day_bounds(day)
    last = clock.instant(day, time(23, 45))
    assert len(frees) == (last - start) / timedelta(minutes=15)
    assert len({free.starts_at for free in frees}) == len(frees)
    assert all(clock.local(free.starts_at).date() == day for free in frees)


def test_walls_that_do_not_exist_or_come_twice_are_refused_or_asked(change):
    """Each quarter of an hour of the day: it is one instant, or it is refused, or both readings of it are offered."""
    _zone, day, _at = change
    found = {"one": 0, "none": 0, "two": 0}
    for quarter in range(96):
        wall = time(quarter // 4, quarter % 4 * 15)
        try:
            instant = rules.instant_of(day, wall)
        except Refused as refusal:
            if refusal.field == "fold":
                found["two"] += 1
                first, second = (rules.instant_of(day, wall, fold) for fold in (0, 1))
                assert second - first == shift_of(day) and clock.local(second).time() == clock.local(first).time()
            else:
                found["none"] += 1
        else:
            found["one"] += 1
            assert clock.local(instant).replace(tzinfo=None) == datetime.combine(day, wall)
    quarters = int(abs(shift_of(day)) / timedelta(minutes=15))
    longer = shift_of(day) > timedelta(0)
    assert found == {"one": 96 - quarters, "none": 0 if longer else quarters, "two": quarters if longer else 0}


def test_hours_of_the_day_of_the_change_are_as_long_as_they_are(change, people):
    _zone, day, _at = change
    ((start, end),) = openings([people["practitioner"].pk], day, day).on(people["practitioner"].pk, day)
    assert end - start == timedelta(hours=23, minutes=45) + shift_of(day)


@pytest.mark.usefixtures("clinic_row", "madrid")
def test_leap_days():
    assert clock.day_bounds(date(2028, 2, 29))[1] == datetime(2028, 2, 29, 23, tzinfo=UTC)
    assert date(2028, 2, 22) + timedelta(weeks=1) == date(2028, 2, 29)
    practitioner = work_always(PractitionerFactory())
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP)
    wish = {"type": kind, "practitioner": practitioner, "start": date(2028, 2, 22), "weeks": [0, 1, 2]}
    lines = plan_course(wish | {"weekday": None, "time": None}, PatientFactory(), datetime(2027, 12, 1, tzinfo=UTC))
    assert [line.day for line in lines] == [date(2028, 2, 22), date(2028, 2, 29), date(2028, 3, 7)]
    assert all(line.chosen for line in lines)
