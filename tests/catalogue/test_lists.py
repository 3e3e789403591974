"""The lists: any column orders them, the address keeps it, and filters narrow them."""

from decimal import Decimal

import pytest
from django.urls import reverse

from tests.factories.treatments import (
    ApprovedVersionFactory,
    AreaFactory,
    IngredientClassFactory,
    IngredientFactory,
    ProductFactory,
    TechniqueFactory,
)
from treatments.catalogue.lists import COLUMNS, heads, ordered

pytestmark = pytest.mark.usefixtures("clinic_row")


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def names(client, name, **asked):
    page = client.get(reverse(f"catalogue:{name}"), asked)
    assert page.status_code == 200
    return [row.name for row in page.context["page"]]


@pytest.mark.parametrize("kind", COLUMNS)
def test_every_column_orders_the_shipped_list_both_ways(kind, catalogue, doctor):
    ApprovedVersionFactory()
    usual = names(doctor, kind)
    for column in COLUMNS[kind]:
        up, down = (names(doctor, kind, sort=f"{sign}{column.name}") for sign in ("", "-"))
        assert sorted(up) == sorted(down) == sorted(usual)
    assert names(doctor, kind, sort="-name")[0] == usual[-1] or len(usual) < 2


def test_what_has_no_value_comes_last(doctor):
    for name, price in (("A", None), ("B", "7"), ("C", "3")):
        ProductFactory(name=name, price=price and Decimal(price))
    assert names(doctor, "products", sort="price") == ["C", "B", "A"]
    assert names(doctor, "products", sort="-price") == ["B", "C", "A"]


@pytest.mark.parametrize("sort", ["", "nothing", "-", "--name", "name; DROP TABLE", "\u202e", "x" * 3000])
def test_an_order_that_is_none_is_the_usual_one(doctor, sort):
    ProductFactory(name="A")
    ProductFactory(name="B")
    assert names(doctor, "products", sort=sort) == ["A", "B"]


def test_the_head_says_and_turns_the_order(doctor):
    TechniqueFactory()
    page = doctor.get(reverse("catalogue:techniques"), {"sort": "depth", "q": "tech"}).text
    assert 'aria-sort="ascending"' in page and "sort=-depth" in page and "q=tech" in page
    assert '<option value="depth" selected>' in page
    assert [head.order for head in heads(COLUMNS["techniques"], "-depth")][1] == "descending"
    assert ordered([], COLUMNS["techniques"], "depth") == []


def test_ingredients_are_filtered(doctor):
    off = IngredientClassFactory(key="hormone", name="Hormones", enabled=False)
    IngredientFactory(name="Calcitonin", ingredient_class=off)
    IngredientFactory(name="Ginkgo", bleeding_risk=True)
    IngredientFactory(name="Lidocaine", limits=[{"per": "session", "max": "300", "unit": "mg"}])
    for asked, found in [
        ({}, ["Calcitonin", "Ginkgo", "Lidocaine"]),
        ({"kind": off.pk}, ["Calcitonin"]),
        ({"use": "on"}, ["Ginkgo", "Lidocaine"]),
        ({"use": "off"}, ["Calcitonin"]),
        ({"bleeding": "on"}, ["Ginkgo"]),
        ({"limit": "on"}, ["Lidocaine"]),
        ({"limit": "on", "bleeding": "on"}, []),
        ({"kind": off.pk, "q": "calc"}, ["Calcitonin"]),
        ({"kind": "x", "use": "maybe"}, ["Calcitonin", "Ginkgo", "Lidocaine"]),
    ]:
        assert names(doctor, "ingredients", **asked) == found, asked


def test_orders_do_not_mix_what_is_missing_with_what_is_there(doctor):
    AreaFactory(name="Thigh", parent=AreaFactory(name="Leg"))
    assert names(doctor, "areas", sort="parent") == ["Thigh", "Leg"]
