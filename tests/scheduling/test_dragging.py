"""The calendar in a browser: booking, dragging, undoing, cancelling and booking again, by mouse, touch and keyboard."""

import re
import time
from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.core import clock
from tests.factories.patients import LONG_AGO, PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory
from tests.scheduling.conftest import work_always
from treatments.reminders.services import load_default_rules_and_texts
from treatments.scheduling.models import Appointment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESKTOP = {"width": 1280, "height": 1100}


@pytest.fixture
def tomorrow():
    return clock.today() + timedelta(days=1)


@pytest.fixture
def nine(racing_calendar, tomorrow):
    """9:00 of tomorrow, at which the patient has a visit; a second practitioner works too."""
    from datetime import time as wall

    work_always(PractitionerFactory(full_name="Dr Li Na"))
    return clock.instant(tomorrow, wall(9))


def open_day(page, live_server, day):
    page.set_viewport_size(DESKTOP)
    page.goto(live_server.url + reverse("scheduling:day", args=[day]))
    page.wait_for_function("document.adoptedStyleSheets.length > 0")


def column(page, name):
    return page.locator("section", has=page.get_by_role("heading", name=re.compile(name)))


def spot(page, name, hour, minute=0, first=8):
    """The point of a time in somebody's column."""
    ol = column(page, name).locator("ol").bounding_box()
    return ol["x"] + ol["width"] / 2, ol["y"] + ((hour - first) * 60 + minute) / 5 * 6 + 3


def link_of(page, visit):
    return page.locator(f'.v a[href="{reverse("scheduling:visit", args=[visit.pk])}"]')


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 3, start[1] + 8, steps=2)
    page.mouse.move(*end, steps=6)
    page.mouse.up()


def cancel_in_panel(page, visit):
    link_of(page, visit).click()
    page.locator("#panel").get_by_role("link", name="Cancel the visit").click()
    page.locator("#panel").get_by_label("Why is it cancelled?").fill("no time")
    page.locator("#panel").get_by_role("button", name="Cancel this visit").click()
    page.locator("#panel").get_by_text("The visit is cancelled.").wait_for()
    link_of(page, visit).wait_for(state="detached")


def choose_patient_and_book(page, patient):
    page.get_by_label("For whom?").press_sequentially(patient.family_name[:5])
    page.get_by_role("link", name=re.compile(patient.number)).click()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_text("The visit is booked.").wait_for()


def test_by_mouse(live_server, racing_calendar, clean_page, sign_in, axe_clean, nine, tomorrow):
    calendar, page = racing_calendar, clean_page
    sign_in(calendar.desk)
    visit = calendar.book(starts_at=nine, at=clock.now())
    open_day(page, live_server, tomorrow)
    axe_clean(page)
    # dragged to another hour and person, told beforehand that it fits, and undone
    drag(page, spot(page, "Ana", 9, 5), spot(page, "Li Na", 11, 5))
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner.full_name) == (nine + timedelta(hours=2), "Dr Li Na")
    page.get_by_role("button", name="Undo").click()
    page.locator("#toasts").get_by_text("As it was before.").wait_for()
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner) == (nine, calendar.practitioner)
    # made longer at its foot
    drag(page, spot(page, "Ana", 9, 25), spot(page, "Ana", 10, 13))
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    visit.refresh_from_db()
    assert visit.ends_at - visit.starts_at == timedelta(minutes=75)
    # a conflict is shown before anything is committed
    other = calendar.book(starts_at=nine + timedelta(hours=4), patient=PatientFactory(), at=clock.now())
    page.reload()
    x, y = spot(page, "Ana", 9, 5)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 20, steps=2)
    page.mouse.move(*spot(page, "Ana", 13, 5), steps=5)
    page.locator(".ghost.refused").get_by_text("booked by Marta Gil").wait_for()
    page.mouse.up()
    page.get_by_role("alert").get_by_text("booked by Marta Gil").wait_for()
    visit.refresh_from_db()
    assert visit.starts_at == nine and other.version == 1
    # cancelled in the panel, undone there, cancelled after all, and booked again by dragging over empty space
    cancel_in_panel(page, visit)
    page.locator("#panel").get_by_role("button", name="Undo").click()
    page.locator("#panel").get_by_text("The visit is back as it was.").wait_for()
    link_of(page, visit).wait_for()
    cancel_in_panel(page, visit)
    page.keyboard.press("Escape")
    drag(page, spot(page, "Ana", 15, 1), spot(page, "Ana", 15, 40))
    page.wait_for_url("**/book/**at=**")
    choose_patient_and_book(page, calendar.patient)
    again = Appointment.objects.latest("pk")
    assert (again.starts_at, again.ends_at - again.starts_at) == (nine + timedelta(hours=6), timedelta(minutes=45))


