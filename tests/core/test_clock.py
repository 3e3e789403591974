"""The clinic's clock where it jumps: four zones, both changes of the year."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.utils import timezone

from clinic.core import clock

# zone, day and wall time that the clocks skip, day and wall time that they show twice
CHANGES = [
    ("Europe/Madrid", date(2026, 3, 29), time(2, 30), date(2026, 10, 25), time(2, 30)),
    ("America/New_York", date(2026, 3, 8), time(2, 30), date(2026, 11, 1), time(1, 30)),
    ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), date(2026, 4, 5), time(1, 45)),
    ("America/Santiago", date(2026, 9, 6), time(0, 30), date(2026, 4, 4), time(23, 30)),
]
each_zone = pytest.mark.parametrize(("zone", "spring", "skipped", "autumn", "twice"), CHANGES)


@each_zone
def test_a_skipped_wall_time_is_no_instant(zone, spring, skipped, autumn, twice):
    with timezone.override(zone):
        with pytest.raises(clock.NonexistentTime):
            clock.exact_instant(spring, skipped)
        assert clock.local(clock.instant(spring, skipped)).time() > skipped, "moved on past the gap"


@each_zone
def test_a_doubled_wall_time_is_two_instants(zone, spring, skipped, autumn, twice):
    with timezone.override(zone):
        with pytest.raises(clock.AmbiguousTime):
            clock.exact_instant(autumn, twice)
        first = clock.instant(autumn, twice)
        assert clock.local(first).time() == twice
        assert clock.local(first).fold == 0, "the first of the two"


@each_zone
def test_days_are_as_long_as_they_are(zone, spring, skipped, autumn, twice):
    with timezone.override(zone):
        lengths = {day: end - start for day in (spring, autumn) for start, end in [clock.day_bounds(day)]}
        assert lengths[spring] < timedelta(hours=24) < lengths[autumn]
        for day in (spring, autumn):
            start, end = clock.day_bounds(day)
            assert clock.local(start).date() == day
            assert clock.local(end - timedelta(microseconds=1)).date() == day
            assert clock.day_bounds(day + timedelta(days=1))[0] == end, "days touch and never overlap"


@each_zone
def test_other_wall_times_are_exact_on_every_day_of_the_year(zone, spring, skipped, autumn, twice):
    with timezone.override(zone):
        for number in range(365):
            day = date(2026, 1, 1) + timedelta(days=number)
            instant = clock.exact_instant(day, time(9, 30))
            assert instant == clock.instant(day, time(9, 30))
            assert instant.tzinfo is not None
            assert (clock.local(instant).date(), clock.local(instant).time()) == (day, time(9, 30))


def test_today_is_the_clinics_day():
    with time_machine.travel(datetime(2026, 6, 30, 22, 30, tzinfo=UTC), tick=False):
        with timezone.override("Europe/Madrid"):
            assert clock.today() == date(2026, 7, 1)
        with timezone.override("America/New_York"):
            assert clock.today() == date(2026, 6, 30)
        assert clock.now() == datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
