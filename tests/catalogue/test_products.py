"""Products: what the form takes and refuses, and what the pages show."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from tests.factories.treatments import AreaFactory, IngredientFactory, ProductFactory
from treatments.catalogue import products
from treatments.catalogue.models import Product

pytestmark = pytest.mark.usefixtures("clinic_row")


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def typed(**more):
    return {"name": "Lido 2 %", "ingredient": IngredientFactory().pk, "concentration": "20", "sources": ""} | more


def test_from_the_ingredient_s_page_to_the_product_and_its_retirement(admin, doctor):
    ingredient, area = IngredientFactory(name="Lidocaine", base_fraction=Decimal("0.8654")), AreaFactory()
    page = admin.get(reverse("catalogue:ingredient", args=[ingredient.pk])).text
    add = reverse("catalogue:add_product") + f"?ingredient={ingredient.pk}"
    assert add in page and f'<option value="{ingredient.pk}" selected>' in admin.get(add).text
    data = typed(
        ingredient=ingredient.pk, maker="Aurora", container_ml="0,5", gtin="4006381-333931", price="12.5",
        opened_shelf_life_hours="24", minimum_ml="10", licensed_areas=[area.pk], sources="https://example.org/a",
    )  # fmt: skip
    response = admin.post(add, data)
    row = Product.objects.get()
    assert response.url == reverse("catalogue:product", args=[row.pk])
    assert (row.container_ml, row.gtin, row.price) == (Decimal("0.5"), "04006381333931", Decimal("12.5"))
    assert list(row.licensed_areas.all()) == [area] and row.sources == ["https://example.org/a"]
    shown = doctor.get(response.url).text
    for text in (
        "04006381333931",
        "12.50",
        area.name,
        "17.308\N{NO-BREAK SPACE}mg/mL of the base",
        "2\N{NO-BREAK SPACE}%",
    ):
        assert text in shown
    assert "Lido 2 %" in doctor.get(reverse("catalogue:ingredient", args=[ingredient.pk])).text
    retire = reverse("catalogue:retire_product", args=[row.pk])
    assert admin.post(retire, {"reason": " "}).status_code == 200
    admin.post(retire, {"reason": "Not sold any more"})
    assert "Not sold any more" in doctor.get(response.url).text
    assert "Lido" not in doctor.get(reverse("catalogue:products")).text
    assert "Lido" in doctor.get(reverse("catalogue:products"), {"retired": "on"}).text
    assert "Somebody else" in admin.post(retire, {"reason": "Again"}).text
    admin.post(reverse("catalogue:restore_product", args=[row.pk]))
    assert Product.objects.current().get() == row
    acts = AuditEvent.objects.filter(subject_type="catalogue.Product").order_by("pk").values_list("action", flat=True)
    assert list(acts) == ["create", "retire", "change"]


def test_a_change_is_stored_and_told_by_its_fields(admin):
    row = ProductFactory()
    address = reverse("catalogue:edit_product", args=[row.pk])
    area = AreaFactory()
    data = {"name": row.name, "concentration": "10", "container_ml": "2", "price": "7", "licensed_areas": [area.pk]}
    assert admin.post(address, data).status_code == 302
    row.refresh_from_db()
    assert row.price == 7 and list(row.licensed_areas.all()) == [area]
    page = admin.get(reverse("catalogue:product", args=[row.pk])).text
    assert "Luis Vega" in page and "price of one container" in page and "licensed areas" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("price", value) for value in ("-1", "1e2", "½", "1,250", "NaN", "1.005", "99999999")],
        *[("container_ml", value) for value in ("0", "-2", "½", "1e1", "2000", "0.0001")],
        *[("concentration", value) for value in ("", "-1", "½", "2000.1", "0.00001")],
        *[("gtin", value) for value in ("4006381333932", "123", "abc", "½")],
        *[("opened_shelf_life_hours", value) for value in ("0", "-1", "9999", "x")],
        *[("minimum_ml", value) for value in ("-1", "x")],
        *[("name", value) for value in (" ", "x" * 121)],
        *[("ingredient", value) for value in ("", "x", "999999")],
        *[("licensed_areas", value) for value in ("x", "999999")],
        ("sources", "a book"),
    ],
)
def test_bad_input_is_refused_beside_its_field_and_kept(admin, field, value):
    response = admin.post(reverse("catalogue:add_product"), typed(maker="Keep me") | {field: value})
    assert response.status_code == 200 and set(response.context["form"].errors) == {field}
    assert 'value="Keep me"' in response.text and not Product.objects.exists()


def test_what_is_measured_in_ml_has_no_strength(admin):
    data = typed(ingredient=IngredientFactory(unit="mL").pk)
    assert set(admin.post(reverse("catalogue:add_product"), data).context["form"].errors) == {"concentration"}
    assert admin.post(reverse("catalogue:add_product"), data | {"concentration": ""}).status_code == 302


def test_a_number_stands_once(admin):
    ProductFactory(gtin="04006381333931")
    response = admin.post(reverse("catalogue:add_product"), typed(gtin="4006381333931"))
    assert set(response.context["form"].errors) == {"gtin"} and Product.objects.count() == 1
    other = ProductFactory()
    with pytest.raises(Refused) as refusal:
        products.edit_product(product=other, values={"gtin": "04006381333931", "concentration": 1}, by=None)
    assert refusal.value.field == "gtin"
    assert ProductFactory(gtin="").pk and ProductFactory(gtin="").pk


@pytest.mark.parametrize("ingredient", ["", "x", "999999999999999999999", "-1", "٣"])
def test_an_unknown_ingredient_in_the_address_is_passed_over(admin, ingredient):
    assert admin.get(reverse("catalogue:add_product"), {"ingredient": ingredient}).status_code == 200


def test_the_list_asks_as_much_for_thirty_as_for_one(doctor):
    def asked():
        with CaptureQueriesContext(connection) as found:
            assert doctor.get(reverse("catalogue:products")).status_code == 200
        return len(found)

    ProductFactory()
    asked()
    one = asked()
    ProductFactory.create_batch(29)
    assert asked() == one


def test_only_administrators_keep_products(doctor, client_of, front_desk):
    row = ProductFactory()
    for client in (doctor, client_of(front_desk)):
        assert client.post(reverse("catalogue:add_product"), typed()).status_code == 403
        assert client.post(reverse("catalogue:edit_product", args=[row.pk]), typed()).status_code == 403
