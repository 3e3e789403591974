"""A cancellation that was a slip is taken back, while nobody has been told of it."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import PatientFactory
from tests.scheduling.conftest import NINE, NOW
from treatments.scheduling import courses, queries, services
from treatments.scheduling.courses import Slot
from treatments.scheduling.models import Appointment
from treatments.scheduling.undoing import undo_cancellation

pytestmark = pytest.mark.django_db
SOON = NOW + timedelta(seconds=10)
LATE = NOW + queries.UNDO_TIME


def cancel(calendar, visit, at=NOW):
    return services.cancel_appointment(
        appointment_id=visit.pk, version=visit.version, reason="a slip", by=calendar.desk, at=at
    )


def undo(calendar, visit, at=SOON):
    return undo_cancellation(appointment_id=visit.pk, version=visit.version, by=calendar.desk, at=at)


def test_the_visit_is_back_as_it_was_and_the_story_tells_both(calendar):
    visit = calendar.book(at=NOW - timedelta(days=1))
    visit = services.confirm(appointment_id=visit.pk, version=1, by=calendar.desk, at=NOW - timedelta(hours=1))
    undo(calendar, cancel(calendar, visit))
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason, visit.version, visit.starts_at) == ("confirmed", "", 4, NINE)
    assert [change.status for change in visit.changes.all()] == ["booked", "confirmed", "cancelled", "confirmed"]
    told = AuditEvent.objects.filter(action="change").latest("pk")
    assert (told.patient_id, told.fields) == (visit.patient_id, ["cancel_reason", "status"])


def test_nobody_is_told_before_or_after_the_undoing(calendar):
    visit = calendar.book(at=NOW - timedelta(days=1))
    cancelled = cancel(calendar, visit)
    assert queries.unsettled_visits(SOON) == {visit.pk}
    undo(calendar, cancelled)
    assert queries.unsettled_visits(SOON + timedelta(seconds=10)) == {visit.pk}


def test_too_late(calendar):
    visit = cancel(calendar, calendar.book())
    with pytest.raises(Refused, match="too late"):
        undo(calendar, visit, at=LATE)
    assert Appointment.objects.get().status == "cancelled"


def test_only_what_is_cancelled_and_as_it_was_shown(calendar):
    visit = calendar.book()
    with pytest.raises(Refused, match="not cancelled"):
        undo(calendar, visit)
    cancelled = cancel(calendar, visit)
    undo(calendar, cancelled)
    with pytest.raises(Conflict):
        undo(calendar, cancelled)


def test_a_time_that_was_taken_meanwhile_stays_taken(calendar):
    visit = cancel(calendar, calendar.book())
    calendar.book(patient=PatientFactory(), at=NOW)
    with pytest.raises(Refused, match="taken"):
        undo(calendar, visit)
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "a slip")


def test_visits_cancelled_together_come_back_together_or_not_at_all(calendar):
    slots = [Slot(NINE + timedelta(days=7 * week), calendar.practitioner, calendar.room) for week in range(3)]
    course = courses.book_course(
        patient=calendar.patient,
        visit_type=calendar.consultation,
        slots=slots,
        submission=uuid4(),
        by=calendar.desk,
        at=NOW - timedelta(days=1),
    )
    first, second, third = queries.visits_of_course(course)
    cancel(calendar, first, at=NOW - timedelta(minutes=5))
    chosen = [(visit.pk, visit.version) for visit in (second, third)]
    gone = courses.cancel_visits(visits=chosen, reason="a slip", by=calendar.desk, at=NOW)
    other = calendar.book(patient=PatientFactory(), starts_at=third.starts_at, at=NOW)
    with pytest.raises(Refused, match="taken"):
        undo(calendar, gone[0])
    assert statuses(course) == ["cancelled"] * 3
    cancel(calendar, other)
    assert len(undo(calendar, gone[0])) == 2
    assert statuses(course) == ["cancelled", "booked", "booked"]


def statuses(course):
    return [visit.status for visit in queries.visits_of_course(course)]


def test_the_button_stands_for_a_moment_only(calendar, client_of):
    visit = calendar.book()
    page, url = reverse("scheduling:visit", args=[visit.pk]), reverse("scheduling:undo_cancel", args=[visit.pk])
    with time_machine.travel(NOW, tick=False) as now:
        desk = client_of(calendar.desk)
        gone = cancel(calendar, visit)
        assert url in desk.get(page).content.decode()
        answer = desk.post(url, {"version": gone.version}, follow=True).content.decode()
        assert "The visit is back as it was." in answer and url not in answer
        visit.refresh_from_db()
        cancel(calendar, visit)
        now.shift(queries.UNDO_TIME)
        assert url not in desk.get(page).content.decode()
