"""A visit's states: every pair of them, who may take which step, and the story each step leaves."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.treatments import AppointmentFactory
from tests.scheduling.conftest import NINE, NOW
from treatments.charting.models import TreatmentSession
from treatments.scheduling import services
from treatments.scheduling.enums import LIVE, OPEN, VISIT_MOVES, VisitStatus
from treatments.scheduling.models import AppointmentChange

pytestmark = pytest.mark.django_db
LATER = NINE + timedelta(minutes=10)
STEPS = {
    VisitStatus.CONFIRMED: services.confirm,
    VisitStatus.ARRIVED: services.mark_arrived,
    VisitStatus.IN_SESSION: services.start_visit,
    VisitStatus.DONE: services.finish_visit,
    VisitStatus.NO_SHOW: services.mark_no_show,
    VisitStatus.CANCELLED: lambda **visit: services.cancel_appointment(reason="ill", **visit),
}


def take(step, visit, by, at=LATER):
    return STEPS[step](appointment_id=visit.pk, version=visit.version, by=by, at=at)


def visit_in(calendar, status):
    return AppointmentFactory(
        patient=calendar.patient,
        practitioner=calendar.practitioner,
        visit_type=calendar.consultation,
        starts_at=NINE,
        status=status,
        cancel_reason="ill" if status == VisitStatus.CANCELLED else "",
    )


@pytest.mark.parametrize(("before", "after"), product(VisitStatus, STEPS))
def test_every_pair_of_states(calendar, before, after):
    visit = visit_in(calendar, before)
    if after in VISIT_MOVES[before]:
        moved = take(after, visit, calendar.practitioner)
        assert (moved.status, moved.version) == (after, 2)
        change = visit.changes.get()
        assert (change.status, change.starts_at, change.changed_by) == (after, NINE, calendar.practitioner)
    else:
        with pytest.raises(Refused):
            take(after, visit, calendar.practitioner)
        assert not visit.changes.exists()
        assert not AuditEvent.objects.exists()
    visit.refresh_from_db()
    assert visit.status == (after if after in VISIT_MOVES[before] else before)


def test_every_state_is_reached_and_every_end_is_an_end():
    reached = {VisitStatus.BOOKED}.union(*VISIT_MOVES.values())
    assert reached == set(VisitStatus)
    assert {status for status, moves in VISIT_MOVES.items() if not moves} == {
        VisitStatus.DONE,
        VisitStatus.CANCELLED,
        VisitStatus.NO_SHOW,
    }
    assert set(OPEN) < set(LIVE)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_on_a_version_of_before_is_a_conflict(calendar, step):
    visit = calendar.book()
    services.confirm(appointment_id=visit.pk, version=visit.version, by=calendar.desk, at=NOW)
    with pytest.raises(Conflict, match="meanwhile"):
        take(step, visit, calendar.practitioner)


def test_booking_leaves_a_story_and_a_trail(calendar):
    visit = calendar.book()
    assert visit.changes.get().status == VisitStatus.BOOKED
    event = AuditEvent.objects.get()
    assert (event.action, event.actor_id, event.patient_id) == ("create", calendar.desk.pk, calendar.patient.pk)


def test_moving_keeps_the_story_of_both_times(calendar):
    visit = calendar.book()
    services.move_appointment(
        appointment_id=visit.pk,
        version=1,
        starts_at=NINE + timedelta(days=1),
        practitioner=calendar.practitioner,
        room=None,
        by=calendar.desk,
        at=NOW,
    )
    assert [change.starts_at for change in visit.changes.all()] == [NINE, NINE + timedelta(days=1)]
    assert AuditEvent.objects.filter(action="move").count() == 1


@pytest.mark.parametrize("status", sorted(set(VisitStatus) - set(OPEN)))
def test_what_has_begun_or_ended_is_not_moved(calendar, status):
    visit = visit_in(calendar, status)
    with pytest.raises(Refused, match="can no longer change"):
        services.move_appointment(
            appointment_id=visit.pk,
            version=1,
            starts_at=NINE + timedelta(days=1),
            practitioner=calendar.practitioner,
            room=None,
            by=calendar.desk,
            at=NOW,
        )


def test_cancelling_needs_a_reason(calendar):
    visit = calendar.book()
    for reason in ("", "  "):
        with pytest.raises(Refused) as refusal:
            services.cancel_appointment(appointment_id=visit.pk, version=1, reason=reason, by=calendar.desk)
        assert refusal.value.field == "reason"


def test_nobody_arrives_on_another_day_or_is_missed_before_time(calendar):
    visit = calendar.book(starts_at=NINE + timedelta(days=1))
    with pytest.raises(Refused, match="another day"):
        take(VisitStatus.ARRIVED, visit, calendar.desk, at=NINE)
    with pytest.raises(Refused, match="not begun"):
        take(VisitStatus.NO_SHOW, visit, calendar.desk, at=NINE)


def test_starting_a_session_opens_its_chart(calendar):
    visit = calendar.book(
        visit_type=calendar.session, override_reason="seen at the other clinic", by=calendar.practitioner
    )
    visit = take(VisitStatus.ARRIVED, visit, calendar.desk)
    with pytest.raises(Refused, match="practitioner starts"):
        take(VisitStatus.IN_SESSION, visit, calendar.desk)
    assert not TreatmentSession.objects.exists()
    visit = take(VisitStatus.IN_SESSION, visit, calendar.practitioner)
    session = TreatmentSession.objects.get()
    visit.refresh_from_db()
    assert visit.session == session
    assert (session.patient, session.practitioner, session.status) == (calendar.patient, calendar.practitioner, "draft")


def test_a_second_visit_of_the_day_waits_until_the_chart_of_the_first_is_signed(calendar):
    first, second = (
        AppointmentFactory(
            patient=calendar.patient,
            practitioner=calendar.practitioner,
            visit_type=calendar.session,
            starts_at=NINE + timedelta(hours=hours),
            status=VisitStatus.ARRIVED,
        )
        for hours in (0, 3)
    )
    take(VisitStatus.IN_SESSION, first, calendar.practitioner)
    with pytest.raises(Refused, match="earlier visit"):
        take(VisitStatus.IN_SESSION, second, calendar.practitioner)
    second.refresh_from_db()
    assert (second.status, second.session) == (VisitStatus.ARRIVED, None)
    draft = TreatmentSession.objects.filter(status="draft")
    draft.update(status="voided", voided_at=LATER, voided_by=calendar.practitioner, void_reason="mistake")
    assert take(VisitStatus.IN_SESSION, second, calendar.practitioner).session == draft.get()


def test_starting_a_consultation_opens_no_chart(calendar):
    visit = take(VisitStatus.ARRIVED, calendar.book(), calendar.desk)
    take(VisitStatus.IN_SESSION, visit, calendar.desk)
    assert not TreatmentSession.objects.exists()


def test_the_story_is_never_changed_or_removed(calendar):
    calendar.book()
    for act in (lambda rows: rows.update(status="done"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            act(AppointmentChange.objects.all())


def test_a_refusal_leaves_nothing(calendar, monkeypatch):
    """The last write of a booking fails: no visit, no story, no trail."""

    def fail(**event):
        raise Refused("the trail is full")

    monkeypatch.setattr(services, "record", fail)
    with pytest.raises(Refused, match="full"):
        calendar.book()
    assert not calendar.patient.appointments.exists()
    assert not AppointmentChange.objects.exists()
