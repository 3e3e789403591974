"""The calendar's pictures and the dragging of visits, over HTTP."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.core import clock
from clinic.staff.signals import SEEN
from patients.registry.models import Patient
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory, RoomFactory, VisitTypeFactory
from tests.look.test_tokens import DARK, LIGHT, contrast
from tests.scheduling.conftest import NINE, NOW, work_always
from tests.scheduling.test_pages import MONDAY, full_day, url
from treatments.reminders.services import plan_reminders
from treatments.scheduling import services
from treatments.scheduling.enums import Colour, VisitStatus
from treatments.scheduling.models import Appointment, VisitType

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(calendar, client_of):
    return client_of(calendar.desk)


def instant(starts_at) -> str:
    return f"{starts_at:%Y-%m-%dT%H:%M}Z"


# What is shown -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["day", "week", "month"])
@pytest.mark.parametrize("by", ["practitioner", "room"])
def test_every_view_costs_the_same_for_few_visits_and_for_many(calendar, desk, view, by):
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(url(view, MONDAY, by=by)).status_code == 200
        return len(captured)

    count()  # the first look writes a sign of life
    full_day(1, 1)
    one = count()
    full_day(3, 10, kind=VisitType.objects.get(name="Mesotherapy session"))
    assert count() == one <= (9 if by == "room" else 8)


def test_columns_are_rooms_when_the_address_says_so(calendar, desk):
    calendar.book()
    RoomFactory(name="Green room")
    AppointmentFactory(starts_at=NINE + HOUR, room=None)
    html = desk.get(url("day", MONDAY, by="room")).content.decode()
    places = [html.index(f"<span>{name}</span>") for name in ("No room", "Blue room", "Green room")]
    assert places == sorted(places)  # first what still has to find one
    assert f'data-room="{calendar.room.pk}"' in html and 'data-room="0"' in html


def test_filters_live_in_the_address_and_links_keep_them(calendar, desk):
    other = AppointmentFactory(starts_at=NINE, practitioner=work_always(PractitionerFactory()))
    visit = calendar.book()
    query = {"practitioner": calendar.practitioner.pk, "type": calendar.consultation.pk}
    html = desk.get(url("day", MONDAY, **query)).content.decode()
    assert f"/calendar/visit/{visit.pk}/" in html and f"/calendar/visit/{other.pk}/" not in html
    for view in ("day", "week", "month"):
        assert f'href="{url(view, MONDAY, **query)}"'.replace("&", "&amp;") in html
    moved = desk.get(url("week"), query | {"day": "2027-03-29"})
    assert moved.url == url("week", date(2027, 3, 29), **query)


@pytest.mark.parametrize("query", ["by=party", "practitioner=x", "room=-1", "type=99999999999999999999", "room=99"])
@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_filters_that_make_no_sense_break_nothing(calendar, desk, view, query):
    calendar.book()
    assert desk.get(f"{url(view, MONDAY)}?{query}").status_code == 200


def test_the_week_of_everybody_and_of_one(calendar, desk):
    visit = calendar.book(starts_at=NINE + timedelta(days=2))
    everybody = desk.get(url("week", MONDAY)).content.decode()
    assert '<table class="week">' in everybody and f"/calendar/visit/{visit.pk}/" in everybody
    one = desk.get(url("week", MONDAY, practitioner=calendar.practitioner.pk)).content.decode()
    assert one.count("<section data-start=") == 7 and "Wed 3" in one


def test_the_month_says_how_full_its_days_are(calendar, desk):
    calendar.book()  # half an hour of twelve
    html = desk.get(url("month", MONDAY)).content.decode()
    assert "4 % booked" in html and "March 2027" in html


def test_visits_at_one_time_in_one_column_stand_side_by_side(calendar, desk):
    for _number in range(2):
        AppointmentFactory(starts_at=NINE, room=None)
    html = desk.get(url("day", MONDAY, by="room")).content.decode()
    assert "l-0 of-2" in html and "l-1 of-2" in html


def test_eight_at_one_time_without_a_room_each_have_a_place_of_their_own(calendar, desk):
    for _number in range(8):
        AppointmentFactory(starts_at=NINE, room=None)
    html = desk.get(url("day", MONDAY, by="room")).content.decode()
    assert all(f"l-{lane} of-8" in html for lane in range(8))


@pytest.mark.parametrize(
    ("day", "hours", "nine"),
    [(date(2027, 3, 28), 23, "h-8"), (date(2027, 10, 31), 25, "h-10"), (date(2027, 3, 30), 24, "h-9")],
)
def test_days_of_23_and_25_hours_have_as_many_rows(calendar, desk, day, hours, nine):
    calendar.practitioner.working_hours.all().delete()
    work_always(calendar.practitioner, time(0), time(23, 59))
    at_nine = clock.instant(day, time(9))
    calendar.book(starts_at=at_nine)
    html = desk.get(url("day", day)).content.decode()
    axis = html.split('<div class="axis"')[1].split("</div>")[0]
    assert axis.count("<span") == hours
    assert axis.count(">02:00<") == {23: 0, 24: 1, 25: 2}[hours]
    assert f'class="{nine}">09:00<' in axis
    assert f"{nine} y-6" in html and "<b>09:00</b>" in html


def test_the_week_keeps_nine_oclock_in_one_row_when_the_clocks_change(calendar, desk):
    days = [date(2027, 3, 27), date(2027, 3, 28)]
    for day in days:
        calendar.book(starts_at=clock.instant(day, time(9)))
    html = desk.get(url("week", days[0], practitioner=calendar.practitioner.pk)).content.decode()
    assert html.count("v h-9 y-6") == 2


@pytest.mark.parametrize(("view", "by"), [("day", "practitioner"), ("day", "room"), ("week", ""), ("month", "")])
def test_what_people_write_is_no_markup(calendar, desk, view, by):
    name = "<img src=x onerror=1>"
    Patient.objects.update(family_name=name)
    for row in (calendar.room, calendar.consultation):
        row.name = name
        row.save()
    calendar.practitioner.full_name = name
    calendar.practitioner.save()
    calendar.book()
    html = desk.get(url(view, MONDAY, by=by)).content.decode()
    assert "<img" not in html and ("&lt;img" in html)


COLOURS = ["#000000", "#ffffff", "#ff0000", "#00ff00", "#0000ff", "#ffff00", "#ff00ff", "#00ffff", "#0f6b6b", "#7a4b00"]


def mixed(one, share, other) -> str:
    """As color-mix does it."""
    pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * first + (1 - share) * second):02x}" for first, second in pairs)


@pytest.mark.parametrize(("theme", "hue"), [(LIGHT, 0.9), (DARK, 0.6)], ids=["light", "dark"])
@pytest.mark.parametrize("colour", [*COLOURS, *Colour.values])
def test_any_colour_of_a_visit_type_leaves_its_text_readable_and_ours_are_seen(theme, hue, colour):
    mark = mixed(colour, hue, theme["ink"])
    assert contrast(theme["ink"], mixed(mark, 0.12, theme["panel"])) >= 4.5
    assert contrast(mark, theme["panel"]) >= 3 or colour not in Colour.values


# What colleagues change --------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["day_live", "week_live"])
def test_the_open_page_hears_of_a_colleagues_booking_and_of_nothing_else(calendar, desk, view):
    first = desk.get(url(view, MONDAY))
    again = desk.get(url(view, MONDAY), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    visit = calendar.book()
    told = desk.get(url(view, MONDAY), headers={"If-None-Match": first["ETag"]})
    assert told.status_code == 200 and f"/calendar/visit/{visit.pk}/" in told.content.decode()
    assert "<html" not in told.content.decode()


def test_looking_for_changes_is_no_sign_of_life(calendar, desk):
    desk.get(url("day"))
    before = desk.session[SEEN]
    with time_machine.travel(NOW + settings.SESSION_IDLE_LIMIT - timedelta(seconds=5), tick=False):
        for name in ("day_live", "week_live"):
            assert desk.get(url(name, MONDAY)).status_code == 200
        assert desk.get(url("board_live")).status_code == 200
    assert desk.session[SEEN] == before
    with time_machine.travel(NOW + settings.SESSION_IDLE_LIMIT + timedelta(seconds=5), tick=False):
        over = desk.get(url("day_live", MONDAY), headers={"HX-Request": "true"})
    assert over.status_code == 204 and over["HX-Redirect"] == "/account/login/"


# Dragging ----------------------------------------------------------------------------------------------------


def test_a_place_is_asked_about_without_being_taken(calendar, desk):
    visit = calendar.book()
    asked = desk.get(url("place", visit.pk, version=1, start=instant(NINE + HOUR))).json()
    (address,) = asked.pop("changes")
    assert asked == {"ok": True, "text": "Mon 1 Mar, 10:00–10:30 · Dr Ana Ruiz · Blue room"}
    assert "No message changes." in desk.get(address).content.decode()
    assert desk.get(url("place", visit.pk, version=1, minutes=45)).json()["changes"] == []
    calendar.book(patient=PatientFactory(), starts_at=NINE + 2 * HOUR)
    asked = desk.get(url("place", visit.pk, version=1, start=instant(NINE + 2 * HOUR))).json()
    assert not asked["ok"] and "booked by Marta Gil" in asked["text"]
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (NINE, 1)


def test_a_visit_is_dragged_and_the_way_back_leads_where_it_was(calendar, desk):
    visit = calendar.book()
    doctor, room = work_always(PractitionerFactory(full_name="Dr Li")), RoomFactory(name="Green room")
    wanted = {"start": instant(NINE + HOUR), "minutes": 45, "practitioner": doctor.pk, "room": room.pk, "version": 1}
    answer = desk.post(url("place", visit.pk), wanted).json()
    assert answer["ok"] and "Dr Li" in answer["text"]
    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == (NINE + HOUR, NINE + HOUR + timedelta(minutes=45))
    assert (visit.practitioner, visit.room) == (doctor, room)
    assert desk.post(url("place", visit.pk), answer["undo"]).json()["ok"]
    visit.refresh_from_db()
    assert (visit.starts_at, visit.ends_at) == (NINE, NINE + timedelta(minutes=30))
    assert (visit.practitioner, visit.room, visit.version) == (calendar.practitioner, calendar.room, 3)
    assert not desk.post(url("place", visit.pk), answer["undo"]).json()["ok"]  # it was undone already


def test_a_visit_that_is_late_may_be_dragged_and_put_back(calendar, desk):
    visit = calendar.book()
    with time_machine.travel(NOW + timedelta(minutes=14), tick=False):
        answer = desk.post(url("place", visit.pk), {"start": instant(NINE + 2 * HOUR), "version": 1}).json()
        assert answer["ok"]
    past = services.check_move(
        appointment_id=visit.pk,
        starts_at=NINE,
        practitioner=calendar.practitioner,
        room=calendar.room,
        by=calendar.desk,
        at=NINE + timedelta(minutes=40),
    )
    assert past["starts_at"] == NINE


def test_another_room_is_found_when_only_the_room_is_taken(calendar, desk):
    visit = calendar.book()
    green = RoomFactory(name="Green room")
    doctor = work_always(PractitionerFactory())
    calendar.book(patient=PatientFactory(), practitioner=doctor, starts_at=NINE + HOUR)
    answer = desk.post(url("place", visit.pk), {"start": instant(NINE + HOUR), "version": 1}).json()
    assert answer["ok"] and "Green room" in answer["text"]
    visit.refresh_from_db()
    assert visit.room == green
    refused = desk.get(url("place", visit.pk, start=instant(NINE + HOUR), room=calendar.room.pk, version=2)).json()
    assert not refused["ok"]  # this room was asked for by name


def test_dropping_on_another_day_keeps_the_wall_time(calendar, desk):
    visit = calendar.book()
    answer = desk.post(url("place", visit.pk), {"day": "2027-03-29", "version": 1}).json()
    visit.refresh_from_db()
    assert answer["ok"] and clock.local(visit.starts_at).time() == time(9)
    assert visit.starts_at == datetime(2027, 3, 29, 7, tzinfo=UTC)  # summer time by then


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"start": "tomorrow"}, 400),
        ({"start": "2027-02-31T09:00Z"}, 400),
        ({"minutes": "-5"}, 400),
        ({"minutes": "1440"}, 200),
        ({"practitioner": "x"}, 400),
        ({"room": "Blue"}, 400),
        ({"version": ""}, 400),
        ({"version": "7"}, 200),
        ({"day": "9999-12-31"}, 400),
        ({"start": "9999-12-31T23:59Z"}, 400),
        ({"start": "2027-03-01T22:00Z"}, 200),
    ],
)
def test_bad_places_are_answered_and_move_nothing(calendar, desk, changes, status):
    visit = calendar.book()
    response = desk.post(url("place", visit.pk), {"start": instant(NINE + HOUR), "version": 1} | changes)
    assert response.status_code == status
    assert not response.json()["ok"] and response.json()["text"]
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (NINE, 1)


def test_a_moved_visit_keeps_the_length_it_has(calendar):
    visit = calendar.book(length=timedelta(minutes=50))
    moved = services.move_appointment(
        appointment_id=visit.pk,
        version=1,
        starts_at=NINE + HOUR,
        practitioner=calendar.practitioner,
        room=calendar.room,
        by=calendar.desk,
        at=NOW,
    )
    assert moved.ends_at - moved.starts_at == timedelta(minutes=50)


def test_nobody_is_told_of_a_change_that_can_still_be_undone(calendar):
    from treatments.reminders.models import Reminder
    from treatments.reminders.services import load_default_rules_and_texts

    load_default_rules_and_texts()
    Patient.objects.update(email="a@example.org", channel="email", may_message=True)
    calendar.book(visit_type=VisitTypeFactory(kind="session"), at=NOW)
    plan_reminders(at=NOW + timedelta(seconds=9))
    assert not Reminder.objects.exists()
    plan_reminders(at=NOW + timedelta(seconds=13))
    assert Reminder.objects.exists()


# Lists for the desk ------------------------------------------------------------------------------------------


def test_the_board_says_who_waits_how_long_and_who_is_next(calendar, client_of):
    visits = [calendar.book(patient=PatientFactory(), starts_at=NINE + number * HOUR) for number in range(3)]
    for visit in visits[:2]:
        services.mark_arrived(appointment_id=visit.pk, version=1, by=calendar.desk, at=NINE - timedelta(minutes=10))
    with time_machine.travel(NINE + timedelta(minutes=2), tick=False):
        desk = client_of(calendar.desk)
        html = desk.get(url("board_live")).content.decode()
        assert html.count("12 min") == 2 and html.count("Next") == 1
        assert "Not confirmed" in html
        assert "Start" in html
        VisitType.objects.update(kind="session")  # which only a practitioner starts
        assert "Start" not in desk.get(url("board_live")).content.decode()
        path = url("step", visits[2].pk, version=1, back="board")
        assert desk.post(path, {"step": "arrived"}).url == url("board")


def test_the_board_and_the_lists_cost_the_same_for_one_and_for_thirty(calendar, desk):
    def count(path) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(path).status_code == 200
        return len(captured)

    paths = [url("board"), url("unconfirmed"), url("sheet", MONDAY)]
    for day in (0, 1):
        AppointmentFactory(starts_at=NINE + timedelta(days=day))
    before = [count(path) for path in paths]
    for number in range(30):
        AppointmentFactory(starts_at=NINE + timedelta(days=number % 2))
    assert [count(path) for path in paths] == before


def test_tomorrows_visits_are_confirmed_with_one_click(calendar, desk):
    visit = calendar.book(starts_at=NINE + timedelta(days=3))  # nothing on Tuesday and Wednesday
    html = desk.get(url("unconfirmed")).content.decode()
    assert "Thursday 4 March" in html and calendar.patient.phone in html
    response = desk.post(url("step", visit.pk, version=1), {"step": "confirmed", "back": "unconfirmed"})
    assert response.url == url("unconfirmed")
    assert "All visits of that day are confirmed" in desk.get(response.url).content.decode()


def test_the_sheet_of_the_day_leaves_out_who_does_not_come(calendar, desk):
    calendar.book()
    AppointmentFactory(starts_at=NINE + HOUR, status=VisitStatus.NO_SHOW, patient=PatientFactory(family_name="Zzyzx"))
    html = desk.get(url("sheet", MONDAY)).content.decode()
    assert f"<bdi>{calendar.patient.full_name}</bdi>" in html and "Zzyzx" not in html
    assert f"{calendar.practitioner.full_name} <small>Monday 1 March 2027</small>" in html  # on each one's own paper


# The panel ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["visit", "move", "cancel"])
def test_a_visits_pages_fit_into_the_panel(calendar, desk, name):
    visit = calendar.book()
    panel = desk.get(url(name, visit.pk), headers={"HX-Request": "true", "HX-Target": "panel"}).content.decode()
    assert "<html" not in panel and "data-close" in panel and calendar.patient.full_name in panel
    assert "<html" in desk.get(url(name, visit.pk)).content.decode()


def test_starting_a_session_in_the_panel_leads_the_whole_page_to_its_chart(calendar, client_of):
    visit = calendar.book(visit_type=calendar.session, by=calendar.practitioner, override_reason="seen elsewhere")
    with time_machine.travel(NINE, tick=False):
        services.mark_arrived(appointment_id=visit.pk, version=1, by=calendar.desk)
        client = client_of(calendar.practitioner)
        answer = client.post(
            url("step", visit.pk), {"step": "in_session", "version": 2}, headers={"HX-Request": "true"}
        )
    assert answer.status_code == 204 and answer["HX-Redirect"].endswith("/chart/")


# Booking from the calendar -----------------------------------------------------------------------------------


def test_the_time_chosen_in_the_calendar_is_offered_first(calendar, desk):
    chosen = {"at": instant(NINE + HOUR), "practitioner": calendar.practitioner.pk, "minutes": 60}
    page = desk.get(url("book", patient=calendar.patient.pk, type=calendar.consultation.pk, **chosen))
    html = page.content.decode()
    assert "Chosen in the calendar" in html and "Mon 1 Mar, 10:00" in html
    value = page.context["form"].fields["slot"].chosen[0]
    submission = page.context["form"]["submission"].value()
    response = desk.post(url("book") + page.context["action"], {"slot": value, "submission": submission})
    assert response.status_code == 302
    visit = Appointment.objects.get()
    assert (visit.starts_at, visit.ends_at) == (NINE + HOUR, NINE + 2 * HOUR)


def test_a_chosen_time_that_cannot_be_says_why(calendar, desk):
    calendar.book(patient=PatientFactory())
    wish = {"at": instant(NINE), "practitioner": calendar.practitioner.pk, "type": calendar.consultation.pk}
    html = desk.get(url("book", patient=calendar.patient.pk, **wish)).content.decode()
    assert "09:00, chosen in the calendar, cannot be booked" in html and "booked by Marta Gil" in html


@pytest.mark.parametrize("at", ["x", "2027-13-01T00:00Z", "9999-12-31T23:59Z", "0001-01-01T00:00Z"])
def test_a_chosen_time_that_makes_no_sense_breaks_nothing(calendar, desk, at):
    path = url("book", patient=calendar.patient.pk, type=calendar.consultation.pk, at=at)
    assert desk.get(path).status_code == 200


def test_a_second_visit_of_a_day_is_marked_where_it_is_chosen(calendar, desk):
    calendar.book()
    page = desk.get(url("book", patient=calendar.patient.pk, type=calendar.consultation.pk)).content.decode()
    assert page.count("A second visit on that day") == 1


def test_whom_the_patient_saw_last_is_one_click_away(calendar, desk):
    AppointmentFactory(
        patient=calendar.patient,
        practitioner=calendar.practitioner,
        starts_at=NINE - timedelta(days=20),
        status=VisitStatus.DONE,
    )
    html = desk.get(url("book", patient=calendar.patient.pk)).content.decode()
    assert "Same person as last time" in html and f"practitioner={calendar.practitioner.pk}" in html


def test_days_too_near_to_the_last_session_are_left_out(calendar, desk):
    kind = VisitTypeFactory(kind="session", days_between=10)
    calendar.book(visit_type=kind)
    page = desk.get(url("book", patient=calendar.patient.pk, type=kind.pk))
    days = [day for day, _slots in page.context["form"].fields["slot"].days]
    assert min(days) == MONDAY + timedelta(days=10)
    assert "Nearer days are left out" in page.content.decode()


def test_who_rings_up_for_the_first_time_is_registered_on_the_way(calendar, desk):
    born = {"family_name": "Quintanilla", "given_name": "Zoe", "birth_date": "1990-02-03", "phone": "+34600000009"}
    path = url("new_patient", type=calendar.consultation.pk)
    form = desk.get(path).context["form"]
    assert "This field is required" in desk.post(path, {"submission": form["submission"].value()}).content.decode()
    response = desk.post(path, born | {"submission": form["submission"].value()})
    patient = Patient.objects.get(family_name="Quintanilla")
    assert response.url == url("book", patient=patient.pk, type=calendar.consultation.pk)
    twin = desk.post(path, born | {"submission": desk.get(path).context["form"]["submission"].value()})
    assert "Is it one of these people?" in twin.content.decode()
    assert Patient.objects.filter(family_name="Quintanilla").count() == 1
