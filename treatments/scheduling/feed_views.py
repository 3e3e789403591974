"""A practitioner's own feeds, and the address that calendar programs read."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock, context, limits
from clinic.core.errors import Refused
from clinic.core.views import too_many_requests
from clinic.staff.access import public, requires
from clinic.staff.permissions import Permission
from treatments.scheduling import feeds, queries
from treatments.scheduling.links import token_of

WRONG_A_MINUTE = 20


@requires(Permission.CHART_SESSIONS)
def feed_list(request):
    """Their addresses are shown to their owner only."""
    if request.method == "POST":
        try:
            feeds.add_feed(practitioner=request.user, busy_only="busy" in request.POST, by=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(
                request, _("The feed is ready. Whoever knows its address can read it: keep it to yourself.")
            )
        return redirect("scheduling:feeds")
    rows = [
        (feed, request.build_absolute_uri(reverse("scheduling:feed", args=[token_of(feeds.PURPOSE, feed.nonce)])))
        for feed in queries.feeds_of(request.user)
    ]
    return render(request, "scheduling/feeds.html", {"feeds": rows})


@requires(Permission.CHART_SESSIONS)
@require_POST
def revoke_feed(request, feed_id):
    try:
        feeds.revoke_feed(feed=queries.get_feed(feed_id, request.user), by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("Revoked: the address answers nothing from now on."))
    return redirect("scheduling:feeds")


@public
@require_safe
def feed(request, token):
    row = queries.feed_of_token(token)
    if row is None:
        if not limits.take_slot(f"feed:{context.current().address}", slots=WRONG_A_MINUTE, seconds=60):
            return too_many_requests(request)
        raise Http404
    record(by=row.practitioner, action=Action.LIST, subject="scheduling.Appointment", fields=["feed"])
    text = feeds.feed_ics(row, request.clinic, clock.now())
    return HttpResponse(text, content_type="text/calendar; charset=utf-8")
