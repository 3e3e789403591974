"""Strengths in other words, and the digits of a barcode: exact, by table."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.treatments import IngredientFactory
from treatments.catalogue import conversions
from treatments.catalogue.facts import all_words, in_other_words
from treatments.catalogue.gtin import check_digit, gtin14

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("per_ml", "unit", "percent"),
    [
        ("10", "mg", "1"),
        ("20", "mg", "2"),
        ("5", "mg", "0.5"),
        ("0.5", "mg", "0.05"),
        ("10", "mcg", "0.001"),
        ("5", "mcg", "0.0005"),
        ("0.0001", "mg", "0.00001"),
        ("2000", "mg", "200"),
        ("150", "U", None),
        ("200", "IU", None),
        ("1", "mL", None),
    ],
)
def test_percent(per_ml, unit, percent):
    found = conversions.percent(Decimal(per_ml), unit)
    assert found == (None if percent is None else Fraction(percent))
    back = conversions.per_ml(Decimal(percent or 1), unit)
    assert back == (None if percent is None else Fraction(per_ml))


@pytest.mark.parametrize(
    ("salt", "fraction", "base"),
    [("10", "0.8654", "8.654"), ("20", "0.5", "10"), ("1", "1", "1"), ("0.3", "0.1", "0.03")],
)
def test_salt_and_base(salt, fraction, base):
    assert conversions.base_in(Decimal(salt), Decimal(fraction)) == Fraction(base)
    assert conversions.salt_for(Decimal(base), Decimal(fraction)) == Fraction(salt)


amounts = st.decimals(min_value="0.0001", max_value="9999999", places=4)


@given(amounts, st.decimals(min_value="0.0001", max_value="1", places=4))
def test_nothing_is_lost_on_the_way_and_back(amount, fraction):
    assert conversions.percent(conversions.per_ml(amount, "mg"), "mg") == Fraction(amount)
    assert conversions.base_in(conversions.salt_for(amount, fraction), fraction) == Fraction(amount)


def test_a_strength_in_words():
    nbsp = "\N{NO-BREAK SPACE}"
    salt = IngredientFactory.build(unit="mg", base_fraction=Decimal("0.8654"))
    assert in_other_words(salt, Decimal(10)) == [f"1{nbsp}%", f"8.654{nbsp}mg/mL of the base"]
    assert all_words(salt, Fraction(10, 3)) == [
        f"≈ 3.333{nbsp}mg/mL", f"≈ 0.3333{nbsp}%", f"≈ 2.885{nbsp}mg/mL of the base",
    ]  # fmt: skip
    assert in_other_words(IngredientFactory.build(unit="IU"), Decimal(10)) == []
    assert in_other_words(IngredientFactory.build(unit="mL"), None) == []


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("4006381333931", "04006381333931"),
        ("4006381-333931", "04006381333931"),
        (" 9 501101 530003 ", "09501101530003"),
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("10012345000017", "10012345000017"),
        ("4006381333932", None),
        ("400638133393", None),
        ("123", None),
        ("", None),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", None),
        ("400638133393½", None),
        ("4006381333931\n", None),
    ],
)
def test_the_number_on_a_box(typed, number):
    assert gtin14(typed) == number


@given(st.text("0123456789", min_size=13, max_size=13), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(body, place, shift):
    right = body + check_digit(body)
    wrong = right[:place] + str((int(right[place]) + shift) % 10) + right[place + 1 :]
    assert gtin14(right) == right and gtin14(wrong) is None
