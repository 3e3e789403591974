"""Every page that a person may open, in a browser: axe finds nothing, a phone is wide enough, nothing is refused."""

import pytest

from clinic.staff.permissions import Role
from tests.factories.people import UserFactory
from tests.house.test_matrix import PAGES
from tests.role_matrix import PEOPLE, ROWS

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE, DESKTOP = {"width": 360, "height": 780}, {"width": 1280, "height": 800}
PARTS = {  # answers that are no page of their own
    "history:warnings",
    "charting:save",
    "charting:photo",
    "charting:recipe",
    "charting:sentence",
    "scheduling:day_live",
    "scheduling:week_live",
    "scheduling:board_live",
    "scheduling:feed",
}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def open_to(role) -> list[str]:
    """Names of the URLs that answer this kind of person with a page."""
    column = PEOPLE.index(role)
    return [name for name, gets, _posts in ROWS if gets.split()[column] == "200" and name not in PARTS | {"healthz"}]


@pytest.mark.parametrize("role", PEOPLE, ids=str)
def test_every_page(role, clean_page, live_server, sign_in, axe_clean, clinic_row):
    person = None
    if role != "anonymous":
        person = UserFactory(roles=[role])
        sign_in(person)
    faults = []
    for name in open_to(role):
        url = PAGES[name].url(person)
        clean_page.set_viewport_size(DESKTOP)
        clean_page.goto(live_server.url + url)
        if clean_page.locator("[hx-trigger*=load]").count():
            clean_page.wait_for_load_state("networkidle")
        try:
            axe_clean(clean_page)
        except AssertionError as found:
            faults.append(f"{name}: {found}")
        clean_page.set_viewport_size(PHONE)
        if (wider := clean_page.evaluate(OVERFLOW)) > 0:
            faults.append(f"{name}: {wider} px wider than a phone")
    assert faults == [], "\n".join(faults)


def test_the_walk_sees_many_pages():
    assert len(open_to(Role.PRACTITIONER)) > 30
