"""The door of the patient's pages: the token is taken out of the address at once, and a signed cookie stands for it.

The cookie belongs to the pages of that one link (its path), lasts half an hour, is out of the reach of scripts, and has
nothing to do with the sessions of staff. It says whether the birth date was answered; everything else is asked of the
database at every step, so that a link that was replaced or locked is over at once.
"""

from dataclasses import dataclass
from functools import wraps

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation

from clinic.core import clock, context, limits
from clinic.core.views import too_many_requests
from clinic.staff.access import public
from treatments.links import queries, rules
from treatments.links.models import PatientLink

COOKIE = "__Secure-link" if settings.HTTPS else "link"
SALT = "treatments.links"
LASTS = 30 * 60  # seconds
# Acts and wrong addresses from one place in a minute; a clinic's own wireless network is one place.
ASKED_A_MINUTE = 30


@dataclass(frozen=True)
class Visitor:
    link: PatientLink
    known: bool


def admit(response: HttpResponse, link: PatientLink, *, known: bool) -> HttpResponse:
    """Lets the browser into the pages of this link, for a while."""
    ticket = signing.dumps({"link": link.pk, "seen": link.token_digest[:16], "known": known}, salt=SALT)
    response.set_cookie(
        COOKIE,
        ticket,
        max_age=LASTS,
        path=reverse("links:page", args=[link.pk]),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
    return response


def visitor_of(request, pk: int) -> Visitor | None:
    """Who holds a ticket to this link, as long as it stands."""
    try:
        ticket = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    link = queries.find_link(pk) if ticket["link"] == pk else None
    if not rules.stands(link, clock.now()) or ticket["seen"] != link.token_digest[:16]:
        return None
    return Visitor(link, known=ticket["known"])


def may_ask() -> bool:
    address = context.current().address
    return limits.take_slot(f"link:{address}", slots=ASKED_A_MINUTE, seconds=60) is not None


def language_of(request, link: PatientLink) -> str:
    return link.patient.language or request.clinic.language


def behind(*purposes: str, asked: bool = True):
    """The view answers who came by a link of one of these purposes and, if `asked`, told the birth date.

    Everybody else reads that the link is not open: the same words whether it is over or never was.
    """

    def mark(view):
        @public
        @wraps(view)
        def enter(request, link):
            if request.method == "POST" and not may_ask():
                return too_many_requests(request)
            visitor = visitor_of(request, link)
            if visitor is None or (purposes and visitor.link.purpose not in purposes):
                return not_open(request)
            with translation.override(language_of(request, visitor.link)):
                if visitor.link.locked_at:
                    return locked(request)
                if asked and not visitor.known:
                    return redirect("links:page", link)
                context.act_as(context.PATIENT)
                return view(request, visitor.link)

        return enter

    return mark


def not_open(request) -> HttpResponse:
    return render(request, "links/not_open.html", {"clinic": request.clinic}, status=404)


def locked(request) -> HttpResponse:
    return render(request, "links/locked.html", {"clinic": request.clinic}, status=403)
