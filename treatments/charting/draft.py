"""What a draft holds, and its two readings.

Content (JSON, everything optional but the ids):

    preparations  [{id, version_id, volume_ml, lots: {recipe line id: lot id}, amounts: {recipe line id: mL},
                    variation_reason, drawn_at, variation}]
    drawn_up      how many syringes were drawn up so far, those that were taken out again too
    injections    [{id, preparation, area, side, diagram, technique, needle, depth_mm, volume_ml,
                    points: [[x, y], ...] or count, spacing_mm of those laid as a grid}]
    indication, note, reactions, advice
    sentence      what was written into the note from the map last
    findings      {name: what was chosen} (see `findings`)
    reasons       {key of a safety rule's answer: why it was gone on all the same}
    copied_from   row id of the session that it began as a copy of (see `copying`)

Areas, techniques and indications go by their key, versions and lots by their row id; `preparation` is the `id`
of one of the preparations. Amounts are kept as typed. A point is a fraction of the width and height
of its `diagram`, which is a drawing or one of the session's photos, by its key.

A preparation's id is "p" and its place (see `numbers`). `volume_ml` is how much of the recipe it is; `amounts` holds
what was drawn up instead of the recipe's share, where that was varied for this patient (see `mixture`), 0 for what
was left out. `variation` is text: older drafts say there what was varied.

`checked` stores whatever was typed, as long as it has this shape and is not too large: nothing is lost for being
unfinished. `read_chart` is strict: exact amounts, or a problem that says where.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from clinic.core.errors import Refused
from clinic.core.fields import DoseField
from clinic.core.text import clean, clean_line
from treatments.catalogue.enums import Side
from treatments.charting import findings
from treatments.charting.numbers import MOST_PLACES, mixture_number, place_of

MAX_BYTES = 400_000
MAX_PREPARATIONS, MAX_INJECTIONS, MAX_POINTS, MAX_REASONS = 20, 1000, 2000, 300
REASON_LENGTH = 300

DRAWN_ML = DoseField(decimal_places=3, max_value=1000, unit="mL")
AMOUNT_ML = DoseField(decimal_places=3, max_value=1000, min_value=0, unit="mL", required=False)
POINT_ML = DoseField(decimal_places=3, max_value=10, unit="mL")
SPACING_MM = DoseField(decimal_places=1, max_value=100, unit="mm", required=False)
DEPTH_MM = DoseField(decimal_places=1, max_value=40, unit="mm")


# What is said where nothing is chosen. A draft has hundreds of fields: only what is missing is put into words.
CHOOSE = {
    "version_id": _lazy("Choose what is in the syringe."),
    "preparation": _lazy("Choose the syringe."),
    "area": _lazy("Choose the area."),
    "side": _lazy("Choose the side."),
    "diagram": _lazy("Choose the drawing."),
    "technique": _lazy("Choose the technique."),
}


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


def _by_line(shape: Callable) -> Callable:
    """A value for each of some recipe lines."""
    return lambda value: (
        isinstance(value, dict)
        and len(value) <= 100
        and all(key.isascii() and key.isdigit() and len(key) < 19 and shape(item) for key, item in value.items())
    )


def _reasons(value) -> bool:
    """Reasons for going on, also those whose answer has gone: it may come back."""
    return (
        isinstance(value, dict)
        and len(value) <= MAX_REASONS
        and all(len(key) <= 200 and _storable(key) and _LINE(text) for key, text in value.items())
    )


def _place(value) -> bool:
    return isinstance(value, str) and bool(_SYRINGE_ID.fullmatch(value))


def _count_of_syringes(value) -> bool:
    return type(value) is int and 0 <= value <= MOST_PLACES


def _points(value) -> bool:
    """Hundreds come with every save, so they are looked at without a call for each."""
    return (
        isinstance(value, list)
        and len(value) <= MAX_POINTS
        and all(
            type(point) is list
            and len(point) == 2
            and type(point[0]) in _NUMBERS
            and type(point[1]) in _NUMBERS
            and 0 <= point[0] <= 1
            and 0 <= point[1] <= 1
            for point in value
        )
    )


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


_NUMBERS = {int, float}
_SYRINGE_ID = re.compile(r"p[1-9][0-9]{0,2}", re.ASCII)
_WORD, _LINE, _PAGE = _text(60), _text(1000), _text(20_000)
_PREPARATION = {
    "id": _place,
    "version_id": _row,
    "volume_ml": _WORD,
    "variation": _LINE,
    "variation_reason": _LINE,
    "lots": _by_line(_row),
    "amounts": _by_line(_WORD),
    "drawn_at": _WORD,
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
    "points": _points,
    "spacing_mm": _WORD,
}
_CONTENT = {
    "preparations": _entries(_PREPARATION, MAX_PREPARATIONS),
    "drawn_up": _count_of_syringes,
    "injections": _entries(_INJECTION, MAX_INJECTIONS),
    "indication": _WORD,
    "note": _PAGE,
    "reactions": _PAGE,
    "advice": _PAGE,
    "sentence": _PAGE,
    "findings": findings.fits,
    "reasons": _reasons,
    "copied_from": _row,
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
    """A preparation, read. `amounts` holds what was drawn up of a line instead of the recipe's share, in mL."""

    id: str
    version_id: int
    volume_ml: Decimal
    variation: str
    variation_reason: str
    lots: dict[int, int]
    amounts: dict[int, Decimal] = field(default_factory=dict)
    drawn_at: datetime | None = None
    number: str = ""


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
    spacing_mm: Decimal | None = None

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
    sentence: str = ""
    findings: dict = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def read_chart(content: dict, session_id: int | None = None) -> tuple[Chart, list[Problem]]:
    """Everything of a draft that can be read exactly, and what cannot, with the path to each field.

    With the session the syringes get their numbers.
    """
    problems: list[Problem] = []
    preparations = [_preparation(raw, session_id, problems) for raw in content.get("preparations", [])]
    known = {raw.get("id") for raw in content.get("preparations", [])}
    reasons = _read_reasons(content.get("reasons", {}), problems)
    found, wrong = findings.read(content.get("findings", {}))
    problems += [Problem(f"findings.{name}", _("Choose one of the answers.")) for name in wrong]
    injections = [_injection(raw, known, problems) for raw in content.get("injections", [])]
    chart = Chart(
        preparations=tuple(filter(None, preparations)),
        injections=tuple(filter(None, injections)),
        indication=content.get("indication", ""),
        findings=found,
        reasons=reasons,
        **{name: clean(content.get(name, "")) for name in ("note", "reactions", "advice", "sentence")},
    )
    return chart, problems


