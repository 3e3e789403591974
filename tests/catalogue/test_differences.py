"""Comparing versions, the cost of a mixture, duplicates, care texts and the rules of mixing."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.factories.patients import LONG_AGO, AllergenFactory
from tests.factories.treatments import (
    ApprovedVersionFactory,
    AreaFactory,
    DraftVersionFactory,
    FormulationFactory,
    IngredientClassFactory,
    IngredientFactory,
    ProductFactory,
    TechniqueFactory,
)
from treatments.catalogue import queries, rules, services
from treatments.catalogue.costs import cost_of
from treatments.catalogue.differences import difference
from treatments.catalogue.models import Formulation, FormulationVersion, IngredientAllergen, RecipeLine

pytestmark = pytest.mark.usefixtures("clinic_row")
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def version_of(formulation, number, total, rows, **more):
    """A draft's recipe of (ingredient, strength, mL) rows; retired, so that there may be many."""
    version = FormulationVersion.objects.create(
        formulation=formulation, number=number, total_volume_ml=Decimal(total), created_by=more.pop("by"),
        created_at=LONG_AGO, **more,
    )  # fmt: skip
    for position, (ingredient, strength, volume) in enumerate(rows):
        RecipeLine.objects.create(
            version=version, position=position, ingredient=ingredient, volume_ml=Decimal(volume),
            concentration=strength and Decimal(strength),
        )  # fmt: skip
    FormulationVersion.objects.filter(pk=version.pk).update(status="retired", retired_at=LONG_AGO)
    return queries.get_version(version.pk)


@pytest.fixture
def two(administrator):
    """Two versions that differ in every way a line can."""
    zinc, biotin, lido, old, saline = (
        IngredientFactory(name=name, unit=unit)
        for name, unit in [("Zinc", "mg"), ("Biotin", "mg"), ("Lido", "mg"), ("Old", "mg"), ("Saline", "mL")]
    )
    formulation = FormulationFactory(name="Glow")
    first = version_of(
        formulation, 1, "10", [(zinc, "1", "2"), (lido, "20", "1"), (old, "5", "1"), (saline, None, "6")],
        by=administrator, notes="Shake.",
    )  # fmt: skip
    second = version_of(
        formulation, 2, "5", [(zinc, "1", "2"), (lido, "10", "1"), (biotin, "4", "1"), (saline, None, "1")],
        by=administrator, notes="Do not shake.",
    )  # fmt: skip
    return first, second


def test_each_line_says_what_happened_to_it(two):
    found = difference(*two)
    assert [(line.ingredient.name, line.change, line.final_changed) for line in found.lines] == [
        ("Zinc", "same", True),
        ("Lido", "changed", False),
        ("Biotin", "added", True),
        ("Saline", "changed", True),
        ("Old", "removed", True),
    ]
    assert found.total_changed and found.notes_changed and not found.is_empty
    assert difference(two[0], two[0]).is_empty


def test_the_page_compares_with_the_version_before_and_with_any_other(two, doctor):
    first, second = two
    third = version_of(second.formulation, 3, "5", [], by=second.created_by)
    page = doctor.get(reverse("catalogue:compare", args=[second.pk])).text.replace(NBSP, " ")
    for text in ("from version 1 to 2", "Taken out", "Added", "0.2 mg/mL", "0.4 mg/mL", "Do not shake.", "Shake."):
        assert text in page
    assert "from version 1 to 3" in doctor.get(reverse("catalogue:compare", args=[third.pk]), {"with": first.pk}).text
    assert "from version 1 to 3" in doctor.get(reverse("catalogue:compare", args=[first.pk]), {"with": third.pk}).text
    assert "from version 2 to 3" in doctor.get(reverse("catalogue:compare", args=[third.pk])).text
    assert reverse("catalogue:compare", args=[second.pk]) in doctor.get(
        reverse("catalogue:version", args=[2])
    ).text or (
        reverse("catalogue:compare", args=[second.pk])
        in doctor.get(reverse("catalogue:version", args=[second.pk])).text
    )


