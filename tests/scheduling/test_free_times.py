"""Free times: against a slow and obvious search, across the clocks, and in a constant number of queries."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.core import clock
from clinic.core.errors import Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory, RoomFactory, VisitTypeFactory, WorkingHoursFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import queries
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.free_times import free_times
from treatments.scheduling.intervals import contains, merge, possible_starts, quarters
from treatments.scheduling.models import Appointment, WorkingHours

MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)
MONDAY = date(2027, 3, 1)


def minutes(count) -> timedelta:
    return timedelta(minutes=count)


stretches = st.lists(
    st.tuples(st.integers(0, 280), st.integers(1, 60)).map(
        lambda pair: (MIDNIGHT + minutes(5 * pair[0]), MIDNIGHT + minutes(5 * (pair[0] + pair[1])))
    ),
    max_size=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    open_=stretches,
    busy=stretches,
    length=st.integers(1, 30).map(lambda n: minutes(5 * n)),
    before=st.integers(0, 6).map(lambda n: minutes(5 * n)),
    after=st.integers(0, 6).map(lambda n: minutes(5 * n)),
)
def test_possible_starts_are_those_of_a_slow_search(open_, busy, length, before, after):
    windows = possible_starts(open_, busy, length=length, before=before, after=after)
    for number in range(-12, 420):
        start = MIDNIGHT + minutes(5 * number)
        free = all(end <= start - before or first >= start + length + after for first, end in busy)
        expected = free and contains(open_, start, start + length)
        assert any(first <= start <= last for first, last in windows) == expected


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stretches)
def test_merged_stretches_are_apart_and_in_order(some):
    merged = merge(some)
    assert all(one[1] < two[0] for one, two in zip(merged, merged[1:], strict=False))
    assert merge(merged) == merged


def test_quarters_are_whole_quarters():
    first = MIDNIGHT + minutes(61) + timedelta(seconds=1)
    windows = [(MIDNIGHT, MIDNIGHT), (first, MIDNIGHT + minutes(120)), (first, MIDNIGHT + minutes(74))]
    assert list(map(list, quarters(windows, since=MIDNIGHT))) == [[0], [5, 6, 7, 8], []]


# With a calendar ---------------------------------------------------------------------------------------------


def offered(calendar, **wish) -> list[datetime]:
    defaults = {"visit_type": calendar.consultation, "from_day": MONDAY, "days": 1, "after": NOW}
    return [free.starts_at for free in free_times(**defaults | wish)]


@pytest.mark.django_db
def test_every_offered_time_can_be_booked_and_no_other(calendar):
    """For each quarter of the day, the offer and the service agree; with buffers, two people and one room."""
    buffered = VisitTypeFactory(kind=VisitKind.CONSULTATION, minutes=45, minutes_before=10, minutes_after=5)
    calendar.book(visit_type=buffered, starts_at=NINE + minutes(60), patient=PatientFactory())
    calendar.book(
        starts_at=NINE + minutes(300), practitioner=work_always(PractitionerFactory()), patient=PatientFactory()
    )
    calendar.book(
        starts_at=NINE + minutes(420),
        practitioner=work_always(PractitionerFactory()),
        room=RoomFactory(retired_at=None, name="other"),
    )
    other = queries.Room.objects.get(name="other")
    other.retired_at = NOW
    other.save()
    times = offered(calendar, visit_type=buffered, practitioner=calendar.practitioner, patient=calendar.patient)
    for number in range(-8, 52):
        starts_at = NINE + minutes(15 * number)
        try:
            visit = calendar.book(visit_type=buffered, starts_at=starts_at)
        except Refused:
            assert starts_at not in times, starts_at
        else:
            assert starts_at in times, starts_at
            Appointment.objects.filter(pk=visit.pk).update(status=VisitStatus.NO_SHOW)
    assert len(times) > 20


@pytest.mark.django_db
def test_another_room_or_another_person_is_offered_when_one_is_taken(calendar):
    calendar.book(patient=PatientFactory())
    assert NINE not in offered(calendar)
    colleague = work_always(PractitionerFactory())
    assert NINE not in offered(calendar)  # the only room is taken
    room = RoomFactory()
    frees = free_times(visit_type=calendar.consultation, from_day=MONDAY, days=1, after=NOW)
    assert [(free.practitioner, free.room) for free in frees if free.starts_at == NINE] == [(colleague, room)]


@pytest.mark.django_db
def test_at_one_time_the_one_with_fewer_visits_comes_first(calendar):
    RoomFactory()
    colleague = work_always(PractitionerFactory(full_name="Aa First by name"))
    calendar.book(practitioner=colleague, starts_at=NINE + minutes(60))
    frees = list(free_times(visit_type=calendar.consultation, from_day=MONDAY, days=1, after=NOW))
    assert frees[0].practitioner == calendar.practitioner


@pytest.mark.django_db
@pytest.mark.parametrize(("part", "first", "last"), [("morning", 8, 11), ("afternoon", 12, 16), ("evening", 17, 19)])
def test_parts_of_the_day_are_of_the_clinics_clock(calendar, part, first, last):
    hours = {clock.local(time).hour for time in offered(calendar, part_of_day=part)}
    assert (min(hours), max(hours)) == (first, last)


@pytest.mark.django_db
def test_nothing_in_the_past_and_nothing_of_people_who_left(calendar):
    assert min(offered(calendar, after=NINE + minutes(7))) == NINE + minutes(15)
    calendar.practitioner.is_active = False
    calendar.practitioner.save()
    assert offered(calendar) == []


@pytest.mark.django_db
def test_without_rooms_people_are_enough(calendar):
    calendar.room.retired_at = NOW
    calendar.room.save()
    frees = list(free_times(visit_type=calendar.consultation, from_day=MONDAY, days=1, after=NOW))
    assert frees and {free.room for free in frees} == {None}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Madrid", date(2027, 3, 28), 23),
        ("Europe/Madrid", date(2027, 10, 31), 25),
        ("America/New_York", date(2027, 3, 14), 23),
        ("America/New_York", date(2027, 11, 7), 25),
        ("Australia/Lord_Howe", date(2027, 10, 3), 23.5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
        ("Asia/Kathmandu", date(2027, 3, 28), 24),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(calendar, zone, day, hours):
    """Open from midnight to 23:45: visits of half an hour on every quarter, fewer or more when the clocks change."""
    person = work_always(PractitionerFactory(), time(0), time(23, 45))
    with timezone.override(zone):
        times = offered(calendar, practitioner=person, from_day=day)
        assert len(times) == (hours - 0.25) * 4 - 1
        assert {clock.local(time).date() for time in times} == {day}
        assert all(clock.local(time).minute % 15 == 0 for time in times)


@pytest.mark.django_db
def test_questions_to_the_database_do_not_grow(calendar):
    def count(days) -> int:
        with CaptureQueriesContext(connection) as captured:
            list(free_times(visit_type=calendar.consultation, from_day=MONDAY, days=days, after=NOW))
        return len(captured)

    one = count(1)
    for number in range(30):
        person = PractitionerFactory()
        WorkingHoursFactory(practitioner=person, weekday=number % 7)
        AppointmentFactory(practitioner=person, room=RoomFactory(), starts_at=NINE + timedelta(days=number))
    assert WorkingHours.objects.count() > 30
    assert count(28) == one == 4


def test_a_week_is_told_in_few_words():
    hours = [(0, 9, 13), (0, 15, 19), (1, 9, 13), (1, 15, 19), (2, 9, 13), (4, 9, 13), (6, 10, 12)]
    rows = [WorkingHours(weekday=day, starts=time(first), ends=time(last)) for day, first, last in hours]
    assert queries.week_text(rows) == [
        ("Mon–Tue", "09:00–13:00, 15:00–19:00"),
        ("Wed", "09:00–13:00"),
        ("Fri", "09:00–13:00"),
        ("Sun", "10:00–12:00"),
    ]
    assert queries.week_text([]) == []
