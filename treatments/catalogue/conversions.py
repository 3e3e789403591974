"""Strengths in other words: percent and mg per mL, a salt and its base. Exact: nothing is rounded here."""

from decimal import Decimal
from fractions import Fraction

from treatments.catalogue.enums import Unit

# How many mg one unit is. 1 % is 1 g in 100 mL, so 10 mg/mL. Units of activity have no weight.
MG_IN = {Unit.MG: Fraction(1), Unit.MCG: Fraction(1, 1000)}
MG_PER_ML_IN_PERCENT = 10


def percent(per_ml: Decimal | Fraction, unit: str) -> Fraction | None:
    """A strength in `unit` per mL as percent of weight in volume; None for what has no weight."""
    weight = MG_IN.get(unit)
    return None if weight is None else Fraction(per_ml) * weight / MG_PER_ML_IN_PERCENT


def per_ml(percent: Decimal | Fraction, unit: str) -> Fraction | None:
    """A percentage as `unit` per mL; None for what has no weight."""
    weight = MG_IN.get(unit)
    return None if weight is None else Fraction(percent) * MG_PER_ML_IN_PERCENT / weight


def base_in(salt: Decimal | Fraction, base_fraction: Decimal) -> Fraction:
    """How much base is in so much salt."""
    return Fraction(salt) * Fraction(base_fraction)


def salt_for(base: Decimal | Fraction, base_fraction: Decimal) -> Fraction:
    """How much salt holds so much base."""
    return Fraction(base) / Fraction(base_fraction)
