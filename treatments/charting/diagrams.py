"""The drawings, and the marks that are put on them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from django.template.loader import get_template
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core.pictures import BadPicture, read_picture
from treatments.catalogue.enums import Diagram
from treatments.charting.draft import Chart
from treatments.charting.photo_models import SessionPhoto
from treatments.charting.zones import shapes_on

# One shape for each syringe of a session (and a colour each, in the style sheet), about 9 wide around its middle.
MARKS = [
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z",
    "M-4-4h8v8h-8z",
    "M0-5.2L4.9 3.6H-4.9z",
    "M0-5.4L5.4 0L0 5.4L-5.4 0z",
    "M-5.2-3.6H5.2L0 5.2z",
    "M-2.6-4.5h5.2L5.2 0L2.6 4.5h-5.2L-5.2 0z",
]

# The buttons above the drawing: what is switched to together.
VIEWS = {
    "front": [Diagram.BODY_FRONT],
    "back": [Diagram.BODY_BACK],
    "face": [Diagram.FACE_FRONT, Diagram.FACE_LEFT, Diagram.FACE_RIGHT],
    "scalp": [
        *(Diagram.SCALP_TOP, Diagram.SCALP_FRONT, Diagram.SCALP_BACK),
        *(Diagram.SCALP_LEFT, Diagram.SCALP_RIGHT),
    ],
    "hands": [Diagram.HAND_DORSAL_LEFT, Diagram.HAND_DORSAL_RIGHT],
}


# About how many millimetres of an adult one unit of a drawing's viewBox stands for: a stature of 1.70 m, 22.5 cm from
# the crown to the chin, a hand 18.5 cm long. Patients differ and skin is curved, so this is only good for a spacing.
MM_PER_UNIT = {"body": 1.92, "face": 0.57, "scalp": 0.58, "hand": 0.55}

OUTLINES = ("female", "male")
OUTLINED = {Diagram.BODY_FRONT, Diagram.BODY_BACK, Diagram.FACE_FRONT}


@dataclass(frozen=True)
class Drawing:
    """A drawing and the size of its viewBox."""

    key: str
    label: str
    width: float
    height: float

    @property
    def side(self) -> str:
        """What tells it from the other drawings of its view: "left side" of "Face, left side"."""
        return self.label.partition(", ")[2] or self.label

    @property
    def template(self) -> str:
        return f"diagrams/{self.key}.svg"

    @property
    def zones(self) -> list[str]:
        return shapes_on(self.key)

    @property
    def outlines(self) -> dict[str, str]:
        """The figure's other outlines, {kind: template}, where there are any: areas and points stay where they are."""
        kinds = OUTLINES if self.key in OUTLINED else ()
        return {kind: f"diagrams/outlines/{self.key}_{kind}.svg" for kind in kinds}

    @property
    def size_mm(self) -> dict[str, float]:
        """About how much of the body it shows, across and down, in millimetres."""
        scale = MM_PER_UNIT[self.key.partition("_")[0]]
        return {"width": round(self.width * scale, 1), "height": round(self.height * scale, 1)}


@cache
def size_of(key: str) -> tuple[float, float]:
    source = get_template(f"diagrams/{key}.svg").template.source
    width, height = re.search(r'viewBox="0 0 ([0-9.]+) ([0-9.]+)"', source).groups()
    return float(width), float(height)


def drawing(key: str) -> Drawing:
    return Drawing(key, Diagram(key).label, *size_of(key))


def drawings() -> list[Drawing]:
    return [drawing(key) for keys in VIEWS.values() for key in keys]


@dataclass(frozen=True)
class Photograph:
    """A photo of a session, to be used like a drawing; marks on it are as large as on one 400 units wide or high."""

    photo: SessionPhoto
    number: int
    template = "charting/_photo.html"
    zones = ()
    outlines = {}

    @property
    def key(self) -> str:
        return self.photo.key

    @property
    def label(self) -> str:
        return _("Photo %(number)d") % {"number": self.number}

    @property
    def side(self) -> str:
        return self.label

    @property
    def url(self) -> str:
        return reverse("charting:photo", args=[self.photo.session_id, self.photo.pk])

    @property
    def width(self) -> float:
        return round(400 * self.photo.width / max(self.photo.width, self.photo.height), 2)

    @property
    def height(self) -> float:
        return round(400 * self.photo.height / max(self.photo.width, self.photo.height), 2)


def photographs(photos: Iterable[SessionPhoto]) -> list[Photograph]:
    """The photos of one session, numbered in the order in which they were added."""
    return [Photograph(photo, number) for number, photo in enumerate(photos, 1)]


def shown_photo(photo: SessionPhoto) -> bytes | None:
    """A photo as a JPEG of our own; None when its file is gone, or is no picture any more."""
    try:
        with photo.file.open() as file:
            return read_picture(file).jpeg
    except (OSError, BadPicture):
        return None


@dataclass(frozen=True)
class Mark:
    """A point in the units of its drawing, with the shape and number of its syringe."""

    x: float
    y: float
    shape: str
    tone: int


@dataclass
class PointMap:
    drawing: Drawing | Photograph
    marks: list[Mark] = field(default_factory=list)


def tone_of(position: int) -> int:
    """The colour and shape of the syringe at `position`, counted from 0."""
    return position % len(MARKS)


def maps_of(chart: Chart, photos: Iterable[SessionPhoto] = ()) -> list[PointMap]:
    """One map for each drawing, and for each of the session's photos, that the chart has points on."""
    shown = {found.key: found for found in photographs(photos)}
    tones = {syringe.id: tone_of(position) for position, syringe in enumerate(chart.preparations)}
    maps: dict[str, PointMap] = {}
    for group in chart.injections:
        if group.points and group.diagram in Diagram.values:
            found = maps.setdefault(group.diagram, PointMap(drawing(group.diagram)))
        elif group.points and group.diagram in shown:
            found = maps.setdefault(group.diagram, PointMap(shown[group.diagram]))
        else:
            continue
        tone = tones.get(group.preparation, 0)
        found.marks += [
            Mark(round(x * found.drawing.width, 2), round(y * found.drawing.height, 2), MARKS[tone], tone)
            for x, y in group.points
        ]
    return list(maps.values())
