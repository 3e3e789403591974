"""Words of the clinic's own, and what speaks against an ingredient."""

import pytest
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.factories.patients import AllergenFactory, ConditionFactory
from tests.factories.treatments import AreaFactory, DraftVersionFactory, IngredientClassFactory, IngredientFactory
from treatments.catalogue.models import Area, Indication, Ingredient, IngredientClass, Technique

pytestmark = pytest.mark.usefixtures("clinic_row")


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def new_ingredient(**more):
    values = {"name": "Tranexamic acid", "unit": "mg", "vehicle": "aqueous", "sources": "https://example.org/a"}
    return values | {"ingredient_class": IngredientClassFactory().pk} | more


def test_an_added_ingredient_goes_into_a_recipe(admin):
    address = reverse("catalogue:add_ingredient")
    assert 'name="key"' not in admin.get(address).text
    response = admin.post(address, new_ingredient())
    row = Ingredient.objects.get()
    assert response.url == reverse("catalogue:ingredient", args=[row.pk])
    assert (row.key, row.unit, row.sources) == ("tranexamic_acid", "mg", ["https://example.org/a"])
    assert AuditEvent.objects.get(action=Action.CREATE, subject_type="catalogue.Ingredient").subject_id == str(row.pk)
    version = DraftVersionFactory()
    line = {"line-0-ingredient": row.pk, "line-0-concentration": "50", "line-0-volume_ml": "5"}
    data = {"edits": 0, "total_volume_ml": "5", "line-TOTAL_FORMS": 1, "line-INITIAL_FORMS": 0} | line
    assert admin.post(reverse("catalogue:edit_draft", args=[version.pk]), data).status_code == 302
    assert [(line.ingredient, line.concentration) for line in version.lines.all()] == [(row, 50)]


@pytest.mark.parametrize(
    ("kind", "model", "values"),
    [
        ("area", Area, {"laterality": "sided", "treatable": "on"}),
        ("technique", Technique, {"depth_min_mm": "1"}),
        ("class", IngredientClass, {"code": "NEW"}),
    ],
)
def test_a_word_of_each_kind_is_added(admin, kind, model, values):
    assert admin.post(reverse(f"catalogue:add_{kind}"), values | {"name": "Été 2"}).status_code == 302
    assert model.objects.current().get().key == "ete_2"


def test_an_indication_is_added_with_its_areas(admin):
    area = AreaFactory()
    admin.post(reverse("catalogue:add_indication"), {"name": "Dull skin", "code": "DULL", "areas": [area.pk]})
    assert list(Indication.objects.get(key="dull_skin").areas.all()) == [area]


@pytest.mark.parametrize("name", ["Glow", "gLOW", "glow!", "Old name", "☃"])
def test_a_word_taken_or_unreadable_is_refused_and_kept(admin, name):
    IngredientFactory(key="glow", name="Glow")
    IngredientFactory(key="other", name="Old name", retired_at=clock.now())
    response = admin.post(reverse("catalogue:add_ingredient"), new_ingredient(name=name, storage="Cold"))
    assert response.status_code == 200 and set(response.context["form"].errors) == {"name"}
    assert 'value="Cold"' in response.text and Ingredient.objects.count() == 2


@pytest.mark.parametrize("name", ["Glow", "gLOW", "Old name"])
def test_no_word_is_given_another_s_name(admin, name):
    IngredientFactory(key="glow", name="Glow")
    IngredientFactory(key="other", name="Old name", retired_at=clock.now())
    row = IngredientFactory(name="Shine", unit="mg")
    address = reverse("catalogue:edit_ingredient", args=[row.pk])
    response = admin.post(address, new_ingredient(name=name, storage="Cold"))
    assert response.status_code == 200 and set(response.context["form"].errors) == {"name"}
    assert 'value="Cold"' in response.text
    row.refresh_from_db()
    assert (row.name, row.storage) == ("Shine", "")
    assert admin.post(address, new_ingredient(name="SHINE")).status_code == 302


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("unit", ""), ("unit", "kg"), ("ingredient_class", "x"), ("sources", "here"), ("vehicle", "")],
)
def test_a_bad_value_of_a_new_ingredient_is_refused_and_kept(admin, field, value):
    data = new_ingredient(storage="Cold") | {field: value}
    response = admin.post(reverse("catalogue:add_ingredient"), data)
    assert set(response.context["form"].errors) == {field}
    assert 'value="Cold"' in response.text and not Ingredient.objects.exists()


def test_only_administrators_add_words(doctor, client_of, front_desk):
    for client in (doctor, client_of(front_desk)):
        assert client.post(reverse("catalogue:add_ingredient"), new_ingredient()).status_code == 403
    assert reverse("catalogue:add_ingredient") not in doctor.get(reverse("catalogue:ingredients")).text
    assert not Ingredient.objects.exists()


def test_an_ingredient_s_unit_is_shown_and_stays(admin):
    row = IngredientFactory(name="Old", unit="mcg")
    admin.post(reverse("catalogue:edit_ingredient", args=[row.pk]), new_ingredient(unit="mg"))
    row.refresh_from_db()
    assert (row.name, row.unit) == ("Tranexamic acid", "mcg")


@pytest.mark.parametrize(("kind", "factory"), [("allergen", AllergenFactory), ("condition", ConditionFactory)])
def test_what_speaks_against_an_ingredient_is_added_once_and_changed(admin, doctor, kind, factory):
    row, word = IngredientFactory(key="zinc"), factory(key="metal", name="Metals")
    page, address = (reverse(f"catalogue:{name}", args=[row.pk]) for name in ("ingredient", f"add_{kind}_rule"))
    typed = {"against": word.pk, "effect": "stop", "note": "Kept", "sources": "https://example.org/a"}
    assert set(admin.post(address, typed | {"sources": ""}).context["form"].errors) == {"sources"}
    assert admin.post(address, typed).url == page
    rule = getattr(row, f"{kind}_rules").get()
    assert (rule.key, rule.effect, rule.sources) == ("zinc_metal", "stop", ["https://example.org/a"])
    again = admin.post(address, typed)
    assert set(again.context["form"].errors) == {"against"} and 'value="Kept"' in again.text
    change = reverse(f"catalogue:edit_{kind}_rule", args=[rule.pk])
    assert change in admin.get(page).text and change not in doctor.get(page).text
    assert "Metals" in admin.get(change).text
    assert admin.post(change, typed | {"effect": "note"}).url == page
    rule.refresh_from_db()
    assert rule.effect == "note" and "Metals" in doctor.get(page).text
    events = AuditEvent.objects.filter(subject_type=rule._meta.label).order_by("pk")
    assert [(event.action, event.fields) for event in events] == [
        ("create", ["effect", "note", "sources"]),
        ("change", ["effect"]),
    ]


@pytest.mark.parametrize(
    ("field", "value"), [("against", "x"), ("effect", "never"), ("sources", "a book"), ("note", "x" * 301)]
)
def test_a_bad_rule_is_refused(admin, field, value):
    row = IngredientFactory()
    typed = {"against": AllergenFactory().pk, "effect": "stop", "sources": "https://example.org/a"} | {field: value}
    response = admin.post(reverse("catalogue:add_allergen_rule", args=[row.pk]), typed)
    assert set(response.context["form"].errors) == {field} and not row.allergen_rules.exists()
