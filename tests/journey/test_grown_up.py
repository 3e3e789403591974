"""A working day on the grown-up topology: the Procfile's processes, PostgreSQL, Redis, SMTP."""

import pytest

from tests.journey.day import *  # noqa: F403 -- the day's tests, in their order
from tests.journey.houses import grown_up

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with grown_up(tmp_path_factory.mktemp("house")) as running:
        yield running
