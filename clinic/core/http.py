"""Small helpers of views: safe return addresses, answers to htmx, panels, paging."""

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request, fallback: str, *args) -> str:
    """The `next` parameter when it is a path on this site, else the named URL."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        return target
    return reverse(fallback, args=args)


def go(request, url_name: str, *args):
    """Redirects the whole page, also when an htmx fragment asked."""
    if request.htmx:
        return HttpResponse(status=204, headers={"HX-Redirect": reverse(url_name, args=args)})
    return redirect(url_name, *args)


def panels_for(person, panels: list[dict], *args) -> list[dict]:
    """The panels of `clinic.places` that the person may open, each with its address; `args` say what they are about."""
    return [panel | {"url": reverse(panel["view"], args=args)} for panel in panels if person.may(panel["permission"])]


def page_of(request, rows, *, size: int = 50) -> Page:
    """The page that `?page=` asks for; anything that is not a page number is the first or last page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))
