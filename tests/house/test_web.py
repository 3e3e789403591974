"""What every answer carries, and what no request gets past."""

import json
from urllib.parse import unquote

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import Resolver404, path, resolve, reverse

from clinic.core.http import safe_next
from clinic.core.middleware import client_address
from clinic.core.views import bad_request, csrf_failure, not_found, server_error, too_many_requests
from clinic.staff.access import public
from clinic.staff.permissions import Role
from clinic.urls import urlpatterns as ours
from tests.factories.people import PASSWORD, UserFactory
from tests.house.answers import assert_headers
from tests.house.urls import pages

pytestmark = [pytest.mark.usefixtures("clinic_row"), pytest.mark.once]
PAGES = pages()


@public
def broken(request):
    raise RuntimeError("something of ours broke")


@public
def no_database(request):
    from django.db import OperationalError

    raise OperationalError("gone")


@public
def echo(request):
    return HttpResponse("stored")


urlpatterns = [*ours, path("broken/", broken), path("echo/", echo), path("echo/<str:text>/", echo)]
handler400, handler404, handler500 = bad_request, not_found, server_error
with_probes = override_settings(ROOT_URLCONF="tests.house.test_web")


@with_probes
@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda client: client.get("/account/login/"), 200),
        (lambda client: client.get("/"), 302),
        (lambda client: client.get("/account/login"), 301),
        (lambda client: client.get("/echo/?x=%00"), 400),
        (lambda client: client.get("/clinic/"), 403),
        (lambda client: client.get("/nowhere/"), 404),
        (lambda client: client.put("/echo/"), 405),
        (lambda client: client.get("/broken/"), 500),
        (lambda client: client.get("/livez"), 200),
        (lambda client: client.get("/healthz"), 200),
        (lambda client: client.get("/", headers={"Host": "evil.example"}), 400),
        (lambda client: client.get("/clinic/me/", headers={"HX-Request": "true"}), 204),
        (lambda client: client.get("/clinic/me/", headers={"Accept": "application/json"}), 401),
    ],
)
def test_headers_on_every_kind_of_answer(practitioner, client_of, request_of, status):
    client = client_of(practitioner) if status == 403 else Client()
    client.raise_request_exception = False
    response = request_of(client)
    assert response.status_code == status
    assert_headers(response)


def test_headers_on_static_files():
    response = Client().get("/static/css/tokens.css")
    assert response.status_code == 200
    assert_headers(response, static=True)


@override_settings(SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31_536_000)
def test_the_redirect_to_https_carries_them_too():
    response = Client().get("/account/login/")
    assert response.status_code == 301
    assert_headers(response)
    assert Client().get("/account/login/", secure=True)["Strict-Transport-Security"].startswith("max-age=31536000")


@with_probes
def test_the_page_for_our_own_mistakes_asks_nobody_anything(django_assert_num_queries):
    client = Client(raise_request_exception=False)
    with django_assert_num_queries(1):  # the clinic's profile, before the view
        response = client.get("/broken/")
    text = response.content.decode()
    assert response.status_code == 500
    assert "Something went wrong" in text
    assert "RuntimeError" not in text
    assert "something of ours broke" not in text


