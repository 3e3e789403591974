"""What differs between two versions of a recipe, line by line."""

from dataclasses import dataclass
from fractions import Fraction

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from treatments.catalogue.models import FormulationVersion
from treatments.catalogue.strength import Strength, strengths


class Change(TextChoices):
    ADDED = "added", _("Added")
    REMOVED = "removed", _("Taken out")
    CHANGED = "changed", _("Changed")
    SAME = "same", _("Same")


@dataclass(frozen=True)
class LineChange:
    """An ingredient in the earlier and in the later version; None where it is not in it.

    `changed` when what is poured differs; `final_changed` when it is stronger or weaker in the finished mixture, which
    also happens to a line that stayed as it was.
    """

    change: Change
    before: Strength | None
    after: Strength | None
    final_changed: bool

    @property
    def ingredient(self):
        return (self.after or self.before).ingredient


@dataclass(frozen=True)
class Difference:
    earlier: FormulationVersion
    later: FormulationVersion
    lines: list[LineChange]

    @property
    def total_changed(self) -> bool:
        return self.earlier.total_volume_ml != self.later.total_volume_ml

    @property
    def notes_changed(self) -> bool:
        return self.earlier.notes != self.later.notes

    @property
    def is_empty(self) -> bool:
        same = all(line.change == Change.SAME and not line.final_changed for line in self.lines)
        return same and not self.total_changed and not self.notes_changed


def difference(earlier: FormulationVersion, later: FormulationVersion) -> Difference:
    """The lines of the later version in its order, then those that were taken out."""
    before, after = _by_ingredient(earlier), _by_ingredient(later)
    lines = [_line(before.get(key), strength) for key, strength in after.items()]
    lines += [_line(strength, None) for key, strength in before.items() if key not in after]
    return Difference(earlier=earlier, later=later, lines=lines)


def _by_ingredient(version: FormulationVersion) -> dict[int, Strength]:
    found = strengths(version.lines.all(), version.total_volume_ml)
    return {strength.line.ingredient_id: strength for strength in found}


def _line(before: Strength | None, after: Strength | None) -> LineChange:
    if before is None or after is None:
        return LineChange(Change.ADDED if after else Change.REMOVED, before, after, final_changed=True)
    same = (before.line.concentration, before.line.volume_ml) == (after.line.concentration, after.line.volume_ml)
    return LineChange(Change.SAME if same else Change.CHANGED, before, after, _final(before) != _final(after))


def _final(strength: Strength) -> Fraction:
    return strength.share if strength.final is None else strength.final
