"""Finds the vocabulary's word for what a patient says, without accents, hyphens or spaces getting in the way."""

from collections.abc import Iterable
from dataclasses import dataclass

from clinic.core.text import fold

EXACT, BEGINS, SAID_WITHIN, CONTAINS, HALF_SAID = range(5)
# A shorter name inside a longer word is an accident ("asa" in "nasal"), not what the patient meant.
SHORTEST_WITHIN = 5


@dataclass(frozen=True)
class Match:
    """A row of the vocabulary, the name by which it was found, and how closely (EXACT is the best)."""

    row: object
    name: str
    rank: int

    @property
    def exact(self) -> bool:
        return self.rank == EXACT


def rank_of(said: str, name: str) -> int | None:
    """How closely `name` answers what was said; None: not at all.

    EXACT the same letters; BEGINS the name goes on ("nuro"); SAID_WITHIN its words are among those said ("baby
    aspirin"); CONTAINS the letters stand inside the name; HALF_SAID the name is part of a word said ("aspirina").
    """
    words, name_words = fold(said).split(), fold(name).split()
    letters, name_letters = "".join(words), "".join(name_words)
    if not letters or not name_letters:
        return None
    if letters == name_letters:
        return EXACT
    if len(letters) >= 2 and name_letters.startswith(letters):
        return BEGINS
    if f" {' '.join(name_words)} " in f" {' '.join(words)} ":
        return SAID_WITHIN
    if len(letters) >= 3 and letters in name_letters:
        return CONTAINS
    if len(name_letters) >= SHORTEST_WITHIN and name_letters in letters:
        return HALF_SAID
    return None


def best_matches(said: str, named_rows: Iterable[tuple[object, list[str]]], *, limit: int = 8) -> list[Match]:
    """The rows that answer, each by its best name, closest first.

    Among names within what was said the longest wins ("nurofen plus" before "nurofen"), among names that go
    on the shortest. Equal ones keep the order in which they were given.
    """
    found = [match for row, names in named_rows if (match := _best(said, row, names))]
    return sorted(found, key=_closeness)[:limit]


def _best(said: str, row, names: list[str]) -> Match | None:
    matches = [Match(row, name, rank) for name in names if (rank := rank_of(said, name)) is not None]
    return min(matches, key=_closeness, default=None)


def _closeness(match: Match) -> tuple[int, int]:
    length = len(fold(match.name))
    return match.rank, -length if match.rank in {SAID_WITHIN, HALF_SAID} else length