@pytest.mark.parametrize("page", [bad_request, csrf_failure, too_many_requests, server_error])
def test_pages_for_what_went_wrong_work_without_session_and_database(page, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert page(RequestFactory().get("/")).content


# Text that no database holds

NUL = "a\x00b"
MULTIPART_TYPE = "multipart/form-data; boundary=x"
MULTIPART = b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\n\\ud83d\r\n--x--\r\n'


@with_probes
@pytest.mark.parametrize(
    "request_of",
    [
        lambda client: client.get("/echo/a%00b/"),
        lambda client: client.get("/echo/", {"q": NUL}),
        lambda client: client.get("/echo/", {NUL: "q"}),
        lambda client: client.get("/echo/?q=%2500", QUERY_STRING="q=a%00"),
        lambda client: client.post("/echo/", {"q": NUL}),
        lambda client: client.post("/echo/", {NUL: "q"}),
        lambda client: client.post("/echo/", "q=a%00b", content_type="application/x-www-form-urlencoded"),
        lambda client: client.post("/echo/", json.dumps({"q": NUL}), content_type="application/json"),
        lambda client: client.post("/echo/", json.dumps({NUL: 1}), content_type="application/json"),
        lambda client: client.post("/echo/", json.dumps([[{"q": [NUL]}]]), content_type="application/json"),
        lambda client: client.post("/echo/", '{"q": "a\x00b"}', content_type="application/json"),
        lambda client: client.post("/echo/", r'{"q": "\ud83d"}', content_type="application/json"),
        lambda client: client.post("/echo/", r'{"q": "\uDE00\ud83d"}', content_type="application/json; charset=utf-8"),
        lambda client: client.post("/echo/", r'{"q": "\u0000"', content_type="application/json"),
        lambda client: client.post("/echo/", r'{"q": "\u0000"}', content_type="text/plain"),
        lambda client: client.post("/echo/", "a\x00b", content_type="application/octet-stream"),
        lambda client: client.get("/echo/?q=%5Cud83d", CONTENT_TYPE="text/plain; charset=unicode_escape"),
        lambda client: client.get("/echo/?q=%2BAAA-", CONTENT_TYPE="text/plain; charset=utf-7"),
        lambda client: client.post("/echo/", MULTIPART, content_type=f"{MULTIPART_TYPE}; charset=unicode_escape"),
    ],
)
def test_nul_and_half_characters_are_answered_400(request_of):
    assert request_of(Client()).status_code == 400


@with_probes
@pytest.mark.parametrize("text", ["😀", "a\\u0000b", "é", "\u202e", "\x01"])
def test_other_text_passes(text):
    client = Client()
    assert client.post("/echo/", MULTIPART, content_type=f"{MULTIPART_TYPE}; charset=UTF-8").status_code == 200
    assert client.get("/echo/", {"q": text}).status_code == 200
    assert client.post("/echo/", {"q": text}).status_code == 200
    assert client.post("/echo/", json.dumps({"q": text}), content_type="application/json").status_code == 200


@with_probes
def test_json_nested_without_end_is_answered_400():
    body = '{"q":' * 100_000 + '"\\u0000"' + "}" * 100_000
    assert Client().post("/echo/", body, content_type="application/json").status_code == 400


# Addresses that nobody wrote

HOSTILE = [
    "-1",
    "0",
    "01",
    "1" * 31,
    "9223372036854775808",
    "1%20or%201=1",
    "abc",
    "%D9%A1",
    "%EF%BC%91",
    "1.0",
    "1e3",
    "..",
    "%2e%2e%2f",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_ids_are_no_address(hostile):
    tried = [page for page in PAGES.values() if page.rows]
    assert len(tried) > 10
    for page in tried:
        with pytest.raises(Resolver404):
            resolve(unquote(page.somewhere().replace("987654321", hostile)))


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "9999-12-31", "2026-02-30", "2026-1-5", "26-01-01"])
def test_hostile_days_are_no_address(day):
    for page in PAGES.values():
        if "day" in page.parameters:
            with pytest.raises(Resolver404):
                resolve(page.somewhere().replace("2026-11-23", day))


@pytest.mark.parametrize("hostile", HOSTILE)
def test_and_are_answered_404(administrator, client_of, hostile):
    assert client_of(administrator).get(f"/clinic/people/{hostile}/roles/").status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"])
def test_methods_that_no_page_knows_are_405(practitioner, client_of, method):
    client = client_of(practitioner)
    for url in ("/", "/nowhere/", reverse("staff:me"), reverse("account_login")):
        response = client.generic(method, url)
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": ""},
        {"Host": "evil.example:80"},
        {"Host": "local host"},
    ],
)
def test_a_wrong_host_is_400(headers):
    assert Client().get("/account/login/", headers=headers).status_code == 400


def test_a_forwarded_host_is_not_believed(practitioner):
    Client().post(
        reverse("account_reset_password"), {"email": practitioner.email}, headers={"X-Forwarded-Host": "evil.example"}
    )
    from django.core import mail

    assert "evil.example" not in mail.outbox[0].body


