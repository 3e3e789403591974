"""What a mixture costs, as far as the prices of its products are known. Exact; rounded only when it is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from treatments.catalogue.models import Product, RecipeLine

CENT = Decimal("0.01")


@dataclass(frozen=True)
class LineCost:
    """One line with the product that was counted; None and None when no product of that strength has a price."""

    line: RecipeLine
    product: Product | None
    cost: Fraction | None

    @property
    def shown(self) -> Decimal | None:
        return None if self.cost is None else rounded(self.cost)


@dataclass(frozen=True)
class Cost:
    lines: list[LineCost]

    @property
    def missing(self) -> list[LineCost]:
        return [line for line in self.lines if line.cost is None]

    @property
    def total(self) -> Decimal | None:
        """None when a price is missing: part of a price is no price."""
        if not self.lines or self.missing:
            return None
        return rounded(sum((line.cost for line in self.lines), Fraction()))


def cost_of(lines: Iterable[RecipeLine], products: Sequence[Product]) -> Cost:
    """The cheapest product per mL counts, among those of the ingredient that have the line's strength."""
    return Cost([_line_cost(line, products) for line in lines])


def rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / value.denominator).quantize(CENT, ROUND_HALF_UP)


def per_ml(product: Product) -> Fraction | None:
    """The price of one mL; None when the price or the size of a container is not known."""
    if product.price is None or product.container_ml is None:
        return None
    return Fraction(product.price) / Fraction(product.container_ml)


def _line_cost(line: RecipeLine, products: Sequence[Product]) -> LineCost:
    priced = [
        (per_ml(product), product)
        for product in products
        if product.ingredient_id == line.ingredient_id and product.concentration == line.concentration
    ]
    price, product = min(
        (pair for pair in priced if pair[0] is not None), key=lambda pair: (pair[0], pair[1].pk), default=(None, None)
    )
    return LineCost(line, product, None if price is None else price * Fraction(line.volume_ml))
