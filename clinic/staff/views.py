"""The page "today", and the clinic's own pages."""

from django.conf import settings
from django.shortcuts import render
from django.urls import reverse

from clinic.staff.access import requires
from clinic.staff.permissions import Permission


@requires(Permission.HOME)
def home(request):
    """A shell: each panel is a fragment of the app that owns it."""
    seen, panels = set(), []
    for panel in settings.TODAY_PANELS:
        if request.user.may(panel["permission"]) and panel["view"] not in seen:
            seen.add(panel["view"])
            panels.append(panel | {"url": reverse(panel["view"])})
    return render(request, "staff/home.html", {"panels": panels})
