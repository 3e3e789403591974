"""Amounts in one unit said in another, exactly; units that measure different things have no common one."""

from fractions import Fraction

MASS = {"g": Fraction(1000), "mg": Fraction(1), "mcg": Fraction(1, 1000), "µg": Fraction(1, 1000)}
VOLUME = {"mL": Fraction(1), "ml": Fraction(1), "µL": Fraction(1, 1000)}
KINDS = (MASS, VOLUME)


def converted(amount: Fraction, unit: str, to: str) -> Fraction | None:
    """The amount in `to`; None when the one cannot be said in the other, such as IU in mg."""
    if unit == to:
        return amount
    for kind in KINDS:
        if unit in kind and to in kind:
            return amount * kind[unit] / kind[to]
    return None


def is_volume(unit: str) -> bool:
    return unit in VOLUME
