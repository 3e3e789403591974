import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.registry import names, numbers

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("612 34 56 78", "ES", "+34612345678"),
        ("+34 612-345-678", "GB", "+34612345678"),
        ("0034 612 345 678", "GB", "+34612345678"),
        ("(020) 7946 0018", "GB", "+442079460018"),
        ("06 12 34 56 78", "FR", "+33612345678"),
    ],
)
def test_a_telephone_is_stored_with_its_country(typed, country, stored):
    assert names.e164(typed, country) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "112",
        "123",
        "1" * 20,
        "3.46E+10",
        "612345678 / 699111222",
        "call me",
        "٦١٢٣٤٥٦٧٨",
        "+34",
        "+999 123456789",
        "-",
        "803 123 456",
    ],
)
def test_what_is_not_one_subscribers_number_is_refused(typed):
    with pytest.raises(ValueError):
        names.e164(typed, "ES")


@pytest.mark.parametrize(
    ("typed", "dates"),
    [
        ("1985-04-17", [date(1985, 4, 17)]),
        ("1985/4/17", [date(1985, 4, 17)]),
        ("17.4.1985", [date(1985, 4, 17)]),
        ("17/04/1985", [date(1985, 4, 17)]),
        ("17 4 1985", [date(1985, 4, 17)]),
        ("03/04/1990", [date(1990, 3, 4), date(1990, 4, 3)]),
        ("03.04.1990", [date(1990, 4, 3)]),
        ("04/04/1990", [date(1990, 4, 4)]),
        ("31/02/1990", []),
        ("1/2-1990", []),
        ("1990", []),
    ],
)
def test_dates_that_somebody_may_mean(typed, dates):
    assert names.possible_dates(typed) == dates


def test_a_key_fits_its_column_however_letters_unfold():
    assert len(names.search_key("ﷺ" * 100, "ﷺ" * 100)) <= names.KEY_LENGTH


def test_a_name_without_letters_can_still_be_found():
    assert names.read_query("👩🏽‍⚕️")[0].words[0] in names.search_key("", "👩🏽‍⚕️")


def test_equal_texts_have_equal_digests_and_purposes_are_apart():
    assert names.digest("a", "x") == names.digest("a", "x") != names.digest("b", "x")


@pytest.mark.parametrize(
    ("one", "other", "similar"),
    [
        ("garcia ana", "garcia ana", True),
        ("garcia ana", "ana garcia", True),
        ("garcia lopez ana maria", "garcia ana", True),
        ("smyth john", "smith john", True),
        ("garcia ana", "garcia pedro", False),
        ("nguyen van a", "nguyen thi b", False),
        ("", "garcia ana", False),
    ],
)
def test_similar_names(one, other, similar):
    assert names.is_similar(one, other) is similar


@given(st.text(max_size=150))
def test_any_text_can_be_typed_into_the_search(text):
    for part in names.read_query(text):
        assert part.words


@given(st.text(max_size=100))
def test_composed_and_decomposed_names_have_one_key(text):
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert names.search_key("", composed) == names.search_key("", decomposed)


def test_iso_7064_check_digits():
    assert numbers.check_digit("079") == "X"  # the standard's own example
    assert numbers.check_digit("0794") == "0"


def test_one_wrong_digit_or_two_swapped_ones_are_noticed():
    issued, _last = numbers.numbers_after(123_455, 50)
    for number in issued:
        assert numbers.is_valid(number)
        for at, digit in enumerate(number):
            for other in "0123456789".replace(digit, ""):
                assert not numbers.is_valid(number[:at] + other + number[at + 1 :])
        for at in range(len(number) - 1):
            swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
            assert swapped == number or not numbers.is_valid(swapped)