# Leaving the house

ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "http://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "http:evil.example",
    "HTTPS://evil.example",
    "ftp://evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "\t//evil.example",
    "\n//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\r\n//evil.example",
    " //evil.example",
    "\u00a0//evil.example",
    "\x01//evil.example",
    "\x1f//evil.example",
    "https://localhost@evil.example",
    "https://testserver@evil.example",
    "https://testserver.evil.example",
    "https://evil.example/testserver",
    "//testserver@evil.example",
    "https://evil.example#testserver",
    "https://evil.example?testserver",
    "https://[::1",
    "//[evil",
    "https://evil。example",
    "//evil%00.example",
    "x" * 5000 + "://evil.example",
]
assert len(ELSEWHERE) >= 40


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_redirect_leads_out_of_the_house(practitioner, target):
    client = Client()
    response = client.post(
        reverse("account_login"), {"login": practitioner.email, "password": PASSWORD, "next": target}
    )
    assert response.status_code == 302
    assert response["Location"] == "/"
    again = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": target})
    assert again["Location"] == "/"
    request = RequestFactory().post("/", {"next": target})
    assert safe_next(request, "home") == "/"
    assert client.post(reverse("account_logout"), {"next": target})["Location"] == reverse("account_login")


@pytest.mark.parametrize("target", ["/clinic/me/", "/clinic/me/?a=1#b"])
def test_and_one_inside_does(target):
    assert safe_next(RequestFactory().get("/", {"next": target}), "home") == target


@pytest.mark.parametrize("target", ["x", "24:00", "?a=1", "#b", "patients/1/", "registry:patients"])
def test_what_is_no_path_is_the_usual_page(target):
    """Such a word would be taken for the name of a page, and crash when there is none."""
    assert safe_next(RequestFactory().post("/", {"next": target}), "home") == "/"


# Requests that another site makes

# Where mail programs and providers post by themselves: what they have is a secret in the address, or a signature
WITHOUT_TOKEN = {"links:one_click", "reminders:email_report", "reminders:sms_report", "reminders:twilio_report"}


def test_no_unsafe_request_passes_without_its_token():
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(roles=list(Role)))
    assert {name for name, page in PAGES.items() if getattr(page.view, "csrf_exempt", False)} == WITHOUT_TOKEN
    for page in [page for name, page in PAGES.items() if name not in WITHOUT_TOKEN]:
        for headers in ({}, {"HX-Request": "true"}, {"X-CSRFToken": "x" * 64}):
            assert client.post(page.somewhere(), headers=headers).status_code == 403, page.name


def test_the_refusal_has_a_page_of_ours(practitioner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(practitioner)
    response = client.post(reverse("staff:me"))
    assert "This page had expired" in response.content.decode()
    assert_headers(response)


def test_the_token_in_the_header_is_enough_and_another_persons_is_not(practitioner):
    client = Client(enforce_csrf_checks=True)
    client.force_login(practitioner)
    client.get(reverse("staff:me"))
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = client.post(reverse("staff:me"), {"full_name": "Ana"}, headers={"X-CSRFToken": token})
    assert answer.status_code == 302
    answer = client.post(reverse("staff:me"), {"full_name": "Eva"}, headers={"X-CSRFToken": "x" * len(token)})
    assert answer.status_code == 403


# Where a request came from


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "10.0.0.1", "192.0.2.7"),
        (0, "", "192.0.2.7"),
        (1, "10.0.0.1", "10.0.0.1"),
        (1, "6.6.6.6, 10.0.0.1", "10.0.0.1"),
        (2, "6.6.6.6, 10.0.0.1, 10.0.0.2", "10.0.0.1"),
        (2, "10.0.0.1", "192.0.2.7"),
        (1, "", None),
        (1, "nonsense", None),
        (1, "<script>", None),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "::ffff:10.0.0.1", "10.0.0.1"),
        (1, "fe80::1%eth0", "fe80::1"),
    ],
)
def test_the_address_is_what_the_trusted_proxy_saw(settings, proxies, forwarded, seen):
    settings.TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR="192.0.2.7")
    assert client_address(request) == seen


def test_the_trail_keeps_what_was_seen_and_not_what_was_claimed(practitioner, client_of):
    from clinic.audit.models import AuditEvent

    client_of(practitioner).get(reverse("staff:clinic"), headers={"X-Forwarded-For": "6.6.6.6"})
    assert AuditEvent.objects.get(action="refused").address == "127.0.0.1"
