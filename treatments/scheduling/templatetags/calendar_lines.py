"""The lines of visits on the calendar. There are hundreds on a page: they are kept short, and joined here and not in a
template.
"""

from django import template
from django.utils.html import format_html, format_html_join

register = template.Library()


@register.filter
def grid_lines(visits) -> str:
    """Each visit of a column as an item of its list."""
    return format_html_join(
        "",
        '<li class="v {} t-{}{}"{}><a href="{}"><b>{}</b> {}<i>{}</i></a>',
        ((visit.place, *_marks(visit), visit.href, visit.time, visit.patient, visit.note) for visit in visits),
    )


@register.filter
def cell_lines(visits) -> str:
    """Each visit of a cell of the week, in one line."""
    return format_html_join(
        "",
        '<div class="v t-{}{}"{}><a href="{}"><b>{}</b> {}</a></div>',
        ((*_marks(visit), visit.href, visit.time, visit.patient) for visit in visits),
    )


def _marks(visit) -> tuple:
    """The type, the status as a class, and the version where it is not the first."""
    status = f" {visit.status}" if visit.status else ""
    return visit.type_id, status, format_html(' data-v="{}"', visit.version) if visit.version > 1 else ""
