"""The lines of visits on the calendar. There are hundreds on a page, so they are joined here and not in a template."""

from html import escape

from django import template
from django.utils.safestring import mark_safe

register = template.Library()


@register.filter
def grid_lines(visits) -> str:
    """Each visit of a column as an item of its list."""
    return _joined(
        f'<li class="v {visit.place} t-{visit.type_id}{_status(visit)}"{_version(visit)}><a href="{visit.href}">'
        f"<b>{visit.time}</b> {escape(visit.patient)}<small>{escape(visit.note)}</small></a>\n"
        for visit in visits
    )


@register.filter
def cell_lines(visits) -> str:
    """Each visit of a cell of the week, in one line."""
    return _joined(
        f'<div class="v t-{visit.type_id}{_status(visit)}"{_version(visit)}><a href="{visit.href}">'
        f"<b>{visit.time}</b> {escape(visit.patient)}</a></div>"
        for visit in visits
    )


def _joined(lines) -> str:
    return mark_safe("".join(lines))  # noqa: S308 -- what people wrote is escaped above; the rest is numbers and names of ours


def _status(visit) -> str:
    return f" {visit.status}" if visit.status else ""


def _version(visit) -> str:
    return f' data-v="{visit.version}"' if visit.version > 1 else ""
