"""Signing in: lock-out, no enumeration, sessions that end, and the password once more."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.access import background, public
from clinic.staff.models import User
from clinic.staff.services import check_password_again
from tests.factories.people import PASSWORD, PractitionerFactory, UserFactory
from tests.staff.conftest import is_signed_in

pytestmark = pytest.mark.once

WRONG = "not the passphrase"


def test_the_right_password_opens_the_door_with_a_new_session(practitioner, try_password):
    client = Client()
    client.get(reverse("account_login"))
    client.cookies[settings.SESSION_COOKIE_NAME] = "planted-before"
    client, response = try_password(practitioner.email, client=client)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "planted-before"
    assert is_signed_in(client)
    assert AuditEvent.objects.filter(actor_id=practitioner.pk, action=Action.SIGN_IN).count() == 1


def test_a_session_that_existed_before_gets_a_new_id(practitioner, front_desk, try_password, client_of):
    client = client_of(front_desk)
    before = client.session.session_key
    client.post(reverse("account_logout"))
    client, _response = try_password(practitioner.email, client=client)
    assert client.session.session_key != before


def test_ten_wrong_passwords_lock_the_account_and_time_opens_it(practitioner, try_password):
    with time_machine.travel("2026-11-23 10:00Z", tick=False) as clock:
        for _try in range(10):
            _client, response = try_password(practitioner.email, WRONG)
            assert "Too many" not in response.content.decode()
        client, response = try_password(practitioner.email)
        assert "Too many failed login attempts" in response.content.decode()
        assert not is_signed_in(client)
        clock.shift(timedelta(minutes=14))
        client, _response = try_password(practitioner.email)
        assert not is_signed_in(client)
        clock.shift(timedelta(minutes=2))
        client, _response = try_password(practitioner.email)
        assert is_signed_in(client)
    assert AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED, subject_id=str(practitioner.pk)).count() == 10
    assert AuditEvent.objects.filter(action=Action.REFUSED, subject_type="session").count() == 2


@pytest.mark.parametrize(
    "disguise",
    [
        lambda n: {"HTTP_X_FORWARDED_FOR": f"10.0.0.{n}"},
        lambda n: {"HTTP_HOST": f"localhost:{8000 + n}"},
        lambda n: {"HTTP_USER_AGENT": f"browser {n}"},
        lambda n: {"HTTP_X_REAL_IP": f"10.0.0.{n}", "HTTP_FORWARDED": f"for=10.0.0.{n}"},
    ],
    ids=["forwarded", "port of the host", "browser", "other headers"],
)
def test_no_disguise_gets_an_eleventh_try(practitioner, try_password, disguise):
    for number in range(10):
        try_password(practitioner.email, WRONG, **disguise(number))
    client, _response = try_password(practitioner.email, **disguise(11))
    assert not is_signed_in(client)


def test_spellings_of_the_address_share_one_count(try_password):
    person = PractitionerFactory(email="miki@clinic.example")
    for spelling in ["miki@clinic.example", "MIKI@clinic.example", " miki@Clinic.example "] * 4:
        try_password(spelling, WRONG)
    client, _response = try_password(person.email)
    assert not is_signed_in(client)


def test_a_right_password_between_does_not_reset_the_count(practitioner, try_password):
    for _try in range(9):
        try_password(practitioner.email, WRONG)
    client, _response = try_password(practitioner.email)
    assert is_signed_in(client)
    try_password(practitioner.email, WRONG)
    client, _response = try_password(practitioner.email)
    assert not is_signed_in(client)


def test_one_locked_account_locks_no_other(practitioner, front_desk, try_password):
    for _try in range(10):
        try_password(practitioner.email, WRONG)
    client, _response = try_password(front_desk.email)
    assert is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_twenty_wrong_passwords_at_once_count_as_twenty(practitioner, try_password):
    barrier = threading.Barrier(20)

    def attempt():
        barrier.wait()
        try_password(practitioner.email, WRONG)

    threads = [threading.Thread(target=attempt) for _n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert AuditEvent.objects.filter(action=Action.SIGN_IN_FAILED).count() <= 10
    client, _response = try_password(practitioner.email)
    assert not is_signed_in(client)


def page(response) -> str:
    """The page without what differs between any two answers."""
    text = re.sub(r"[A-Za-z0-9]{64}", "TOKEN", response.content.decode())
    return re.sub(r"[\w.]+@[\w.]+", "ADDRESS", text)


def test_an_unknown_address_is_answered_like_a_wrong_password(practitioner, try_password):
    _client, known = try_password(practitioner.email, WRONG)
    _client, unknown = try_password("nobody@clinic.example", WRONG)
    assert (known.status_code, page(known)) == (unknown.status_code, page(unknown))


def test_a_locked_address_looks_the_same_whether_it_exists_or_not(practitioner, try_password):
    for _try in range(11):
        _client, known = try_password(practitioner.email, WRONG)
    for _try in range(11):
        _client, unknown = try_password("nobody@clinic.example", WRONG)
    assert page(known) == page(unknown)


def test_a_closed_account_with_a_wrong_password_looks_like_any_other(try_password):
    closed = UserFactory(is_active=False)
    _client, answer = try_password(closed.email, WRONG)
    _client, unknown = try_password("nobody@clinic.example", WRONG)
    assert page(answer) == page(unknown)
    client, _response = try_password(closed.email)
    assert not is_signed_in(client)


def test_forgotten_passwords_tell_nobody_which_addresses_exist(practitioner):
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email}, follow=True)
        for email in (practitioner.email, "nobody@clinic.example")
    ]
    assert page(answers[0]) == page(answers[1])
    assert len(mail.outbox) == 2
    assert practitioner.full_name not in mail.outbox[0].body


def test_a_mail_server_that_is_down_tells_nothing_either(practitioner, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    for email in (practitioner.email, "nobody@clinic.example"):
        response = Client().post(reverse("account_reset_password"), {"email": email})
        assert response["Location"] == reverse("account_reset_password_done")


def test_a_forgotten_password_is_replaced_once(practitioner, try_password):
    Client().post(reverse("account_reset_password"), {"email": practitioner.email})
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body)[1]
    client = Client()
    form = client.get(link)["Location"]
    new = "quite another long passphrase"
    client.post(form, {"password1": new, "password2": new})
    assert not is_signed_in(client), "a new password alone does not sign in"
    assert is_signed_in(try_password(practitioner.email, new)[0])
    assert "no longer works" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize(
    "password", ["14 characters.", "1q2w3e4r5t6y7u8i", "anaruiz@clinic.example", "Doctor Ana Ruiz!"]
)
def test_weak_passwords_are_refused(client_of, password):
    person = PractitionerFactory(email="anaruiz@clinic.example", full_name="Doctor Ana Ruiz")
    client_of(person).post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": password, "password2": password}
    )
    assert User.objects.get(pk=person.pk).check_password(PASSWORD)


@pytest.mark.parametrize("password", ["x" * 64 + "é ß 🔑", "  spaces around it  ", "y" * 4096])
def test_long_and_odd_passwords_work(try_password, password):
    person = PractitionerFactory()
    person.set_password(password)
    person.save()
    assert is_signed_in(try_password(person.email, password)[0])


# How long a session lasts


@background
@public
def probe(request):
    raise AssertionError("never called")


def test_fifteen_idle_minutes_end_the_session(practitioner, client_of):
    with time_machine.travel("2026-11-23 10:00Z", tick=False) as now:
        client = client_of(practitioner)
        now.shift(timedelta(minutes=14, seconds=59))
        assert is_signed_in(client)
        now.shift(timedelta(minutes=15, seconds=1))
        assert not is_signed_in(client)
    assert AuditEvent.objects.filter(actor_id=practitioner.pk, action=Action.TIMED_OUT).count() == 1


def test_what_waits_encrypted_in_the_browser_outlives_the_session(practitioner, client_of):
    """A draft that could not be saved is still there when its author signs in again."""
    with time_machine.travel("2026-11-23 10:00Z", tick=False) as now:
        client = client_of(practitioner)
        now.shift(timedelta(minutes=16))
        assert client.get(reverse("home"))["Clear-Site-Data"] == '"cache"'


def test_twelve_hours_end_it_whatever_one_does(practitioner, client_of):
    with time_machine.travel("2026-11-23 08:00Z", tick=False) as now:
        client = client_of(practitioner)
        for _step in range(72):
            now.shift(timedelta(minutes=10))
            assert is_signed_in(client)
        now.shift(timedelta(minutes=1))
        assert not is_signed_in(client)


def test_polling_and_autosave_never_extend_it(practitioner, client_of, monkeypatch):
    from clinic.staff import views

    client = client_of(practitioner)
    monkeypatch.setattr(views.me, "background", True, raising=False)
    with time_machine.travel(clock.now(), tick=False) as now:
        for _minute in range(14):
            now.shift(timedelta(minutes=1))
            assert is_signed_in(client)
        now.shift(timedelta(minutes=2))
        assert not is_signed_in(client)


def test_a_session_that_does_not_say_its_age_is_over(practitioner, client_of):
    client = client_of(practitioner)
    session = client.session
    del session["signed_in_at"]
    session.save()
    assert not is_signed_in(client)


def test_a_closed_account_is_out_at_the_next_request(practitioner, client_of):
    client = client_of(practitioner)
    User.objects.filter(pk=practitioner.pk).update(is_active=False)
    assert not is_signed_in(client)


def test_a_new_password_ends_the_other_sessions(practitioner, client_of):
    here, elsewhere = client_of(practitioner), client_of(practitioner)
    new = "quite another long passphrase"
    here.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_signed_in(here)
    assert not is_signed_in(elsewhere)


def test_signing_out_ends_it_on_the_server_and_in_the_browser(practitioner, client_of):
    client = client_of(practitioner)
    kept = client.cookies[settings.SESSION_COOKIE_NAME].value
    response = client.post(reverse("account_logout"))
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    stolen = Client()
    stolen.cookies[settings.SESSION_COOKIE_NAME] = kept
    assert not is_signed_in(stolen)
    assert AuditEvent.objects.filter(actor_id=practitioner.pk, action=Action.SIGN_OUT).exists()


def test_a_fragment_leads_the_whole_window_to_the_sign_in(db):
    response = Client().get(reverse("staff:me"), headers={"HX-Request": "true"})
    assert response.status_code == 204
    assert response["HX-Redirect"] == reverse("account_login")


def test_a_background_save_is_told_that_nobody_is_signed_in(db):
    response = Client().post(reverse("staff:me"), headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json() == {"error": "signed_out", "sign_in": reverse("account_login")}


# The password once more


def test_what_weighs_more_asks_for_the_password_once_more(administrator, practitioner, client_of):
    client, url = client_of(administrator), reverse("staff:roles", args=[practitioner.pk])
    with time_machine.travel(clock.now(), tick=False) as now:
        asked = client.get(url)
        assert asked["Location"] == f"{reverse('account_reauthenticate')}?next={url.replace('/', '%2F')}"
        back = client.post(asked["Location"], {"password": PASSWORD, "next": url})
        assert back["Location"] == url
        assert client.get(url).status_code == 200
        now.shift(timedelta(minutes=5, seconds=1))
        assert client.get(url).status_code == 302
        assert client.post(url, {"roles": ["administrator"]}).status_code == 302
    assert not User.objects.with_role("administrator").filter(pk=practitioner.pk).exists()


def test_a_wrong_password_does_not_confirm(administrator, practitioner, client_of):
    client, url = client_of(administrator), reverse("staff:roles", args=[practitioner.pk])
    response = client.post(reverse("account_reauthenticate"), {"password": WRONG, "next": url})
    assert "not your password" in response.content.decode()
    assert client.get(url).status_code == 302


def test_the_second_ask_counts_failures_too(practitioner):
    with time_machine.travel("2026-11-23 10:00Z", tick=False) as now:
        for _try in range(10):
            with pytest.raises(Refused, match="not your password"):
                check_password_again(user=practitioner, password=WRONG)
        with pytest.raises(Refused, match="Too many") as refusal:
            check_password_again(user=practitioner, password=PASSWORD)
        assert refusal.value.field == "password"
        now.shift(timedelta(minutes=15, seconds=1))
        check_password_again(user=practitioner, password=PASSWORD)


def test_right_passwords_cost_no_try(practitioner):
    for _time in range(12):
        check_password_again(user=practitioner, password=PASSWORD)


@pytest.mark.django_db(transaction=True)
def test_the_check_refuses_to_run_inside_a_transaction_that_could_forget_it(practitioner):
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        check_password_again(user=practitioner, password=WRONG)


def test_the_count_is_shared_by_all_workers():
    assert "db.DatabaseCache" in settings.CACHES["default"]["BACKEND"]
    assert settings.CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] >= 100_000
    cache.set("kept", 1, 900)
    for number in range(400):
        cache.add(f"flood:{number}", 1, 900)
    assert cache.get("kept") == 1
