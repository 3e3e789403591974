"""The words: loading them, and finding the one that a patient means."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from patients.history.models import Allergen, Condition, Medicine, Product
from patients.history.queries import find_allergen, find_medicine
from patients.history.services import load_vocabulary

pytestmark = pytest.mark.django_db


def test_loading_adds_everything_once():
    added = load_vocabulary()
    assert added == sum(model.objects.count() for model in (Allergen, Condition, Medicine, Product)) > 190
    assert set(Product.objects.get(key="nuromol").contains.values_list("key", flat=True)) == {
        "ibuprofen",
        "paracetamol",
    }
    assert Medicine.objects.get(key="bismuth_subsalicylate").otc == "yes"
    assert Allergen.objects.get(key="latex").kind == "material"
    assert Product.objects.get(key="anadin").country == "GB"
    assert Medicine.objects.get(key="ibuprofen").sources
    assert load_vocabulary() == 0
    assert AuditEvent.objects.filter(action=Action.IMPORT, actor_id=None).count() == 1


def test_loading_keeps_what_the_clinic_edited_and_retired():
    load_vocabulary()
    Condition.objects.filter(key="keloid").update(effect="reason", name="Scars that grow")
    Product.objects.get(key="midol").contains.clear()
    Medicine.objects.filter(key="garlic").delete()
    call_command("load_vocabulary")
    keloid = Condition.objects.get(key="keloid")
    assert (keloid.effect, keloid.name) == ("reason", "Scars that grow")
    assert not Product.objects.get(key="midol").contains.exists()
    assert Medicine.objects.filter(key="garlic").exists()


def test_loading_takes_few_queries():
    with CaptureQueriesContext(connection) as queries:
        load_vocabulary()
    assert len(queries) <= 30


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("Alka seltzer", "alka_seltzer"),
        ("alkaseltzer", "alka_seltzer"),
        ("ALKA-SELTZER PLUS cold", "alka_seltzer_plus"),
        ("nurofen", "ibuprofen"),
        ("Nurofen plus", "nurofen_plus"),
        ("nurofen for period pain", "ibuprofen"),
        ("nurof", "ibuprofen"),
        ("baby aspirin", "aspirin"),
        ("aspirina", "aspirin"),
        ("Bayer aspirin 500 mg", "aspirin"),
        ("ASA", "aspirin"),
        ("bufferin", "aspirin"),
        ("ibuprofène", "ibuprofen"),
        ("ibuprofeno 600", "ibuprofen"),
        ("fish oil", "fish_oil"),
        ("omega 3", "fish_oil"),
        ("cod liver oil", "fish_oil"),
        ("pepto bismol", "pepto_bismol"),
        ("Anadin", "anadin"),
        ("anadin extra", "anadin_extra"),
        ("midol", "midol"),
        ("Midol Complete", "midol_complete"),
        ("st johns wort", "st_johns_wort"),
        ("doans", "magnesium_salicylate"),
        ("goodys powder", "goodys_powder"),
        ("voltaren gel", "topical_nsaid"),
        ("Voltarén", "diclofenac"),
        ("sintrom", "acenocoumarol"),
        ("Eliquis 5mg", "apixaban"),
        ("wafarin warfarin", "warfarin"),
        ("tylenol", "paracetamol"),
        ("4-way cold", "four_way_cold"),
        ("vitamin B3", "niacin"),
        ("kaopectate", "kaopectate"),
        ("excedrin", "excedrin"),
    ],
)
def test_what_patients_say(said, key):
    load_vocabulary()
    assert find_medicine(said)[0].row.key == key


@pytest.mark.parametrize("said", ["blod thinner", "little white pills", "x", "", " - ", "😀", "nasal spray", "%", "_"])
def test_what_is_not_known_is_not_guessed(said):
    load_vocabulary()
    assert find_medicine(said) == []


def test_ambiguous_products_bring_their_question_and_their_kinds():
    load_vocabulary()
    first, *others = find_medicine("anadin")
    assert first.exact and first.row.ambiguous and "Which Anadin" in first.row.ask
    assert {"anadin_extra", "anadin_paracetamol"} <= {match.row.key for match in others}


def test_a_brand_that_is_also_a_product_is_shown_once():
    load_vocabulary()
    assert [match.row.key for match in find_medicine("Pepto-Bismol")] == ["pepto_bismol"]


def test_retired_words_are_not_offered():
    load_vocabulary()
    Medicine.objects.filter(key="ibuprofen").update(retired_at="2026-01-01T00:00Z", retire_reason="test")
    assert "ibuprofen" not in {match.row.key for match in find_medicine("nurofen")}


@pytest.mark.parametrize(
    ("said", "key"),
    [("lecithin", "soy"), ("SOYA", "soy"), ("bee stings", "insect_sting"), ("Xylocaïne", "amide_anaesthetic")],
)
def test_allergens_by_what_patients_call_them(said, key):
    load_vocabulary()
    assert find_allergen(said)[0].row.key == key


def test_finding_takes_the_same_queries_whatever_is_said():
    load_vocabulary()
    counts = []
    for said in ("a", "alka seltzer", "nothing like it"):
        with CaptureQueriesContext(connection) as queries:
            find_medicine(said)
        counts.append(len(queries))
    assert set(counts) == {3}
