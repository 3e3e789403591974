"""Template tags of the house: amounts, icons, the current place in the navigation."""

from decimal import Decimal
from functools import cache

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html

from clinic.core.fields import format_amount
from clinic.core.icons import ICONS

register = template.Library()
TITLES = {"dr", "dra", "prof"}


@register.filter
def amount(value: Decimal | None, unit: str = "") -> str:
    """{{ volume|amount:"mL" }} is "0.5 mL", with a space that does not break."""
    text = format_amount(value)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if text and unit else text


@register.simple_tag
@cache
def icon(name: str):
    """A decorative icon, one of icons.txt; the word beside it carries the meaning."""
    if name not in ICONS:
        raise ValueError(f"No icon is called {name!r}: clinic/core/icons.txt names them")
    return format_html('<i class="bi bi-{}" aria-hidden="true"></i>', name)


@register.filter
def initials(name: str) -> str:
    words = [word for word in name.split() if word.rstrip(".").lower() not in TITLES] or name.split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.inclusion_tag("core/_links_about.html", takes_context=True)
def links_about(context, kind: str, row_id: int) -> dict:
    """Links of higher apps about a row, as `settings.LINKS_ABOUT` names them: no lower app knows a higher one."""
    return {
        "links": [
            link | {"url": reverse(link["view"], args=[kind, row_id])}
            for link in settings.LINKS_ABOUT
            if kind in link["of"] and link["permission"] in context.get("may", ())
        ]
    }
