from pathlib import Path

import pytest

from clinic.core.reference import add_missing, rows_of
from patients.history.models import Allergen, Condition
from treatments.catalogue import reference
from treatments.catalogue.models import Ingredient

VOCABULARY = Path(reference.__file__).parents[2] / "patients" / "history" / "data"


@pytest.fixture
def vocabulary(db):
    """The allergens and conditions that the catalogue's rules speak of."""
    add_missing(Allergen, rows_of(VOCABULARY / "allergens.toml"))
    add_missing(Condition, rows_of(VOCABULARY / "conditions.toml"))


@pytest.fixture
def catalogue(vocabulary):
    """The catalogue as it ships; catalogue("lidocaine") is that ingredient."""
    reference.load()
    return lambda key: Ingredient.objects.select_related("ingredient_class").get(key=key)
