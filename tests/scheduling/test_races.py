"""F1, F3, F4, F8: many desks at one moment, over HTTP, and the controls that show what the guards are for."""

import random
import threading
from datetime import UTC, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import guards
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import FrontDeskFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from tests.scheduling.racing import Desk, at_once, times_of
from treatments.scheduling import rules, services
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange

pytestmark = pytest.mark.django_db(transaction=True)
DESKS = 20


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=True):
        yield


def slot(starts_at, practitioner, room) -> str:
    return f"{starts_at.astimezone(UTC):%Y-%m-%dT%H:%M}Z.{practitioner.pk}.{room.pk if room else 0}"


def book_path(patient, visit_type) -> str:
    return f"{reverse('scheduling:book')}?patient={patient.pk}&type={visit_type.pk}&start={NINE:%Y-%m-%d}"


def booking_job(desk, calendar, patient, starts_at, submission=None):
    data = {"slot": slot(starts_at, calendar.practitioner, calendar.room), "submission": submission or uuid4()}
    return lambda: desk.post(book_path(patient, calendar.consultation), data)


def desks(live_server, count) -> list[Desk]:
    return [Desk(FrontDeskFactory(), live_server.url) for _ in range(count)]


def race_for_one_slot(live_server, calendar, rounds, count=DESKS) -> None:
    """Each round has a slot of its own; every desk books it for another patient."""
    people = desks(live_server, count)
    patients = [PatientFactory() for _ in range(count)]
    winners, answers = [], []
    for number in range(rounds):
        starts_at = NINE + timedelta(days=number // 20, minutes=30 * (number % 20))
        found = at_once(
            [booking_job(desk, calendar, patient, starts_at) for desk, patient in zip(people, patients, strict=True)]
        )
        errors = [answer for answer in found if isinstance(answer, Exception)]
        assert errors == []
        winners.append(sum(answer.won for answer in found))
        answers += found
        booked = Appointment.objects.filter(starts_at=starts_at).count()
        assert booked == 1, f"round {number}: {booked} visits in one slot"
        for answer in found:
            assert answer.status in {200, 302}, answer.body[:2000]
            assert answer.won or "taken" in answer.body, answer.body[:2000]
    won = sum(1 for count_ in winners if count_ == 1)
    print(f"\n{connection.vendor}: one winner in {won} of {rounds} rounds of {count}; {times_of(answers)}")
    assert winners == [1] * rounds


def test_one_of_twenty_desks_gets_the_slot(live_server, racing_calendar):
    race_for_one_slot(live_server, racing_calendar, rounds=10)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, DESKS])
def test_one_of_many_desks_gets_the_slot_in_each_of_100_rounds(live_server, racing_calendar, count):
    race_for_one_slot(live_server, racing_calendar, rounds=100, count=count)


def test_the_same_form_twenty_times_is_one_booking(live_server, racing_calendar):
    calendar, submission = racing_calendar, uuid4()
    job = booking_job(Desk(calendar.desk, live_server.url), calendar, calendar.patient, NINE, submission)
    answers = at_once([job] * DESKS)
    answers.append(job())
    visit = Appointment.objects.get()
    assert {(answer.status, answer.location) for answer in answers} == {
        (302, reverse("scheduling:visit", args=[visit.pk]))
    }
    assert visit.changes.count() == 1
    assert AuditEvent.objects.filter(action="create", subject_type="scheduling.Appointment").count() == 1


def test_a_used_form_with_another_wish_says_so(racing_calendar):
    submission = uuid4()
    racing_calendar.book(submission=submission)
    with pytest.raises(Conflict, match="already booked"):
        racing_calendar.book(submission=submission, starts_at=NINE + timedelta(hours=1))


def test_move_and_cancel_at_once_leave_one_story(racing_calendar):
    calendar = racing_calendar
    for number in range(10):
        visit = calendar.book(starts_at=NINE + timedelta(hours=number))
        results = at_once([mover(calendar, visit, NINE + timedelta(days=1, hours=number)), canceller(calendar, visit)])
        won = [result for result in results if isinstance(result, Appointment)]
        lost = [result for result in results if not isinstance(result, Appointment)]
        assert len(won) == 1 and isinstance(lost[0], Refused), results
        visit.refresh_from_db()
        assert visit.version == 2 and visit.changes.count() == 2
        moved = visit.starts_at == NINE + timedelta(days=1, hours=number)
        assert moved != (visit.status == VisitStatus.CANCELLED)


def mover(calendar, visit, starts_at, **to):
    to = {"practitioner": calendar.practitioner, "room": calendar.room} | to
    return lambda: services.move_appointment(
        appointment_id=visit.pk, version=visit.version, starts_at=starts_at, by=calendar.desk, at=NOW, **to
    )


