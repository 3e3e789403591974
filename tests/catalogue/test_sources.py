"""What ships says who says so, and the page shows it."""

import pytest
from django.urls import reverse

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

pytestmark = [pytest.mark.usefixtures("clinic_row", "catalogue"), pytest.mark.once]
WITHOUT_CLAIM = {"foot", "nose", "ear", "horse_chestnut", "caffeine_heart_disease", "minoxidil_low_blood_pressure"}


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


@pytest.mark.parametrize(
    "model",
    [
        Area, Indication, Technique, IngredientClass, Ingredient, Product, IngredientAllergen, IngredientCondition,
        Incompatibility,
    ],
)  # fmt: skip
def test_every_row_has_a_source_or_claims_nothing(model):
    rows = list(model.objects.all())
    assert rows and {row.key for row in rows if not row.sources} <= WITHOUT_CLAIM


def test_every_limit_and_legal_status_has_a_source():
    for row in Ingredient.objects.all():
        assert all(entry["source"].startswith("http") for entry in [*row.limits, *row.legal]), row.key


def test_every_ingredient_s_page_shows_the_source_of_all_it_says(doctor):
    pairs = list(Incompatibility.objects.all())
    for row in Ingredient.objects.prefetch_related("allergen_rules", "condition_rules"):
        page = doctor.get(reverse("catalogue:ingredient", args=[row.pk])).text
        rules = [*row.allergen_rules.all(), *row.condition_rules.all()]
        rules += [pair for pair in pairs if row.pk in (pair.first_id, pair.second_id)]
        said = [row.sources, *(rule.sources for rule in rules), *([e["source"]] for e in [*row.limits, *row.legal])]
        for source in {source for sources in said for source in sources}:
            assert f'href="{source.replace("&", "&amp;")}"' in page, (row.key, source)
        nothing = sum(not sources for sources in said)
        assert page.count("No source is on record") == nothing, row.key


def test_every_product_s_page_shows_its_source(doctor):
    for row in Product.objects.all():
        page = doctor.get(reverse("catalogue:product", args=[row.pk])).text
        assert all(source in page for source in row.sources), row.key
