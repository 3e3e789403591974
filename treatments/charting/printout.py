"""The signed record of a session as sections of plain text: what the PDF prints.

Everything comes from the signed rows, of a copy also from those of the session that was copied; nothing from the
catalogue but names.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.fields import format_amount
from clinic.core.pdf import Table
from patients.history.enums import Effect
from treatments.charting import findings
from treatments.charting.draft import Chart, Group, Syringe
from treatments.charting.mixture import parts_of, volume_in
from treatments.charting.models import SafetyAnswer, TreatmentSession
from treatments.charting.page import lot_label, version_name
from treatments.charting.queries import Reference
from treatments.charting.rules import Totals, side_suffix
from treatments.charting.sentence import grid_text
from treatments.charting.since_copy import SinceCopy, since_copy


@dataclass(frozen=True)
class Section:
    """`facts` are labels with their text."""

    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    table: Table | None = None


def sections_of(
    session: TreatmentSession, chart: Chart, reference: Reference, totals: Totals, answers: Iterable[SafetyAnswer]
) -> list[Section]:
    """Everything that was signed, in the order of the page."""
    sections = [
        Section(_("Before the session"), _review(session.review) if session.review else []),
        *_since_copy(since_copy(session, chart, reference)),
        *(_syringe(place, syringe, reference) for place, syringe in enumerate(chart.preparations, 1)),
        _injections(chart, reference),
        _totals(totals),
        Section(_("What the safety rules said"), [_answer(answer) for answer in answers]),
        _note(session, chart, reference),
    ]
    return [section for section in sections if section.facts or section.table]


def when(moment) -> str:
    """A moment on the clinic's wall clock, with the day."""
    return date_format(clock.local(moment), "j F Y, H:i")


def _review(review: dict) -> list[tuple[str, str]]:
    taken = f"{_('Yes')}: {review['what']}" if review["what"] else _("No")
    gaps = [(message, f"{_('Went on:')} {reason}") for _key, message, reason in review["gaps"]]
    return [(_("NSAID in the last 7 days"), taken), *gaps, (_("Asked by"), review["by"])]


def _since_copy(since: SinceCopy | None) -> list[Section]:
    if since is None:
        return []
    facts = [(_("Session"), f"{when(since.source.started_at)} ({since.source.pk})")]
    facts += [(change.name, change.what) for change in since.changes]
    return [Section(_("Copied from an earlier session"), [*facts, (_("Lots"), _("chosen anew"))])]


def _syringe(place: int, syringe: Syringe, reference: Reference) -> Section:
    version = reference.versions[syringe.version_id]
    facts = [(_("Recipe"), version_name(version)), (_("Drawn up"), _ml(volume_in(syringe, version)))]
    if syringe.number:
        facts.append((_("Mixture"), syringe.number))
    if syringe.drawn_at:
        facts.append((_("Drawn up at"), when(syringe.drawn_at)))
    for part in parts_of(syringe, version):
        lot = reference.lots.get(syringe.lots.get(part.line.pk))
        text = f"{_ml(part.drawn_ml)}, {_('Lot')} {lot_label(lot)}" if part.drawn_ml and lot else _("left out")
        facts.append((part.line.ingredient.name, text))
    if syringe.variation:
        facts.append((_("Varied for this patient"), f"{syringe.variation} ({syringe.variation_reason})"))
    return Section(_("Syringe %d") % place, facts)


def _injections(chart: Chart, reference: Reference) -> Section:
    places = {syringe.id: place for place, syringe in enumerate(chart.preparations, 1)}
    rows = [
        [
            str(places.get(group.preparation, "")),
            f"{reference.areas[group.area].name}{side_suffix(group.side)}{_laid(group)}",
            reference.techniques[group.technique].name,
            group.needle or "–",
            f"{format_amount(group.depth_mm)} mm",
            str(group.count),
            _ml(group.volume_ml),
            _ml(group.total_ml),
        ]
        for group in chart.injections
    ]
    head = [_("Syringe"), _("Area"), _("Technique"), _("Needle"), _("Depth"), _("Points"), _("Each"), _("In all")]
    return Section(_("Injections"), table=Table(head, rows, (9, 26, 18, 15, 10, 8, 12, 12), frozenset({4, 5, 6, 7})))


def _laid(group: Group) -> str:
    laid = grid_text(group.spacing_mm) if group.points else _("by count")
    return f" ({laid})" if laid else ""


def _totals(totals: Totals) -> Section:
    facts = [(_("In all"), f"{_ml(totals.volume_ml)}, {_('Points')}: {totals.points}")]
    facts += [
        (f"{area.area.name}{side_suffix(area.side)}", f"{_ml(area.volume_ml)}, {_('Points')}: {area.points}")
        for area in totals.areas
    ]
    facts += [(row.ingredient.name, f"{format_amount(row.amount)} {row.unit}") for row in totals.ingredients]
    return Section(_("Totals"), facts)


def _answer(answer: SafetyAnswer) -> tuple[str, str]:
    why = f"\n{_('Reason for going on')}: {answer.reason}" if answer.reason else ""
    return str(Effect(answer.effect).label), f"{answer.message}{why}"


def _note(session: TreatmentSession, chart: Chart, reference: Reference) -> Section:
    facts = []
    if session.indication:
        facts.append((_("Indication"), session.indication.name))
    facts += [(str(label), str(said)) for label, said in findings.in_words(session.findings or {})]
    texts = [(_("Note"), chart.note), (_("Reactions"), chart.reactions), (_("Advice given"), chart.advice)]
    return Section(_("Notes"), facts + [(label, text or "–") for label, text in texts])


def _ml(volume) -> str:
    return f"{format_amount(volume)} mL"
