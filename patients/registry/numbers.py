"""Patient numbers: six or more digits and a check digit, so that a slip of the finger is noticed.

The check digit is ISO 7064 MOD 11-2, which notices every wrong digit and every swap of two neighbours. It knows
an eleventh digit, "X"; numbers that would need it are not given out.
"""

FIRST = 100_000


def check_digit(body: str) -> str:
    """The digit to put behind `body`; "X" stands for ten."""
    remainder = 0
    for digit in body:
        remainder = (remainder + int(digit)) * 2 % 11
    return "0123456789X"[(12 - remainder) % 11]


def is_valid(number: str) -> bool:
    return number.isascii() and number.isdigit() and check_digit(number[:-1]) == number[-1]


def numbers_after(last: int, count: int) -> tuple[list[str], int]:
    """The next `count` numbers behind the body `last`, and the last body used."""
    numbers = []
    while len(numbers) < count:
        last += 1
        if (digit := check_digit(str(last))) != "X":
            numbers.append(f"{last}{digit}")
    return numbers, last
