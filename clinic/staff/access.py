"""How a view says who may open it. A view that says nothing is closed to everybody."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from clinic.staff.permissions import Permission


def requires(permission: Permission) -> Callable:
    """The view answers people who hold the permission; others get 403, strangers the sign-in page."""

    def mark(view):
        view.permission = permission
        return view

    return mark


def public(view):
    """The view answers everybody."""
    view.public = True
    return view


def background(view):
    """Polling and autosave: the request does not count as a sign of life of the person (idle limit)."""
    view.background = True
    return view


def recently_authenticated(view):
    """The view answers people who typed their password in the last five minutes; others are asked for it first."""

    @wraps(view)
    def ask_first(request, *args, **kwargs):
        if did_recently_reauthenticate(request):
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method == "GET" else request.path
        target = f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}"
        return HttpResponse(status=204, headers={"HX-Redirect": target}) if request.htmx else redirect(target)

    return ask_first
