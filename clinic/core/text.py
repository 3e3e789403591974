"""Folds text so that names find each other: José = jose, Łukasz = lukasz, Straße = strasse."""

import re
import unicodedata

# Letters that Unicode does not decompose into a base letter and a mark.
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_FORBIDDEN = re.compile(r"[\u202a-\u202e\u2066-\u2069\ufeff]")


def fold(text: str) -> str:
    """Lower case, no accents, one space between words; apostrophes and hyphens become spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_UNDECOMPOSED))
    letters = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(letters.split())


def clean(text: str) -> str:
    """NFC, without surrounding space and without characters that change the direction of what follows."""
    return _FORBIDDEN.sub("", unicodedata.normalize("NFC", text)).strip().strip("\u200b").strip()


def digits(text: str) -> str:
    """The ASCII digits of a telephone number, for finding it by any part."""
    return "".join(c for c in text if c in "0123456789")
