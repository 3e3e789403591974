"""The sentence of the note that is written from the map, to be edited by hand afterwards."""

from collections import defaultdict
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.fields import format_amount
from treatments.catalogue.enums import Side
from treatments.charting.draft import Chart, Group, Problem
from treatments.charting.queries import Reference
from treatments.charting.rules import side_suffix

ALIKE = ("preparation", "technique", "volume_ml", "depth_mm", "needle", "spacing_mm")


def sentence_of(chart: Chart, reference: Reference) -> str:
    """A line for each way of injecting: "Nappage, 40 points of 0.02 mL, 2 mm deep, 4 mm 30 G: Thigh, left (Mix)."

    Empty while nothing is charted.
    """
    alike: dict[tuple, list[Group]] = defaultdict(list)
    for group in chart.injections:
        alike[tuple(getattr(group, name) for name in ALIKE)].append(group)
    lines = [_line(groups, chart, reference) for groups in alike.values()]
    if len(lines) > 1:
        count = sum(group.count for group in chart.injections)
        volume = sum((group.total_ml for group in chart.injections), Decimal())
        words = {"points": _points(count), "volume": format_amount(volume)}
        lines.append(_("In all %(points)s, %(volume)s mL.") % words)
    return "\n".join(lines)


def _line(groups: list[Group], chart: Chart, reference: Reference) -> str:
    first = groups[0]
    technique = reference.techniques.get(first.technique)
    how = _("%(points)s of %(volume)s mL, %(depth)s mm deep") % {
        "points": _points(sum(group.count for group in groups)),
        "volume": format_amount(first.volume_ml),
        "depth": format_amount(first.depth_mm),
    }
    grid = grid_text(first.spacing_mm)
    said = ", ".join(filter(None, [technique.name if technique else "", how, grid, first.needle]))
    recipe = _recipe(first, chart, reference)
    return f"{said}: {_places(groups, reference)}{f' ({recipe})' if recipe else ''}."


def grid_text(spacing_mm: Decimal | None) -> str:
    """How points were laid: "grid of 10 mm"; empty for those that were put one by one."""
    return _("grid of %(spacing)s mm") % {"spacing": format_amount(spacing_mm)} if spacing_mm else ""


def _points(count: int) -> str:
    return ngettext("%d point", "%d points", count) % count


def _places(groups: list[Group], reference: Reference) -> str:
    """Every area once: "Thigh, left and right; Upper stomach"."""
    sides: dict[str, list[str]] = defaultdict(list)
    for group in groups:
        if group.side not in sides[group.area]:
            sides[group.area].append(group.side)
    return "; ".join(_place(area, found, reference) for area, found in sides.items())


def _place(area: str, sides: list[str], reference: Reference) -> str:
    name = reference.areas[area].name if area in reference.areas else area
    if {Side.LEFT, Side.RIGHT} <= set(sides):
        return _("%(area)s, left and right") % {"area": name}
    return name + "".join(side_suffix(side) for side in sides)


def _recipe(group: Group, chart: Chart, reference: Reference) -> str:
    syringe = next((syringe for syringe in chart.preparations if syringe.id == group.preparation), None)
    version = syringe and reference.versions.get(syringe.version_id)
    if not version:
        return ""
    return _("%(name)s, version %(number)d") % {"name": version.formulation.name, "number": version.number}


def with_sentence(content: dict, sentence: str) -> dict:
    """The content with the sentence in its note: in the place of the one that was written before, else in front."""
    note, before = content.get("note", ""), content.get("sentence", "")
    if before and before in note:
        note = note.replace(before, sentence, 1)
    else:
        note = f"{sentence}\n{note}" if note else sentence
    return content | {"note": note, "sentence": sentence}


def outdated(chart: Chart, reference: Reference) -> list[Problem]:
    """Whether the note holds a sentence that the map does not say any more: shown, never in the way."""
    if not chart.sentence or chart.sentence not in chart.note or chart.sentence == sentence_of(chart, reference):
        return []
    return [Problem("note", _("The sentence in the note is not what the drawing says now. Write it anew."))]
