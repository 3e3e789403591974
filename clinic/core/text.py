"""Folds text so that names find each other: José = jose, Łukasz = lukasz, Straße = strasse."""

import re
import unicodedata

# Letters that Unicode does not decompose into a base letter and a mark.
_UNDECOMPOSED = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)
_FORBIDDEN = re.compile(r"[\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROLS = dict.fromkeys([*range(1, 0x20), *range(0x7F, 0xA0)], " ")


def fold(text: str) -> str:
    """Lower case, no accents, one space between words; apostrophes and hyphens become spaces."""
    lower = unicodedata.normalize("NFKD", text).casefold().translate(_UNDECOMPOSED)
    decomposed = unicodedata.normalize("NFKD", lower)
    letters = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join(letters.split())


def clean(text: str) -> str:
    """NFC, without surrounding space and without characters that change the direction of what follows.

    Text of which nothing could be seen is empty.
    """
    kept = _FORBIDDEN.sub("", unicodedata.normalize("NFC", text)).strip()
    return kept if any(unicodedata.category(c)[0] not in "CMZ" for c in kept) else ""


def clean_line(text: str) -> str:
    """The same for text of one line, such as a name: control characters and line breaks become one space."""
    return clean(" ".join(" ".join(text.splitlines()).translate(_CONTROLS).split()))


def digits(text: str) -> str:
    """The ASCII digits of a telephone number, for finding it by any part."""
    return "".join(c for c in text if c in "0123456789")
