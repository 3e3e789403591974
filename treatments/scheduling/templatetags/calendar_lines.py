"""The lines of visits on the calendar. There are hundreds on a page: they are kept short, and joined here and not in a
template. What somebody has typed is escaped; the rest is our own.
"""

from collections.abc import Iterable
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def grid_lines(visits) -> SafeString:
    """Each visit of a column as an item of its list."""
    return _joined(
        f'<li class="v {visit.place} {_marks(visit)}><a href="{visit.href}"><b>{visit.time}</b> '
        f"{escape(visit.patient)}<i>{escape(visit.note)}</i></a>"
        for visit in visits
    )


@register.filter
def cell_lines(visits) -> SafeString:
    """Each visit of a cell of the week, in one line."""
    return _joined(
        f'<div class="v {_marks(visit)}><a href="{visit.href}"><b>{visit.time}</b> {escape(visit.patient)}</a></div>'
        for visit in visits
    )


def _marks(visit) -> str:
    """The type, the status as a class with the quote that ends them, and the version where it is not the first."""
    status = f" {visit.status}" if visit.status else ""
    version = f' data-v="{visit.version}"' if visit.version > 1 else ""
    return f't-{visit.type_id}{status}"{version}'


def _joined(lines: Iterable[str]) -> SafeString:
    return mark_safe("".join(lines))  # noqa: S308 -- see above
