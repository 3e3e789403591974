from collections.abc import Iterator
from functools import partial

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string


def navigation(request):
    """The clinic, and the places this person may go to, for the frame around every page."""
    user = getattr(request, "user", None)
    places = []
    if user is not None and user.is_authenticated:
        here = _place_of(request)
        places = [
            place | {"url": reverse(place["view"]), "here": place["view"] == here}
            for place in settings.NAVIGATION
            if user.may(place["permission"])
        ]
    return {
        "clinic": getattr(request, "clinic", None),
        "places": places,
        "may": getattr(user, "permissions", ()),
        "site_notices": partial(_notices, user),
    }


def _notices(user) -> Iterator[str]:
    """Asked by the whole page only: a fragment stands on one that has asked."""
    for place in settings.SITE_NOTICES:
        if user.may(place["permission"]) and (sentence := import_string(place["function"])()):
            yield sentence


def _place_of(request) -> str:
    """The place whose `covers` fit the shown page best, by its view; empty on a page of none."""
    page = request.resolver_match.view_name if request.resolver_match else ""
    names = [(len(name), name, place["view"]) for place in settings.NAVIGATION for name in place["covers"]]
    fitting = [(length, view) for length, name, view in names if page.startswith(name)]
    return max(fitting, default=(0, ""))[1]
