"""What every request goes through before it meets anything of ours, and what every answer carries."""

import ipaddress
import json
import re
import uuid
from urllib.parse import unquote_plus

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseNotAllowed

from clinic.core import context

HEADERS = {
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
METHODS = ["GET", "HEAD", "POST"]
FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
# In JSON: a NUL, or half of a surrogate pair, which may stand alone.
_ESCAPED = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


class RequestContextMiddleware:
    """Gives the request an id and notes where it came from, for the audit trail and the log."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        token = context.begin(context.Context(request_id=uuid.uuid4().hex, address=client_address(request)))
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = context.current().request_id
            return response
        finally:
            context.end(token)


class HeadersMiddleware:
    """Security headers on every answer, errors included; no page is ever stored, only static files."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "private, no-store"
        return response


class LivenessMiddleware:
    """Answers /livez before anything else is touched: the process is up, whatever its neighbours do."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path == "/livez":
            return HttpResponse("ok", content_type="text/plain; charset=utf-8")
        return self.get_response(request)


class PlausibleRequestMiddleware:
    """Answers 405 to methods that no page knows, and 400 to text that no database can hold.

    NUL bytes crash PostgreSQL's lookups, and half a surrogate pair crashes both engines. Text that is not sent as
    UTF-8 ("charset=unicode_escape") could hide either.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if not is_utf8(request) or has_forbidden_text(request):
            raise BadRequest("The request contains a character that is not allowed.")
        return self.get_response(request)


def is_utf8(request) -> bool:
    return request.encoding is None or request.encoding.lower() in {"utf-8", "utf8"}


def has_forbidden_text(request) -> bool:
    if "\0" in request.path or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
        return True
    if request.method != "POST":
        return False
    if request.content_type in FORM_TYPES:
        return any("\0" in text for name, values in request.POST.lists() for text in [name, *values])
    body = request.body
    return b"\0" in body or (_ESCAPED.search(body) is not None and not _is_storable(body))


def _is_storable(body: bytes) -> bool:
    """Whether the JSON text, once its escapes are read, can be written as UTF-8 without NUL."""
    try:
        return b"\0" not in _text_of(json.loads(body))
    except (ValueError, RecursionError):
        return False


def _text_of(value) -> bytes:
    """All text of a JSON value, as UTF-8; raises UnicodeEncodeError (a ValueError) where that is impossible."""
    if isinstance(value, dict):
        return b" ".join(_text_of(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return b" ".join(_text_of(part) for part in value)
    return str(value).encode()


def client_address(request) -> str | None:
    """The address of the client: the one that the nearest trusted proxy saw, or the connection's own."""
    proxies = settings.TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    seen = forwarded[-proxies] if 0 < proxies <= len(forwarded) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(seen.strip().partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)
