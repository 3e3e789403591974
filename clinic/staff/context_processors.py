from django.conf import settings
from django.urls import reverse


def navigation(request):
    """The clinic, and the places this person may go to, for the frame around every page."""
    user = getattr(request, "user", None)
    places = []
    if user is not None and user.is_authenticated:
        places = [
            place | {"url": reverse(place["view"]), "here": _is_here(request, place)}
            for place in settings.NAVIGATION
            if user.may(place["permission"])
        ]
    return {"clinic": getattr(request, "clinic", None), "places": places, "may": getattr(user, "permissions", ())}


def _is_here(request, place) -> bool:
    match = request.resolver_match
    return bool(match) and (match.view_name == place["view"] or (match.namespace or "-") == place.get("namespace"))
