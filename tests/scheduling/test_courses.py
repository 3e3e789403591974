"""Courses: the preview, all or none, and what follows when one of them moves."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.urls import reverse

from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import HoursExceptionFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import courses, queries
from treatments.scheduling.course_plan import days_of, plan_course, plan_move
from treatments.scheduling.courses import Move, Slot
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.models import Appointment, Course

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2027, 3, 1), 1
WEEKS = [0, 1, 2, 3, 5, 7]


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def kind():
    return VisitTypeFactory(name="Mesotherapy", kind=VisitKind.FOLLOW_UP)


def wish(calendar, kind, **more):
    return {
        "type": kind,
        "practitioner": calendar.practitioner,
        "start": MONDAY,
        "weeks": WEEKS,
        "weekday": TUESDAY,
        "time": time(15),
    } | more


def plan(calendar, kind, **more):
    return plan_course(wish(calendar, kind, **more), calendar.patient, NOW)


def slots_of(lines) -> list[Slot]:
    return [Slot(line.chosen.starts_at, line.chosen.practitioner, line.chosen.room) for line in lines]


def book(calendar, kind, slots, **more):
    return courses.book_course(
        patient=calendar.patient,
        visit_type=kind,
        slots=slots,
        submission=more.pop("submission", uuid4()),
        by=calendar.desk,
        at=NOW,
        **more,
    )


def wall(visit):
    return f"{clock.local(visit.starts_at):%a %d %b %H:%M}"


def test_days_begin_at_the_next_such_weekday():
    assert days_of(MONDAY, [0, 2], TUESDAY) == [date(2027, 3, 2), date(2027, 3, 16)]
    assert days_of(MONDAY, [0, 1], None) == [MONDAY, date(2027, 3, 8)]


def test_six_tuesdays_at_three_across_the_change_of_clocks(calendar, kind):
    """The clocks go forward on 28 March: three o'clock stays three o'clock."""
    lines = plan(calendar, kind)
    assert all(line.is_free for line in lines)
    course = book(calendar, kind, slots_of(lines))
    booked = queries.visits_of_course(course)
    assert [wall(visit) for visit in booked] == [
        "Tue 02 Mar 15:00",
        "Tue 09 Mar 15:00",
        "Tue 16 Mar 15:00",
        "Tue 23 Mar 15:00",
        "Tue 06 Apr 15:00",
        "Tue 20 Apr 15:00",
    ]
    assert {visit.starts_at.hour for visit in booked} == {14, 13}


def test_the_plan_takes_the_time_that_is_free_most_often(calendar, kind):
    for week in (0, 1, 2, 3):
        calendar.book(starts_at=NINE + timedelta(days=1 + 7 * week, hours=6), patient=PatientFactory())
    lines = plan(calendar, kind)
    assert {clock.local(line.chosen.starts_at).time() for line in lines} == {time(15, 30)}


def test_a_clash_shows_another_time_of_the_day_or_else_a_day_nearby(calendar, kind):
    for day, walls in [(2, (time(15), time(16))), (9, (time(17), time(18))), (16, (time(8), time(12)))]:
        HoursExceptionFactory(
            practitioner=calendar.practitioner,
            first_day=date(2027, 3, day),
            last_day=date(2027, 3, day),
            starts=walls[0],
            ends=walls[1],
        )
    as_wished, later, nearby, *_rest = plan(calendar, kind, weeks=[0, 1, 2])
    assert as_wished.is_free and later.is_another_time and not later.is_another_day
    assert clock.local(later.chosen.starts_at).time() == time(17)
    assert nearby.is_another_day and clock.local(nearby.chosen.starts_at).date() == date(2027, 3, 17)


def test_a_week_without_anything_free_says_so(calendar, kind):
    calendar.practitioner.working_hours.all().delete()
    assert all(line.chosen is None and not line.options for line in plan(calendar, kind))


def test_missing_consultations_and_distances_are_said_in_the_plan(calendar):
    assert all("consultation" in line.obstacle for line in plan(calendar, calendar.session))
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, days_between=10)
    assert ["There is one" in line.obstacle for line in plan(calendar, kind, weeks=[0, 1, 3])] == [False, True, False]


def test_questions_of_a_plan_do_not_grow(calendar, kind, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        plan(calendar, kind, weeks=list(range(30)))


def test_one_taken_slot_and_nothing_is_booked(calendar, kind):
    lines = plan(calendar, kind)
    calendar.book(starts_at=lines[4].chosen.starts_at, patient=PatientFactory())
    with pytest.raises(Refused, match="taken") as refusal:
        book(calendar, kind, slots_of(lines))
    assert refusal.value.field == "slot_4"
    assert Appointment.objects.count() == 1 and not Course.objects.exists()


def test_the_same_form_again_is_the_same_course(calendar, kind):
    lines, submission = plan(calendar, kind), uuid4()
    first = book(calendar, kind, slots_of(lines), submission=submission)
    assert book(calendar, kind, slots_of(lines), submission=submission) == first
    assert Appointment.objects.count() == 6
    with pytest.raises(Conflict):
        book(calendar, kind, slots_of(lines)[:2], submission=submission)


# Moving and cancelling ----------------------------------------------------------------------------------------


@pytest.fixture
def booked(calendar, kind):
    return queries.visits_of_course(book(calendar, kind, slots_of(plan(calendar, kind, weeks=[0, 1, 2, 3]))))


def moves_of(lines, visits):
    pairs = zip(visits, slots_of(lines), strict=True)
    return [Move(visit.pk, visit.version, slot) for visit, slot in pairs]


def test_a_week_later_each_takes_the_place_of_the_next(calendar, booked):
    before = [visit.starts_at for visit in booked]
    lines = plan_move(booked, timedelta(days=7), time(15), NOW)
    assert all(line.is_free for line in lines)
    courses.move_visits(moves=moves_of(lines, booked), by=calendar.desk, at=NOW)
    after = queries.visits_of_course(booked[0].course_id)
    assert [visit.starts_at for visit in after[:3]] == before[1:]
    assert [wall(visit)[-5:] for visit in after] == ["15:00"] * 4
    assert {visit.status for visit in after} == {VisitStatus.BOOKED} and {visit.version for visit in after} == {2}
    assert all(visit.changes.count() == 2 for visit in after)


def test_two_may_change_places(calendar, booked):
    one, two, *_rest = booked
    places = [Slot(visit.starts_at, visit.practitioner, visit.room) for visit in (two, one)]
    moves = [Move(visit.pk, 1, place) for visit, place in zip((one, two), places, strict=True)]
    moved = courses.move_visits(moves=moves, by=calendar.desk, at=NOW)
    assert [visit.starts_at for visit in moved] == [two.starts_at, one.starts_at]


def test_one_that_cannot_move_keeps_all_where_they_are(calendar, booked):
    lines = plan_move(booked, timedelta(days=1), time(10), NOW)
    calendar.book(starts_at=lines[2].chosen.starts_at, patient=PatientFactory())
    with pytest.raises(Refused, match="taken") as refusal:
        courses.move_visits(moves=moves_of(lines, booked), by=calendar.desk, at=NOW)
    assert refusal.value.field == "slot_2"
    for visit in booked:
        now = Appointment.objects.get(pk=visit.pk)
        assert (now.starts_at, now.status, now.version) == (visit.starts_at, VisitStatus.BOOKED, 1)


def test_what_somebody_else_changed_is_not_moved(calendar, booked):
    lines = plan_move(booked, timedelta(days=1), time(10), NOW)
    Appointment.objects.filter(pk=booked[3].pk).update(version=5)
    with pytest.raises(Conflict):
        courses.move_visits(moves=moves_of(lines, booked), by=calendar.desk, at=NOW)
    assert Appointment.objects.get(pk=booked[0].pk).starts_at == booked[0].starts_at


def test_cancelling_the_following_is_all_or_none(calendar, booked):
    seen = [(visit.pk, visit.version) for visit in booked[2:]]
    with pytest.raises(Conflict):
        courses.cancel_visits(visits=[*seen, (booked[1].pk, 9)], reason="moved away", by=calendar.desk, at=NOW)
    assert not Appointment.objects.filter(status=VisitStatus.CANCELLED).exists()
    courses.cancel_visits(visits=seen, reason="moved away", by=calendar.desk, at=NOW)
    assert [visit.status for visit in queries.visits_of_course(booked[0].course_id)] == ["booked"] * 2 + [
        "cancelled"
    ] * 2


# Pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(calendar, client_of):
    return client_of(calendar.desk)


def address(calendar, kind, **more) -> str:
    asked = {
        "patient": calendar.patient.pk,
        "type": kind.pk,
        "practitioner": calendar.practitioner.pk,
        "start": MONDAY,
        "weekday": TUESDAY,
        "time": "15:00",
        "weeks": "0,1,2,3,5,7",
    } | more
    return reverse("scheduling:book_course") + "?" + "&".join(f"{name}={value}" for name, value in asked.items())


def test_plan_and_book_over_http(calendar, kind, desk):
    page = desk.get(address(calendar, kind)).content.decode()
    assert page.count("tag-ok") == 6
    posted = {f"slot_{n}": line.chosen.slot_value for n, line in enumerate(plan(calendar, kind))}
    answer = desk.post(address(calendar, kind), posted | {"slot_3": "", "submission": uuid4()})
    assert answer.status_code == 302 and Appointment.objects.count() == 5
    page = desk.get(answer["Location"]).content.decode()
    assert "Move this and the following" in page and page.count("/calendar/visit/") > 5


def test_a_clash_is_shown_beside_its_line_and_keeps_what_was_chosen(calendar, kind, desk):
    lines = plan(calendar, kind)
    calendar.book(starts_at=lines[2].chosen.starts_at, patient=PatientFactory())
    posted = {f"slot_{n}": line.chosen.slot_value for n, line in enumerate(lines)}
    page = desk.post(address(calendar, kind), posted | {"slot_0": "", "submission": uuid4()}).content.decode()
    assert 'id="slot_2_error"' in page and "is taken from 15:00" in page
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("weeks", ["", "one", "0,", "101", ",".join(map(str, range(31))), "-1", "0 1  2", "1;2"])
def test_weeks_are_read_or_explained(calendar, kind, desk, weeks):
    answer = desk.get(address(calendar, kind, weeks=weeks))
    assert answer.status_code == 200
    assert ("course-lines" in answer.content.decode()) == (weeks in {"0,", "0 1  2", "1;2"})


@pytest.mark.parametrize("slot", ["x", "2027-03-02T14:00Z.1.999999", "2027-13-02T14:00Z.1.1", "other"])
def test_a_slot_that_is_none_is_refused(calendar, kind, desk, slot):
    answer = desk.post(address(calendar, kind), {"slot_0": slot, "submission": uuid4()})
    assert answer.status_code == 200 and "no longer offered" in answer.content.decode()


def test_moving_the_following_over_http(calendar, booked, desk):
    url = reverse("scheduling:move_course", args=[booked[1].pk])
    query = f"?day={clock.local(booked[1].starts_at).date() + timedelta(days=2)}&time=15:00&which=following"
    page = desk.get(url + query).content.decode()
    assert page.count("instead of") == 3
    lines = plan_move(booked[1:], timedelta(days=2), time(15), NOW)
    posted = {f"slot_{n}": line.chosen.slot_value for n, line in enumerate(lines)}
    versions = ",".join(f"{visit.pk}:1" for visit in booked[1:])
    assert desk.post(url + query, posted | {"versions": versions}).status_code == 302
    now = [wall(visit) for visit in queries.visits_of_course(booked[0].course_id)]
    assert now == ["Tue 02 Mar 15:00", "Thu 11 Mar 15:00", "Thu 18 Mar 15:00", "Thu 25 Mar 15:00"]


def test_cancelling_the_following_over_http(calendar, booked, desk):
    url = reverse("scheduling:cancel_course", args=[booked[2].pk])
    page = desk.get(url).content.decode()
    versions = ",".join(f"{visit.pk}:1" for visit in booked[2:])
    assert versions in page
    assert desk.post(url, {"versions": versions, "reason": "  "}).status_code == 200
    assert desk.post(url, {"versions": "x", "reason": "ill"}).status_code == 200
    assert desk.post(url, {"versions": versions, "reason": "ill"}).status_code == 302
    assert Appointment.objects.filter(status=VisitStatus.CANCELLED).count() == 2


def test_a_visit_without_a_course_has_no_such_pages(calendar, desk):
    visit = calendar.book(practitioner=work_always(PractitionerFactory()))
    assert desk.get(reverse("scheduling:move_course", args=[visit.pk])).status_code == 404
