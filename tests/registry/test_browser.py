import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from patients.registry.names import search_key
from tests.factories.patients import PatientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ana():
    return PatientFactory(
        given_name="Ana",
        family_name="García",
        search_key=search_key("Ana", "García"),
        phone="+34612345678",
        phone_digits="34612345678",
        desk_note="Prefers mornings",
    )


@pytest.fixture
def desk(clean_page, sign_in, front_desk, clinic_row, live_server):
    sign_in(front_desk)
    return lambda name, *args: clean_page.goto(live_server.url + reverse(name, args=args))


def test_finding_somebody_while_typing(desk, clean_page, axe_clean, ana):
    PatientFactory(given_name="Luis", family_name="Mora", search_key="mora luis")
    desk("registry:patients")
    clean_page.locator("#id_q").press_sequentially("garc")
    expect(clean_page.locator("#results tbody tr")).to_have_count(1)
    assert clean_page.url.endswith("/patients/")
    axe_clean(clean_page)
    clean_page.get_by_role("link", name="Ana García").click()
    expect(clean_page.locator(".banner-name")).to_have_text("Ana García")
    axe_clean(clean_page)


def test_look_alikes_appear_while_typing_and_must_be_answered(desk, clean_page, axe_clean, ana):
    desk("registry:register")
    clean_page.fill("#id_given_name", "Ana")
    clean_page.fill("#id_family_name", "Garcia")
    clean_page.fill("#id_birth_date", "1985-04-17")
    expect(clean_page.get_by_text("Is it one of these people?")).to_be_visible()
    axe_clean(clean_page)
    clean_page.get_by_role("button", name="Register").click()
    expect(clean_page.locator(".error-summary")).to_be_focused()
    expect(clean_page.locator("#id_family_name")).to_have_value("Garcia")
    clean_page.get_by_label("No, this is somebody new").check()
    clean_page.get_by_role("button", name="Register").click()
    expect(clean_page.get_by_text("is registered with number")).to_be_visible()


@pytest.mark.parametrize("width", [360, 820, 1280])
def test_no_page_is_wider_than_the_screen(desk, clean_page, ana, width):
    clean_page.set_viewport_size({"width": width, "height": 800})
    for name, args in [
        ("patients", []),
        ("register", []),
        ("details_tab", [ana.pk]),
        ("edit", [ana.pk]),
        ("imports", []),
    ]:
        desk(f"registry:{name}", *args)
        assert clean_page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_the_search_works_without_javascript(browser, live_server, front_desk, clinic_row, ana):
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(front_desk)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("registry:patients"))
    page.fill("#id_q", "612345678")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(f"/patients/{ana.pk}/details/"))
    context.close()
