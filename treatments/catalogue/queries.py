"""What the catalogue's screens show, each fetched whole."""

from itertools import groupby
from typing import NamedTuple

from django.db.models import Prefetch, Q, QuerySet, Value
from django.shortcuts import get_object_or_404

from clinic.core.text import fold
from patients.history.models import Allergen, Condition, Term
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import (
    Area,
    Formulation,
    FormulationVersion,
    Incompatibility,
    Indication,
    Ingredient,
    IngredientAllergen,
    IngredientClass,
    IngredientCondition,
    MixingRules,
    PairRule,
    Product,
    RecipeLine,
    Technique,
)
from treatments.catalogue.strength import Strength, strengths

# The lists of the vocabulary, by the name of their address.
TERMS: dict[str, type[Term]] = {
    "areas": Area,
    "indications": Indication,
    "techniques": Technique,
    "ingredients": Ingredient,
    "classes": IngredientClass,
}
# What may speak against an ingredient, by the name of the rule's field: the rule and the word.
RULES: dict[str, tuple[type[PairRule], type[Term]]] = {
    "allergen": (IngredientAllergen, Allergen),
    "condition": (IngredientCondition, Condition),
}


def formulations(*, typed: str = "", retired: bool = False) -> list[Formulation]:
    """The list of formulations: those whose name, purpose or ingredients hold every typed word."""
    rows = Formulation.objects.filter(retired_at__isnull=not retired).prefetch_related(_versions())
    return [row for row in rows if _holds(typed, row.name, row.purpose, *_ingredient_names(row))]


def get_formulation(formulation_id: int) -> Formulation:
    """A formulation with what it suits, and its versions, newest first, with their recipes."""
    rows = Formulation.objects.prefetch_related("areas", "techniques", "indications", _versions())
    return get_object_or_404(rows, pk=formulation_id)


def get_version(version_id: int) -> FormulationVersion:
    return get_object_or_404(_with_people(with_recipe(FormulationVersion.objects.all())), pk=version_id)


def other_versions(version: FormulationVersion) -> list[FormulationVersion]:
    """The versions that a version can be compared with, newest first."""
    rows = FormulationVersion.objects.filter(formulation=version.formulation_id).exclude(pk=version.pk)
    return list(rows.order_by("-number"))


def has_approved(version: FormulationVersion) -> bool:
    """Whether a version of the same formulation is in use."""
    return FormulationVersion.objects.filter(formulation=version.formulation_id, status=VersionStatus.APPROVED).exists()


def approved_versions() -> QuerySet[FormulationVersion]:
    """What may be drawn up today: charting's choice, with lines and ingredients, by name, the newest version first."""
    return with_recipe(
        FormulationVersion.objects.filter(status=VersionStatus.APPROVED, formulation__retired_at__isnull=True)
    ).order_by("formulation__name", "-number")


def drafts() -> QuerySet[FormulationVersion]:
    """The panel of drafts that wait for approval, the oldest first."""
    rows = FormulationVersion.objects.filter(status=VersionStatus.DRAFT, formulation__retired_at__isnull=True)
    return _with_people(with_recipe(rows)).order_by("created_at", "pk")


def final_concentrations(version: FormulationVersion) -> list[Strength]:
    """The strength of every ingredient in the finished mixture, in the order of the recipe."""
    return strengths(version.lines.all(), version.total_volume_ml)


def known_ingredients() -> list[Ingredient]:
    """All ingredients with their class, also those that may not be chosen: a recipe's editor explains why."""
    return list(Ingredient.objects.select_related("ingredient_class").order_by("ingredient_class__name", "name"))


def incompatibilities_among(ingredient_ids: set[int]) -> list[Incompatibility]:
    """The pairs on record of which both are in the mixture, and the diluent too where one is named.

    Of the ingredients it fetches the names only: every save of a chart waits for this.
    """
    members = "first", "second", "diluent"
    return list(
        Incompatibility.objects.current()
        .filter(first__in=ingredient_ids, second__in=ingredient_ids)
        .filter(Q(diluent__isnull=True) | Q(diluent__in=ingredient_ids))
        .select_related(*members)
        .only("key", "effect", "note", "sources", *(f"{member}__name" for member in members))
        .order_by("pk")
    )


class Suited(NamedTuple):
    """What a formulation is meant for, by key; where a set is empty, for all."""

    areas: set[str]
    techniques: set[str]


def suited_to(formulation_ids: set[int]) -> dict[int, Suited]:
    """For each of the formulations: the areas and techniques that it is meant for. One query."""
    found = {formulation_id: Suited(set(), set()) for formulation_id in formulation_ids}
    rows = Formulation.objects.filter(pk__in=formulation_ids).order_by()
    areas = rows.filter(areas__isnull=False).values_list("pk", Value("areas"), "areas__key")
    techniques = rows.filter(techniques__isnull=False).values_list("pk", Value("techniques"), "techniques__key")
    for formulation_id, name, key in areas.union(techniques, all=True) if formulation_ids else ():
        getattr(found[formulation_id], name).add(key)
    return found


def mixing_rules() -> MixingRules:
    """How many ingredients the clinic thinks too many; as shipped until it says otherwise."""
    return MixingRules.objects.filter(pk=1).first() or MixingRules(pk=1)


