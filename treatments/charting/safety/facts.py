"""Everything that the safety rules look at, fetched whole: a constant number of queries, whatever is charted."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import cache, cached_property
from pathlib import Path

from django.db.models import Max, Prefetch, Q
from django.shortcuts import get_object_or_404

from clinic.core import clock
from patients.history.enums import Topic
from patients.history.queries import history_of
from patients.history.record import History
from treatments.catalogue.enums import Side
from treatments.catalogue.models import (
    Area,
    FormulationVersion,
    Incompatibility,
    IngredientAllergen,
    IngredientCondition,
    Product,
)
from treatments.catalogue.queries import Suited, incompatibilities_among, suited_to
from treatments.charting.draft import Chart
from treatments.charting.enums import RuleEffect, SessionStatus
from treatments.charting.models import Injection, Preparation, SafetyRule, TreatmentSession
from treatments.charting.queries import Reference, chart_of, versions_by_id

SHIPPED = Path(__file__).parent.parent / "data" / "safety_rules.toml"


@dataclass(frozen=True)
class Shipped:
    """A rule as the house ships it, and the effects that a clinic may choose instead."""

    key: str
    effect: RuleEffect
    choices: tuple[RuleEffect, ...] = ()
    unit: str = ""
    sources: tuple[str, ...] = ()


@cache
def shipped_rules() -> dict[str, Shipped]:
    rows = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["safety_rule"]
    return {
        row["key"]: Shipped(
            key=row["key"],
            effect=RuleEffect(row["effect"]),
            choices=tuple(RuleEffect(choice) for choice in row.get("choices", [])),
            unit=row.get("unit", ""),
            sources=tuple(row.get("source", [])),
        )
        for row in rows
    }


@dataclass(frozen=True)
class Rule:
    """How a rule stands in this clinic today."""

    effect: RuleEffect
    value: Decimal | None = None
    sources: tuple[str, ...] = ()


def safety_rules() -> dict[str, SafetyRule]:
    """The settings page: every rule that was loaded, by key."""
    return {row.key: row for row in SafetyRule.objects.select_related("changed_by")}


def get_safety_rule(rule_id: int) -> SafetyRule:
    return get_object_or_404(SafetyRule, pk=rule_id, key__in=shipped_rules())


def rules_in_force() -> dict[str, Rule]:
    """Every rule: as the clinic keeps it, and as shipped where its row was not loaded yet."""
    rules = {key: Rule(shipped.effect, sources=shipped.sources) for key, shipped in shipped_rules().items()}
    rows = SafetyRule.objects.filter(key__in=rules).values_list("key", "effect", "value", "sources")
    for key, effect, value, sources in rows:
        rules[key] = Rule(RuleEffect(effect), value, tuple(sources))
    return rules


@dataclass(frozen=True)
class Facts:
    """What is known of the patient and of everything that the chart names. Days are the clinic's."""

    history: History
    day: date
    at: datetime
    rules: dict[str, Rule]
    reference: Reference
    versions: dict[int, FormulationVersion] = field(default_factory=dict)  # also those of `earlier`
    suited: dict[int, Suited] = field(default_factory=dict)  # by formulation
    against_allergen: list[IngredientAllergen] = field(default_factory=list)
    against_condition: list[IngredientCondition] = field(default_factory=list)
    pairs: list[Incompatibility] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    earlier: list[Chart] = field(default_factory=list)  # of other signed sessions of the same day
    last_in: dict[tuple[str, str], date] = field(default_factory=dict)  # by area and side
    last_with: dict[int, date] = field(default_factory=dict)  # by ingredient
    consulted: bool | None = None

    @property
    def areas(self) -> dict[str, Area]:
        return self.reference.areas

    def kin(self, key: str) -> set[str]:
        """The area, everything that it is part of, and all its parts."""
        return self.ancestors(key) | {other for other, above in self._above.items() if key in above}

    def ancestors(self, key: str) -> set[str]:
        """The area and everything that it is part of."""
        return self._above.get(key, set())

    @cached_property
    def _above(self) -> dict[str, set[str]]:
        by_id = {area.pk: area for area in self.areas.values()}
        found = {}
        for key, area in self.areas.items():
            above = found[key] = set()
            while area and area.key not in above:
                above.add(area.key)
                area = by_id.get(area.parent_id)
        return found


# Whether the consultation that a visit needs took place: answered by the calendar, which stands above this app.
# (patient, instant, session id or None) -> True, False, or None where none is needed.
Consulted = Callable[[object, datetime, int | None], bool | None]
_calendars: list[Consulted] = []


