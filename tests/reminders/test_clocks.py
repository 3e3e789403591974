"""The right minute on the clinic's wall clock, for every trigger, around the nights in which the clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from tests.clocks import CHANGES, DAYS
from tests.reminders.conftest import NOW
from treatments.reminders import rules
from treatments.reminders.enums import COUNTED_BACK, ReminderStatus, Trigger, Unit
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.services import plan_reminders, sweep_reminders
from treatments.reminders.sources import Source
from treatments.scheduling.models import Appointment

HOUR = timedelta(hours=1)


@pytest.mark.once
@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize(("zone", "changes"), DAYS)
def test_the_right_minute(zone, changes, trigger):
    """Days are the clinic's calendar, at the wall time; hours have passed or have to pass, whatever clocks say."""
    here, way = ZoneInfo(zone), -1 if trigger in COUNTED_BACK else 1
    days = ReminderRule(trigger=trigger, unit=Unit.DAYS, offset=2, send_at=time(10, 1))
    hours = ReminderRule(trigger=trigger, unit=Unit.HOURS, offset=30)
    with timezone.override(here):
        for day in (changes + timedelta(days=n) for n in range(-4, 5)):
            began, ended = (
                datetime.combine(day, wall, tzinfo=here).astimezone(UTC) for wall in (time(9), time(23, 30))
            )
            source = Source(None, began, ended, "session", known_at=began, changed_at=began)
            due = rules.time_of(days, source).astimezone(here)
            assert (due.date(), due.time()) == (day + way * timedelta(days=2), time(10, 1))
            after = trigger in {Trigger.AFTER_VISIT, Trigger.AFTER_SESSION}
            assert rules.time_of(hours, source) == (ended if after else began) + way * 30 * HOUR


@pytest.mark.django_db
@pytest.mark.parametrize("zone", CHANGES)
def test_it_leaves_in_that_minute_and_not_before(many_visits, clinic_row, zone):
    """From the clinic's zone to the sweep: a week before each of 9 visits around the night, at 10:00."""
    type(clinic_row).objects.update(time_zone=zone)
    here, changes = ZoneInfo(zone), CHANGES[zone][0]
    first = datetime.combine(changes + timedelta(days=3), time(9), tzinfo=here)
    visits = many_visits(9)
    for number, visit in enumerate(visits):
        visit.starts_at = (first + timedelta(days=number)).astimezone(UTC)
        visit.busy_from, visit.ends_at, visit.busy_until = (
            visit.starts_at,
            visit.starts_at + HOUR,
            visit.starts_at + HOUR,
        )
    Appointment.objects.bulk_update(visits, ["starts_at", "ends_at", "busy_from", "busy_until"])
    plan_reminders(at=NOW)
    for number in range(9):
        wall = datetime.combine(changes + timedelta(days=number - 4), time(10), tzinfo=here).astimezone(UTC)
        handed = []
        assert sweep_reminders(publish=handed.extend, at=wall - timedelta(seconds=1)) == 0
        assert sweep_reminders(publish=handed.extend, at=wall) == 1
        Reminder.objects.filter(pk__in=handed).update(status=ReminderStatus.SENT)
