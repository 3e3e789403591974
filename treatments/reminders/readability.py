"""How easy a text is to read: Flesch's measure, in the form that was made for each language. No figure for Arabic.

Vowels are counted for syllables, which is near enough for a hint while somebody types.
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from statistics import fmean

from django.utils.translation import gettext_lazy as _


class Ease(IntEnum):
    """From how many points on; plain English begins with 60 (Flesch 1949)."""

    HARD = 0
    PLAIN = 60
    EASY = 70

    @property
    def label(self):
        return {Ease.HARD: _("hard to read"), Ease.PLAIN: _("plain"), Ease.EASY: _("easy to read")}[self]


@dataclass(frozen=True)
class Measure:
    """`base - sentence * words per sentence - word * syllables per word`; `silent`: an ending that is not spoken."""

    source: str
    base: float
    sentence: float
    word: float
    vowels: re.Pattern
    silent: re.Pattern | None = None

    def syllables(self, word: str) -> int:
        count = len(self.vowels.findall(word))
        return max(1, count - bool(self.silent and self.silent.search(word)))


@dataclass(frozen=True)
class Reading:
    points: int
    ease: Ease
    source: str


MEASURES = {
    "en": Measure(
        "Flesch 1948, A new readability yardstick",
        206.835,
        1.015,
        84.6,
        re.compile("[aeiouy]+"),
        re.compile("[^aeiouyl]e$|[^aeiouytd]ed$"),
    ),
    "es": Measure(
        "Fernández Huerta 1959, Medidas sencillas de lecturabilidad",
        206.84,
        1.02,
        60,
        re.compile("[iuüy]*[aeoáéó][iuüy]*|[íú]|[iuü]+"),
    ),
    "fr": Measure(
        "Kandel & Moles 1958, Application de l’indice de Flesch à la langue française",
        207,
        1.015,
        73.6,
        re.compile("[aeiouyàâäéèêëîïôöùûüœæ]+"),
        re.compile("[^aeiouyàâéèêîôùû]es?$"),
    ),
    "de": Measure(
        "Amstad 1978, Wie verständlich sind unsere Zeitungen?",
        180,
        1,
        58.5,
        re.compile("aa|ee|oo|ie|ei|ai|äu|au|eu|[aeiouyäöü]"),
    ),
}
_ADDRESS = re.compile(r"https?://\S+")
_SENTENCE_ENDS = re.compile(r"[.!?:](?=\s|$)|\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def measured(text: str, language: str) -> Reading | None:
    """Of a text as it is read, without its addresses. None for a language without a measure, or without words."""
    measure = MEASURES.get(language.partition("-")[0])
    sentences = [_WORD.findall(part) for part in _SENTENCE_ENDS.split(_ADDRESS.sub("", text).casefold())]
    sentences = [words for words in sentences if words]
    if not measure or not sentences:
        return None
    per_word = fmean(measure.syllables(word) for words in sentences for word in words)
    points = measure.base - measure.sentence * fmean(map(len, sentences)) - measure.word * per_word
    points = round(min(100, max(0, points)))
    return Reading(points, max(ease for ease in Ease if ease <= points), measure.source)
