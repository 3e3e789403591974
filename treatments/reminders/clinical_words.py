"""Words that tell others what is treated or taken: they stand in no subject line and in no text message."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

BEGINNINGS = Path(__file__).parent / "data" / "clinical_words.toml"


def _pattern() -> re.Pattern:
    """Of every language the beginnings of words; in Arabic also inside of a word, as articles are joined to it."""
    rows = tomllib.loads(BEGINNINGS.read_text(encoding="utf-8"))
    inside = rows.pop("ar")
    begin = [re.escape(word) for words in rows.values() for word in words]
    return re.compile(rf"\b(?:{'|'.join(begin)})\w*|\w*(?:{'|'.join(map(re.escape, inside))})\w*")


_WORDS = _pattern()


def found_in(text: str, names: Iterable[str] = ()) -> list[str]:
    """The words of `text` that say something clinical, in lower case: by our lists, or as one of `names`.

    Placeholders are no words: what they are filled with names no medicine in a text message.
    """
    said = re.sub(r"\{\w*\}", " ", text).casefold()
    found = _WORDS.findall(said)
    found += [name for name in map(str.casefold, names) if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)]
    return list(dict.fromkeys(found))
