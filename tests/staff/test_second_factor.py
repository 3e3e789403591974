import time

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings as project
from django.test import Client
from django.urls import reverse

from tests.house.urls import pages
from tests.staff.conftest import is_signed_in


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.fixture
def required(settings):
    settings.REQUIRE_SECOND_FACTOR = True


@pytest.fixture
def secret(practitioner):
    secret = generate_totp_secret()
    TOTP.activate(practitioner, secret)
    RecoveryCodes.activate(practitioner)
    return secret


def test_without_a_second_factor_nothing_opens_but_its_set_up(required, practitioner, client_of):
    client, setup = client_of(practitioner), reverse("mfa_activate_totp")
    for page in pages().values():
        if page.parameters or page.name in project.PUBLIC_URL_NAMES or getattr(page.view, "public", False):
            continue
        response = client.get(page.url())
        if page.name not in project.SECOND_FACTOR_SETUP_URL_NAMES:
            assert (page.name, response.status_code, response.get("Location")) == (page.name, 302, setup)


def test_setting_it_up_opens_the_house_and_shows_recovery_codes(required, practitioner, confirmed):
    client = confirmed(practitioner)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    codes = client.get(done["Location"]).content.decode()
    assert codes.count("<code>") == 10
    assert is_signed_in(client)


def test_a_fragment_without_second_factor_leads_to_the_set_up(required, practitioner, client_of):
    response = client_of(practitioner).get(reverse("staff:me"), headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (204, reverse("mfa_activate_totp"))


def test_the_password_alone_does_not_sign_in(secret, practitioner, try_password):
    client, response = try_password(practitioner.email)
    assert response["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert not is_signed_in(client)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert is_signed_in(client)


def test_a_code_works_once(secret, practitioner, try_password):
    code = code_of(secret)
    first, _response = try_password(practitioner.email)
    first.post(reverse("mfa_authenticate"), {"code": code})
    second, _response = try_password(practitioner.email)
    second.post(reverse("mfa_authenticate"), {"code": code})
    assert is_signed_in(first)
    assert not is_signed_in(second)


def test_a_recovery_code_works_once(secret, practitioner, try_password):
    code = RecoveryCodes(practitioner.authenticator_set.get(type="recovery_codes")).get_unused_codes()[0]
    for expected in (True, False):
        client, _response = try_password(practitioner.email)
        client.post(reverse("mfa_authenticate"), {"code": code})
        assert is_signed_in(client) is expected


def test_ten_wrong_codes_lock_out_the_right_one(secret, practitioner, try_password):
    client, _response = try_password(practitioner.email)
    for _try in range(10):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert not is_signed_in(client)


def test_a_new_password_by_e_mail_does_not_pass_the_second_factor(secret, practitioner):
    from clinic.staff.services import make_password_link

    link = make_password_link(user=practitioner, by=None)
    client = Client()
    form = client.get(link)["Location"]
    client.post(form, {"password1": "quite another passphrase", "password2": "quite another passphrase"})
    assert not is_signed_in(client)


def test_turning_it_off_asks_for_the_password(secret, practitioner, client_of, confirmed):
    url = reverse("mfa_deactivate_totp")
    assert client_of(practitioner).post(url)["Location"].startswith(reverse("account_reauthenticate"))
    assert practitioner.authenticator_set.exists()
    confirmed(practitioner).post(url)
    assert not practitioner.authenticator_set.exists()
