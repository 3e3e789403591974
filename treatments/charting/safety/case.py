"""An answer of a safety rule, and the case that the rules are asked about."""

from dataclasses import dataclass, field
from functools import cached_property

from patients.history.enums import Effect
from treatments.catalogue.models import FormulationVersion, Ingredient, RecipeLine
from treatments.charting.draft import Chart, Group, Syringe
from treatments.charting.enums import RuleEffect
from treatments.charting.rules import side_suffix
from treatments.charting.safety.facts import Facts, Rule

ABOUT, MESSAGE = 120, 500
# What these say keeps from signing whatever reason is given.
HARD = {"version", "lot"}
NEED_REASON = {Effect.STOP, Effect.REASON, Effect.WAIT}


@dataclass(frozen=True)
class Answer:
    """What a rule says. `about` tells the answers of one rule apart; `marks` are paths of the syringes and points."""

    rule: str
    about: str
    effect: Effect
    message: str
    sources: tuple[str, ...] = ()
    marks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def key(self) -> str:
        """Where a draft keeps the reason: "allergen.lidocaine-amide_anaesthetic"."""
        return ".".join(filter(None, [self.rule, self.about]))

    @property
    def slug(self) -> str:
        return self.key.replace(".", "-")

    @property
    def is_hard(self) -> bool:
        return self.rule in HARD

    @property
    def needs_reason(self) -> bool:
        return self.effect in NEED_REASON and not self.is_hard


@dataclass(frozen=True)
class Case:
    """A chart with everything known about it: what the rules are asked about."""

    chart: Chart
    facts: Facts
    places: tuple[tuple[str, str], ...] = ()  # areas and sides that are meant to be treated, before any point

    def rule(self, key: str) -> Rule:
        return self.facts.rules[key]

    def answer(self, rule: str, about: str, message: str, *, effect=None, sources=(), marks=()) -> Answer:
        """`effect` where the catalogue says it row by row, else the rule's own."""
        settled = self.rule(rule)
        chosen = effect if settled.effect == RuleEffect.LISTED else settled.effect
        links = dict.fromkeys([*sources, *settled.sources])
        return Answer(
            rule=rule,
            about=about[:ABOUT],
            effect=Effect(chosen),
            message=message[:MESSAGE],
            sources=tuple(link for link in links if link),
            marks=tuple(marks),
        )

    @cached_property
    def syringes(self) -> list[tuple[Syringe, FormulationVersion]]:
        """The syringes whose recipe is known."""
        versions = self.facts.reference.versions
        return [(s, versions[s.version_id]) for s in self.chart.preparations if s.version_id in versions]

    @staticmethod
    def lines_in(syringe: Syringe, version: FormulationVersion) -> list[RecipeLine]:
        """What is in the syringe: the recipe without what was left out for this patient."""
        return [line for line in version.lines.all() if syringe.amounts.get(line.pk) != 0]

    @cached_property
    def ingredients(self) -> dict[int, tuple[Ingredient, list[str]]]:
        """Every ingredient with the paths of the syringes that hold it."""
        found: dict[int, tuple[Ingredient, list[str]]] = {}
        for syringe, version in self.syringes:
            for line in self.lines_in(syringe, version):
                found.setdefault(line.ingredient_id, (line.ingredient, []))[1].append(path_of(syringe))
        return found

    @cached_property
    def charted_places(self) -> dict[tuple[str, str], list[str]]:
        """Area and side with the paths of the points there."""
        found: dict[tuple[str, str], list[str]] = {place: [] for place in self.places}
        for group in self.chart.injections:
            found.setdefault((group.area, group.side), []).append(path_of(group))
        return {place: marks for place, marks in found.items() if place[0] in self.facts.areas}

    def area_name(self, key: str, side: str = "") -> str:
        return f"{self.facts.areas[key].name}{side_suffix(side)}"


def path_of(entry: Syringe | Group) -> str:
    return f"{'preparations' if isinstance(entry, Syringe) else 'injections'}.{entry.id}"
