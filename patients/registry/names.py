"""Names, telephones and dates as people type them: how they are stored, found and compared."""

import re
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from unicodedata import east_asian_width

import phonenumbers
from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from clinic.core.text import clean, digits, fold

KEY_LENGTH = 220
LONGEST_QUERY = 100
MOST_WORDS = 6
# How alike two words must be to count as the same one, mistyped: smyth and smith are 0.8 alike.
ALIKE = 0.72

_TELEPHONE = re.compile(r"\+?[0-9()\-.\s]{1,29}", re.ASCII)
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")


def search_key(given_name: str, family_name: str) -> str:
    """Family name first, so that the key also sorts lists; 王 and 伟 without a space, as they are written.

    A name without letters (an emoji) keeps its signs.
    """
    space = "" if _is_wide(family_name) and _is_wide(given_name) else " "
    name = f"{family_name}{space}{given_name}"
    return (fold(name) or clean(name).casefold())[:KEY_LENGTH]


def _is_wide(text: str) -> bool:
    return bool(text) and all(east_asian_width(c) == "W" for c in text)


def e164(typed: str, country: str) -> str:
    """The telephone as +34612345678; `country` (ISO 3166) is meant when none is typed.

    ValueError, with a sentence for the person, for anything that is not one ordinary subscriber's number.
    """
    typed = typed.strip()
    if not _TELEPHONE.fullmatch(typed):
        raise ValueError(_("Write one telephone number, in digits, for example +34 612 345 678."))
    try:
        number = phonenumbers.parse(f"+{typed[2:]}" if typed.startswith("00") else typed, country)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise ValueError(_("This is not a telephone number of that country. Check the digits and the country code."))
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        raise ValueError(_("This is a premium-rate number. Write the patient's own number."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def digest(purpose: str, text: str) -> str:
    """Tells equal texts from others, and nothing about them to whoever has no key."""
    return salted_hmac(f"registry.{purpose}", text, secret=settings.AUDIT_KEY, algorithm="sha256").hexdigest()


@dataclass(frozen=True)
class Part:
    """One typed word: the words it folds to, and what else it may be part of."""

    words: tuple[str, ...]
    digits: str = ""
    dates: tuple[date, ...] = ()


def read_query(typed: str) -> list[Part]:
    """What somebody typed to find a patient; each part must be found in the patient."""
    typed = clean(typed)[:LONGEST_QUERY]
    if not fold(typed):
        return [Part((typed.casefold(),))] if typed else []
    if not any(c.isalpha() for c in typed):
        return [_part(typed)]
    return [part for part in map(_part, typed.split()[:MOST_WORDS]) if part.words]


def _part(typed: str) -> Part:
    words = tuple(fold(typed).split())
    if any(c.isalpha() for c in typed):
        return Part(words)
    return Part(words, digits(typed), tuple(possible_dates(typed)))


def possible_dates(typed: str) -> list[date]:
    """Every date this may mean: 03/04/1990 is in April or in March; with points the day comes first."""
    typed = typed.strip()
    if match := _YEAR_FIRST.fullmatch(typed):
        orders = [match.groups()]
    elif match := _YEAR_LAST.fullmatch(typed):
        first, separator, second, year = match.groups()
        orders = [(year, second, first)] + ([] if separator == "." else [(year, first, second)])
    else:
        return []
    return sorted({found for order in orders if (found := _date(*map(int, order)))})


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def likeness(words: list[str], key: str) -> float:
    """From 0 to 1: how well the words, perhaps mistyped, describe the name with that search key."""
    best = (max((SequenceMatcher(None, word, other).ratio() for other in key.split()), default=0.0) for word in words)
    return sum(best) / len(words)


def swaps(word: str) -> list[str]:
    """A short word with two neighbours swapped, as in jhon: it shares no three letters in a row with what was meant."""
    if len(word) > 5:
        return []
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]


def is_similar(one: str, other: str) -> bool:
    """Whether two search keys may be one person's name: mistyped, in another order, or with a word left out."""
    shorter, longer = sorted((one.split(), other.split()), key=len)
    return bool(shorter) and all(likeness([word], " ".join(longer)) >= 0.8 for word in shorter)
