"""Loads the catalogue that ships with the house. The vocabulary of patients.history must be loaded before."""

from pathlib import Path

from django.db import transaction

from clinic.core.reference import add_missing, rows_of
from patients.history.models import Allergen, Condition
from treatments.catalogue.models import (
    Area,
    Incompatibility,
    Indication,
    Ingredient,
    IngredientAllergen,
    IngredientClass,
    IngredientCondition,
    Product,
    Technique,
)

DATA = Path(__file__).parent / "data"


@transaction.atomic
def load() -> None:
    """Adds what is missing; rows that the clinic has are left as they are."""
    areas = _load_areas()
    _load_indications(areas)
    add_missing(Technique, rows_of(DATA / "techniques.toml"))
    classes = add_missing(IngredientClass, rows_of(DATA / "ingredient_classes.toml"))
    rows = rows_of(DATA / "ingredients.toml")
    ingredients = add_missing(Ingredient, [row | {"ingredient_class": classes[row["class"]]} for row in rows])
    allergens = {row.key: row for row in Allergen.objects.all()}
    conditions = {row.key: row for row in Condition.objects.all()}
    _load_pairs(IngredientAllergen, "ingredient_allergens", ingredient=ingredients, allergen=allergens)
    _load_pairs(IngredientCondition, "ingredient_conditions", ingredient=ingredients, condition=conditions)
    _load_incompatibilities(ingredients)
    _load_products(ingredients, areas)


def _load_areas() -> dict[str, Area]:
    rows = rows_of(DATA / "areas.toml")
    new = {row["key"] for row in rows} - set(Area.objects.values_list("key", flat=True))
    areas = add_missing(Area, [{k: v for k, v in row.items() if k != "parent"} for row in rows])
    children = []
    for row in rows:
        if row["key"] in new and "parent" in row:
            areas[row["key"]].parent = areas[row["parent"]]
            children.append(areas[row["key"]])
    Area.objects.bulk_update(children, ["parent"])
    return areas


def _load_indications(areas: dict[str, Area]) -> None:
    present = set(Indication.objects.values_list("key", flat=True))
    rows = rows_of(DATA / "indications.toml")
    indications = add_missing(Indication, [{k: v for k, v in row.items() if k != "areas"} for row in rows])
    through = Indication.areas.through
    through.objects.bulk_create(
        through(indication=indications[row["key"]], area=areas[key])
        for row in rows
        if row["key"] not in present
        for key in row["areas"]
    )


def _load_products(ingredients: dict[str, Ingredient], areas: dict[str, Area]) -> None:
    rows = rows_of(DATA / "products.toml")
    present = set(Product.objects.values_list("key", flat=True))
    products = add_missing(Product, [row | {"ingredient": ingredients[row["ingredient"]]} for row in rows])
    through = Product.licensed_areas.through
    through.objects.bulk_create(
        through(product=products[row["key"]], area=areas[key])
        for row in rows
        if row["key"] not in present
        for key in row.get("licensed_areas", [])
    )


def _load_pairs(model, name: str, **sides) -> None:
    rows = rows_of(DATA / f"{name}.toml")
    add_missing(model, [row | {side: known[row[side]] for side, known in sides.items()} for row in rows])


def _load_incompatibilities(ingredients: dict[str, Ingredient]) -> None:
    rows = rows_of(DATA / "incompatibilities.toml")
    add_missing(
        Incompatibility,
        [
            row
            | {
                "first": ingredients[row["a"]],
                "second": ingredients[row["b"]],
                "diluent": ingredients.get(row.get("diluent")),
            }
            for row in rows
        ],
    )
