"""Zones of the drawings in which an injection can do harm, with who says so. They warn the eye and forbid nothing.

Shapes are paths in the units of their drawing's viewBox.
A doctor of the clinic should look at them before they are relied on.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from treatments.catalogue.enums import Diagram

_FILLERS = (
    "https://journals.lww.com/plasreconsurg/Fulltext/2017/05000/Facial_Danger_Zones___Techniques_to_Maximize.18.aspx"
)
_GLABELLA = "https://plasticsurgerykey.com/10-facial-danger-zone-1-glabellar-region"
_VESSELS = "https://www.medicalalgorithms.com/vascular-danger-zones-for-facial-cosmetic-filler-injections"
_DEOXYCHOLIC = "https://www.droracle.ai/articles/582016/what-is-the-proper-technique-for-injecting-kybella-deoxycholic"


@dataclass(frozen=True)
class Zone:
    """`shapes`: for each drawing that shows the zone, its path."""

    name: str
    why: str
    shapes: dict[str, str]
    sources: tuple[str, ...]


ZONES = (
    Zone(
        _("Lower edge of the jaw"),
        _("Nerve of the lower lip: no deoxycholic acid from the edge of the jaw to 1.5 cm below it."),
        {
            Diagram.FACE_FRONT: "M281 368C272 380 258 392 232 405L241 429C258 421 271 409 281 396z"
            "M119 368C128 380 142 392 168 405L159 429C142 421 129 409 119 396z",
            Diagram.FACE_LEFT: "M216 312C214 330 210 346 202 355 184 378 146 398 118 408"
            "L128 432C160 420 200 398 222 370 234 354 240 330 242 312z",
            Diagram.FACE_RIGHT: "M184 312C186 330 190 346 198 355 216 378 254 398 282 408"
            "L272 432C240 420 200 398 178 370 166 354 160 330 158 312z",
        },
        (_DEOXYCHOLIC,),
    ),
    Zone(
        _("Between the brows"),
        _("Vessels joined to those of the eye: stay in the skin, little volume, little pressure."),
        {Diagram.FACE_FRONT: "M178 180C190 174 210 174 222 180L216 222C206 226 194 226 184 222z"},
        (_GLABELLA, _FILLERS),
    ),
    Zone(
        _("Temple"),
        _("Superficial temporal artery."),
        {
            Diagram.FACE_FRONT: "M288 170a9 28 0 1 0 18 0a9 28 0 1 0-18 0zM94 170a9 28 0 1 0 18 0a9 28 0 1 0-18 0z",
            Diagram.FACE_LEFT: "M100 168a13 28 0 1 0 26 0a13 28 0 1 0-26 0z",
            Diagram.FACE_RIGHT: "M274 168a13 28 0 1 0 26 0a13 28 0 1 0-26 0z",
        },
        (_FILLERS, _VESSELS),
    ),
    Zone(
        _("Under the eye, over the bone"),
        _("Nerve and artery leave the bone here: never deep."),
        {Diagram.FACE_FRONT: "M236 262a13 13 0 1 0 26 0a13 13 0 1 0-26 0zM138 262a13 13 0 1 0 26 0a13 13 0 1 0-26 0z"},
        (_FILLERS, _VESSELS),
    ),
    Zone(
        _("Beside the wing of the nose"),
        _("Facial artery, close under the skin."),
        {Diagram.FACE_FRONT: "M222 292a10 16 0 1 0 20 0a10 16 0 1 0-20 0zM158 292a10 16 0 1 0 20 0a10 16 0 1 0-20 0z"},
        (_FILLERS, _VESSELS),
    ),
)


def shapes_on(diagram: str) -> list[str]:
    return [zone.shapes[diagram] for zone in ZONES if diagram in zone.shapes]
