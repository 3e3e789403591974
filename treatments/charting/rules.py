"""Answers about a chart: may it be signed, what is worth a second look, how much is it in all."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.fields import format_amount
from treatments.catalogue.enums import Laterality, Side, VersionStatus
from treatments.catalogue.models import Area, FormulationVersion, Ingredient
from treatments.catalogue.strength import Strength, shown
from treatments.charting import findings
from treatments.charting.draft import DRAWN_ML, Chart, Group, Problem, Syringe
from treatments.charting.enums import CoSignatureKind, SessionStatus
from treatments.charting.mixture import is_varied, parts_of, strengths_in, volume_in
from treatments.charting.photo_models import SessionPhoto, is_photo
from treatments.charting.queries import Reference
from treatments.stock import shelf
from treatments.stock.models import Lot
from treatments.stock.queries import LotOffer
from treatments.stock.services import Taking


def sides_of(area: Area) -> list[str]:
    """The sides an area may be charted with: both for a paired one, none for what has no other side."""
    return [Side.LEFT, Side.RIGHT] if area.laterality == Laterality.SIDED else [Side.NONE]


def problems_in(chart: Chart, reference: Reference, started_at: datetime) -> list[Problem]:
    """What keeps a readable chart of a session that began at `started_at` from being signed."""
    found = []
    if not chart.injections:
        found.append(Problem("", _("No injection has been charted.")))
    found += finding_problems(chart)
    if chart.indication and chart.indication not in reference.indications:
        found.append(Problem("indication", _("This indication is not in the catalogue.")))
    for syringe in chart.preparations:
        found += syringe_problems(syringe, chart, reference, started_at)
    for group in chart.injections:
        found += group_problems(group, reference)
    return found


def review_problems(review: dict | None) -> list[Problem]:
    """What was to be asked before the session has to be on record when it is signed."""
    return [] if review else [Problem("review", _("The review before the session has not been done."))]


def photo_problems(chart: Chart, photos: Iterable[SessionPhoto]) -> list[Problem]:
    """Points on a photo that is not one of the session's: it was removed, or is another patient's."""
    known = {photo.key for photo in photos}
    strange = [group for group in chart.injections if is_photo(group.diagram) and group.diagram not in known]
    message = _("This photo is no longer part of the session. Remove the points that were on it.")
    return [Problem(f"injections.{group.id}.diagram", message) for group in strange]


def finding_problems(chart: Chart) -> list[Problem]:
    """Immediate reactions are spoken of in every record, also when there were none."""
    reaction = chart.findings.get("reaction")
    if not reaction:
        return [Problem("findings.reaction", _("Say whether there was an immediate reaction, even if there was none."))]
    if reaction == findings.SEEN and not chart.reactions:
        return [Problem("reactions", _("Describe the reaction that was seen."))]
    return []


def is_begun(content: dict) -> bool:
    """Whether something of a treatment is in a draft."""
    return bool(content.get("preparations") or content.get("injections"))


def syringe_problems(syringe: Syringe, chart: Chart, reference: Reference, started_at: datetime) -> list[Problem]:
    path = f"preparations.{syringe.id}"
    version = reference.versions.get(syringe.version_id)
    if not is_offered(version):
        return [Problem(f"{path}.version_id", version_refusal(version, reference.successors))]
    found = lot_problems(syringe, chart, reference, started_at)
    if is_varied(syringe, version) and not syringe.variation_reason:
        found.append(Problem(f"{path}.variation_reason", _("Say why it was varied.")))
    drawn = volume_in(syringe, version)
    if not 0 < drawn <= DRAWN_ML.max_value:
        return [*found, Problem(f"{path}.volume_ml", _("This is no amount for a syringe."))]
    injected = sum((g.total_ml for g in chart.injections if g.preparation == syringe.id), Decimal())
    if injected > drawn:
        amounts = {"injected": format_amount(injected), "drawn": format_amount(drawn)}
        message = _("%(injected)s mL was injected, but only %(drawn)s mL drawn up.") % amounts
        found.append(Problem(f"{path}.volume_ml", message))
    return found


def is_offered(version: FormulationVersion | None) -> bool:
    """Whether a version may be drawn up today."""
    return version is not None and version.status == VersionStatus.APPROVED and not version.formulation.retired_at


def version_refusal(version: FormulationVersion | None, successors: dict[int, FormulationVersion]) -> str:
    """Why a version may not be drawn up, and what may be instead."""
    if version is None:
        return _("This recipe is not in the catalogue.")
    names = {"name": version.formulation.name, "number": version.number}
    if version.status == VersionStatus.DRAFT:
        return _("%(name)s, version %(number)d, is not approved yet.") % names
    if successor := successors.get(version.pk):
        other = names | {"other": successor.number}
        return _("%(name)s, version %(number)d, is no longer in use: version %(other)d is.") % other
    return _("%(name)s, version %(number)d, is no longer in use, and no other version of it is.") % names


def lot_problems(syringe: Syringe, chart: Chart, reference: Reference, started_at: datetime) -> list[Problem]:
    """What is wrong with the lots of a syringe; a component that was left out needs none."""
    wanted = wanted_of_lots(chart, reference)
    found = []
    for part in parts_of(syringe, reference.versions[syringe.version_id]):
        lot = reference.lots.get(syringe.lots.get(part.line.pk))
        message = lot_refusal(lot, part.line.ingredient, drawn_moment(syringe, started_at))
        message = message or lack_of(lot, wanted[lot.pk])
        if part.drawn_ml and message:
            path = f"preparations.{syringe.id}.lots.{part.line.pk}"
            found.append(Problem(path, f"{part.line.ingredient}: {message}"))
    return found


def drawn_moment(syringe: Syringe, started_at: datetime) -> datetime:
    """When a syringe was drawn up: as the page noted it, but not before the session began."""
    return max(syringe.drawn_at or started_at, started_at)


def lot_refusal(lot: Lot | None, ingredient: Ingredient, at: datetime) -> str:
    """Why a lot cannot stand for the ingredient in a syringe drawn up at `at`; empty when it can."""
    if lot is None:
        return _("choose the lot.")
    if lot.ingredient_id != ingredient.pk:
        return _("lot %(number)s is of another ingredient.") % {"number": lot.number}
    return shelf.refusal(lot, at)


def lack_of(lot: Lot, wanted_ml: Decimal) -> str:
    """Whether a counted lot holds less than all syringes of the session take from it, in a sentence."""
    if lot.balance_ml is None or lot.balance_ml >= wanted_ml:
        return ""
    amounts = {"number": lot.number, "left": format_amount(lot.balance_ml), "wanted": format_amount(wanted_ml)}
    return _("Lot %(number)s holds %(left)s mL, and %(wanted)s mL are needed.") % amounts


def proposed_lot(offers: list[LotOffer], wanted_ml: Decimal) -> Lot | None:
    """The first of the offers that may be used and holds enough: an open vial, then what expires first."""
    enough = (o.lot for o in offers if not o.why_not and (o.balance_ml is None or o.balance_ml >= wanted_ml))
    return next(enough, None)


def takings_of(chart: Chart, reference: Reference) -> list[Taking]:
    """What the syringes take from the stock, each component once."""
    return [
        Taking(syringe.lots[part.line.pk], part.drawn_ml, f"{syringe.id}.{part.line.pk}")
        for syringe in chart.preparations
        if (version := reference.versions.get(syringe.version_id))
        for part in parts_of(syringe, version)
        if part.drawn_ml and part.line.pk in syringe.lots
    ]


def wanted_of_lots(chart: Chart, reference: Reference) -> dict[int, Decimal]:
    wanted = defaultdict(Decimal)
    for taking in takings_of(chart, reference):
        wanted[taking.lot_id] += taking.volume_ml
    return wanted


def group_problems(group: Group, reference: Reference) -> list[Problem]:
    path = f"injections.{group.id}"
    found = []
    area = reference.areas.get(group.area)
    if area is None or area.retired_at:
        found.append(Problem(f"{path}.area", _("This area is not in the catalogue.")))
    elif not area.treatable:
        found.append(Problem(f"{path}.area", _("%(area)s must not be treated.") % {"area": area}))
    else:
        if group.side not in sides_of(area):
            found.append(Problem(f"{path}.side", _("Choose a side that %(area)s has.") % {"area": area}))
        if group.points and not is_photo(group.diagram) and group.diagram not in area.diagrams:
            found.append(Problem(f"{path}.diagram", _("This drawing does not show %(area)s.") % {"area": area}))
    technique = reference.techniques.get(group.technique)
    if technique is None or technique.retired_at:
        found.append(Problem(f"{path}.technique", _("This technique is not in the catalogue.")))
    return found


def cosign_refusal(session, supervisor) -> str:
    """Why somebody cannot co-sign a session, or ask about it as a supervisor; empty when they can."""
    if session.status != SessionStatus.SIGNED or not session.cosignature_needed:
        return _("This session waits for no second signature.")
    if session.practitioner_id == supervisor.pk or supervisor.needs_cosignature:
        return _("A session is co-signed by a supervisor, who is another practitioner.")
    if any(row.kind == CoSignatureKind.SIGNED for row in session.cosignatures.all()):
        return _("This session is co-signed already.")
    return ""


def notes_on(chart: Chart) -> list[Problem]:
    """What may have been forgotten: shown, never in the way."""
    used = {group.preparation for group in chart.injections}
    unused = [syringe for syringe in chart.preparations if syringe.id not in used]
    return [Problem(f"preparations.{s.id}", _("Nothing was injected from this syringe.")) for s in unused]


def units_per_ml(strength: Strength) -> Fraction:
    """How much of an ingredient is in 1 mL of the mixture: in its unit, or in mL when the recipe gives no strength."""
    return strength.share if strength.final is None else strength.final


@dataclass
class SyringeTotal:
    syringe: Syringe
    version: FormulationVersion | None
    injected_ml: Decimal = Decimal()
    points: int = 0

    @property
    def drawn_ml(self) -> Decimal:
        return volume_in(self.syringe, self.version)

    @property
    def left_ml(self) -> Decimal:
        return self.drawn_ml - self.injected_ml


@dataclass
class AreaTotal:
    area: Area | None
    key: str
    side: str
    volume_ml: Decimal = Decimal()
    points: int = 0


@dataclass(frozen=True)
class IngredientTotal:
    ingredient: Ingredient
    amount: Decimal
    unit: str


@dataclass
class Totals:
    """The chart added up, exactly; only an amount of an ingredient may be rounded, once, when it is shown."""

    volume_ml: Decimal = Decimal()
    points: int = 0
    syringes: list[SyringeTotal] = field(default_factory=list)
    areas: list[AreaTotal] = field(default_factory=list)
    ingredients: list[IngredientTotal] = field(default_factory=list)


def totals_of(chart: Chart, reference: Reference) -> Totals:
    syringes = {p.id: SyringeTotal(p, reference.versions.get(p.version_id)) for p in chart.preparations}
    areas: dict[tuple[str, str], AreaTotal] = {}
    for group in chart.injections:
        area = areas.setdefault(
            (group.area, group.side), AreaTotal(reference.areas.get(group.area), group.area, group.side)
        )
        area.volume_ml += group.total_ml
        area.points += group.count
        if syringe := syringes.get(group.preparation):
            syringe.injected_ml += group.total_ml
            syringe.points += group.count
    return Totals(
        volume_ml=sum((a.volume_ml for a in areas.values()), Decimal()),
        points=sum(a.points for a in areas.values()),
        syringes=list(syringes.values()),
        areas=list(areas.values()),
        ingredients=_ingredient_totals(syringes.values()),
    )


def _ingredient_totals(syringes) -> list[IngredientTotal]:
    sums: dict[tuple, Fraction] = defaultdict(Fraction)
    for syringe in syringes:
        if syringe.version is None or not syringe.injected_ml:
            continue
        for strength in strengths_in(syringe.syringe, syringe.version):
            unit = strength.ingredient.get_unit_display() if strength.final is not None else "mL"
            sums[strength.ingredient, unit] += units_per_ml(strength) * Fraction(syringe.injected_ml)
    return [IngredientTotal(ingredient, shown(amount), unit) for (ingredient, unit), amount in sums.items()]


def summary_line(injections) -> str:
    """Signed injections in one line: "60 points, 3 mL: Thigh, front, left; Upper stomach"."""
    injections = list(injections)
    if not injections:
        return ""
    count = sum(i.count for i in injections)
    places = dict.fromkeys((i.area.name, i.side) for i in injections)
    return _("%(points)s, %(volume)s mL: %(areas)s") % {
        "points": ngettext("%d point", "%d points", count) % count,
        "volume": format_amount(sum((i.total_ml for i in injections), Decimal())),
        "areas": "; ".join(name + side_suffix(side) for name, side in places),
    }


def side_suffix(side: str) -> str:
    """What follows an area's name: ", left", or nothing where there is no side to name."""
    return f", {Side(side).label.lower()}" if side in {Side.LEFT, Side.RIGHT} else ""
