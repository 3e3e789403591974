"""What is in a syringe: the recipe's share of each component, or what was drawn up instead for this patient.

An amount is measured in thousandths of a mL. A syringe that follows its recipe has the recipe's strengths exactly;
one that was varied is the sum of what was drawn up, and its strengths follow from that. The charting page's script
does the same arithmetic (charting-mixture.js), and a test holds the two against each other.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from clinic.core.fields import format_amount
from treatments.catalogue.models import FormulationVersion, RecipeLine
from treatments.catalogue.strength import Strength, strengths
from treatments.charting.draft import Syringe

LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Part:
    """One component of a syringe: what the recipe gives for the volume, and what was drawn up, in mL."""

    line: RecipeLine
    recipe_ml: Decimal
    drawn_ml: Decimal

    @property
    def changed(self) -> bool:
        return self.drawn_ml != self.recipe_ml


def parts_of(syringe: Syringe, version: FormulationVersion) -> list[Part]:
    """All components, also those that were left out (0 mL)."""
    shares = {line: recipe_share(line, version, syringe.volume_ml) for line in version.lines.all()}
    return [Part(line, share, syringe.amounts.get(line.pk, share)) for line, share in shares.items()]


def recipe_share(line: RecipeLine, version: FormulationVersion, volume_ml: Decimal) -> Decimal:
    """How much of a component is in `volume_ml` of the recipe, to a thousandth of a mL, half to even."""
    exact = Fraction(line.volume_ml) / Fraction(version.total_volume_ml) * Fraction(volume_ml)
    return Decimal(round(exact * 1000)).scaleb(-3)


def is_varied(syringe: Syringe, version: FormulationVersion) -> bool:
    return any(part.changed for part in parts_of(syringe, version))


def volume_in(syringe: Syringe, version: FormulationVersion | None) -> Decimal:
    """What is in the syringe, in mL: the volume of the recipe, or the sum of what was drawn up when that was varied."""
    if version is None or not is_varied(syringe, version):
        return syringe.volume_ml
    return sum((part.drawn_ml for part in parts_of(syringe, version)), Decimal())


def strengths_in(syringe: Syringe, version: FormulationVersion) -> list[Strength]:
    """The strength of every component in the syringe; what was left out is not among them."""
    if not is_varied(syringe, version):
        return strengths(version.lines.all(), version.total_volume_ml)
    total = Fraction(volume_in(syringe, version))
    return [_strength(part, total) for part in parts_of(syringe, version) if part.drawn_ml]


def _strength(part: Part, total: Fraction) -> Strength:
    drawn, concentration = Fraction(part.drawn_ml), part.line.concentration
    amount = None if concentration is None else Fraction(concentration) * drawn
    return Strength(part.line, amount, None if amount is None else amount / total, drawn / total)


def variation_text(syringe: Syringe, version: FormulationVersion) -> str:
    """What was varied, in a sentence for people: "Lidocaine 0.5 mL instead of 1 mL; without Buflomedil"."""
    changes = [_change_text(part) for part in parts_of(syringe, version) if part.changed]
    return Truncator("; ".join(filter(None, [*changes, syringe.variation]))).chars(LONGEST_TEXT)


def _change_text(part: Part) -> str:
    names = {
        "ingredient": part.line.ingredient.name,
        "drawn": format_amount(part.drawn_ml),
        "recipe": format_amount(part.recipe_ml),
    }
    if not part.drawn_ml:
        return _("without %(ingredient)s") % names
    return _("%(ingredient)s %(drawn)s mL instead of %(recipe)s mL") % names
