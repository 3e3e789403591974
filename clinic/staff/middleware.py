"""The door: closed by default, with limits on how long it stays open."""

import zoneinfo
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.staff.queries import clinic_profile, has_second_factor
from clinic.staff.signals import SEEN, STARTED

# A sign of life is written down at most this often, so that not every page view writes the session.
NOTED_EVERY = timedelta(seconds=20)


class ClinicMiddleware:
    """Makes the clinic's zone, and the person's language, the active ones; `request.clinic` is the profile."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.clinic = getattr(request.user, "clinic", None) or clinic_profile()
        language = getattr(request.user, "language", "") or request.clinic.language
        with timezone.override(zoneinfo.ZoneInfo(request.clinic.time_zone)), translation.override(language):
            return self.get_response(request)


class SessionLimitMiddleware:
    """Ends a session after 15 idle minutes or 12 hours. Only what a person did counts as a sign of life.

    The browser's storage is emptied when somebody signs out; not when their time is over, for there may be drafts
    that could not be saved yet, encrypted, waiting for the same person.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if getattr(request, "timed_out", False):
            response["Clear-Site-Data"] = '"cache"'
        elif getattr(request, "signed_out", False):
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response

    def process_view(self, request, view, args, kwargs):
        if not request.user.is_authenticated:
            return
        now = clock.now()
        if _is_over(request.session, now):
            record(by=request.user, action=Action.TIMED_OUT, subject="session")
            logout(request)
            request.timed_out = True
        elif not getattr(view, "background", False) and now - _instant(request.session[SEEN]) > NOTED_EVERY:
            request.session[SEEN] = now.isoformat()


class AccessMiddleware:
    """Every view is closed until its permission opens it; a refusal is recorded."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        name = request.resolver_match.view_name
        if getattr(view, "public", False) or name in settings.PUBLIC_URL_NAMES:
            return None
        if not request.user.is_authenticated:
            return sign_in_again(request)
        if settings.REQUIRE_SECOND_FACTOR and not has_second_factor(request.user):
            if name in settings.SECOND_FACTOR_SETUP_URL_NAMES:
                return None
            return to_page(request, settings.SECOND_FACTOR_SETUP_URL)
        if name in settings.SIGNED_IN_URL_NAMES:
            return None
        permission = getattr(view, "permission", None)
        if permission is None or not request.user.may(permission):
            record(by=request.user, action=Action.REFUSED, subject=name)
            raise PermissionDenied
        return None


def sign_in_again(request):
    """The sign-in page; a fragment or a background request is told so, instead of getting the page's text."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"error": "signed_out", "sign_in": reverse(settings.LOGIN_URL)}, status=401)
    if request.htmx:
        return to_page(request, settings.LOGIN_URL)
    target = request.get_full_path() if request.method == "GET" else reverse("home")
    return redirect_to_login(target, reverse(settings.LOGIN_URL))


def to_page(request, url_name: str):
    """Leads the whole window there, also when only a fragment was asked for."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse(url_name)})
    return redirect(url_name)


def _is_over(session, now: datetime) -> bool:
    """Also when the session does not say how old it is."""
    if STARTED not in session or SEEN not in session:
        return True
    return (
        now - _instant(session[SEEN]) > settings.SESSION_IDLE_LIMIT
        or now - _instant(session[STARTED]) > settings.SESSION_ABSOLUTE_LIMIT
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
