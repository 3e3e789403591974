"""A working day on the embedded default: one command, SQLite, a queue of files."""

import pytest

from tests.journey.day import *  # noqa: F403 -- the day's tests, in their order
from tests.journey.houses import embedded

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with embedded(tmp_path_factory.mktemp("house")) as running:
        yield running
