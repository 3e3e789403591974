"""The arithmetic of a mixture, in exact numbers."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.catalogue.models import RecipeLine
from treatments.catalogue.strength import shown, strengths

pytestmark = pytest.mark.once


def of(concentration, volume, total):
    line = RecipeLine(concentration=concentration and Decimal(concentration), volume_ml=Decimal(volume))
    return strengths([line], Decimal(total))[0]


@pytest.mark.parametrize(
    ("concentration", "volume", "total", "amount", "final", "exact"),
    [
        ("10", "2.5", "5", "25", "5", True),
        ("20", "1", "10", "20", "2", True),
        ("0.1", "0.1", "1", "0.01", "0.01", True),
        ("50", "2", "5", "100", "20", True),
        ("1", "1", "3", "1", "0.3333", False),
        ("2", "1", "3", "2", "0.6667", False),
        ("150", "0.3", "7", "45", "6.429", False),
        ("0.0001", "0.001", "500", "0.0000001000", "0.0000000002000", False),
        ("1000000", "0.05", "2.5", "50000", "20000", True),
        ("12.5", "0.8", "4", "10", "2.5", True),
        ("3", "0.001", "500", "0.003", "0.000006", True),
    ],
)
def test_final_strength(concentration, volume, total, amount, final, exact):
    strength = of(concentration, volume, total)
    assert strength.amount_shown == Decimal(amount)
    assert strength.final_shown == Decimal(final)
    assert strength.final_is_exact is exact
    assert strength.final == Fraction(concentration) * Fraction(volume) / Fraction(total)


def test_what_is_measured_in_ml_is_a_share_of_the_volume():
    strength = of(None, "2", "8")
    assert (strength.amount, strength.final, strength.percent_shown) == (None, None, Decimal("25"))
    assert not of(None, "1", "3").percent_is_exact


amounts = st.decimals(min_value="0.0001", max_value="9999999", places=4)
volumes = st.decimals(min_value="0.001", max_value="500", places=3)


@given(amounts, volumes, volumes)
def test_the_mixture_holds_what_was_poured_in(concentration, volume, total):
    strength = of(concentration, volume, total)
    assert strength.final * Fraction(total) == strength.amount == Fraction(concentration) * Fraction(volume)
    assert abs(Fraction(strength.final_shown) - strength.final) <= strength.final / 1000


def test_nothing_is_shown_as_a_power_of_ten():
    assert "E" not in f"{shown(Fraction(1, 10**9)):f}"
