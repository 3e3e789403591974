import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.factories.people import PASSWORD


@pytest.fixture(autouse=True)
def clinic(clinic_row):
    cache.clear()
    return clinic_row


@pytest.fixture
def try_password():
    """try_password(email, password): the client after the attempt, and the answer."""

    def attempt(email, password=PASSWORD, client=None, **headers):
        client = client or Client(**headers)
        response = client.post(reverse("account_login"), {"login": email, "password": password}, **headers)
        return client, response

    return attempt


@pytest.fixture
def confirmed(client_of):
    """confirmed(user): a client of somebody who has just typed their password again."""

    def confirm(user):
        client = client_of(user)
        response = client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        assert response.status_code == 302
        return client

    return confirm


def is_signed_in(client) -> bool:
    return client.get(reverse("staff:me")).status_code == 200
