"""When people work: weeks, dated exceptions, closed days; and the visits that a change would leave outside."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.core.errors import Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import AdministratorFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import hours, queries, rules, services
from treatments.scheduling.enums import RoomKind, VisitKind
from treatments.scheduling.free_times import free_times
from treatments.scheduling.models import Appointment, HoursException
from treatments.scheduling.openings import openings

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = date(2027, 3, 1), date(2027, 3, 2)
MORNING, EVENING = (time(9), time(13)), (time(18), time(22))


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def administrator_of(calendar):
    return AdministratorFactory()


def utc(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def walls(calendar, day=MONDAY):
    """The open stretches of the day, on the clinic's clock of winter."""
    stretches = openings([calendar.practitioner.pk], day, day).on(calendar.practitioner.pk, day)
    return [(start.hour + 1, end.hour + 1) for start, end in stretches]


def except_(calendar, by, *, practitioner=True, first=MONDAY, last=MONDAY, **more):
    owner = calendar.practitioner if practitioner else None
    return hours.add_exception(practitioner=owner, first_day=first, last_day=last, by=by, **more)


def test_a_week_without_exceptions(calendar):
    assert walls(calendar) == [(8, 20)]


def test_leave_closes_its_days_and_no_other(calendar, administrator_of):
    except_(calendar, administrator_of, last=TUESDAY)
    assert walls(calendar) == walls(calendar, TUESDAY) == []
    assert walls(calendar, TUESDAY + timedelta(days=1)) == [(8, 20)]


def test_other_hours_replace_the_weeks_with_their_break(calendar, administrator_of):
    except_(calendar, administrator_of, hours=[MORNING, EVENING])
    assert walls(calendar) == [(9, 13), (18, 22)]


def test_the_clinics_hours_bound_everybodys(calendar, administrator_of):
    except_(calendar, administrator_of, practitioner=False, hours=[(time(10), time(14))])
    assert walls(calendar) == [(10, 14)]
    except_(calendar, administrator_of, hours=[MORNING, EVENING])
    assert walls(calendar) == [(10, 13)]


def test_closed_wins(calendar, administrator_of):
    except_(calendar, administrator_of, hours=[MORNING])
    except_(calendar, administrator_of, practitioner=False)
    assert walls(calendar) == []


def test_search_and_booking_respect_exceptions(calendar, administrator_of):
    except_(calendar, administrator_of, hours=[MORNING])
    except_(calendar, administrator_of, first=TUESDAY, last=TUESDAY)
    free = [free.starts_at for free in free_times(visit_type=calendar.consultation, from_day=MONDAY, days=2, after=NOW)]
    assert (free[0], free[-1]) == (NINE, utc(MONDAY, 11, 30))
    with pytest.raises(Refused, match="does not work"):
        calendar.book(starts_at=utc(MONDAY, 14))
    with pytest.raises(Refused, match="does not work"):
        calendar.book(starts_at=NINE + timedelta(days=1))
    assert calendar.book(starts_at=utc(MONDAY, 11, 30))


def test_open_stretches_of_many_are_one_question(calendar, django_assert_num_queries):
    people = [work_always(PractitionerFactory()).pk for _ in range(5)]
    with django_assert_num_queries(1):
        found = queries.open_stretches(people, [MONDAY, TUESDAY])
    assert len(found) == 10 and all(len(stretches) == 1 for stretches in found.values())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"last": MONDAY - timedelta(days=1)}, "last_day"),
        ({"last": MONDAY + timedelta(days=800)}, "last_day"),
        ({"hours": [(time(13), time(9))]}, "hours"),
        ({"hours": [MORNING, (time(12), time(14))]}, "hours"),
    ],
)
def test_impossible_exceptions_are_refused(calendar, administrator_of, change, field):
    with pytest.raises(Refused) as refusal:
        except_(calendar, administrator_of, **change)
    assert refusal.value.field == field
    assert not HoursException.objects.exists()


def test_two_sets_of_other_hours_on_a_day_are_refused(calendar, administrator_of):
    except_(calendar, administrator_of, hours=[MORNING])
    with pytest.raises(Refused, match="already"):
        except_(calendar, administrator_of, hours=[EVENING])


# Stranded visits ----------------------------------------------------------------------------------------------


def changes(calendar, by):
    """Every way to take Monday noon out of the hours."""
    person = calendar.practitioner
    return {
        "week": lambda **more: hours.set_working_hours(practitioner=person, hours=[(0, *MORNING)], by=by, **more),
        "leave": lambda **more: except_(calendar, by, **more),
        "other hours": lambda **more: except_(calendar, by, hours=[MORNING], **more),
        "closed": lambda **more: except_(calendar, by, practitioner=False, **more),
    }


@pytest.mark.parametrize("way", ["week", "leave", "other hours", "closed"])
def test_a_change_shows_whom_it_strands_and_keeps_them(calendar, administrator_of, way):
    visit = calendar.book(starts_at=utc(MONDAY, 15))
    change = changes(calendar, administrator_of)[way]
    with pytest.raises(hours.Strands) as found:
        change(accepted=())
    assert found.value.visits == [visit]
    assert walls(calendar) == [(8, 20)], "nothing was saved"
    change(accepted=[visit.pk])
    assert walls(calendar) != [(8, 20)]
    assert queries.stranded_visits(NOW) == [visit]
    assert Appointment.objects.get().status == "booked"


def test_a_visit_booked_meanwhile_is_asked_about_too(calendar, administrator_of):
    seen = calendar.book(starts_at=utc(MONDAY, 15))
    calendar.book(starts_at=utc(MONDAY, 16), patient=PatientFactory())
    with pytest.raises(hours.Strands) as found:
        except_(calendar, administrator_of, accepted=[seen.pk])
    assert len(found.value.visits) == 2


