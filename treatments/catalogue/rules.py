"""Answers about a mixture: what must not be in it, what needs a reason, what is worth knowing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from django.utils.translation import gettext as _

from clinic.core.fields import format_amount
from patients.history.enums import Effect
from treatments.catalogue.enums import Unit, Vehicle
from treatments.catalogue.models import Ingredient, RecipeLine
from treatments.catalogue.queries import incompatibilities_among, mixing_rules

MOST_ML = Decimal(500)
MOST_LINES = 20
MOST_PAIRS_NAMED = 6
# More than this in one mL is no solution: nothing dissolves to more than its own weight twice over.
STRONGEST = {Unit.MG: Decimal(2000), Unit.MCG: Decimal(2_000_000)}
DILUENT_CLASS = "diluent"


@dataclass(frozen=True)
class Problem:
    """Something to say about a mixture; `effect` stops it, asks for a written reason, or only tells."""

    effect: Effect
    message: str
    sources: tuple[str, ...] = ()


def ingredient_refusal(ingredient: Ingredient) -> str:
    """Why an ingredient cannot go into a recipe; empty when it can. Its class must be loaded."""
    name = {"ingredient": ingredient.name, "kind": ingredient.ingredient_class.name}
    if ingredient.retired_at:
        return _("%(ingredient)s is retired and cannot go into a recipe.") % name
    if ingredient.ingredient_class.retired_at or not ingredient.ingredient_class.enabled:
        return _("%(ingredient)s belongs to “%(kind)s”, which this clinic has not turned on.") % name
    if ingredient.vehicle == Vehicle.OIL:
        return _("%(ingredient)s is dissolved in oil, which must not be injected into the skin.") % name
    if ingredient.vehicle == Vehicle.ALCOHOL:
        return _("%(ingredient)s is dissolved in alcohol, which must not be injected into the skin.") % name
    return ""


def concentration_refusal(ingredient: Ingredient, concentration: Decimal | None) -> str:
    """Why a strength does not belong to the ingredient; empty when it does."""
    name = {"ingredient": ingredient.name, "unit": ingredient.get_unit_display()}
    if ingredient.unit == Unit.ML:
        return _("%(ingredient)s is measured in mL: leave the strength empty.") % name if concentration else ""
    if concentration is None:
        return _("How strong is %(ingredient)s, in %(unit)s per mL?") % name
    most = STRONGEST.get(Unit(ingredient.unit))
    if most is not None and concentration > most:
        name["most"] = format_amount(most)
        return _("No solution holds more than %(most)s %(unit)s per mL: check the unit.") % name
    return ""


def problems_in(lines: Sequence[RecipeLine], total_volume_ml: Decimal) -> list[Problem]:
    """Everything to say about a recipe, the strongest first. Two queries."""
    found = [
        *_volume_problems(lines, total_volume_ml),
        *_line_problems(lines),
        *_pair_problems(lines),
        *_count_problems(lines),
    ]
    return sorted(found, key=lambda problem: list(Effect).index(problem.effect))


def stops(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.effect == Effect.STOP]


def needs_reason(problems: Sequence[Problem]) -> bool:
    return any(problem.effect == Effect.REASON for problem in problems)


def _volume_problems(lines, total_volume_ml) -> list[Problem]:
    if not lines:
        return [Problem(Effect.STOP, _("There is no ingredient in this recipe yet."))]
    poured = sum((line.volume_ml for line in lines), Decimal())
    if poured == total_volume_ml:
        return []
    amounts = {
        "poured": format_amount(poured),
        "total": format_amount(total_volume_ml),
        "gap": format_amount(abs(total_volume_ml - poured)),
    }
    if poured > total_volume_ml:
        message = _("The lines add up to %(poured)s mL, %(gap)s mL more than the whole mixture of %(total)s mL.")
    else:
        message = _(
            "The lines add up to %(poured)s mL, but the whole mixture is %(total)s mL: "
            "add the %(gap)s mL that fill it up, for example of saline."
        )
    return [Problem(Effect.STOP, message % amounts)]


def _line_problems(lines) -> list[Problem]:
    messages = []
    for line in lines:
        messages.append(ingredient_refusal(line.ingredient))
        messages.append(concentration_refusal(line.ingredient, line.concentration))
    return [Problem(Effect.STOP, message) for message in messages if message]


def _count_problems(lines) -> list[Problem]:
    house, count = mixing_rules(), len(_actives(lines))
    if count <= house.most_ingredients:
        return []
    message = _("%(count)s ingredients besides the diluent: this clinic thinks more than %(most)s are too many.")
    return [Problem(Effect(house.too_many), message % {"count": count, "most": house.most_ingredients})]


def _actives(lines) -> list[Ingredient]:
    return [line.ingredient for line in lines if line.ingredient.ingredient_class.key != DILUENT_CLASS]


def _pair_problems(lines) -> list[Problem]:
    pairs = incompatibilities_among({line.ingredient_id for line in lines})
    found = [Problem(Effect(pair.effect), _pair_message(pair), tuple(pair.sources)) for pair in pairs]
    known = {frozenset((pair.first_id, pair.second_id)) for pair in pairs}
    untested = [(a, b) for a, b in combinations(_actives(lines), 2) if frozenset((a.pk, b.pk)) not in known]
    return found + _untested_problems(untested)


def _untested_problems(pairs) -> list[Problem]:
    """Names the pairs that nobody tested, as long as they can be taken in at a glance."""
    if not pairs:
        return []
    if len(pairs) > MOST_PAIRS_NAMED:
        message = _("Nobody has tested %(count)s of the pairs in this mixture together, so do not take it for safe.")
        return [Problem(Effect.NOTE, message % {"count": len(pairs)})]
    names = "; ".join(f"{a.name} + {b.name}" for a, b in pairs)
    return [Problem(Effect.NOTE, _("Nobody has tested these together, so do not take it for safe: ") + names + ".")]


def _pair_message(pair) -> str:
    names = f"{pair.first.name} + {pair.second.name}"
    if pair.diluent:
        names = _("%(names)s in %(diluent)s") % {"names": names, "diluent": pair.diluent.name}
    return f"{names}: {pair.note or pair.get_effect_display()}"
