"""The number in the barcode of a box: 8, 12, 13 or 14 digits, of which the last checks the others."""

import re

LENGTHS = {8, 12, 13, 14}


def check_digit(body: str) -> str:
    """The digit that belongs behind `body`: every second digit, from the right, counts three times."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def gtin14(typed: str) -> str | None:
    """The number with 14 digits, without the spaces and hyphens it may be printed with; None when it is none."""
    digits = re.sub(r"[ -]", "", typed)
    if not re.fullmatch("[0-9]+", digits) or len(digits) not in LENGTHS:
        return None
    return digits.zfill(14) if digits[-1] == check_digit(digits[:-1]) else None