def test_visits_that_lay_outside_before_are_not_asked_about_again(calendar, administrator_of):
    visit = calendar.book(starts_at=utc(MONDAY, 15))
    except_(calendar, administrator_of, accepted=[visit.pk])
    except_(calendar, administrator_of, practitioner=False, accepted=())


def test_taking_other_hours_back_may_strand_as_well(calendar, administrator_of):
    (row,) = except_(calendar, administrator_of, hours=[(time(20), time(22))])
    visit = calendar.book(starts_at=utc(MONDAY, 20))
    with pytest.raises(hours.Strands):
        hours.remove_exception(exception=row, by=administrator_of, accepted=())
    hours.remove_exception(exception=row, by=administrator_of, accepted=[visit.pk])
    assert not HoursException.objects.exists() and walls(calendar) == [(8, 20)]


def test_stretches_entered_together_go_together(calendar, administrator_of):
    one, _two = except_(calendar, administrator_of, hours=[MORNING, EVENING])
    except_(calendar, administrator_of, first=TUESDAY, last=TUESDAY)
    hours.remove_exception(exception=one, by=administrator_of)
    assert HoursException.objects.count() == 1


# Pages --------------------------------------------------------------------------------------------------------


def test_the_page_shows_the_stranded_before_it_saves(calendar, administrator_of, client_of):
    visit = calendar.book(starts_at=utc(MONDAY, 15))
    client = client_of(administrator_of)
    url = reverse("scheduling:add_exception", args=[calendar.practitioner.pk])
    leave = {"first_day": MONDAY, "last_day": "", "hours": "", "note": "congress"}
    shown = client.post(url, leave)
    assert "1 visit would lie outside" in shown.content.decode()
    assert reverse("scheduling:visit", args=[visit.pk]) in shown.content.decode()
    assert f'name="accepted" value="{visit.pk}"' in shown.content.decode()
    assert not HoursException.objects.exists()
    assert client.post(url, leave | {"accepted": visit.pk}).status_code == 302
    assert "congress" in client.get(reverse("scheduling:settings")).content.decode()
    assert "16:00" in client.get(reverse("scheduling:stranded")).content.decode()


@pytest.mark.parametrize(
    "posted",
    [
        {"first_day": "", "hours": ""},
        {"first_day": MONDAY, "hours": "nine to five"},
        {"first_day": MONDAY, "hours": "25:00-26:00"},
        {"first_day": "9999-12-31"},
        {"first_day": MONDAY, "accepted": "x" * 50, "last_day": "2020-01-01"},
    ],
)
def test_bad_days_are_explained_and_kept(calendar, administrator_of, client_of, posted):
    response = client_of(administrator_of).post(reverse("scheduling:add_closed_days"), posted)
    assert response.status_code == 200 and "invalid-feedback" in response.content.decode()
    assert not HoursException.objects.exists()


# What a visit type asks for -----------------------------------------------------------------------------------


def test_only_those_chosen_may_do_it(calendar):
    other = work_always(PractitionerFactory(full_name="Dr Eva Sanz"))
    calendar.consultation.practitioners.set([other])
    with pytest.raises(Refused, match="not done by Dr Ana Ruiz"):
        calendar.book()
    assert calendar.book(practitioner=other)
    free = free_times(visit_type=calendar.consultation, from_day=MONDAY, days=1, after=NOW)
    assert {free.practitioner for free in free} == {other}


def test_the_room_must_be_of_the_kind(calendar):
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, room_kind=RoomKind.TREATMENT)
    consulting = RoomFactory(kind=RoomKind.CONSULTING)
    treatment = RoomFactory(name="A treatment room", kind=RoomKind.TREATMENT)
    for room in (consulting, None):
        with pytest.raises(Refused, match="Treatment room"):
            calendar.book(visit_type=kind, room=room)
    free = list(free_times(visit_type=kind, from_day=MONDAY, days=1, after=NOW))
    assert {free.room for free in free} == {treatment}
    assert calendar.book(visit_type=kind, room=treatment)
    assert calendar.book(visit_type=kind, starts_at=NINE + timedelta(hours=1)), "the blue room serves for everything"


def test_without_a_room_of_the_kind_nothing_is_offered(calendar):
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, room_kind=RoomKind.TREATMENT)
    calendar.room.kind = RoomKind.CONSULTING
    calendar.room.save()
    assert list(free_times(visit_type=kind, from_day=MONDAY, days=1, after=NOW)) == []


@pytest.mark.parametrize(("days", "refused"), [(-6, True), (-7, False), (6, True), (7, False), (0, True)])
def test_days_between_two_of_a_type_count_in_both_directions(calendar, days, refused):
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, days_between=7)
    first = NINE + timedelta(days=14)
    calendar.book(visit_type=kind, starts_at=first)
    then = first + timedelta(days=days, hours=2)
    if refused:
        with pytest.raises(Refused, match="There is one on 15 March"):
            calendar.book(visit_type=kind, starts_at=then)
        reason = calendar.book(visit_type=kind, starts_at=then, by=calendar.practitioner, override_reason="asked for")
        assert reason.override_reason
    else:
        assert calendar.book(visit_type=kind, starts_at=then)


def test_a_visit_is_not_too_near_to_itself_when_it_moves(calendar):
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, days_between=7)
    visit = calendar.book(visit_type=kind)
    move = {"appointment_id": visit.pk, "version": 1, "practitioner": calendar.practitioner, "room": calendar.room}
    assert services.move_appointment(**move, starts_at=NINE + timedelta(days=1), by=calendar.desk, at=NOW)
    assert rules.is_too_soon(kind, NINE, NINE + timedelta(days=6))
