"""Charting by typing a line: "thigh L outer, nappage, 40 x 0.02 mL, 2 mm".

Parts are kept apart by commas or semicolons and come in any order; a comma between two digits belongs to the number.

    area and side     any words of the area's name, or the beginnings of them; L, R, both, or the words for them
    technique         as with areas
    40 x 0.02 mL      how many points of how much; "40 points" and "0.02 mL" apart are understood too
    2 mm              the depth
    syringe 2         from which syringe
    30 G              the needle

What a line does not say is taken from the values that were used last. The syringe, the words for left and right and
the rest are understood in English and in the language of the page.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from clinic.core.text import clean_line, fold
from treatments.catalogue.enums import Side
from treatments.catalogue.models import Area, Technique
from treatments.charting.draft import DEPTH_MM, MAX_POINTS, POINT_ML
from treatments.charting.rules import side_suffix, sides_of

MAX_LENGTH = 200
MOST_OPTIONS = 6

_PARTS = re.compile(r"(?<![0-9]),|,(?![0-9])|;")
_NUMBER = r"[0-9][0-9.,]*"
_TIMES = re.compile(rf"(?P<count>[0-9]+) ?[x×*] ?(?P<volume>{_NUMBER})(?: ?ml)?", re.IGNORECASE)
_COUNT = re.compile(r"(?P<count>[0-9]+) ?(?P<word>[^\W0-9]+)")
_VOLUME = re.compile(rf"(?P<volume>{_NUMBER}) ?ml", re.IGNORECASE)
_DEPTH = re.compile(rf"(?P<depth>{_NUMBER}) ?mm", re.IGNORECASE)
_NEEDLE = re.compile(r".*\b[0-9]{2} ?G\b.*", re.IGNORECASE)
_SYRINGE = re.compile(r"(?P<word>[^\W0-9]+|#) ?(?P<number>[0-9]{1,2})")


class Misread(Exception):
    """A line that was not understood: what is wrong, the part of it, and what it may have meant."""

    def __init__(self, message: str, part: str = "", options: Sequence[str] = ()):
        super().__init__(message)
        self.message, self.part, self.options = message, part, list(options)[:MOST_OPTIONS]


@dataclass
class _Line:
    """What was understood so far; texts as they were typed."""

    area: Area | None = None
    sides: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)


def read_line(line: str, *, areas: Iterable[Area], techniques: Iterable[Technique], tool: dict) -> list[dict]:
    """The groups of a draft that a typed line means: one, or two for both sides. Raises Misread.

    `tool` holds what is used where the line says nothing: preparation, technique, needle, depth_mm and volume_ml;
    `syringes` in it lists the ids of the preparations, in their order.
    """
    areas, techniques = [area for area in areas if area.treatable], list(techniques)
    read = _Line()
    for part in _parts(line):
        _read_part(part, read, areas, techniques, tool.get("syringes", []))
    return _groups(read, tool)


def _parts(line: str) -> list[str]:
    line = clean_line(line)
    if len(line) > MAX_LENGTH:
        raise Misread(_("Write a shorter line."))
    parts = [part.strip() for part in _PARTS.split(line) if part.strip()]
    if not parts:
        raise Misread(_("Write the area, how many points and how much."))
    return parts


def _read_part(part: str, read: _Line, areas: list[Area], techniques: list[Technique], syringes: list[str]) -> None:
    if found := _TIMES.fullmatch(part):
        _say(read, part, count=found["count"], volume_ml=found["volume"])
    elif found := _VOLUME.fullmatch(part):
        _say(read, part, volume_ml=found["volume"])
    elif found := _DEPTH.fullmatch(_without(part, _words_for_depth())):
        _say(read, part, depth_mm=found["depth"])
    elif (found := _COUNT.fullmatch(part)) and fold(found["word"]) in _words_for_points():
        _say(read, part, count=found["count"])
    elif (found := _SYRINGE.fullmatch(part)) and (found["word"] == "#" or fold(found["word"]) in _words_for_syringe()):
        _say(read, part, preparation=_syringe(int(found["number"]), syringes, part))
    elif _NEEDLE.fullmatch(part):
        _say(read, part, needle=part)
    else:
        _read_name(part, read, areas, techniques)


def _say(read: _Line, part: str, **values: str) -> None:
    twice = [name for name in values if name in read.values]
    if twice:
        raise Misread(_("“%(part)s”: this is said twice.") % {"part": part}, part)
    read.values |= values


def _syringe(number: int, syringes: list[str], part: str) -> str:
    if not 1 <= number <= len(syringes):
        raise Misread(_("There is no syringe %(number)d.") % {"number": number}, part)
    return syringes[number - 1]


def _read_name(part: str, read: _Line, areas: list[Area], techniques: list[Technique]) -> None:
    """An area with its side, or a technique. A name that is said in full wins over those that only begin alike."""
    words = fold(part).split()
    side_words = _words_for_sides()
    sides = [side for word in words for side in side_words.get(word, ())]
    plain = [word for word in words if word not in side_words]
    found = _named(words, areas, only_full=True)
    if found:
        sides = []  # the side belongs to the name
    else:
        found = _named(plain, areas)
    methods = _named(words, techniques)
    if _is_full(methods, words) and not _is_full(found, plain):
        found = []
    if not found and not methods:
        raise Misread(_not_understood(part), part, _alike(plain, [*areas, *techniques]))
    if len(found or methods) > 1:
        message = _("“%(part)s” could mean more than one:") % {"part": part}
        raise Misread(message, part, [_option(row.name, sides) for row in found or methods])
    if not found:
        _say(read, part, technique=methods[0].key)
    elif read.area is not None:
        raise Misread(_("“%(part)s”: one area a line.") % {"part": part}, part)
    else:
        read.area, read.sides = found[0], list(dict.fromkeys(sides))


def _named(words: list[str], rows: Iterable, *, only_full: bool = False) -> list:
    """The rows that the words name: those named in full, else all in which each word begins one of theirs."""
    if not words:
        return []
    full = [row for row in rows if _is_full([row], words)]
    if full or only_full:
        return full
    return [row for row in rows if all(any(known.startswith(word) for known in _all_words(row)) for word in words)]


def _is_full(rows: list, words: list[str]) -> bool:
    return bool(rows) and any(set(words) == known for row in rows for known in _names(row))


def _names(row) -> list[set[str]]:
    """The name without what stands in brackets, the whole name, and the words of the key."""
    return [set(fold(text).split()) for text in (re.sub(r"\(.*?\)", "", row.name), row.name, row.key.replace("_", " "))]


def _all_words(row) -> set[str]:
    return set().union(*_names(row))


def _alike(words: list[str], rows: list) -> list[str]:
    """Names with a word that is spelled nearly so."""
    known = {word: row.name for row in rows for word in _all_words(row)}
    near = [match for word in words for match in difflib.get_close_matches(word, known, n=3, cutoff=0.7)]
    return list(dict.fromkeys(row.name for row in rows if _all_words(row) & set(near)))


def _option(name: str, sides: list[str]) -> str:
    return name + "".join(f" {Side(side).label.lower()}" for side in dict.fromkeys(sides))


def _not_understood(part: str) -> str:
    return _("“%(part)s” was not understood: it is no area, technique, number of points, volume or depth.") % {
        "part": part
    }


def _groups(read: _Line, tool: dict) -> list[dict]:
    if read.area is None:
        raise Misread(_("Write the area."))
    names = ("preparation", "technique", "needle", "depth_mm", "volume_ml")
    values = {name: str(tool.get(name, "")).strip() for name in names} | read.values
    _check(values)
    values["count"] = str(int(values["count"]))
    return [
        values | {"area": read.area.key, "side": side, "diagram": "", "points": []}
        for side in _sides(read.area, read.sides)
    ]


def _check(values: dict[str, str]) -> None:
    if not values["preparation"]:
        raise Misread(_("First choose what is in the syringe."))
    if not values["technique"]:
        raise Misread(_("Write the technique, or choose it above."))
    if not 1 <= int(values.get("count") or 0) <= MAX_POINTS:
        raise Misread(_("Write the number of points, from 1 to %d.") % MAX_POINTS)
    wanted = [("volume_ml", POINT_ML, _("Volume of a point")), ("depth_mm", DEPTH_MM, _("Depth"))]
    for name, amount, label in wanted:
        try:
            amount.clean(values[name])
        except ValidationError as error:
            raise Misread(f"{label}: {' '.join(error.messages)}", values[name]) from error


def _sides(area: Area, said: list[str]) -> list[str]:
    possible = sides_of(area)
    wrong = [side for side in said if side not in possible]
    if wrong:
        names = {"area": area.name, "side": Side(wrong[0]).label.lower()}
        raise Misread(_("%(area)s has no side “%(side)s”.") % names, "", [area.name])
    if said:
        return said
    if len(possible) > 1:
        options = [f"{area.name}{side_suffix(side)}".replace(",", "") for side in possible]
        raise Misread(_("%(area)s: left or right?") % {"area": area.name}, "", options)
    return possible


def _without(part: str, words: set[str]) -> str:
    return " ".join(word for word in part.split() if fold(word) not in words)


def _words_for_sides() -> dict[str, tuple[str, ...]]:
    """What may be typed for a side. The page's own language wins where one letter means two sides."""
    both = (Side.LEFT, Side.RIGHT)
    words = {"l": (Side.LEFT,), "left": (Side.LEFT,), "r": (Side.RIGHT,), "right": (Side.RIGHT,), "both": both}
    for side in both:
        word = fold(str(Side(side).label))
        words |= {word: (side,), word[:1]: (side,), word[:3]: (side,)}
    return words | {fold(pgettext("sides", "both")): both}


def _words_for_points() -> set[str]:
    return {"x", "point", "points", "pts", *_folded(_("point"), _("points"))}


def _words_for_depth() -> set[str]:
    return {"depth", "deep", *_folded(_("depth"), _("deep"))}


def _words_for_syringe() -> set[str]:
    return {"syringe", *_folded(_("syringe"))}


def _folded(*words: str) -> set[str]:
    return {fold(word) for word in words}
