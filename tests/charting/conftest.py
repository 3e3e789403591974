"""A patient, a practitioner, an approved recipe with lots, and drafts made of them."""

import pytest
from django.conf import settings
from django.test import Client

from tests.charting.drafts import Kit


@pytest.fixture
def kit(db, clinic_row, practitioner, madrid):
    return Kit(practitioner)


@pytest.fixture
def fingers(browser, live_server, kit):
    """A browser of a tablet that is touched, with the practitioner signed in."""
    client = Client()
    client.force_login(kit.practitioner)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    context = browser.new_context(viewport={"width": 820, "height": 1100}, has_touch=True, is_mobile=True)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    yield context
    context.close()


@pytest.fixture(autouse=True)
def nobody_has_tried_a_password(request):
    """Wrong tries are counted in the cache, which outlives a test."""
    yield
    if "django_db_setup" in request.fixturenames:
        from django.core.cache import cache

        request.getfixturevalue("django_db_blocker").unblock()
        cache.clear()
        request.getfixturevalue("django_db_blocker").restore()
