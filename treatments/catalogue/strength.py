"""The arithmetic of a mixture, in exact fractions: nothing is rounded before it is shown."""

from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

SHOWN_PLACES = 6
SHOWN_DIGITS = 4


@dataclass(frozen=True)
class Strength:
    """What one line comes to in the whole mixture.

    `amount` is in the ingredient's unit, `final` in that unit per mL of the mixture; both are None for what is
    measured in mL. `share` is the part of the volume, from 0 to 1.
    """

    line: object
    amount: Fraction | None
    final: Fraction | None
    share: Fraction

    @property
    def ingredient(self):
        return self.line.ingredient

    @property
    def amount_shown(self) -> Decimal | None:
        return shown(self.amount)

    @property
    def final_shown(self) -> Decimal | None:
        return shown(self.final)

    @property
    def final_is_exact(self) -> bool:
        return self.final is None or is_exact(self.final)

    @property
    def percent_is_exact(self) -> bool:
        return is_exact(self.share * 100)

    @property
    def percent_shown(self) -> Decimal:
        return shown(self.share * 100)


def strengths(lines, total_volume_ml: Decimal) -> list[Strength]:
    """The strength of every line once all of it is in `total_volume_ml`."""
    total = Fraction(total_volume_ml)
    found = []
    for line in lines:
        volume = Fraction(line.volume_ml)
        amount = None if line.concentration is None else Fraction(line.concentration) * volume
        final = None if amount is None else amount / total
        found.append(Strength(line=line, amount=amount, final=final, share=volume / total))
    return found


def is_exact(value: Fraction) -> bool:
    """Whether what is shown is the value itself."""
    return (value * 10**SHOWN_PLACES).denominator == 1


def shown(value: Fraction | None) -> Decimal | None:
    """The value itself where it has at most 6 decimals, else its first 4 figures."""
    if value is None:
        return None
    if is_exact(value):
        return Decimal(int(value * 10**SHOWN_PLACES)).scaleb(-SHOWN_PLACES)
    return Context(prec=SHOWN_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