def _read_reasons(raw: dict[str, str], problems: list[Problem]) -> dict[str, str]:
    """What is written, by the answer's key; a reason has to fit into the record."""
    reasons = {key: text for key, typed in raw.items() if (text := clean_line(typed))}
    for key, text in reasons.items():
        if len(text) > REASON_LENGTH:
            message = _("A reason may have at most %d characters.") % REASON_LENGTH
            problems.append(Problem(f"reasons.{key.replace('.', '-')}", message))
    return reasons


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

    def amounts(self, name: str, field: DoseField) -> dict[int, Decimal]:
        """The amounts of recipe lines; what is left empty follows the recipe."""
        found = {}
        for line, typed in self.raw.get(name, {}).items():
            try:
                found[int(line)] = field.clean(typed)
            except ValidationError as error:
                self.wrong(f"{name}.{line}", " ".join(error.messages))
        return {line: amount for line, amount in found.items() if amount is not None}

    def moment(self, name: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(self.raw.get(name, ""))
        except ValueError:
            return None
        return moment if moment.tzinfo else None

    def text(self, name: str, limit: int) -> str:
        text = clean_line(self.raw.get(name, ""))
        if len(text) > limit:
            self.wrong(name, ngettext("Use at most %d character.", "Use at most %d characters.", limit) % limit)
        return text

    def chosen(self, name: str, among=None):
        value = self.raw.get(name)
        if not value or (among is not None and value not in among):
            self.wrong(name, str(CHOOSE[name]))
        return value


def _preparation(raw: dict, session_id: int | None, problems: list[Problem]) -> Syringe | None:
    name = raw.get("id", "")
    read = _Reader(raw, f"preparations.{name}")
    syringe = Syringe(
        id=name,
        version_id=read.chosen("version_id"),
        volume_ml=read.amount("volume_ml", DRAWN_ML),
        variation=read.text("variation", 300),
        variation_reason=read.text("variation_reason", 300),
        lots={int(line): lot for line, lot in raw.get("lots", {}).items() if lot},
        amounts=read.amounts("amounts", AMOUNT_ML),
        drawn_at=read.moment("drawn_at"),
        number=mixture_number(session_id, place_of(name)) if session_id and name else "",
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
        preparation=read.chosen("preparation", preparations),
        area=read.chosen("area"),
        side=read.chosen("side", Side.values),
        diagram=read.chosen("diagram") if points else "",
        technique=read.chosen("technique"),
        needle=read.text("needle", 60),
        depth_mm=read.amount("depth_mm", DEPTH_MM),
        volume_ml=read.amount("volume_ml", POINT_ML),
        count=len(points) or _count(read),
        points=points,
        spacing_mm=read.amount("spacing_mm", SPACING_MM) if points else None,
    )
    problems += read.problems
    return None if read.problems else group


def _count(read: _Reader) -> int:
    typed = read.raw.get("count", "").strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= 4 and 1 <= int(typed) <= MAX_POINTS:
        return int(typed)
    read.wrong("count", _("Write the number of points, from 1 to %d.") % MAX_POINTS)
    return 0
