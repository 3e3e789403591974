"""A patient, a practitioner, an approved recipe with lots, and drafts made of them."""

import pytest

from tests.charting.drafts import Kit


@pytest.fixture
def kit(db, clinic_row, practitioner, madrid):
    return Kit(practitioner)


@pytest.fixture(autouse=True)
def nobody_has_tried_a_password(request):
    """Wrong tries are counted in the cache, which outlives a test."""
    yield
    if "django_db_setup" in request.fixturenames:
        from django.core.cache import cache

        request.getfixturevalue("django_db_blocker").unblock()
        cache.clear()
        request.getfixturevalue("django_db_blocker").restore()
