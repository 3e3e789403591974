"""The loader: adds what is missing, leaves the clinic's edits, and asks few questions."""

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from treatments.catalogue import reference
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

MODELS = [
    Area, Indication, Technique, IngredientClass, Ingredient, IngredientAllergen, IngredientCondition, Incompatibility,
    Product,
]  # fmt: skip
# The rows of the files, one [[table]] each.
COUNTS = [53, 8, 15, 22, 88, 54, 148, 151, 6]


def contents():
    rows = {model: list(model.objects.order_by("pk").values()) for model in MODELS}
    return rows | {"usual areas": sorted(Indication.areas.through.objects.values_list("indication", "area"))}


def test_the_command_loads_every_row(vocabulary):
    call_command("load_catalogue")
    assert [model.objects.count() for model in MODELS] == COUNTS
    assert Area.objects.get(key="abdomen_upper").parent.key == "abdomen"
    assert Indication.objects.get(key="cellulite").areas.filter(key="thigh").exists()
    assert set(IngredientClass.objects.filter(enabled=False).values_list("key", flat=True)) == {"hormone", "antibiotic"}
    assert Product.objects.get(key="kybella").licensed_areas.get().key == "submental"
    assert Ingredient.objects.get(key="deoxycholic_acid").limits[0]["max"] == "100"


def test_loading_again_changes_nothing(vocabulary):
    reference.load()
    before = contents()
    reference.load()
    assert contents() == before


def test_the_clinic_s_edits_stay(vocabulary):
    reference.load()
    Area.objects.filter(key="thigh").update(name="Upper leg", parent=None, treatable=False)
    IngredientClass.objects.filter(key="hormone").update(enabled=True)
    Incompatibility.objects.filter(key="diclofenac_lidocaine_in_sterile_water").update(effect="reason")
    Indication.objects.get(key="cellulite").areas.clear()
    Product.objects.get(key="kybella").licensed_areas.clear()
    edited = contents()
    reference.load()
    assert contents() == edited


def test_a_row_that_is_missing_comes_back_with_its_relations(vocabulary):
    reference.load()
    area = Area.objects.get(key="abdomen_lower")
    Indication.areas.through.objects.filter(area=area).delete()
    area.delete()
    reference.load()
    assert Area.objects.get(key="abdomen_lower").parent.key == "abdomen"


def test_loading_asks_few_questions(vocabulary):
    """Each list is read and written whole, so that set-up takes a second and not a minute."""
    with CaptureQueriesContext(connection) as first:
        reference.load()
    assert len(first) < 60
    with CaptureQueriesContext(connection) as again:
        reference.load()
    assert len(again) < 30