def ask_calendar(check: Consulted) -> None:
    """The calendar says how it is asked."""
    _calendars[:] = [check]


def consulted(patient, at: datetime, session_id: int | None) -> bool | None:
    return _calendars[0](patient, at, session_id) if _calendars else None


def facts_for(chart: Chart, reference: Reference, *, patient, at: datetime, session_id: int | None = None) -> Facts:
    """All facts for a chart of `patient` at `at`; `session_id` is the chart's own session, which is not its past.

    Autosaves wait for this: what no rule can need is not fetched.
    """
    day = clock.local(at).date()
    past = TreatmentSession.objects.filter(patient=patient, status=SessionStatus.SIGNED).exclude(pk=session_id)
    earlier, versions = _charts_of_day(past, day, reference.versions)
    lines = [line for version in reference.versions.values() for line in version.lines.all()]
    ingredients = {line.ingredient_id for line in lines}
    paused = {
        line.ingredient_id for line in lines if any(row.get("per") == "interval_days" for row in line.ingredient.limits)
    }
    history, rules = replace(history_of(patient, people=False), day=day), rules_in_force()
    allergic = ingredients if history.current(Topic.ALLERGIES) else set()
    ill = ingredients if history.condition_keys else set()
    return Facts(
        history=history,
        day=day,
        at=at,
        rules=rules,
        reference=reference,
        versions=versions,
        suited=suited_to({version.formulation_id for version in reference.versions.values()}),
        against_allergen=_rules(IngredientAllergen, allergic, "allergen"),
        against_condition=_rules(IngredientCondition, ill, "condition"),
        pairs=incompatibilities_among(ingredients) if len(ingredients) > 1 else [],
        products=_products(chart, ingredients),
        earlier=earlier,
        last_in=_last_in(past, at) if rules["interval_area"].value else {},
        last_with=_last_with(past, paused, at) if paused else {},
        consulted=consulted(patient, at, session_id),
    )


def _rules(model, ingredients: set[int], word: str) -> list:
    rows = model.objects.current().filter(ingredient__in=ingredients)
    return list(rows.select_related("ingredient", word).order_by("pk")) if ingredients else []


def _products(chart: Chart, ingredients: set[int]) -> list[Product]:
    lots = {lot for syringe in chart.preparations for lot in syringe.lots.values()}
    if not lots and not ingredients:
        return []
    rows = Product.objects.filter(Q(lots__in=lots) | Q(ingredient__in=ingredients)).distinct()
    return list(rows.prefetch_related(Prefetch("licensed_areas", Area.objects.order_by("name"))))


def _charts_of_day(past, day: date, known: dict[int, FormulationVersion]) -> tuple[list[Chart], dict]:
    """What other sessions of the day gave, in the shape of a chart; and all versions, those that are `known` too."""
    begins, ends = clock.day_bounds(day)
    sessions = past.filter(started_at__gte=begins, started_at__lt=ends).select_related("indication")
    injections = Injection.objects.select_related("area", "technique").order_by("pk")
    rows = sessions.prefetch_related("preparations__lots", Prefetch("injections", injections))
    of_day = list(rows.order_by("pk"))
    preparations = [preparation for session in of_day for preparation in session.preparations.all()]
    versions = known | versions_by_id({preparation.version_id for preparation in preparations} - known.keys())
    for preparation in preparations:
        preparation.version = versions[preparation.version_id]
    return [_chart(session) for session in of_day], versions


def _chart(session: TreatmentSession) -> Chart:
    preparations = list(session.preparations.all())
    lots = [lot for preparation in preparations for lot in preparation.lots.all()]
    return chart_of(session, preparations, lots, list(session.injections.all()))


def _last_in(past, at: datetime) -> dict[tuple[str, str], date]:
    rows = Injection.objects.filter(session__in=past.order_by(), session__started_at__lte=at).order_by()
    last = rows.values_list("area__key", "side").annotate(last=Max("session__started_at"))
    return {(area, side): clock.local(moment).date() for area, side, moment in last}


def _last_with(past, ingredients: set[int], at: datetime) -> dict[int, date]:
    used = Preparation.objects.filter(
        session__in=past.order_by(), session__started_at__lte=at, version__lines__ingredient__in=ingredients
    )
    last = used.order_by().values_list("version__lines__ingredient").annotate(Max("session__started_at"))
    return {ingredient: clock.local(moment).date() for ingredient, moment in last}


def sides_meet(one: str, other: str) -> bool:
    """Whether two points with these sides may be on the same side: what has no side is on both."""
    return one == other or Side.NONE in {one, other}
