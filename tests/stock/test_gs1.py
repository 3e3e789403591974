"""Codes as scanners type them. The company prefixes 0950110 and 95060001 are GS1's own, for examples."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.stock.gs1 import BoxCode, Unreadable, read_code

pytestmark = pytest.mark.once

GTIN = "09501101020917"
MAY = date(2029, 5, 8)
WHOLE = BoxCode(GTIN, "ABCD1234", MAY)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("]d20109501101020917172905081" + "0ABCD1234", WHOLE),
        ("]d201095011010209171729050810ABCD1234\x1d2110", WHOLE),
        ("]C101095011010209171729050810ABCD1234", WHOLE),
        ("]Q301095011010209171729050810ABCD1234", WHOLE),
        ("01095011010209171729050810ABCD1234\x1d2110", WHOLE),
        ("\x1d01095011010209171729050810ABCD1234\x1d2110\x1d", WHOLE),
        ("010950110102091710ABCD1234\x1d17290508", WHOLE),
        ("010950110102091721SER0017\x1d1729050810ABCD1234", WHOLE),
        ("  01095011010209171729050810ABCD1234\r\n", WHOLE),
        # how keyboards and drivers spell the separator
        ("010950110102091710ABCD1234<GS>17290508", WHOLE),
        ("010950110102091710ABCD1234{gs}17290508", WHOLE),
        ("010950110102091710ABCD1234|17290508", WHOLE),
        ("010950110102091710ABCD1234~17290508", WHOLE),
        ("010950110102091710ABCD1234␝17290508", WHOLE),
        # without it
        ("010950110102091710ABCD123417290508", WHOLE),
        ("]d2010950110102091710ABCD123417290508", WHOLE),
        ("010950110102091721SER00A1729050810ABCD1234", WHOLE),
        # as printed
        ("(01)09501101020917(17)290508(10)ABCD1234", WHOLE),
        ("(01) 09501101020917 (17) 290508 (10) ABCD1234 (21) 10", WHOLE),
        ("(10)ABCD1234(17)290508(01)09501101020917", WHOLE),
        ("https://id.gs1.org/01/09501101020917/10/ABCD1234?17=290508", WHOLE),
        # a month without a day, leap years, lots with signs
        ("0109501101020917172902001012", BoxCode(GTIN, "12", date(2029, 2, 28))),
        ("0109501101020917172802001012", BoxCode(GTIN, "12", date(2028, 2, 29))),
        ("(01)09501101020917(17)301100(10)A/1-b.2", BoxCode(GTIN, "A/1-b.2", date(2030, 11, 30))),
        ("010950110102091770032905081430\x1d10X", BoxCode(GTIN, "X", MAY)),
        # parts, and plain product numbers
        ("0109501101020917", BoxCode(GTIN)),
        ("1729050810ABCD1234", BoxCode("", "ABCD1234", MAY)),
        ("9501101020917", BoxCode(GTIN)),
        ("]E09501101020917", BoxCode(GTIN)),
        ("09501101020917", BoxCode(GTIN)),
        ("96385074", BoxCode("00000096385074")),
    ],
)
def test_what_a_code_says(typed, code):
    assert read_code(typed) == code


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "no code"),
        ("   \r\n", "no code"),
        ("\x1d", "no code"),
        ("1" * 201, "no code"),
        ("hello", "cannot be read"),
        ("L2345", "cannot be read"),
        ("(01)0950(17)29", "cannot be read"),
        ("(01)09501101020917(17)291308", "cannot be read"),
        ("01095011010209171729023010A", "cannot be read"),
        ("0109501101020917(17)290508", "cannot be read"),
        ("01095011010209181729050810A", "wrong digit"),
        ("(01)09501101020918(10)A", "wrong digit"),
        ("2110", "no product, lot or expiry"),
        ("[)>\x1e06\x1d9N110375286414", "cannot be read"),
    ],
)
def test_what_is_no_code_says_why(typed, why):
    with pytest.raises(Unreadable, match=why):
        read_code(typed)


@given(st.text(max_size=240) | st.text(alphabet="0123456789()\x1d17AB ]d", max_size=80))
def test_whatever_is_typed_there_is_an_answer(typed):
    try:
        assert isinstance(read_code(typed), BoxCode)
    except Unreadable as answer:
        assert str(answer)