def test_what_a_move_changes_for_the_patient_is_accepted_first(
    live_server, racing_calendar, clean_page, sign_in, axe_clean, nine, tomorrow
):
    calendar, page = racing_calendar, clean_page
    load_default_rules_and_texts(at=LONG_AGO)
    sign_in(calendar.desk)
    week_later = nine + timedelta(days=7)
    visit = AppointmentFactory(practitioner=calendar.practitioner, starts_at=week_later)
    open_day(page, live_server, tomorrow + timedelta(days=7))
    question = page.get_by_role("dialog", name="These messages change. Move the visit?")
    # left where it was
    drag(page, spot(page, "Ana", 9, 5), spot(page, "Ana", 11, 5))
    question.get_by_text("Says the new time").first.wait_for()
    assert question.get_by_text("11:00").first.is_visible()
    axe_clean(page)
    page.keyboard.press("Escape")
    page.locator(".ghost").wait_for(state="detached")
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (week_later, 1)
    # at the same time with somebody else, nothing changes for the patient
    drag(page, spot(page, "Ana", 9, 5), spot(page, "Li Na", 9, 5))
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    # accepted
    drag(page, spot(page, "Li Na", 9, 5), spot(page, "Li Na", 11, 5))
    question.get_by_text("Says the new time").first.wait_for()
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("11:00").wait_for()
    visit.refresh_from_db()
    assert (visit.starts_at, visit.version) == (week_later + timedelta(hours=2), 3)


def test_by_keyboard_alone(live_server, racing_calendar, clean_page, sign_in, nine, tomorrow):
    calendar, page = racing_calendar, clean_page
    sign_in(calendar.desk)
    visit = calendar.book(starts_at=nine, at=clock.now())
    open_day(page, live_server, tomorrow)
    keys = page.keyboard

    def tab_to(locator):
        for _press in range(80):
            if locator.evaluate("element => element === document.activeElement"):
                return
            keys.press("Tab")
        raise AssertionError("the keyboard does not get there")

    tab_to(link_of(page, visit))
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight"):
        keys.press(key)
    page.locator(".ghost").get_by_text("Dr Li Na").wait_for()
    keys.press("Escape")
    assert page.locator(".ghost").count() == 0
    for key in ("Space", "ArrowDown", "ArrowDown", "ArrowRight", "Shift+ArrowDown", "Enter"):
        keys.press(key)
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner.full_name) == (nine + timedelta(minutes=30), "Dr Li Na")
    assert visit.ends_at - visit.starts_at == timedelta(minutes=35)
    tab_to(page.get_by_role("button", name="Undo"))
    keys.press("Enter")
    page.locator("#toasts").get_by_text("As it was before.").wait_for()
    visit.refresh_from_db()
    assert (visit.starts_at, visit.practitioner) == (nine, calendar.practitioner)
    # the panel, cancelling, and booking again
    page.reload()
    tab_to(link_of(page, visit))
    keys.press("Enter")
    panel = page.locator("#panel")

    def cancel():
        panel.get_by_role("link", name="Cancel the visit").wait_for()
        tab_to(panel.get_by_role("link", name="Cancel the visit"))
        keys.press("Enter")
        panel.get_by_label("Why is it cancelled?").wait_for()
        tab_to(panel.get_by_label("Why is it cancelled?"))
        keys.type("no time")
        keys.press("Enter")
        panel.get_by_text("The visit is cancelled.").wait_for()

    cancel()
    tab_to(panel.get_by_role("button", name="Undo"))
    keys.press("Enter")
    panel.get_by_text("The visit is back as it was.").wait_for()
    cancel()
    keys.press("Escape")
    link_of(page, visit).wait_for(state="detached")
    page.reload()
    tab_to(page.get_by_role("link", name="New visit: Dr Ana Ruiz"))
    keys.press("Enter")
    page.wait_for_url("**/book/**")
    keys.type(calendar.patient.family_name[:5])
    found = page.get_by_role("link", name=re.compile(calendar.patient.number))
    found.wait_for()
    tab_to(found)
    keys.press("Enter")
    page.get_by_role("button", name="Book this visit").wait_for()
    tab_to(page.get_by_role("button", name="Book this visit"))
    keys.press("Enter")
    page.get_by_text("The visit is booked.").wait_for()
    assert Appointment.objects.filter(status="booked").count() == 1


@pytest.fixture
def touch_context_args(browser_context_args):
    return {**browser_context_args, "has_touch": True, "viewport": {"width": 1024, "height": 1100}}


def finger(page, kind, x=0, y=0):
    """What a finger does, as the browser's own input and not as events made by script."""
    points = [] if kind == "touchEnd" else [{"x": x, "y": y}]
    page.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.slow
