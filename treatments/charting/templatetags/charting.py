"""Tags of charting's templates: the marks of syringes, and names that a chart keeps as keys."""

from django import template

from treatments.charting.diagrams import MARKS, tone_of
from treatments.charting.mixture import parts_of, variation_text, volume_in
from treatments.charting.page import lot_label, version_name
from treatments.charting.rules import side_suffix, summary_line

register = template.Library()
register.filter("version_name", version_name)
register.filter("lot_label", lot_label)
register.filter("side_label", side_suffix)
register.filter("volume_in", volume_in)


@register.filter("parts_of")
def components(syringe, version) -> list:
    """What is in a syringe; nothing where its recipe is not known."""
    return parts_of(syringe, version) if version else []


@register.filter("variation_text")
def varied(syringe, version) -> str:
    return variation_text(syringe, version) if version else syringe.variation


@register.inclusion_tag("charting/_mark.html")
def mark(position: int):
    """The mark of the syringe at `position`, counted from 0."""
    tone = tone_of(position)
    return {"tone": tone, "shape": MARKS[tone]}


@register.filter
def of(key, rows: dict):
    """{{ line.pk|of:syringe.lots|of:reference.lots }}: what the key stands for, or None."""
    return rows.get(key)


@register.filter
def place(group: dict | None, areas: dict[str, str]) -> str:
    """Area and side of a group of a draft, which may lack both."""
    group = group or {}
    key = group.get("area", "")
    return areas.get(key, key) + side_suffix(group.get("side", ""))


@register.filter
def session_line(session) -> str:
    """What a signed session came to, in one line: "60 points, 3 mL: Thigh, front, left; Upper stomach"."""
    return summary_line(session.injections.all())