@pytest.mark.parametrize("other", ["x", "", "0", "999999", "٣", "9" * 40])
def test_another_formulation_s_version_is_no_choice(two, doctor, other):
    stranger = ApprovedVersionFactory()
    address = reverse("catalogue:compare", args=[two[1].pk])
    for wanted in (other, stranger.pk):
        assert "from version 1 to 2" in doctor.get(address, {"with": wanted}).text
    assert doctor.get(reverse("catalogue:compare", args=[stranger.pk])).status_code == 302


# Cost


def line(ingredient, strength, volume):
    return RecipeLine(ingredient=ingredient, concentration=strength and Decimal(strength), volume_ml=Decimal(volume))


def test_the_cheapest_product_of_the_strength_counts():
    zinc, saline = IngredientFactory(), IngredientFactory(unit="mL")
    ProductFactory(ingredient=zinc, price=Decimal("9"), name="Dear")
    ProductFactory(ingredient=zinc, price=Decimal("1"), concentration=Decimal("5"), name="Other strength")
    ProductFactory(ingredient=zinc, price=None, name="No price")
    ProductFactory(ingredient=zinc, container_ml=None, price=Decimal("1"), name="No size")
    ProductFactory(ingredient=zinc, price=Decimal("1"), retired_at=LONG_AGO, name="Retired")
    ProductFactory(ingredient=zinc, price=Decimal("5"), name="Cheap")
    bag = ProductFactory(ingredient=saline, concentration=None, container_ml=Decimal("3"), price=Decimal("1"))
    lines = [line(zinc, "10", "1.5"), line(saline, None, "1")]
    cost = cost_of(lines, queries.products_for({zinc.pk, saline.pk}))
    assert [(row.product.name, row.shown) for row in cost.lines] == [
        ("Cheap", Decimal("3.75")),
        (bag.name, Decimal("0.33")),
    ]
    assert cost.total == Decimal("4.08")


def test_a_price_that_is_missing_is_said_and_not_guessed(doctor):
    version = ApprovedVersionFactory()
    first, second = version.lines.all()
    ProductFactory(ingredient=first.ingredient, name="Known")
    page = doctor.get(reverse("catalogue:version", args=[version.pk])).text
    assert "6.25" in page and "Known" in page and "not known: a product" in page
    ProductFactory(ingredient=second.ingredient, price=Decimal("0.01"))
    assert "<strong>6.26</strong>" in doctor.get(reverse("catalogue:version", args=[version.pk])).text


def test_nothing_costs_nothing_that_is_known():
    assert cost_of([], []).total is None


# Formulations


def test_what_a_formulation_suits_is_edited_and_duplicated(admin):
    version = ApprovedVersionFactory(notes="Slowly.")
    formulation, area, technique = version.formulation, AreaFactory(name="Thigh"), TechniqueFactory(name="Nappage")
    typed = {"name": "Glow", "purpose": "Lines", "after_care": "No sauna.", "areas": [area.pk]}
    address = reverse("catalogue:edit_formulation", args=[formulation.pk])
    assert admin.post(address, typed | {"techniques": [technique.pk]}).status_code == 302
    page = admin.get(reverse("catalogue:formulation", args=[formulation.pk])).text
    assert "Thigh" in page and "Nappage" in page and "No sauna." in page and "Luis Vega" in page
    assert "No sauna." in admin.get(reverse("catalogue:version", args=[version.pk])).text
    copy = reverse("catalogue:duplicate", args=[version.pk])
    for taken in ("glow", " GLOW ", "", "x" * 121):
        assert set(admin.post(copy, {"name": taken}).context["form"].errors) == {"name"}
    response = admin.post(copy, {"name": "Glow light"})
    twin = Formulation.objects.get(name="Glow light")
    draft = twin.versions.get()
    assert response.url == reverse("catalogue:edit_draft", args=[draft.pk])
    assert (draft.status, draft.number, draft.notes) == ("draft", 1, "Slowly.")
    assert [(row.ingredient, row.concentration, row.volume_ml) for row in draft.lines.all()] == [
        (row.ingredient, row.concentration, row.volume_ml) for row in version.lines.all()
    ]
    assert list(twin.areas.all()) == [area] and list(twin.techniques.all()) == [technique]
    assert (twin.purpose, twin.after_care) == ("Lines", "No sauna.")


