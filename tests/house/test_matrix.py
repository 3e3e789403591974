"""The table of tests/role_matrix.py against the house as it stands."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.staff.models import RoleAssignment
from clinic.staff.permissions import Role
from tests.factories.people import UserFactory
from tests.house.answers import assert_headers, assert_nothing_inline, assert_wrote_nothing
from tests.house.urls import pages
from tests.house.world import FACTORIES
from tests.role_matrix import PEOPLE, ROWS

pytestmark = pytest.mark.usefixtures("clinic_row")
# Who may open what is the same on both: once is enough without --all.
SLOW_ON_POSTGRESQL = pytest.mark.slow if connection.vendor == "postgresql" else lambda test: test
PAGES = pages()
NAMES = [row[0] for row in ROWS]
# Pages that answer before they look for the row: they ask for the password or a step, or only note that one is there
LATER = {
    "staff:roles": "302",
    "staff:password_link": "302",
    "staff:deactivate": "302",
    "scheduling:step": "302",
    "charting:present": "204",
    "charting:save": "400",
    "recall:export": "302",
}


def answer(response) -> str:
    if response.status_code == 401:
        return "login"
    if response.status_code == 302 and response["Location"].startswith(f"{reverse(settings.LOGIN_URL)}?next="):
        return "login"
    return str(response.status_code)


def visitors():
    """A client and its person for each kind, in the order of the table."""
    for kind in PEOPLE:
        client, person = Client(), None
        if kind in FACTORIES:
            person = FACTORIES[kind]()
            client.force_login(person)
        yield client, person


def ask(client, method: str, url: str) -> str:
    """The answer; whatever it is, it must carry its headers, hold nothing inline and change nothing by reading."""
    with CaptureQueriesContext(connection) as queries:
        response = getattr(client, method)(url)
    assert_headers(response)
    assert_nothing_inline(response)
    if method == "get":
        assert_wrote_nothing(queries)
    return answer(response)


def test_every_url_has_one_row_and_every_row_a_url():
    assert sorted(set(PAGES) - set(NAMES)) == [], "URLs without a row in tests/role_matrix.py"
    assert sorted(set(NAMES) - set(PAGES)) == [], "rows without a URL"
    assert len(NAMES) == len(set(NAMES))


def test_every_view_says_who_may_open_it():
    closed = [name for name, get, post in ROWS if get == post == "login 403 403 403"]
    listed = settings.PUBLIC_URL_NAMES | settings.SIGNED_IN_URL_NAMES
    silent = [
        page.name
        for page in PAGES.values()
        if page.name not in listed and not hasattr(page.view, "permission") and not hasattr(page.view, "public")
    ]
    assert sorted(silent) == sorted(closed)
    assert listed | settings.SECOND_FACTOR_SETUP_URL_NAMES <= set(PAGES)


def test_names_fit_the_trail():
    assert max(map(len, PAGES)) <= 60


@SLOW_ON_POSTGRESQL
@pytest.mark.parametrize(("name", "get", "post"), ROWS, ids=NAMES)
def test_row(name, get, post):
    people = list(visitors())
    for method, expected in (("get", get), ("post", post)):
        found = [ask(client, method, PAGES[name].url(person)) for client, person in people]
        assert " ".join(found) == expected, method.upper()


OF_ROWS = [name for name in NAMES if name in PAGES and PAGES[name].rows]


@pytest.fixture
def everything(client_of):
    """A client of somebody who may do everything."""
    return client_of(UserFactory(roles=list(Role)))


@pytest.fixture
def nothing(client_of):
    return client_of(UserFactory())


@pytest.mark.once
@pytest.mark.parametrize("name", OF_ROWS)
def test_unknown_rows_are_404_for_who_may_and_403_for_who_may_not(name, everything, nothing):
    """Whether the row exists is not told to those who may not see it."""
    url = PAGES[name].somewhere()
    for method in ("get", "post"):
        assert ask(nothing, method, url) == "403"
        assert ask(everything, method, url) in {"404", "405", LATER.get(name)}


def test_a_role_taken_away_is_refused_at_the_next_request(practitioner, client_of):
    client = client_of(practitioner)
    assert client.get(reverse("staff:me")).status_code == 200
    RoleAssignment.objects.filter(user=practitioner).delete()
    assert client.get(reverse("staff:me")).status_code == 403
