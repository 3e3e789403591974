"""Tags of charting's templates: the marks of syringes, and names that a chart keeps as keys."""

from django import template
from django.core.exceptions import ValidationError
from django.utils.html import format_html_join

from clinic.core.fields import DoseField, format_amount
from treatments.charting.diagrams import MARKS, tone_of
from treatments.charting.draft import DEPTH_MM, POINT_ML
from treatments.charting.findings import in_words
from treatments.charting.mixture import parts_of, variation_text, volume_in
from treatments.charting.page import lot_label, version_name
from treatments.charting.rules import side_suffix, summary_line
from treatments.charting.sentence import grid_text

register = template.Library()
CHIP = (
    '<span class="chip-slot">'
    '<input type="radio" class="btn-check" name="{0}" id="{0}_{1}" value="{2}" data-finding="{3}"{4}>'
    '<label class="btn btn-outline-secondary chip" for="{0}_{1}">{5}</label></span>'
)
register.filter("version_name", version_name)
register.filter("lot_label", lot_label)
register.filter("side_label", side_suffix)
register.filter("volume_in", volume_in)
register.filter("in_words", in_words)
register.filter("grid_text", grid_text)


@register.filter
def amounts_of(group: dict | None) -> str:
    """Volume and depth of a draft's group of points: as they are read, and as they were typed where they cannot be.

    Without a group, what the page's script puts its own in place of.
    """
    amounts = [("volume_ml", POINT_ML, "mL"), ("depth_mm", DEPTH_MM, "mm")]
    typed = [((group or {}).get(name) or "", field, unit) for name, field, unit in amounts]
    return " · ".join(f"{_read(text, field)}\N{NO-BREAK SPACE}{unit}" for text, field, unit in typed)


def _read(text: str, field: DoseField) -> str:
    try:
        return format_amount(field.clean(text))
    except ValidationError:
        return text


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


@register.simple_tag
def options(field) -> str:
    """The options of a list of choices, written out: much quicker than the templates of its widget."""
    chosen = str("" if (value := field.value()) is None else value)
    rows = ((key, " selected" if str(key) == chosen else "", label) for key, label in field.field.choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', rows)


@register.simple_tag
def chips(field) -> str:
    """A row of buttons of which one may be down: radio inputs with their labels, written out likewise."""
    name, chosen = field.html_name, str("" if (value := field.value()) is None else value)
    finding = field.field.widget.attrs["data-finding"]
    rows = (
        (name, number, key, finding, " checked" if str(key) == chosen else "", label)
        for number, (key, label) in enumerate(field.field.choices)
    )
    return format_html_join("", CHIP, rows)


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
