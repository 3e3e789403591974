"""F1, F3, F4, F8: many desks at one moment, over HTTP, and the controls that show what the guards are for."""

import random
import threading
import time
from datetime import UTC, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock, guards
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import FrontDeskFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from tests.scheduling.racing import Desk, at_once, rounds_at_once, serving, times_of
from treatments.scheduling import courses, rules, services
from treatments.scheduling.enums import LIVE, VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange

pytestmark = pytest.mark.django_db(transaction=True)
DESKS = 20
# The server keeps the real time, so its races are for mornings of the week after next.
SOON = (clock.now() + timedelta(days=8)).replace(hour=8, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker, tmp_path_factory):
    """One server for all races: it keeps nothing between requests."""
    with django_db_blocker.unblock(), serving(tmp_path_factory.mktemp("server")) as url:
        yield url


def slot(starts_at, practitioner, room) -> str:
    return f"{starts_at.astimezone(UTC):%Y-%m-%dT%H:%M}Z.{practitioner.pk}.{room.pk if room else 0}"


def book_path(patient, visit_type) -> str:
    return f"{reverse('scheduling:book')}?patient={patient.pk}&type={visit_type.pk}&start={SOON:%Y-%m-%d}"


def booking_job(desk, calendar, patient, starts_at, submission=None):
    data = {"slot": slot(starts_at, calendar.practitioner, calendar.room), "submission": submission or uuid4()}
    return lambda: desk.post(book_path(patient, calendar.consultation), data)


def desks(server, count) -> list[Desk]:
    return [Desk(FrontDeskFactory(), server) for _ in range(count)]


