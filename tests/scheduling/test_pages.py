"""The calendar's pages over HTTP: what each person sees, what is refused and how, and what it costs."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.factories.patients import PatientFactory
from tests.factories.people import AdministratorFactory, FrontDeskFactory, PractitionerFactory
from tests.factories.treatments import AppointmentFactory, RoomFactory, SessionFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import services
from treatments.scheduling.enums import VisitStatus
from treatments.scheduling.models import Appointment, Room, VisitType

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(calendar, client_of):
    return client_of(calendar.desk)


def url(name, *args, **parameters):
    query = "&".join(f"{key}={value}" for key, value in parameters.items())
    return reverse(f"scheduling:{name}", args=args) + (f"?{query}" if query else "")


def slot(calendar, starts_at=NINE):
    return f"{starts_at:%Y-%m-%dT%H:%M}Z.{calendar.practitioner.pk}.{calendar.room.pk}"


def other_time(calendar, day=MONDAY, wall="09:00", **changes):
    return {
        "slot": "other",
        "day": f"{day}",
        "time": wall,
        "practitioner": calendar.practitioner.pk,
        "room": calendar.room.pk,
        "submission": uuid4(),
    } | changes


# The day -----------------------------------------------------------------------------------------------------


def full_day(people=8, each=16, kind=None):
    """128 visits in the day of a large clinic, and one more that was missed."""
    kind = kind or VisitTypeFactory(name="Mesotherapy session")
    for number in range(people):
        person = work_always(PractitionerFactory(full_name=f"Dr Practitioner {number}"))
        room = RoomFactory()
        for half_hour in range(each):
            AppointmentFactory(
                practitioner=person, room=room, visit_type=kind, starts_at=NINE + timedelta(minutes=30 * half_hour)
            )
    AppointmentFactory(status=VisitStatus.NO_SHOW, starts_at=NINE)


def test_a_day_of_128_visits_takes_8_queries_and_30_kb(desk):
    desk.get(url("day", MONDAY))
    full_day()
    with CaptureQueriesContext(connection) as captured:
        response = desk.get(url("day", MONDAY))
    assert response.content.count(b"/calendar/visit/") == 129
    assert len(captured) <= 8, [query["sql"][:90] for query in captured]
    assert len(response.content) <= 30_000


def test_a_booking_asks_as_little_in_a_full_calendar_as_in_an_empty_one(calendar, desk):
    """Of the 8: the session, who and where, what is asked for; locks, who works and is there; the visit, its story, the
    trail.

    SQLite needs no locks, and the test's own transaction makes savepoints.
    """

    def count(starts_at) -> int:
        slot = f"{starts_at:%Y-%m-%dT%H:%M}Z.{calendar.practitioner.pk}.{calendar.room.pk}"
        address = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
        with CaptureQueriesContext(connection) as captured:
            assert desk.post(address, {"slot": slot, "submission": uuid4()}).status_code == 302
        return sum("SAVEPOINT" not in query["sql"] for query in captured)

    count(NINE + timedelta(days=3))  # the first look writes a sign of life
    one = count(NINE + timedelta(days=2))
    full_day(3, 10)
    for number in range(10):
        calendar.book(starts_at=NINE + timedelta(days=1, minutes=30 * number))
    assert count(NINE + timedelta(days=1, hours=8)) == one == (8 if connection.vendor == "postgresql" else 7)


def test_a_booking_is_with_whom_the_chosen_time_says_and_not_with_whom_times_were_looked_for(calendar, desk):
    other = work_always(PractitionerFactory())
    slot = f"{NINE:%Y-%m-%dT%H:%M}Z.{other.pk}.{calendar.room.pk}"
    looked_for = {"practitioner": calendar.practitioner.pk, "type": calendar.consultation.pk, "room": RoomFactory().pk}
    address = url("book", patient=calendar.patient.pk, **looked_for)
    assert desk.post(address, {"slot": slot, "submission": uuid4()}).status_code == 302
    booked = Appointment.objects.get()
    assert (booked.practitioner, booked.room, booked.patient) == (other, calendar.room, calendar.patient)


@pytest.mark.parametrize("gone", ["practitioner", "room", "consultation"])
def test_what_was_retired_meanwhile_is_not_booked(calendar, desk, gone):
    row = getattr(calendar, gone)
    slot = f"{NINE:%Y-%m-%dT%H:%M}Z.{calendar.practitioner.pk}.{calendar.room.pk}"
    address = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
    type(row).objects.filter(pk=row.pk).update(
        **{"is_active": False} if gone == "practitioner" else {"retired_at": NOW, "retire_reason": "gone"}
    )
    assert desk.post(address, {"slot": slot, "submission": uuid4()}).status_code == 200
    assert not Appointment.objects.exists()


def test_the_day_costs_the_same_for_one_visit_and_for_thirty(desk):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(url("day", MONDAY))
        return len(captured)

    full_day(1, 1)
    one = count()
    full_day(3, 10, kind=VisitType.objects.get(name="Mesotherapy session"))
    assert count() == one


def test_the_day_shows_its_visits_at_their_place(calendar, desk):
    calendar.book(starts_at=NINE + timedelta(minutes=35), visit_type=VisitTypeFactory(minutes=65))
    html = desk.get(url("day", MONDAY)).content.decode()
    assert "h-9 f-7 x-1 y-1" in html
    assert calendar.patient.full_name in html
    assert 'class="closed' not in html  # open from 8 to 20, and nothing else is shown
    assert AuditEvent.objects.filter(action="list").exists()


def test_the_line_of_now_is_on_today_and_within_the_hours(calendar, desk, client_of):
    assert 'class="now' not in desk.get(url("day")).content.decode()  # 7:00, before anybody works
    with time_machine.travel(NINE + timedelta(minutes=37), tick=False):
        later = client_of(calendar.desk)
        assert 'class="now h-9 f-7 y-1"' in later.get(url("day")).content.decode()
        assert 'class="now' not in later.get(url("day", date(2027, 3, 2))).content.decode()


def test_an_empty_day_says_so(client_of, front_desk, clinic_row):
    html = client_of(front_desk).get(url("day", MONDAY)).content.decode()
    assert "Nobody works on this day" in html


def test_cancelled_visits_leave_the_grid_and_stay_findable(calendar, desk):
    visit = calendar.book()
    services.cancel_appointment(appointment_id=visit.pk, version=1, reason="ill", by=calendar.desk)
    html = desk.get(url("day", MONDAY)).content.decode()
    assert "1 cancelled or missed" in html
    assert "h-9" in html.split('<div class="axis"')[1].split("</div>")[0]
    assert "0 visits" in html


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1700-02-01"])
def test_days_nobody_books_are_not_found(desk, day):
    assert desk.get(f"/calendar/{day}/").status_code == 404


@pytest.mark.parametrize("typed", ["2027-03-29", "nonsense", "", "9999-12-31", "2027-02-31"])
def test_going_to_a_day_never_fails(desk, typed):
    response = desk.get(url("day"), {"day": typed})
    assert response.status_code == 302
    assert response.url == (url("day", date(2027, 3, 29)) if typed == "2027-03-29" else url("day"))


# Booking -----------------------------------------------------------------------------------------------------


def test_booking_takes_three_clicks_from_the_patient(calendar, desk):
    page = desk.get(url("book", patient=calendar.patient.pk))
    assert page.context["wish"]["type"].value() == calendar.consultation.pk
    first = page.context["form"].fields["slot"].days[0][1][0][0]
    action = url("book") + page.context["action"]
    response = desk.post(action, {"slot": first, "submission": page.context["form"]["submission"].value()})
    visit = Appointment.objects.get()
    assert response.url == url("visit", visit.pk)
    assert visit.starts_at == clock.instant(MONDAY, time(8))
    assert visit.room == calendar.room


def test_after_a_consultation_a_session_is_proposed(calendar, desk):
    calendar.book()
    page = desk.get(url("book", patient=calendar.patient.pk))
    assert page.context["wish"]["type"].value() == calendar.session.pk
    times = page.context["offer"].times
    assert times and times[0].starts_at >= NINE + timedelta(minutes=30)
    assert "Already booked" in page.content.decode()


def test_losing_the_slot_keeps_the_form_and_offers_others(calendar, desk):
    calendar.book(patient=PatientFactory())
    path = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
    response = desk.post(path, {"slot": slot(calendar), "submission": uuid4()})
    html = response.content.decode()
    assert response.status_code == 200
    assert "booked by Marta Gil" in html
    assert 'class="slot"' in html and slot(calendar) not in html
    assert Appointment.objects.count() == 1


def test_the_desk_is_told_that_a_consultation_is_missing_and_nothing_clinical(calendar, desk, client_of):
    path = url("book", patient=calendar.patient.pk, type=calendar.session.pk)
    html = desk.get(path).content.decode()
    assert "Session needs a consultation in the 180 days before it" in html
    assert 'class="slot"' not in html and "override_reason" not in html
    assert desk.post(path, {"slot": slot(calendar), "submission": uuid4()}).status_code == 200
    assert not Appointment.objects.exists()


def test_a_practitioner_may_give_a_reason_instead(calendar, client_of):
    client = client_of(calendar.practitioner)
    path = url("book", patient=calendar.patient.pk, type=calendar.session.pk)
    assert b"override_reason" in client.get(path).content
    data = {"slot": slot(calendar), "submission": uuid4()}
    assert client.post(path, data).status_code == 200
    assert client.post(path, data | {"override_reason": "seen elsewhere"}).status_code == 302
    assert Appointment.objects.get().override_reason == "seen elsewhere"


def test_another_time_is_typed(calendar, desk):
    path = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
    assert desk.post(path, other_time(calendar, wall="09:10")).status_code == 302
    assert Appointment.objects.get().starts_at == NINE + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"day": "2027-03-28", "time": "02:30"}, "does not exist on that day"),
        ({"day": "2027-10-31", "time": "02:30"}, "comes twice on that day"),
        ({"day": ""}, "needed for another time"),
        ({"time": "25:99"}, "Enter a valid time"),
        ({"day": "9999-12-31"}, "two years ahead"),
        ({"practitioner": "99999999999999999999999"}, "Select a valid choice"),
        ({"room": "x"}, "Select a valid choice"),
        ({"time": "06:00"}, "has passed"),
        ({"time": "22:00"}, "does not work"),
        ({"slot": ""}, "Choose a time"),
        ({"slot": "2027-03-01T08:00Z.1.1; drop"}, "no longer offered"),
        ({"slot": "2027-13-41T08:00Z.1.1"}, "no longer offered"),
        ({"slot": "9999-12-31T23:59Z.{p}.0"}, "two years ahead"),
        ({"slot": "0001-01-01T00:00Z.{p}.0"}, "has passed"),
        ({"submission": "no-uuid"}, "Enter a valid UUID"),
    ],
)
def test_bad_input_is_answered_in_place(calendar, desk, changes, says):
    path = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
    changes = {key: value.replace("{p}", str(calendar.practitioner.pk)) for key, value in changes.items()}
    response = desk.post(path, other_time(calendar, **changes))
    assert response.status_code == 200
    assert says in response.content.decode()
    assert not Appointment.objects.exists()


def test_of_a_time_that_comes_twice_both_readings_are_offered(calendar, desk):
    work_always(calendar.practitioner, time(0), time(7))
    path = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)
    wish = other_time(calendar, day=date(2027, 10, 31), wall="02:30")
    html = desk.post(path, wish).content.decode()
    assert "the first 02:30 (UTC+2:00)" in html and "the second 02:30 (UTC+1:00)" in html
    assert desk.post(path, wish | {"fold": "1"}).status_code == 302
    assert Appointment.objects.get().starts_at.hour == 1


@pytest.mark.parametrize(
    "query", ["", "patient=", "patient=x", "patient=0", "patient=-3", "patient=99999999999999999999", "patient=1%00"]
)
def test_an_address_without_a_patient_asks_for_one(calendar, desk, query):
    response = desk.get(f"{url('book')}?{query}")
    assert response.status_code == (400 if "%00" in query else 200)
    assert "%00" in query or "For whom?" in response.content.decode()


@pytest.mark.parametrize(
    "wish",
    [{"type": "999"}, {"type": "x"}, {"start": "0001-01-01"}, {"start": "x"}, {"part": "noon"}, {"practitioner": "-1"}],
)
def test_a_wish_that_makes_no_sense_offers_nothing(calendar, desk, wish):
    response = desk.get(url("book", patient=calendar.patient.pk, **wish))
    assert response.status_code == 200
    assert 'class="slot"' not in response.content.decode()


def test_patients_are_found_without_their_name_in_an_address(calendar, desk):
    patient = PatientFactory(given_name="Zacarías", family_name="Quintanilla")
    response = desk.post(
        url("find_patient"), {"q": "quintan", "type": calendar.session.pk}, headers={"HX-Request": "true"}
    )
    html = response.content.decode()
    assert "Quintanilla" in html and "<html" not in html
    assert f"?patient={patient.pk}&amp;type={calendar.session.pk}" in html
    assert AuditEvent.objects.filter(action="search").count() == 1
    assert "Nobody found" in desk.post(url("find_patient"), {"q": "xyzzyq"}).content.decode()
    assert desk.get(url("find_patient")).status_code == 405


# One visit ---------------------------------------------------------------------------------------------------


def test_the_desk_walks_a_visit_through_the_day(calendar, desk):
    visit = calendar.book()

    def press(step, version):
        return desk.post(url("step", visit.pk), {"step": step, "version": version}, follow=True).content.decode()

    assert "Confirmed" in press("confirmed", 1)
    assert "Arrived" in press("arrived", 2)
    assert "In session" in press("in_session", 3)
    assert "Done" in press("done", 4)
    assert "cannot become" in press("arrived", 5)
    assert "meanwhile" in press("arrived", 1)
    assert "not known" in press("nonsense", 5)
    assert "not known" in press("done", "x")
    visit.refresh_from_db()
    assert (visit.status, visit.version) == ("done", 5)


def test_the_desk_sees_no_link_to_a_session(calendar, client_of):
    session = SessionFactory(patient=calendar.patient, practitioner=calendar.practitioner, note="SECRET-NOTE")
    visit = calendar.book()
    Appointment.objects.filter(pk=visit.pk).update(session=session, status=VisitStatus.IN_SESSION)
    html = client_of(calendar.desk).get(url("visit", visit.pk)).content.decode()
    assert "SECRET-NOTE" not in html and "Open the session" not in html


def test_who_starts_a_session_lands_on_its_chart(calendar, client_of):
    visit = calendar.book(visit_type=calendar.session, by=calendar.practitioner, override_reason="seen elsewhere")
    with time_machine.travel(NINE, tick=False):
        services.mark_arrived(appointment_id=visit.pk, version=1, by=calendar.desk)
        started = client_of(calendar.practitioner).post(url("step", visit.pk), {"step": "in_session", "version": 2})
    visit.refresh_from_db()
    assert started.url == reverse("charting:chart", args=[visit.session_id])


def test_a_session_is_linked_only_for_those_who_may_read_it(calendar, client_of):
    colleague = PractitionerFactory()
    visit = calendar.book()
    session = SessionFactory(patient=calendar.patient, practitioner=calendar.practitioner)
    Appointment.objects.filter(pk=visit.pk).update(session=session, status=VisitStatus.IN_SESSION)

    def linked(person) -> bool:
        return "Open the session" in client_of(person).get(url("visit", visit.pk)).text

    assert (linked(calendar.practitioner), linked(colleague)) == (True, False)


def test_a_visit_that_lost_its_consultation_says_so(calendar, desk):
    first = calendar.book()
    visit = calendar.book(visit_type=calendar.session, starts_at=NINE + timedelta(hours=2))
    assert "has not taken place" not in desk.get(url("visit", visit.pk)).content.decode()
    services.cancel_appointment(appointment_id=first.pk, version=1, reason="ill", by=calendar.desk)
    assert "has not taken place" in desk.get(url("visit", visit.pk)).content.decode()


def test_a_visit_is_moved_on_its_page(calendar, desk):
    visit = calendar.book()
    page = desk.get(url("move", visit.pk))
    offered = [value for _day, slots in page.context["form"].fields["slot"].days for value, _free in slots]
    assert slot(calendar) in offered  # its own time does not stand in its way
    response = desk.post(url("move", visit.pk), {"slot": slot(calendar, NINE + timedelta(hours=3)), "version": 1})
    assert response.url == url("visit", visit.pk)
    again = desk.post(url("move", visit.pk), {"slot": slot(calendar), "version": 1})
    assert "meanwhile" in again.content.decode()


def test_a_visit_is_cancelled_with_a_reason(calendar, desk):
    visit = calendar.book()
    assert "The time becomes free" in desk.get(url("cancel", visit.pk)).content.decode()
    assert "This field is required" in desk.post(url("cancel", visit.pk), {"version": 1}).content.decode()
    assert desk.post(url("cancel", visit.pk), {"version": 1, "reason": "ill"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason) == ("cancelled", "ill")


@pytest.mark.parametrize("name", ["visit", "step", "move", "cancel", "tab"])
def test_what_is_not_there_is_not_found(desk, name):
    method = desk.post if name == "step" else desk.get
    assert method(url(name, 999_999_999), {"step": "done", "version": 1}).status_code == 404


# Today, and the patient's visits -----------------------------------------------------------------------------


def test_today_says_what_is_missing(calendar, desk, client_of):
    nobody = PatientFactory(phone="", email="", channel="")
    calendar.book(visit_type=calendar.session, override_reason="known", by=calendar.practitioner, patient=nobody)
    visit = calendar.book(starts_at=NINE + timedelta(hours=1))
    services.confirm(appointment_id=visit.pk, version=1, by=calendar.desk)
    AppointmentFactory(visit_type=calendar.session, starts_at=NINE)
    html = desk.get(url("today_panel")).content.decode()
    assert [html.count(text) for text in ("No consultation", "No contact", "Not confirmed", "Confirmed")] == [
        1,
        1,
        2,
        1,
    ]
    own = client_of(calendar.practitioner).get(url("today_panel")).content.decode()
    assert own.count("/calendar/visit/") == 2


def test_today_and_the_tab_cost_the_same_for_one_visit_and_for_thirty(calendar, desk):
    def count(path) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        return len(captured)

    paths = [url("today_panel"), url("tab", calendar.patient.pk)]
    visit = AppointmentFactory(patient=calendar.patient, visit_type=calendar.session, starts_at=NINE)
    before = [count(path) for path in paths]
    for number in range(1, 30):
        AppointmentFactory(
            patient=calendar.patient,
            visit_type=calendar.session,
            starts_at=visit.ends_at + timedelta(minutes=30 * number),
        )
    assert [count(path) for path in paths] == before


def test_the_patients_tab_lists_visits_and_leaves_a_trail(calendar, desk):
    calendar.book()
    html = desk.get(url("tab", calendar.patient.pk)).content.decode()
    assert "Mon 1 Mar 2027, 09:00" in html
    assert AuditEvent.objects.filter(action="view", patient_id=calendar.patient.pk).count() == 1


# What can be booked ------------------------------------------------------------------------------------------


@pytest.fixture
def admin(calendar, client_of):
    return client_of(AdministratorFactory())


TYPE = {
    "name": "Peeling",
    "kind": "session",
    "minutes": 20,
    "minutes_before": 5,
    "minutes_after": 5,
    "colour": "#5b3f8c",
}


def test_an_administrator_keeps_visit_types_rooms_and_hours(calendar, admin):
    assert admin.post(url("add_visit_type"), TYPE).status_code == 302
    kind = VisitType.objects.get(name="Peeling")
    assert admin.post(url("edit_visit_type", kind.pk), TYPE | {"minutes": 40}).status_code == 302
    assert admin.post(url("retire_visit_type", kind.pk), {"reason": "no longer done"}).status_code == 302
    kind.refresh_from_db()
    assert (kind.minutes, kind.retire_reason) == (40, "no longer done")
    assert admin.post(url("add_room"), {"name": "Red room"}).status_code == 302
    room = Room.objects.get(name="Red room")
    assert admin.post(url("edit_room", room.pk), {"name": "Green room"}).status_code == 302
    assert admin.post(url("retire_room", room.pk), {"reason": "rebuilt"}).status_code == 302
    week = {"day_0": "9:00-13:00, 15:00-19:00", "day_4": "8.30–12.00"}
    assert admin.post(url("hours", calendar.practitioner.pk), week).status_code == 302
    assert list(calendar.practitioner.working_hours.values_list("weekday", "starts", "ends")) == [
        (0, time(9), time(13)),
        (0, time(15), time(19)),
        (4, time(8, 30), time(12)),
    ]
    html = admin.get(url("settings")).content.decode()
    assert "Green room" in html and "09:00–13:00" in html
    actions = AuditEvent.objects.values_list("action", flat=True)
    assert {"create", "change", "retire"} <= set(actions)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("add_visit_type", TYPE | {"name": "consultation"}, "with this name already"),
        ("add_visit_type", TYPE | {"minutes": 0}, "greater than or equal to 5"),
        ("add_visit_type", TYPE | {"minutes": "1e9"}, "whole number"),
        ("add_visit_type", TYPE | {"minutes_after": 9999}, "less than or equal to 240"),
        ("add_visit_type", TYPE | {"colour": "#123456"}, "valid choice"),
        ("add_visit_type", TYPE | {"kind": "party"}, "valid choice"),
        ("add_room", {"name": "BLUE ROOM"}, "with this name already"),
        ("add_room", {"name": "   "}, "required"),
    ],
)
def test_settings_answer_bad_input_in_place(admin, name, data, says):
    response = admin.post(url(name), data)
    assert response.status_code == 200
    assert says in response.content.decode()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("9-13", "Write the hours as"),
        ("25:00-26:00", "Write the hours as"),
        ("13:00-9:00", "later than the beginning"),
        ("9:00-13:00, 12:00-15:00", "overlap"),
        ("٩:00-13:00", "Write the hours as"),
    ],
)
def test_hours_that_make_no_sense_change_nothing(calendar, admin, typed, says):
    response = admin.post(url("hours", calendar.practitioner.pk), {"day_2": typed})
    assert response.status_code == 200
    assert says in response.content.decode()
    assert calendar.practitioner.working_hours.count() == 7


def test_a_room_with_visits_to_come_is_not_retired(calendar, admin):
    calendar.book()
    response = admin.post(url("retire_room", calendar.room.pk), {"reason": "rebuilt"})
    assert "1 visit is still booked in this room" in response.content.decode()
    calendar.room.refresh_from_db()
    assert calendar.room.retired_at is None


def test_who_may_open_what(calendar, client_of):
    visit = calendar.book()
    pages = {
        "day": ("day",),
        "book": ("book",),
        "visit": ("visit", visit.pk),
        "move": ("move", visit.pk),
        "cancel": ("cancel", visit.pk),
        "today_panel": ("today_panel",),
        "tab": ("tab", calendar.patient.pk),
        "settings": ("settings",),
        "add_room": ("add_room",),
    }
    reading, booking = {"day", "visit", "tab"}, {"book", "move", "cancel", "today_panel"}
    allowed = {
        FrontDeskFactory: reading | booking,
        PractitionerFactory: reading | booking,
        AdministratorFactory: reading | {"settings", "add_room"},
    }
    for factory, names in allowed.items():
        client = client_of(factory())
        for name, target in pages.items():
            expected = 200 if name in names else 403
            assert client.get(url(*target)).status_code == expected, (factory, name)
