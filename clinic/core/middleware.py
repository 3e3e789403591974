"""What every request goes through before it meets anything of ours, and what every answer carries."""

import uuid
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpResponse, HttpResponseBadRequest
from django.utils.translation import gettext as _

from clinic.core import context

HEADERS = {
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class LivenessMiddleware:
    """Answers /livez before anything else is touched: the process is up, whatever its neighbours do."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path == "/livez":
            return HttpResponse("ok", content_type="text/plain; charset=utf-8")
        return self.get_response(request)


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
    """Security headers on every answer, errors included; pages behind the sign-in are never stored."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "private, no-store"
        return response


class NulByteMiddleware:
    """Answers 400 to NUL bytes, which PostgreSQL would answer with a crash."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if self._has_nul(request):
            return HttpResponseBadRequest(_("The request contains a character that is not allowed."))
        return self.get_response(request)

    def _has_nul(self, request) -> bool:
        if "\0" in request.path or "\0" in unquote_plus(request.META.get("QUERY_STRING", "")):
            return True
        if request.content_type == "application/json":
            return b"\\u0000" in request.body or b"\0" in request.body
        if request.method == "POST":
            return any("\0" in value for _name, values in request.POST.lists() for value in values)
        return False


def client_address(request) -> str | None:
    """The address of the client: the one that the nearest trusted proxy saw, or the connection's own."""
    proxies = settings.TRUSTED_PROXY_COUNT
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    return request.META.get("REMOTE_ADDR") or None
