"""The calendar in a browser: booking in few clicks, by keyboard, without a violation of the content policy."""

import re

import pytest
from django.urls import reverse

from tests.factories.people import AdministratorFactory
from tests.factories.treatments import RoomFactory
from treatments.scheduling.models import Appointment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_desk_books_in_six_clicks(live_server, racing_calendar, clean_page, sign_in, axe_clean):
    calendar, page = racing_calendar, clean_page
    sign_in(calendar.desk)
    page.goto(live_server.url + reverse("scheduling:day"))
    axe_clean(page)
    page.get_by_role("link", name="Book a visit").click()
    page.get_by_label("For whom?").press_sequentially(calendar.patient.family_name[:4])
    page.get_by_role("link", name=re.compile(calendar.patient.number)).click()
    axe_clean(page)
    page.locator("label.slot").nth(2).click()
    page.get_by_role("button", name="Book this visit").click()
    page.get_by_text("The visit is booked.").wait_for()
    axe_clean(page)
    assert Appointment.objects.get().patient == calendar.patient


def test_changing_the_wish_changes_the_offer_and_the_address(live_server, racing_calendar, clean_page, sign_in):
    calendar, page = racing_calendar, clean_page
    sign_in(calendar.desk)
    page.goto(f"{live_server.url}{reverse('scheduling:book')}?patient={calendar.patient.pk}")
    page.get_by_label("Part of the day").select_option("evening")
    page.wait_for_url("**part=evening**")
    assert page.locator("label.slot b").first.inner_text() >= "17:00"
    page.get_by_label("Another time").check(force=True)
    assert page.get_by_label("Day", exact=True).is_visible()


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_no_page_is_wider_than_its_screen(live_server, racing_calendar, clean_page, sign_in, width):
    calendar, page = racing_calendar, clean_page
    calendar.practitioner.full_name = "Dr Wolfgang Amadeus Freiherr von Hohenlohe-Langenburg-Schillingsfürst"
    calendar.practitioner.save()
    for number in range(8):
        RoomFactory(name=f"A room with quite a long name, number {number}")
    visit = calendar.book()
    page.set_viewport_size({"width": width, "height": 900})
    sign_in(AdministratorFactory())
    hours = reverse("scheduling:hours", args=[calendar.practitioner.pk])
    paths = [reverse("scheduling:day", args=[visit.starts_at.date()]), reverse("scheduling:settings"), hours]
    for path in paths:
        page.goto(live_server.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