def canceller(calendar, visit):
    return lambda: services.cancel_appointment(
        appointment_id=visit.pk, version=visit.version, reason="ill", by=calendar.desk, at=NOW
    )


def test_crossing_moves_meet_no_deadlock(racing_calendar):
    """Two visits change places with each other's people and rooms; everybody gets an ordinary answer."""
    calendar = racing_calendar
    people = [calendar.practitioner, work_always(PractitionerFactory())]
    rooms = [calendar.room, RoomFactory()]
    for number in range(10):
        at = NINE + timedelta(minutes=30 * number)
        one = calendar.book(starts_at=at)
        two = calendar.book(starts_at=at, practitioner=people[1], room=rooms[1], patient=PatientFactory())
        results = at_once(
            [
                mover(calendar, one, at, practitioner=people[1], room=rooms[0]),
                mover(calendar, two, at, practitioner=people[0], room=rooms[1]),
                mover(calendar, one, at, practitioner=people[0], room=rooms[1]),
                mover(calendar, two, at, practitioner=people[1], room=rooms[0]),
            ]
        )
        assert all(isinstance(result, Appointment | Refused) for result in results), results


@pytest.mark.slow
def test_fifty_random_bookings_at_once_end_in_booked_or_taken(racing_calendar):
    calendar, choice = racing_calendar, random.Random(7)
    people = [calendar.practitioner, *(work_always(PractitionerFactory()) for _ in range(3))]
    rooms = [calendar.room, *(RoomFactory() for _ in range(3))]
    patients = [PatientFactory() for _ in range(10)]
    for _ in range(5):
        jobs = []
        for _ in range(50):
            wish = {
                "practitioner": choice.choice(people),
                "room": choice.choice(rooms),
                "patient": choice.choice(patients),
                "starts_at": NINE + timedelta(minutes=15 * choice.randrange(30)),
            }
            jobs.append(lambda wish=wish: calendar.book(**wish))
        results = at_once(jobs)
        assert all(isinstance(result, Appointment | Refused) for result in results), results
    assert_nothing_overlaps()


def assert_nothing_overlaps():
    visits = list(Appointment.objects.order_by("starts_at"))
    for index, one in enumerate(visits):
        for two in visits[index + 1 :]:
            if one.starts_at < two.ends_at and two.starts_at < one.ends_at:
                assert one.practitioner_id != two.practitioner_id
                assert one.room_id != two.room_id
                assert one.patient_id != two.patient_id


def race_of_services(calendar) -> list:
    patients = [PatientFactory() for _ in range(DESKS)]
    return at_once([lambda patient=patient: calendar.book(patient=patient) for patient in patients])


@pytest.fixture
def no_database_guards():
    guards.remove()
    yield
    AppointmentChange.objects.all().delete()
    Appointment.objects.all().delete()
    guards.install()


def test_locks_and_check_alone_let_one_through(racing_calendar, no_database_guards):
    results = race_of_services(racing_calendar)
    assert sum(isinstance(result, Appointment) for result in results) == 1
    assert all(isinstance(result, Appointment | Refused) for result in results), results


@pytest.fixture
def no_manners(monkeypatch):
    """Neither locks nor the check under them; gives the check back, to be made elsewhere."""
    check = rules.check_free
    monkeypatch.setattr(services, "lock_resources", lambda **resources: None)
    monkeypatch.setattr(rules, "check_free", lambda **times: None)
    return check


def test_the_database_alone_lets_one_through(racing_calendar, no_manners):
    """With nothing but the constraint or trigger: one winner, and sentences for the others."""
    results = race_of_services(racing_calendar)
    assert sum(isinstance(result, Appointment) for result in results) == 1
    assert all(isinstance(result, Appointment | Refused) for result in results), results


def test_control_a_check_alone_lets_everybody_through(racing_calendar, no_manners, no_database_guards):
    """What the guards are for. "Is it free? Then book" without locks, constraint or trigger: in the worst timing,
    when all have asked before the first has booked, all win the one slot."""
    calendar, asked = racing_calendar, threading.Barrier(DESKS)
    ends_at = NINE + calendar.consultation.length

    def ask_then_book(patient):
        who = {"practitioner": calendar.practitioner, "room": calendar.room, "patient": patient}
        no_manners(**who, starts_at=NINE, ends_at=ends_at, busy_from=NINE, busy_until=ends_at)
        asked.wait(timeout=30)
        return calendar.book(patient=patient)

    patients = [PatientFactory() for _ in range(DESKS)]
    results = at_once([lambda patient=patient: ask_then_book(patient) for patient in patients])
    assert sum(isinstance(result, Appointment) for result in results) == DESKS
