"""The menus of the header and of the calendar: by mouse, by keyboard, and out of the way again."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def calendar(clean_page, live_server, sign_in, clinic_row, front_desk):
    sign_in(front_desk)
    clean_page.goto(f"{live_server.url}/calendar/")
    return clean_page


def test_a_menu_opens_and_closes_by_keyboard(calendar, axe_clean):
    button, item = calendar.locator("summary.me-button"), calendar.get_by_role("link", name="My account")
    expect(item).to_be_hidden()
    button.focus()
    calendar.keyboard.press("Enter")
    expect(item).to_be_visible()
    axe_clean(calendar)
    calendar.keyboard.press("Tab")
    expect(item).to_be_focused()
    calendar.keyboard.press("Escape")
    expect(item).to_be_hidden()
    expect(button).to_be_focused()


def test_a_menu_closes_when_one_goes_elsewhere(calendar):
    button, item = calendar.locator("summary", has_text="More"), calendar.get_by_role("link", name="Who is here")
    button.click()
    expect(item).to_be_visible()
    calendar.get_by_role("heading", level=1).click()
    expect(item).to_be_hidden()
    button.focus()
    calendar.keyboard.press("Space")
    expect(item).to_be_visible()
    calendar.get_by_label("Find a patient").focus()
    expect(item).to_be_hidden()


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_an_open_menu_is_wholly_on_the_screen(calendar, width):
    calendar.set_viewport_size({"width": width, "height": 800})
    for button in (calendar.locator("summary.me-button"), calendar.locator("summary", has_text="More")):
        button.click()
        box = button.locator("xpath=following-sibling::ul").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        calendar.keyboard.press("Escape")
