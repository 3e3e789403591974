"""How the answers of the safety rules are shown: in groups by effect, and as data for the charting page's script."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from patients.history.enums import Effect
from patients.history.warnings import LOOKS
from treatments.charting.safety.case import NEED_REASON, Answer


@dataclass
class Group:
    """The answers of one effect. A row is the answer and the reason that was written."""

    effect: Effect
    rows: list[tuple] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.effect.label

    @property
    def tone(self) -> str:
        return LOOKS[self.effect][0]

    @property
    def icon(self) -> str:
        return LOOKS[self.effect][1]

    @property
    def wants_reason(self) -> bool:
        return self.effect in NEED_REASON


def grouped(answers: Iterable, reasons: dict[str, str]) -> list[Group]:
    """All four groups, the strongest first; also those without an answer, for the script to fill."""
    groups = {effect: Group(effect) for effect in Effect}
    for answer in answers:
        groups[Effect(answer.effect)].rows.append((answer, reasons.get(answer.key, "")))
    return list(groups.values())


def recorded(rows: Iterable) -> list[Group]:
    """What a session was told, with the reasons that were given: only the groups with an answer."""
    groups = {effect: Group(effect) for effect in Effect}
    for row in rows:
        groups[Effect(row.effect)].rows.append((row, getattr(row, "reason", "")))
    return [group for group in groups.values() if group.rows]


def as_data(answers: list[Answer]) -> list[dict]:
    return [
        {
            "key": answer.key,
            "slug": answer.slug,
            "effect": answer.effect,
            "message": answer.message,
            "sources": answer.sources,
            "marks": [mark.replace(".", "-") for mark in answer.marks],
            "needsReason": answer.needs_reason,
        }
        for answer in answers
    ]
