"""What a draft holds, and its two readings.

Content (JSON, everything optional but the ids):

    preparations  [{id, version_id, volume_ml, variation, variation_reason, lots: {recipe line id: lot id}}]
    injections    [{id, preparation, area, side, diagram, technique, needle, depth_mm, volume_ml,
                    points: [[x, y], ...] or count}]
    indication, note, reactions, advice

Areas, techniques and indications go by their key, versions and lots by their row id; `preparation` is the `id`
of one of the preparations. Amounts are kept as typed. A point is a fraction of its diagram's width and height.

`checked` stores whatever was typed, as long as it has this shape and is not too large: nothing is lost for being
unfinished. `read_chart` is strict: exact amounts, or a problem that says where.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.errors import Refused
from clinic.core.fields import DoseField
from clinic.core.text import clean, clean_line
from treatments.catalogue.enums import Side

MAX_BYTES = 400_000
MAX_PREPARATIONS, MAX_INJECTIONS, MAX_POINTS = 20, 1000, 2000

DRAWN_ML = DoseField(decimal_places=3, max_value=1000, unit="mL")
POINT_ML = DoseField(decimal_places=3, max_value=10, unit="mL")
DEPTH_MM = DoseField(decimal_places=1, max_value=40, unit="mm")


class Malformed(Refused):
    """Not the shape of a draft: it was not written by this version of the charting page."""

    def __init__(self):
        super().__init__(_("This page is out of date. Reload it: the draft that was saved last is kept."))


def checked(content) -> dict:
    """The content, if it has the shape of a draft; raises Malformed otherwise."""
    if not _fits(content, _CONTENT) or len(json.dumps(content)) > MAX_BYTES:
        raise Malformed
    return content


def _text(limit: int) -> Callable:
    return lambda value: isinstance(value, str) and len(value) <= limit and _storable(value)


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _row(value) -> bool:
    return value is None or (type(value) is int and 0 < value < 10**18)


def _lots(value) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= 100
        and all(key.isascii() and key.isdigit() and len(key) < 19 and _row(lot) for key, lot in value.items())
    )


def _point(value) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(_fraction(part) for part in value)


def _fraction(value) -> bool:
    return type(value) in {int, float} and math.isfinite(value) and 0 <= value <= 1


def _list(shape, limit: int) -> Callable:
    return lambda value: isinstance(value, list) and len(value) <= limit and all(_fits(item, shape) for item in value)


def _entries(shape, limit: int) -> Callable:
    """A list of entries with ids of their own, which others refer to."""
    fits = _list(shape, limit)
    return lambda value: fits(value) and len({entry.get("id") for entry in value} - {None, ""}) == len(value)


def _fits(value, shape) -> bool:
    if callable(shape):
        return shape(value)
    return isinstance(value, dict) and value.keys() <= shape.keys() and all(_fits(value[k], shape[k]) for k in value)


_WORD, _LINE, _PAGE = _text(60), _text(1000), _text(20_000)
_PREPARATION = {
    "id": _WORD,
    "version_id": _row,
    "volume_ml": _WORD,
    "variation": _LINE,
    "variation_reason": _LINE,
    "lots": _lots,
}
_INJECTION = {
    "id": _WORD,
    "preparation": _WORD,
    "area": _WORD,
    "side": _WORD,
    "diagram": _WORD,
    "technique": _WORD,
    "needle": _LINE,
    "depth_mm": _WORD,
    "volume_ml": _WORD,
    "count": _WORD,
    "points": _list(_point, MAX_POINTS),
}
_CONTENT = {
    "preparations": _entries(_PREPARATION, MAX_PREPARATIONS),
    "injections": _entries(_INJECTION, MAX_INJECTIONS),
    "indication": _WORD,
    "note": _PAGE,
    "reactions": _PAGE,
    "advice": _PAGE,
}


@dataclass(frozen=True)
class Problem:
    """What keeps a chart from being signed. `path` leads to the field: "injections.i3.depth_mm".

    `subject` names what it is about, for people: "Thigh, front, left".
    """

    path: str
    message: str
    subject: str = ""

    @property
    def anchor(self) -> str:
        """The id, on the charting page, of the card or field that the path leads to."""
        return "-".join(self.path.split(".")[:2]) if self.path else "chart"


@dataclass(frozen=True)
class Syringe:
    """A preparation, read."""

    id: str
    version_id: int
    volume_ml: Decimal
    variation: str
    variation_reason: str
    lots: dict[int, int]


@dataclass(frozen=True)
class Group:
    """Equal punctures in one area, read: `count` times `volume_ml`, `depth_mm` deep."""

    id: str
    preparation: str
    area: str
    side: str
    diagram: str
    technique: str
    needle: str
    depth_mm: Decimal
    volume_ml: Decimal
    count: int
    points: tuple[tuple[float, float], ...]

    @property
    def total_ml(self) -> Decimal:
        return self.count * self.volume_ml


@dataclass(frozen=True)
class Chart:
    preparations: tuple[Syringe, ...] = ()
    injections: tuple[Group, ...] = ()
    indication: str = ""
    note: str = ""
    reactions: str = ""
    advice: str = ""


def read_chart(content: dict) -> tuple[Chart, list[Problem]]:
    """Everything of a draft that can be read exactly, and what cannot, with the path to each field."""
    problems: list[Problem] = []
    preparations = [_preparation(raw, problems) for raw in content.get("preparations", [])]
    known = {raw.get("id") for raw in content.get("preparations", [])}
    injections = [_injection(raw, known, problems) for raw in content.get("injections", [])]
    chart = Chart(
        preparations=tuple(filter(None, preparations)),
        injections=tuple(filter(None, injections)),
        indication=content.get("indication", ""),
        **{name: clean(content.get(name, "")) for name in ("note", "reactions", "advice")},
    )
    return chart, problems


class _Reader:
    """Reads the fields of one entry, and notes what is wrong with them."""

    def __init__(self, raw: dict, path: str):
        self.raw, self.path, self.problems = raw, path, []

    def wrong(self, name: str, message: str) -> None:
        self.problems.append(Problem(f"{self.path}.{name}", message))

    def amount(self, name: str, field: DoseField) -> Decimal | None:
        try:
            return field.clean(self.raw.get(name, ""))
        except ValidationError as error:
            self.wrong(name, " ".join(error.messages))
            return None

    def text(self, name: str, limit: int) -> str:
        text = clean_line(self.raw.get(name, ""))
        if len(text) > limit:
            self.wrong(name, ngettext("Use at most %d character.", "Use at most %d characters.", limit) % limit)
        return text

    def chosen(self, name: str, message: str, among=None):
        value = self.raw.get(name)
        if not value or (among is not None and value not in among):
            self.wrong(name, message)
        return value


def _preparation(raw: dict, problems: list[Problem]) -> Syringe | None:
    read = _Reader(raw, f"preparations.{raw.get('id', '')}")
    syringe = Syringe(
        id=raw.get("id", ""),
        version_id=read.chosen("version_id", _("Choose what is in the syringe.")),
        volume_ml=read.amount("volume_ml", DRAWN_ML),
        variation=read.text("variation", 300),
        variation_reason=read.text("variation_reason", 300),
        lots={int(line): lot for line, lot in raw.get("lots", {}).items() if lot},
    )
    if syringe.variation and not syringe.variation_reason:
        read.wrong("variation_reason", _("Say why it was varied."))
    problems += read.problems
    return None if read.problems else syringe


def _injection(raw: dict, preparations: set, problems: list[Problem]) -> Group | None:
    read = _Reader(raw, f"injections.{raw.get('id', '')}")
    points = tuple((round(x, 4), round(y, 4)) for x, y in raw.get("points", []))
    group = Group(
        id=raw.get("id", ""),
        preparation=read.chosen("preparation", _("Choose the syringe."), preparations),
        area=read.chosen("area", _("Choose the area.")),
        side=read.chosen("side", _("Choose the side."), Side.values),
        diagram=read.chosen("diagram", _("Choose the drawing.")) if points else "",
        technique=read.chosen("technique", _("Choose the technique.")),
        needle=read.text("needle", 60),
        depth_mm=read.amount("depth_mm", DEPTH_MM),
        volume_ml=read.amount("volume_ml", POINT_ML),
        count=len(points) or _count(read),
        points=points,
    )
    problems += read.problems
    return None if read.problems else group


def _count(read: _Reader) -> int:
    typed = read.raw.get("count", "").strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= 4 and 1 <= int(typed) <= MAX_POINTS:
        return int(typed)
    read.wrong("count", _("Write the number of points, from 1 to %d.") % MAX_POINTS)
    return 0


def new_id(content: dict, kind: str) -> str:
    """An id that no entry of `kind` ("preparations" or "injections") has yet."""
    used = {entry.get("id") for entry in content.get(kind, [])}
    return next(name for n in range(1, len(used) + 2) if (name := f"{kind[0]}{n}") not in used)


def added(content: dict, kind: str, entry: dict) -> dict:
    """The content with one more preparation or group of injections."""
    return content | {kind: [*content.get(kind, []), {"id": new_id(content, kind), **entry}]}


def removed(content: dict, kind: str, entry_id: str) -> dict:
    """The content without one entry; with a preparation go the injections made from it."""
    rest = content | {kind: [entry for entry in content.get(kind, []) if entry.get("id") != entry_id]}
    if kind == "preparations":
        rest["injections"] = [i for i in content.get("injections", []) if i.get("preparation") != entry_id]
    return rest