def test_by_touch(live_server, racing_calendar, browser, touch_context_args, nine, tomorrow):
    from django.conf import settings
    from django.test import Client

    calendar = racing_calendar
    visit = calendar.book(starts_at=nine, at=clock.now())
    client = Client()
    client.force_login(calendar.desk)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context = browser.new_context(**touch_context_args)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.touch = context.new_cdp_session(page)
    page.goto(live_server.url + reverse("scheduling:day", args=[tomorrow]))
    page.wait_for_function("document.adoptedStyleSheets.length > 0")
    # held, dragged and undone
    finger(page, "touchStart", *spot(page, "Ana", 9, 5))
    page.locator(".ghost").wait_for()
    (x, y), (to_x, to_y) = spot(page, "Ana", 9, 5), spot(page, "Ana", 10, 35)
    for step in range(1, 6):
        finger(page, "touchMove", x + (to_x - x) * step / 5, y + (to_y - y) * step / 5)
    page.locator(".ghost").get_by_text("Blue room").wait_for()
    finger(page, "touchEnd")
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    visit.refresh_from_db()
    assert visit.starts_at == nine + timedelta(minutes=90)
    page.get_by_role("button", name="Undo").tap()
    page.locator("#toasts").get_by_text("As it was before.").wait_for()
    visit.refresh_from_db()
    assert visit.starts_at == nine
    # tapped, cancelled, undone, cancelled after all, and booked again by tapping an empty time
    link_of(page, visit).tap()
    panel = page.locator("#panel")
    for undone in (True, False):
        panel.get_by_role("link", name="Cancel the visit").tap()
        panel.get_by_label("Why is it cancelled?").fill("no time")
        panel.get_by_role("button", name="Cancel this visit").tap()
        panel.get_by_text("The visit is cancelled.").wait_for()
        if undone:
            panel.get_by_role("button", name="Undo").tap()
            panel.get_by_text("The visit is back as it was.").wait_for()
    panel.get_by_role("button", name="Close").tap()
    link_of(page, visit).wait_for(state="detached")
    page.touchscreen.tap(*spot(page, "Ana", 14, 2))
    page.wait_for_url("**/book/**at=**")
    page.get_by_label("For whom?").press_sequentially(calendar.patient.family_name[:5])
    page.get_by_role("link", name=re.compile(calendar.patient.number)).tap()
    page.get_by_role("button", name="Book this visit").tap()
    page.get_by_text("The visit is booked.").wait_for()
    assert Appointment.objects.latest("pk").starts_at == nine + timedelta(hours=5)
    context.close()


def test_in_the_week_a_visit_is_dragged_to_another_day(
    live_server, racing_calendar, clean_page, sign_in, axe_clean, nine, tomorrow
):
    calendar, page = racing_calendar, clean_page
    monday = tomorrow + timedelta(days=7 - tomorrow.weekday())
    wednesday = monday + timedelta(days=2)
    visit = calendar.book(starts_at=clock.instant(monday, clock.local(nine).time()), at=clock.now())
    sign_in(calendar.desk)
    page.set_viewport_size(DESKTOP)
    page.goto(live_server.url + reverse("scheduling:week", args=[monday]))
    axe_clean(page)
    box = link_of(page, visit).bounding_box()
    cell = page.locator(f'td[data-day="{wednesday}"][data-practitioner="{calendar.practitioner.pk}"]').bounding_box()
    drag(page, (box["x"] + 20, box["y"] + 8), (cell["x"] + 30, cell["y"] + 10))
    page.locator("#toasts").get_by_text("Moved to").wait_for()
    visit.refresh_from_db()
    assert visit.starts_at == clock.instant(wednesday, clock.local(nine).time())


def test_clicks_and_seconds_of_a_booking(live_server, racing_calendar, clean_page, sign_in, capsys):
    """From the calendar to "booked", with the first free time and with a chosen one: at most six clicks."""
    calendar, page = racing_calendar, clean_page
    page.add_init_script(
        "addEventListener('click', () => sessionStorage.setItem('n', +sessionStorage.getItem('n') + 1), true)"
    )
    sign_in(calendar.desk)
    open_day(page, live_server, clock.today())
    page.evaluate("sessionStorage.setItem('n', 0)")
    begun = time.perf_counter()
    page.get_by_role("link", name="Book a visit").click()
    page.get_by_label("For whom?").press_sequentially(calendar.patient.family_name[:5], delay=60)
    page.get_by_role("link", name=re.compile(calendar.patient.number)).click()
    page.get_by_label("Part of the day").select_option("afternoon")
    page.wait_for_url("**part=afternoon**")
    page.locator("label.slot").nth(2).click()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_text("The visit is booked.").wait_for()
    seconds, clicks = time.perf_counter() - begun, int(page.evaluate("sessionStorage.getItem('n')"))
    with capsys.disabled():
        print(f"\nA booking: {clicks} clicks, {seconds:.1f} s of machine")
    assert clicks <= 6 and Appointment.objects.count() == 1


def test_a_colleagues_booking_appears_by_itself_and_names_are_hidden_by_one_key(
    live_server, racing_calendar, clean_page, sign_in, nine, tomorrow
):
    calendar, page = racing_calendar, clean_page
    page.clock.install()
    sign_in(calendar.desk)
    open_day(page, live_server, tomorrow)
    visit = calendar.book(starts_at=nine, at=clock.now())
    page.clock.run_for(21_000)
    link_of(page, visit).wait_for()
    page.keyboard.press("h")
    assert page.get_by_role("button", name="Hide names").get_attribute("aria-pressed") == "true"
    assert link_of(page, visit).evaluate("link => getComputedStyle(link).color") == "rgba(0, 0, 0, 0)"
    page.reload()
    assert "hide-names" in page.locator("html").get_attribute("class")
