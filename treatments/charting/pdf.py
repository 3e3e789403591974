"""The signed record of a session on paper: what was signed, by whom, what was added, and how it can be checked.

Made from the signed rows each time, never stored. The attached signed-content.json is what the signature stands on:
its SHA-256 is the one that is printed.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from xml.etree import ElementTree

from django.template.loader import get_template
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.core.pdf import Document, Picture
from clinic.staff.models import ClinicProfile
from treatments.charting.diagrams import Photograph, PointMap, shown_photo
from treatments.charting.enums import CoSignatureKind
from treatments.charting.models import Addendum, CoSignature, TreatmentSession
from treatments.charting.printout import Section, when
from treatments.charting.signing import ADDENDUM_MEANING, COSIGN_MEANING, MEANING

ATTACHED = "signed-content.json"
SVG = "http://www.w3.org/2000/svg"
INK = "#1c2b33"
TONES = ["#0b62a4", "#c2410c", "#0a7a55", "#a3327f", "#806000", "#3f3f46"]  # as in the light style sheet


def pdf_of(
    session: TreatmentSession,
    *,
    clinic: ClinicProfile,
    sections: Iterable[Section],
    maps: Sequence[PointMap],
    cosignatures: Sequence[tuple[CoSignature, bool]],
    addenda: Iterable[tuple[Addendum, bool]],
    intact: bool,
    content: bytes,
    at,
) -> bytes:
    """The record as a PDF. `intact` says, for the session and each addendum, whether it is what was signed."""
    patient, day = session.patient, when(session.started_at)
    born = date_format(patient.birth_date, "j F Y")
    document = Document(
        title=_("Session of %(day)s") % {"day": day},
        head=f"{clinic.name}\n{_('No.')} {patient.number}, {patient.full_name}, {born}",
        foot=f"{_('Session')} {session.pk} · SHA-256 {session.content_hash[:16]}… · {_('printed')} {when(at)}",
        author=clinic.name,
    )
    document.title_line(_("Session of %(day)s") % {"day": day})
    _write_status(document, session, intact)
    for section in sections:
        document.heading(section.title)
        document.facts(section.facts)
        if section.table:
            document.grid(section.table)
            document.drawings([picture_of(point_map) for point_map in maps])
    _write_signature(document, session, intact)
    for row, is_intact in cosignatures:
        _write_cosignature(document, row, is_intact)
    if session.cosignature_needed and not any(row.kind == CoSignatureKind.SIGNED for row, _intact in cosignatures):
        document.paragraph(_("Not co-signed yet."), "B")
    for addendum, is_intact in addenda:
        _write_addendum(document, addendum, is_intact)
    document.attach(ATTACHED, content, _("What was signed, in the form that the signature stands on"))
    return document.finished()


def _write_status(document: Document, session: TreatmentSession, intact: bool) -> None:
    if not intact:
        document.paragraph(_("This record is not what was signed: it was changed outside the application."), "B")
    if session.voided_at:
        who = {"name": session.voided_by.full_name, "at": when(session.voided_at), "reason": session.void_reason}
        document.paragraph(_("Voided by %(name)s on %(at)s: %(reason)s") % who, "B")


def _write_signature(document: Document, session: TreatmentSession, intact: bool) -> None:
    document.heading(_("Signature"), room=52)
    document.paragraph(f"“{MEANING}”", "I")
    document.facts(
        [
            (_("Signed by"), ", ".join(filter(None, [session.signed_name, session.signed_role]))),
            (_("Signed at"), when(session.signed_at)),
            ("SHA-256", session.content_hash),
            ("HMAC-SHA-256", session.signature),
            (_("Checked"), _("unchanged since it was signed") if intact else _("not what was signed")),
        ]
    )


def _write_cosignature(document: Document, row: CoSignature, intact: bool) -> None:
    signed = row.kind == CoSignatureKind.SIGNED
    document.heading(_("Co-signature") if signed else _("Question of a supervisor"), room=52)
    document.paragraph(f"“{COSIGN_MEANING}”" if signed else row.text, "I" if signed else "")
    document.facts(
        [
            (_("Signed by"), ", ".join(filter(None, [row.by_name, row.by_role]))),
            (_("Signed at"), when(row.at)),
            ("HMAC-SHA-256", row.signature),
            (_("Checked"), _("unchanged since it was signed") if intact else _("not what was signed")),
        ]
    )


def _write_addendum(document: Document, addendum: Addendum, intact: bool) -> None:
    document.heading(_("Addition"), room=52)
    document.paragraph(addendum.text)
    document.paragraph(f"“{ADDENDUM_MEANING}”", "I")
    document.facts(
        [
            (_("Signed by"), addendum.written_name),
            (_("Signed at"), when(addendum.written_at)),
            ("HMAC-SHA-256", addendum.signature),
            (_("Checked"), _("unchanged since it was signed") if intact else _("not what was signed")),
        ]
    )


def picture_of(point_map: PointMap) -> Picture:
    """A drawing without its regions, or a photo, with the points of the chart on it."""
    drawing, count, photo = point_map.drawing, len(point_map.marks), None
    caption = f"{drawing.label}, {_('Points')}: {count}"
    if isinstance(drawing, Photograph):
        root = ElementTree.Element("svg", viewBox=f"0 0 {drawing.width} {drawing.height}")
        photo = shown_photo(drawing.photo)
        if not photo:
            caption += ", " + _("the photo is missing")
    else:
        root = ElementTree.fromstring(_figure(drawing.key))  # noqa: S314 (our own drawing)
    for mark in point_map.marks:
        place = {"d": mark.shape, "transform": f"translate({mark.x} {mark.y})", "fill": TONES[mark.tone]}
        ElementTree.SubElement(root, "path", place | {"stroke": "#ffffff", "stroke-width": "1"})
    root.set("xmlns", SVG)
    return Picture(ElementTree.tostring(root, encoding="unicode"), caption, drawing.width / drawing.height, photo)


@cache
def _figure(key: str) -> str:
    """Without its namespace: with which prefix it would be written depends on what else runs in the process."""
    drawn = get_template(f"diagrams/{key}.svg").render().replace("currentColor", INK)
    root = ElementTree.fromstring(drawn.replace(f' xmlns="{SVG}"', ""))  # noqa: S314 (our own drawing)
    for part in list(root):
        if part.get("class") != "figure":
            root.remove(part)
    return ElementTree.tostring(root, encoding="unicode")