@pytest.mark.parametrize(
    ("field", "value"), [("name", " "), ("areas", "x"), ("techniques", "999999"), ("after_care", "x" * 1001)]
)
def test_a_bad_formulation_is_refused_and_kept(admin, field, value):
    row = FormulationFactory(name="Glow")
    typed = {"name": "Glow", "purpose": "Keep me"} | {field: value}
    response = admin.post(reverse("catalogue:edit_formulation", args=[row.pk]), typed)
    assert set(response.context["form"].errors) == {field} and "Keep me" in response.text


def test_care_texts_follow_the_ingredients(doctor):
    version = DraftVersionFactory(formulation__after_care="Drink.")
    ingredient = version.lines.first().ingredient
    type(ingredient).objects.filter(pk=ingredient.pk).update(after_care="No sun.", before_care="Eat.")
    page = doctor.get(reverse("catalogue:version", args=[version.pk])).text
    assert page.index("Eat.") < page.index("Drink.") < page.index("No sun.")


# Rules of mixing


def recipe_of(count, **more):
    return [line(IngredientFactory(**more), "1", "1") for _ in range(count)]


def counted(lines):
    return [
        problem.effect for problem in rules.problems_in(lines, Decimal(len(lines))) if "too many" in problem.message
    ]


def test_more_than_five_are_noted_until_the_clinic_says_otherwise(admin, administrator):
    assert counted(recipe_of(5)) == [] and counted(recipe_of(6)) == ["note"]
    diluent = IngredientClassFactory(key="diluent")
    assert counted(recipe_of(5) + recipe_of(1, ingredient_class=diluent)) == []
    address = reverse("catalogue:mixing_rules")
    assert admin.post(address, {"most_ingredients": "2", "too_many": "stop"}).status_code == 302
    assert counted(recipe_of(3)) == ["stop"] and counted(recipe_of(2)) == []
    assert "Luis Vega" in admin.get(address).text
    services.set_mixing_rules(values={"most_ingredients": 3, "too_many": "reason"}, by=administrator)
    assert counted(recipe_of(4)) == ["reason"]


@pytest.mark.parametrize(
    ("field", "value"),
    [*[("most_ingredients", value) for value in ("0", "-1", "21", "½", "1e1", "")], ("too_many", "wait")],
)
def test_bad_rules_of_mixing_are_refused(admin, field, value):
    typed = {"most_ingredients": "3", "too_many": "note"} | {field: value}
    response = admin.post(reverse("catalogue:mixing_rules"), typed)
    assert set(response.context["form"].errors) == {field}
    assert queries.mixing_rules().most_ingredients == 5


def test_allergens_hidden_in_a_mixture_are_named(doctor, admin):
    version = DraftVersionFactory()
    ingredient = version.lines.first().ingredient
    soy, gone = AllergenFactory(name="Soya bean"), AllergenFactory(name="Roe of fish")
    source = ["https://example.org/soy"]
    rule = {"ingredient": ingredient, "effect": "stop", "sources": source}
    IngredientAllergen.objects.create(key="a", allergen=soy, **rule)
    IngredientAllergen.objects.create(key="b", allergen=gone, retired_at=LONG_AGO, **rule)
    pages = [doctor.get(reverse(f"catalogue:{name}", args=[version.pk])).text for name in ("version", "approve")]
    typed = {"edits": 0, "total_volume_ml": "5", "line-TOTAL_FORMS": 1, "line-INITIAL_FORMS": 0}
    typed |= {"line-0-ingredient": ingredient.pk, "line-0-concentration": "1", "line-0-volume_ml": "5"}
    pages.append(admin.post(reverse("catalogue:draft_preview"), typed).text)
    for page in pages:
        assert "Soya bean" in page and "Roe of fish" not in page and source[0] in page
