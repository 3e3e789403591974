"""The recipe's editor and the catalogue's pages in a browser."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.patients import ConditionFactory
from tests.factories.treatments import (
    ApprovedVersionFactory,
    DraftVersionFactory,
    IngredientFactory,
    LotFactory,
    ProductFactory,
)
from treatments.catalogue.models import Incompatibility, IngredientCondition

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def go(live_server, clean_page, sign_in, clinic_row):
    def visit(user, name, *args):
        sign_in(user)
        clean_page.goto(live_server.url + reverse(name, args=args))
        return clean_page

    return visit


def test_a_recipe_is_judged_while_it_is_typed(go, administrator, axe_clean):
    version = DraftVersionFactory()
    first, second = (row.ingredient for row in version.lines.all())
    third = IngredientFactory(name="Zinc")
    Incompatibility.objects.create(key="x", first=second, second=third, effect="stop", note="Turns milky.")
    page = go(administrator, "catalogue:edit_draft", version.pk)
    page.get_by_label("How to prepare").fill("Slowly.")
    page.get_by_role("button", name="Take line 3 away").click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".row-line")).to_have_count(3)  # there are never fewer rows than three
    page.get_by_role("button", name="Add another line").click()
    expect(page.locator(".row-line")).to_have_count(4)
    expect(page.locator("#id_line-3-ingredient")).to_be_focused()
    page.locator("#id_line-3-ingredient").select_option(label="Zinc")
    page.locator("#id_line-3-concentration").fill("2")
    page.locator("#id_line-3-volume_ml").fill("1")
    expect(page.locator("#judgement")).to_contain_text("Turns milky.")
    expect(page.locator("#judgement")).to_contain_text("1\N{NO-BREAK SPACE}mL more")
    axe_clean(page)
    page.locator("#id_total_volume_ml").fill("6")
    page.locator("#id_total_volume_ml").press("Enter")
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    version.refresh_from_db()
    assert [row.ingredient for row in version.lines.all()] == [first, second, third]
    assert (version.total_volume_ml, version.notes, version.edits) == (Decimal("6"), "Slowly.", 1)


def test_a_draft_sent_twice_is_saved_once(go, administrator):
    version = DraftVersionFactory()
    page = go(administrator, "catalogue:edit_draft", version.pk)
    page.get_by_role("button", name="Save the draft").dblclick()
    expect(page.get_by_text("The draft is saved.")).to_be_visible()
    version.refresh_from_db()
    assert version.edits == 1


def test_the_lists_filter_while_typing(go, administrator):
    ApprovedVersionFactory(formulation__name="Glow")
    ApprovedVersionFactory(formulation__name="Häir")
    page = go(administrator, "catalogue:formulations")
    page.get_by_label("Show only what holds these words").press_sequentially("hair")
    expect(page.get_by_role("link", name="Glow")).to_have_count(0)
    expect(page.get_by_role("link", name="Häir")).to_be_visible()


def test_the_list_of_ingredients_filters_orders_and_keeps_both_in_its_address(go, administrator):
    IngredientFactory(name="Biotin", bleeding_risk=True)
    IngredientFactory(name="Ginkgo", bleeding_risk=True)
    IngredientFactory(name="Zinc")
    page = go(administrator, "catalogue:ingredients")
    page.get_by_label("Bleeding risk").check()
    expect(page.get_by_role("link", name="Zinc")).to_have_count(0)
    page.get_by_role("link", name="Name").click()
    page.wait_for_load_state("networkidle")
    page.get_by_role("link", name="Name").click()
    expect(page.locator("tbody a").first).to_have_text("Ginkgo")
    assert "sort=-name" in page.url
    page.get_by_label("Show only what holds these words").press_sequentially("i")
    expect(page).to_have_url(re.compile("q=i.*bleeding=on.*sort=-name"))
    expect(page.locator("tbody a")).to_have_text(["Ginkgo", "Biotin"])


def test_a_strength_is_converted_while_it_is_typed(go, practitioner):
    row = IngredientFactory(base_fraction=Decimal("0.5"))
    page = go(practitioner, "catalogue:ingredient", row.pk)
    page.get_by_label("Strength", exact=True).press_sequentially("2")
    page.get_by_label("Written as").select_option(label="%")
    expect(page.locator("#converted")).to_contain_text("20\N{NO-BREAK SPACE}mg/mL")
    expect(page.locator("#converted")).to_contain_text("of the base")


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 820, 1280])
def test_the_pages_are_clean_and_fit(go, practitioner, administrator, axe_clean, width):
    draft, approved, lot = DraftVersionFactory(), ApprovedVersionFactory(), LotFactory()
    later = DraftVersionFactory(formulation=approved.formulation, number=2, notes="Slowly.")
    ingredient = approved.lines.first().ingredient
    product = ProductFactory(ingredient=ingredient, name="A product with quite a long name of its own 0.9 %")
    rule = IngredientCondition.objects.create(
        key="x", ingredient=ingredient, condition=ConditionFactory(), effect="stop", sources=["https://example.org/a"]
    )
    for person, name, args in [
        (administrator, "catalogue:formulations", []),
        (administrator, "catalogue:formulation", [approved.formulation_id]),
        (administrator, "catalogue:version", [approved.pk]),
        (administrator, "catalogue:edit_draft", [draft.pk]),
        (administrator, "catalogue:ingredients", []),
        (administrator, "catalogue:ingredient", [ingredient.pk]),
        (administrator, "catalogue:add_ingredient", []),
        (administrator, "catalogue:add_allergen_rule", [ingredient.pk]),
        (administrator, "catalogue:edit_condition_rule", [rule.pk]),
        (administrator, "catalogue:edit_ingredient", [ingredient.pk]),
        (administrator, "catalogue:classes", []),
        (administrator, "catalogue:drafts_panel", []),
        (administrator, "catalogue:products", []),
        (administrator, "catalogue:product", [product.pk]),
        (administrator, "catalogue:add_product", []),
        (administrator, "catalogue:edit_product", [product.pk]),
        (administrator, "catalogue:limit", [ingredient.pk, "session"]),
        (administrator, "catalogue:add_legal", [ingredient.pk]),
        (administrator, "catalogue:add_pair_rule", [ingredient.pk]),
        (administrator, "catalogue:retire_condition_rule", [rule.pk]),
        (administrator, "catalogue:edit_formulation", [approved.formulation_id]),
        (administrator, "catalogue:duplicate", [approved.pk]),
        (administrator, "catalogue:mixing_rules", []),
        (practitioner, "catalogue:version", [later.pk]),
        (practitioner, "catalogue:compare", [later.pk]),
        (practitioner, "charting:version_use", [approved.pk]),
        (administrator, "stock:lots", []),
        (administrator, "stock:lot", [lot.pk]),
        (administrator, "stock:receive", []),
        (practitioner, "catalogue:approve", [draft.pk]),
    ]:
        page = go(person, name, *args)
        page.set_viewport_size({"width": width, "height": 800})
        axe_clean(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
