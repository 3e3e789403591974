"""What became of a copy: each syringe and place of a chart beside those of the session that it began as a copy of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.fields import format_amount
from treatments.charting.copying import source_of
from treatments.charting.draft import Chart, Group, Syringe
from treatments.charting.mixture import parts_of, volume_in
from treatments.charting.models import TreatmentSession
from treatments.charting.page import version_name
from treatments.charting.photo_models import is_photo
from treatments.charting.queries import Reference, chart_of, reference_of, signed_rows
from treatments.charting.rules import side_suffix


@dataclass(frozen=True)
class Change:
    """A syringe or place, and what it was then; `is_same` when nothing of it was changed."""

    name: str
    what: str
    is_same: bool = False


@dataclass(frozen=True)
class SinceCopy:
    """The session that was copied, and everything that its copy now holds or lacks. Lots are always chosen anew."""

    source: TreatmentSession
    changes: list[Change]

    @property
    def changed(self) -> list[Change]:
        return [change for change in self.changes if not change.is_same]

    @property
    def same(self) -> list[Change]:
        return [change for change in self.changes if change.is_same]


def since_copy(session: TreatmentSession, chart: Chart, reference: Reference) -> SinceCopy | None:
    """How the chart of `session` differs from the one it was copied from; None when it is no copy."""
    source = session.copied_from if session.signed_at else source_of(session)
    if source is None:
        return None
    then = chart_of(source, *signed_rows(source))
    now, before = _Read(chart, reference), _Read(then, reference_of(then))
    syringes = [
        _syringe(mine, old, now, before)
        for mine, old in _paired(now.chart.preparations, before.chart.preparations, _same_syringe(now, before))
    ]
    places = [
        _place(mine, old, now, before)
        for mine, old in _paired(now.chart.injections, before.chart.injections, _same_place(now, before))
    ]
    return SinceCopy(source, [*syringes, *places])


@dataclass(frozen=True)
class _Read:
    """A chart with the words for what it names."""

    chart: Chart
    reference: Reference

    def inside(self, syringe: Syringe) -> tuple:
        """The recipe and what was drawn up of each of its lines."""
        version = self.reference.versions.get(syringe.version_id)
        parts = parts_of(syringe, version) if version else []
        return syringe.version_id, tuple((part.line.pk, part.drawn_ml) for part in parts)

    def recipe_id(self, group: Group) -> int | None:
        syringes = (syringe for syringe in self.chart.preparations if syringe.id == group.preparation)
        return next((syringe.version_id for syringe in syringes), None)

    def recipe(self, version_id: int | None) -> str:
        version = self.reference.versions.get(version_id)
        return version_name(version) if version else _("Unknown recipe")

    def drawn(self, syringe: Syringe) -> str:
        volume = volume_in(syringe, self.reference.versions.get(syringe.version_id))
        varied = f" ({syringe.variation})" if syringe.variation else ""
        return f"{self.recipe(syringe.version_id)}, {format_amount(volume)} mL{varied}"

    def where(self, group: Group) -> str:
        area = self.reference.areas.get(group.area)
        return f"{area.name if area else group.area}{side_suffix(group.side)}"


def _same_syringe(now: _Read, before: _Read) -> tuple[Callable, ...]:
    return (
        lambda mine, old: now.inside(mine) == before.inside(old),
        lambda mine, old: mine.version_id == old.version_id,
    )


PLACE = ("area", "side")
DRAWN = (*PLACE, "diagram")
WAY = (*DRAWN, "technique", "needle", "depth_mm", "volume_ml", "count", "points", "spacing_mm")


def _same_place(now: _Read, before: _Read) -> tuple[Callable, ...]:
    def alike(mine: Group, old: Group, names: Iterable[str]) -> bool:
        return all(getattr(mine, name) == getattr(old, name) for name in names)

    return (
        lambda mine, old: alike(mine, old, WAY) and now.recipe_id(mine) == before.recipe_id(old),
        lambda mine, old: alike(mine, old, DRAWN),
        lambda mine, old: alike(mine, old, PLACE),
    )


def _paired(mine: Iterable, old: Iterable, ways: Iterable[Callable]) -> list[tuple]:
    """Each of mine with the old one it came from, or None; then the old ones that are left, with None."""
    left, partner = list(old), {}
    for is_pair in ways:
        for number, entry in enumerate(mine):
            found = next((other for other in left if number not in partner and is_pair(entry, other)), None)
            if found is not None:
                partner[number] = found
                left.remove(found)
    return [*((entry, partner.get(number)) for number, entry in enumerate(mine)), *((None, other) for other in left)]


def _syringe(mine: Syringe | None, old: Syringe | None, now: _Read, before: _Read) -> Change:
    if mine is None:
        return Change(before.drawn(old), _("no longer there"))
    name = _("Syringe %d") % (now.chart.preparations.index(mine) + 1)
    if old is None:
        return Change(name, _("not then"))
    if now.inside(mine) == before.inside(old):
        return Change(name, _("as then"), is_same=True)
    return Change(name, _("then %(what)s") % {"what": before.drawn(old)})


def _place(mine: Group | None, old: Group | None, now: _Read, before: _Read) -> Change:
    if mine is None:
        return Change(before.where(old), _("on a photo: not copied") if is_photo(old.diagram) else _("no longer there"))
    if old is None:
        return Change(now.where(mine), _("not then"))
    was = ", ".join(_differences(mine, old, now, before))
    if was:
        return Change(now.where(mine), _("then %(what)s") % {"what": was})
    if mine.points != old.points:
        return Change(now.where(mine), _("points placed differently"))
    return Change(now.where(mine), _("as then"), is_same=True)


def _differences(mine: Group, old: Group, now: _Read, before: _Read) -> Iterable[str]:
    """What was otherwise then, in its words."""
    technique = before.reference.techniques.get(old.technique)
    if mine.technique != old.technique:
        yield technique.name if technique else old.technique
    if (mine.count, mine.volume_ml) != (old.count, old.volume_ml):
        points = ngettext("%d point", "%d points", old.count) % old.count
        yield _("%(points)s of %(volume)s mL") % {"points": points, "volume": format_amount(old.volume_ml)}
    if mine.diagram != old.diagram:
        yield _("on another drawing") if old.points else _("by count")
    if mine.depth_mm != old.depth_mm:
        yield _("%(depth)s mm deep") % {"depth": format_amount(old.depth_mm)}
    if mine.needle != old.needle:
        yield old.needle or _("no needle named")
    if now.recipe_id(mine) != before.recipe_id(old):
        yield before.recipe(before.recipe_id(old))