def allergens_in(ingredient_ids: set[int]) -> list[tuple[Allergen, list[IngredientAllergen]]]:
    """The allergies that a mixture of these ingredients speaks to, each with the rules that say so, by name."""
    rules = IngredientAllergen.objects.current().filter(ingredient__in=ingredient_ids)
    rows = rules.select_related("allergen", "ingredient").order_by("allergen__name", "ingredient__name")
    return [(allergen, list(found)) for allergen, found in groupby(rows, key=lambda rule: rule.allergen)]


def products_for(ingredient_ids: set[int]) -> list[Product]:
    """What a mixture can be made of: the current products of its ingredients."""
    return list(Product.objects.current().filter(ingredient__in=ingredient_ids))


def terms(kind: str, *, typed: str = "", retired: bool = False, where: Q | None = None) -> list[Term]:
    """A list of the vocabulary: the rows whose name, note or code hold every typed word."""
    rows = _with_relations(kind).filter(where or Q(), retired_at__isnull=not retired)
    return [row for row in rows if _holds(typed, row.name, row.note, getattr(row, "code", ""))]


def get_term(kind: str, term_id: int) -> Term:
    return get_object_or_404(_with_relations(kind), pk=term_id)


def get_ingredient(ingredient_id: int) -> Ingredient:
    """An ingredient with its products, everything that speaks against it, and the pairs it is part of as `pairs`.

    `rules` and `retired` are (kind, what it is about, rule): all of them, and those that are no longer asked.
    """
    rows = Ingredient.objects.select_related("ingredient_class").prefetch_related(
        "allergen_rules__allergen",
        "condition_rules__condition",
        Prefetch("products", Product.objects.order_by("retired_at", "name")),
    )
    row = get_object_or_404(rows, pk=ingredient_id)
    row.pairs = pairs_of(row)
    row.rules = [(kind, getattr(rule, kind), rule) for kind in RULES for rule in getattr(row, f"{kind}_rules").all()]
    row.rules += [("pair", other, pair) for other, pair in row.pairs]
    row.retired = [found for found in row.rules if found[2].retired_at]
    return row


def ingredient_or_none(typed: str) -> Ingredient | None:
    """The ingredient of this number, as an address names it."""
    return Ingredient.objects.filter(pk=int(typed)).first() if typed.isascii() and typed.isdecimal() else None


def pairs_of(ingredient: Ingredient) -> list[tuple[Ingredient, Incompatibility]]:
    """The pairs that an ingredient is part of, each with the other one, by its name; retired ones too."""
    pairs = Incompatibility.objects.filter(Q(first=ingredient) | Q(second=ingredient))
    found = [
        (pair.second if pair.first_id == ingredient.pk else pair.first, pair)
        for pair in pairs.select_related("first", "second", "diluent")
    ]
    return sorted(found, key=lambda pair: pair[0].name)


def get_rule(kind: str, rule_id: int) -> PairRule:
    """A rule with its ingredient and what speaks against that."""
    return get_object_or_404(RULES[kind][0].objects.select_related("ingredient", kind), pk=rule_id)


def get_pair(pair_id: int) -> Incompatibility:
    return get_object_or_404(Incompatibility.objects.select_related("first", "second", "diluent"), pk=pair_id)


def products(*, typed: str = "", retired: bool = False) -> list[Product]:
    """The list of products: those whose name, maker, ingredient or number hold every typed word."""
    rows = Product.objects.filter(retired_at__isnull=not retired).select_related("ingredient")
    return [row for row in rows if _holds(typed, row.name, row.maker, row.ingredient.name, row.gtin)]


def get_product(product_id: int) -> Product:
    rows = Product.objects.select_related("ingredient").prefetch_related("licensed_areas")
    return get_object_or_404(rows, pk=product_id)


def current_terms(model: type[Term]) -> QuerySet[Term]:
    """The rows that a form offers."""
    return model.objects.current()


def _with_relations(kind: str) -> QuerySet[Term]:
    rows = TERMS[kind].objects.all()
    if kind == "areas":
        return rows.select_related("parent")
    if kind == "indications":
        return rows.prefetch_related("areas")
    if kind == "ingredients":
        return rows.select_related("ingredient_class")
    return rows


def _versions() -> Prefetch:
    return Prefetch("versions", _with_people(with_recipe(FormulationVersion.objects.order_by("-number"))))


def with_recipe(versions: QuerySet) -> QuerySet:
    """Versions with their formulation and lines, in two queries."""
    lines = RecipeLine.objects.select_related("ingredient__ingredient_class").order_by("position", "pk")
    return versions.select_related("formulation").prefetch_related(Prefetch("lines", lines))


def _with_people(versions: QuerySet) -> QuerySet:
    """Versions with who wrote and who approved them: for pages that say so."""
    return versions.select_related("created_by", "approved_by")


def _ingredient_names(formulation: Formulation) -> list[str]:
    return [line.ingredient.name for version in formulation.versions.all() for line in version.lines.all()]


def _holds(typed: str, *texts: str) -> bool:
    words = fold(typed).split()
    return not words or all(word in fold(" ".join(texts)) for word in words)
