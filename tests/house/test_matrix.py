"""The table of tests/role_matrix.py against the house as it stands."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from clinic.staff.models import RoleAssignment
from tests.house.urls import pages
from tests.house.world import FACTORIES
from tests.role_matrix import PEOPLE, ROWS

pytestmark = pytest.mark.usefixtures("clinic_row")
PAGES = pages()
NAMES = [row[0] for row in ROWS]
# Pages that ask for the password before they look at the row
ASKING = {"staff:roles", "staff:password_link", "staff:deactivate"}


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
    return answer(getattr(client, method)(url))


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


@pytest.mark.parametrize(("name", "get", "post"), ROWS, ids=NAMES)
def test_row(name, get, post):
    for method, expected in (("get", get), ("post", post)):
        found = [ask(client, method, PAGES[name].url(person)) for client, person in visitors()]
        assert " ".join(found) == expected, method.upper()


OF_ROWS = [name for name in NAMES if name in PAGES and any(p.endswith("_id") for p in PAGES[name].parameters)]


@pytest.mark.parametrize("name", OF_ROWS)
def test_unknown_rows_are_404_for_who_may_and_403_for_who_may_not(name):
    """Whether the row exists is not told to those who may not see it."""
    get, post = next(row[1:] for row in ROWS if row[0] == name)
    row = [parameter for parameter in PAGES[name].parameters if parameter.endswith("_id")][-1]
    for method, expected in (("get", get), ("post", post)):
        for (client, person), known in zip(visitors(), expected.split(), strict=True):
            unknown = ask(client, method, PAGES[name].url(person, **{row: 999_999_999}))
            if known in {"login", "403", "405"}:
                assert unknown == known, method
            else:
                asks_password_first = known == unknown == "302" and name in ASKING
                assert unknown == "404" or asks_password_first, method


def test_a_role_taken_away_is_refused_at_the_next_request(practitioner, client_of):
    client = client_of(practitioner)
    assert client.get(reverse("staff:me")).status_code == 200
    RoleAssignment.objects.filter(user=practitioner).delete()
    assert client.get(reverse("staff:me")).status_code == 403