def race_for_one_slot(server, calendar, rounds, count=DESKS) -> list[int]:
    """Each round has a slot of its own; every desk books it for another patient. How many won each."""
    people = desks(server, count)
    patients = [PatientFactory() for _ in range(count)]
    winners, answers = [], []
    for number in range(rounds):
        starts_at = SOON + timedelta(days=number // 20, minutes=30 * (number % 20))
        found = at_once(
            [booking_job(desk, calendar, patient, starts_at) for desk, patient in zip(people, patients, strict=True)]
        )
        errors = [answer for answer in found if isinstance(answer, Exception)]
        assert errors == []
        assert {answer.status for answer in found} <= {200, 302}, [answer.body[:2000] for answer in found]
        winners.append(sum(answer.won for answer in found))
        assert Appointment.objects.filter(starts_at=starts_at).count() == winners[-1]
        assert all(answer.won or "taken" in answer.body for answer in found)
        answers += found
    won, times = winners.count(1), times_of([answer.seconds for answer in answers])
    print(f"\n{connection.vendor}: one winner in {won} of {rounds} rounds of {count}; {times}")
    return winners


@pytest.mark.parametrize(("count", "rounds"), [(2, 5), (DESKS, 3)])
def test_one_of_many_desks_gets_the_slot(server, racing_calendar, count, rounds):
    assert race_for_one_slot(server, racing_calendar, rounds=rounds, count=count) == [1] * rounds


@pytest.mark.slow
@pytest.mark.parametrize(("count", "rounds"), [(2, 100), (DESKS, 100), (50, 5)])
def test_one_of_many_desks_gets_the_slot_in_every_round(server, racing_calendar, count, rounds):
    assert race_for_one_slot(server, racing_calendar, rounds=rounds, count=count) == [1] * rounds


@pytest.mark.slow
def test_fifty_desks_at_one_slot_in_a_hundred_rounds(racing_calendar):
    """The bookings alone, all fifty in the database at one moment: one wins, and each of the others reads that the
    time is taken, and not that there are too many of them."""
    calendar, patients, seconds = racing_calendar, [PatientFactory() for _ in range(50)], []

    def booking(patient, starts_at):
        begun = time.perf_counter()
        try:
            return calendar.book(patient=patient, starts_at=starts_at)
        finally:
            seconds.append(time.perf_counter() - begun)

    def jobs(number):
        starts_at = NINE + timedelta(days=number // 20, minutes=30 * (number % 20))
        return [lambda patient=patient: booking(patient, starts_at) for patient in patients]

    rounds = rounds_at_once([jobs(number) for number in range(100)])
    winners = [sum(isinstance(result, Appointment) for result in results) for results in rounds]
    print(f"\n{connection.vendor}: one winner in {winners.count(1)} of 100 rounds of 50; {times_of(seconds)}")
    losers = [str(result) for results in rounds for result in results if not isinstance(result, Appointment)]
    assert winners == [1] * 100 and Appointment.objects.count() == 100
    assert [text for text in losers if "taken" not in text] == []


@pytest.mark.slow
def test_control_without_guards_many_desks_get_it(racing_calendar, no_database_guards, tmp_path):
    """The same race against a house that only asks: the tests above can see what they look for.

    On SQLite a booking's transaction keeps all others out, whatever else is switched off: that alone is a guard.
    """
    with serving(tmp_path, "--config=tests/scheduling/no_guards.py") as url:
        winners = race_for_one_slot(url, racing_calendar, rounds=10, count=10)
    assert sum(won > 1 for won in winners) >= (9 if connection.vendor == "postgresql" else 0)


def test_the_same_form_twenty_times_is_one_booking(server, racing_calendar):
    calendar, submission = racing_calendar, uuid4()
    job = booking_job(Desk(calendar.desk, server), calendar, calendar.patient, SOON, submission)
    answers = at_once([job] * DESKS)
    answers.append(job())
    visit = Appointment.objects.get()
    assert {(answer.status, answer.location) for answer in answers} == {
        (302, reverse("scheduling:visit", args=[visit.pk]))
    }
    assert visit.changes.count() == 1
    assert AuditEvent.objects.filter(action="create", subject_type="scheduling.Appointment").count() == 1


def test_two_tabs_move_a_visit_and_the_second_is_told(server, racing_calendar):
    """T07: both tabs show version 1; one move counts, and the other reads that somebody was quicker."""
    calendar = racing_calendar
    tab = Desk(calendar.desk, server)
    for number in range(10):
        visit = calendar.book(starts_at=SOON + timedelta(minutes=30 * number), at=SOON - timedelta(days=7))
        path = reverse("scheduling:move", args=[visit.pk])
        places = [SOON + timedelta(days=days, minutes=30 * number) for days in (1, 2)]
        data = [{"slot": slot(at, calendar.practitioner, calendar.room), "version": 1} for at in places]
        answers = at_once([lambda one=one, path=path: tab.post(path, one) for one in data])
        assert sorted(answer.status for answer in answers) == [200, 302]
        assert "changed this meanwhile" in next(answer.body for answer in answers if not answer.won)
        visit.refresh_from_db()
        assert visit.version == 2 and visit.starts_at == places[[answer.won for answer in answers].index(True)]


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


def test_fifty_crossing_moves_at_once_meet_no_deadlock(racing_calendar):
    """Visits change places with each other's people and rooms; everybody gets an ordinary answer, nothing is half."""
    calendar = racing_calendar
    people = [calendar.practitioner, *(work_always(PractitionerFactory()) for _ in range(4))]
    rooms = [calendar.room, *(RoomFactory() for _ in range(4))]
    visits = [
        calendar.book(starts_at=NINE, practitioner=person, room=room, patient=PatientFactory())
        for person, room in zip(people, rooms, strict=True)
    ]
    jobs = [
        mover(calendar, visit, NINE + timedelta(hours=hour), practitioner=person, room=room)
        for index, visit in enumerate(visits)
        for hour in (0, 1)
        for person, room in zip(people, reversed(rooms[index:] + rooms[:index]), strict=True)
    ]
    assert len(jobs) == 50
    results = at_once(jobs)
    assert all(isinstance(result, Appointment | Refused) for result in results), results
    moved = [result for result in results if isinstance(result, Appointment)]
    for visit in Appointment.objects.all():
        changes = visit.changes.count() - 1
        assert visit.version - 1 == changes == sum(result.pk == visit.pk for result in moved) <= 1
        assert visit.ends_at - visit.starts_at == timedelta(minutes=30)
    assert_nothing_overlaps()


def test_crossing_courses_at_once_are_moved_whole_or_not_at_all(racing_calendar):
    """Ten courses of four take each other's places, with people and rooms in every order."""
    calendar = racing_calendar
    people = [calendar.practitioner, work_always(PractitionerFactory())]
    rooms = [calendar.room, RoomFactory()]
    for number in range(3):
        start = NINE + timedelta(days=number)
        places = [
            courses.Slot(start + timedelta(hours=hour), person, room)
            for hour in range(4)
            for person, room in zip(people, rooms, strict=True)
        ]
        visits = [
            calendar.book(
                starts_at=place.starts_at, practitioner=place.practitioner, room=place.room, patient=PatientFactory()
            )
            for place in places
        ]

        def turned(by, visits=visits, places=places):
            to = places[by:] + places[:by]
            moves = [courses.Move(visit.pk, 1, place) for visit, place in zip(visits, to, strict=True)]
            return lambda: courses.move_visits(moves=moves, by=calendar.desk, at=NOW)

        results = at_once([turned(by) for by in range(1, 8)])
        won = [result for result in results if isinstance(result, list)]
        assert len(won) == 1 and all(isinstance(result, list | Refused) for result in results), results
        assert {visit.version for visit in Appointment.objects.filter(pk__in=[v.pk for v in visits])} == {2}
    assert_nothing_overlaps()


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
    """Live visits: practitioners and rooms are kept by the busy times, patients by the visit's own."""
    visits = list(Appointment.objects.filter(status__in=LIVE).order_by("busy_from"))
    for index, one in enumerate(visits):
        for two in visits[index + 1 :]:
            if one.busy_from < two.busy_until and two.busy_from < one.busy_until:
                assert one.practitioner_id != two.practitioner_id
                assert one.room_id is None or one.room_id != two.room_id
            if one.starts_at < two.ends_at and two.starts_at < one.ends_at:
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
