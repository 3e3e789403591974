"""What is known against an ingredient: pairs, retired rules, limits and legal status."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import AllergenFactory
from tests.factories.treatments import IngredientFactory
from treatments.catalogue import against, queries, rules
from treatments.catalogue.models import Incompatibility, IngredientAllergen, RecipeLine

pytestmark = pytest.mark.usefixtures("clinic_row")
SOURCE = "https://example.org/a"


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


def page_of(client, ingredient):
    return client.get(reverse("catalogue:ingredient", args=[ingredient.pk])).text


def messages_about(*ingredients):
    lines = [RecipeLine(ingredient=row, concentration=Decimal(1), volume_ml=Decimal(1)) for row in ingredients]
    return " ".join(problem.message for problem in rules.problems_in(lines, Decimal(len(lines))))


# Pairs


def test_a_pair_is_added_asked_changed_retired_and_taken_back(admin):
    a, b = IngredientFactory(name="Lidocaine"), IngredientFactory(name="Lecithin")
    add = reverse("catalogue:add_pair_rule", args=[a.pk])
    typed = {"other": b.pk, "diluent": "", "effect": "stop", "note": "Turns milky.", "sources": SOURCE}
    assert admin.post(add, typed).status_code == 302
    pair = Incompatibility.objects.get()
    assert "Turns milky." in messages_about(a, b)
    for one, other in ((a, b), (b, a)):
        assert other.name in page_of(admin, one)
        again = admin.post(reverse("catalogue:add_pair_rule", args=[one.pk]), typed | {"other": other.pk})
        assert set(again.context["form"].errors) == {"other"} and "Turns milky." in again.text
    change = reverse("catalogue:edit_pair_rule", args=[pair.pk])
    assert admin.post(change, {"effect": "note", "note": "Clears up.", "sources": SOURCE}).status_code == 302
    retire = reverse("catalogue:retire_pair_rule", args=[pair.pk])
    assert "reason" in admin.post(retire, {"reason": " "}).context["form"].errors
    admin.post(retire, {"reason": "Tested here"})
    assert "Clears up." not in messages_about(a, b) and "Nobody has tested" in messages_about(a, b)
    assert "Tested here" in page_of(admin, a) and "Tested here" in page_of(admin, b)
    admin.post(reverse("catalogue:restore_pair_rule", args=[pair.pk]))
    assert "Clears up." in messages_about(a, b)
    acts = AuditEvent.objects.filter(subject_type="catalogue.Incompatibility").order_by("pk")
    assert list(acts.values_list("action", flat=True)) == ["create", "change", "retire", "change"]


def test_the_same_pair_in_another_diluent_is_another_pair(admin):
    a, b, water = IngredientFactory(), IngredientFactory(), IngredientFactory(unit="mL")
    add = reverse("catalogue:add_pair_rule", args=[a.pk])
    typed = {"other": b.pk, "effect": "stop", "sources": SOURCE}
    for diluent, added in (("", True), (water.pk, True), (water.pk, False)):
        assert (admin.post(add, typed | {"diluent": diluent}).status_code == 302) is added
    assert Incompatibility.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("other", ""), ("other", "x"), ("diluent", "999999"), ("effect", "wait"), ("sources", ""), ("note", "x" * 301)],
)
def test_a_bad_pair_is_refused(admin, field, value):
    a, b = IngredientFactory(), IngredientFactory()
    typed = {"other": b.pk, "diluent": "", "effect": "stop", "sources": SOURCE} | {field: value}
    response = admin.post(reverse("catalogue:add_pair_rule", args=[a.pk]), typed)
    assert set(response.context["form"].errors) == {field} and not Incompatibility.objects.exists()


def test_an_ingredient_is_no_pair_with_itself(admin):
    a = IngredientFactory()
    typed = {"other": a.pk, "effect": "stop", "sources": SOURCE}
    response = admin.post(reverse("catalogue:add_pair_rule", args=[a.pk]), typed)
    assert set(response.context["form"].errors) == {"other"}


# Rules that are retired


def test_a_retired_rule_stays_readable_and_is_retired_once(admin, administrator):
    row, soy = IngredientFactory(), AllergenFactory(name="Soy")
    rule = IngredientAllergen.objects.create(key="x", ingredient=row, allergen=soy, effect="stop", sources=[SOURCE])
    admin.post(reverse("catalogue:retire_allergen_rule", args=[rule.pk]), {"reason": "Another maker"})
    assert "Another maker" in page_of(admin, row)
    assert not IngredientAllergen.objects.current().exists()
    with pytest.raises(Conflict):
        against.retire_rule(rule=rule, reason="Again", by=administrator)
    with pytest.raises(Refused, match="on record"):
        against.add_rule(kind="allergen", ingredient=row, against=soy, values={"effect": "stop"}, by=administrator)
    against.restore_rule(rule=rule, by=administrator)
    with pytest.raises(Conflict):
        against.restore_rule(rule=rule, by=administrator)


# Limits


def limit_page(row, per="session"):
    return reverse("catalogue:limit", args=[row.pk, per])


def test_a_doctor_s_limit_carries_who_why_and_when(admin):
    row = IngredientFactory()
    typed = {"max": "0,5", "unit": "mg", "note": "Our own experience", "decided_by": "Dr Ana Ruiz"}
    assert admin.post(limit_page(row), typed | {"decided_on": "2026-11-02"}).status_code == 302
    row.refresh_from_db()
    assert row.limits == [
        {"per": "session", "max": "0.5", "unit": "mg", "note": "Our own experience", "decided_by": "Dr Ana Ruiz",
         "decided_on": "2026-11-02"}
    ]  # fmt: skip
    assert "decided by Dr Ana Ruiz" in page_of(admin, row)


def test_limits_stand_side_by_side_and_are_taken_away(admin):
    row = IngredientFactory()
    for per, typed in [
        ("point", {"max": "2", "unit": "mg"}),
        ("area", {"max": "1", "unit": "mL"}),
        ("interval_days", {"max": "21"}),
        ("point", {"max": "3", "unit": "mg"}),
    ]:
        assert admin.post(limit_page(row, per), typed | {"source": SOURCE}).status_code == 302
    row.refresh_from_db()
    assert [(entry["per"], entry["max"], entry["unit"]) for entry in row.limits] == [
        ("point", "3", "mg"), ("area", "1", "mL"), ("interval_days", "21", "day"),
    ]  # fmt: skip
    assert 'value="3"' in admin.get(limit_page(row, "point")).text
    admin.post(limit_page(row, "area"), {"take_away": "1"})
    row.refresh_from_db()
    assert [entry["per"] for entry in row.limits] == ["point", "interval_days"]
    assert [event.fields for event in AuditEvent.objects.filter(subject_id=str(row.pk))] == [["limits"]] * 5


@pytest.mark.parametrize("amount", ["", "-1", "0", "1e2", "½", "1_000", "1,250", "NaN", "٣", "0.00001", "10000000"])
def test_an_unreadable_limit_is_refused_and_kept(admin, amount):
    row = IngredientFactory()
    response = admin.post(limit_page(row), {"max": amount, "unit": "mg", "source": SOURCE, "note": "Keep me"})
    assert set(response.context["form"].errors) == {"max"} and "Keep me" in response.text
    row.refresh_from_db()
    assert row.limits == []


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "½", "99999", "x"])
def test_an_unreadable_interval_is_refused(admin, days):
    response = admin.post(limit_page(IngredientFactory(), "interval_days"), {"max": days, "source": SOURCE})
    assert set(response.context["form"].errors) == {"max"}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "decided_by"),
        ({"source": "a book"}, "source"),
        ({"source": "javascript:alert(1)"}, "source"),
        ({"decided_by": "Dr Ana Ruiz", "decided_on": "2026-01-02"}, "note"),
        ({"decided_by": "Dr Ana Ruiz", "note": "Why"}, "decided_on"),
        ({"decided_by": "Dr Ana Ruiz", "note": "Why", "decided_on": "02/01/2026"}, "decided_on"),
        ({"source": SOURCE, "unit": "kg"}, "unit"),
    ],
)
def test_a_limit_says_who_gives_it(admin, said, field):
    row = IngredientFactory()
    response = admin.post(limit_page(row), {"max": "1", "unit": "mg"} | said)
    assert set(response.context["form"].errors) == {field}


def test_a_limit_is_not_decided_tomorrow(admin):
    tomorrow = clock.today() + timedelta(days=2)
    typed = {"max": "1", "unit": "mg", "note": "Why", "decided_by": "Dr Ana Ruiz", "decided_on": tomorrow.isoformat()}
    response = admin.post(limit_page(IngredientFactory()), typed)
    assert set(response.context["form"].errors) == {"decided_on"}


def test_an_unknown_kind_of_limit_is_no_page(admin):
    assert admin.get(limit_page(IngredientFactory(), "year")).status_code == 404


def test_two_people_set_two_limits_at_once(administrator):
    """Each writes its own entry: the second does not take the first's away with what it read before."""
    row = IngredientFactory()
    stale = queries.get_term("ingredients", row.pk)
    for per, ingredient in (("point", row), ("area", stale)):
        entry = {"per": per, "max": "1", "unit": "mg", "note": "", "source": SOURCE}
        against.put_entry(ingredient=ingredient, field="limits", name=per, entry=entry, by=administrator)
    row.refresh_from_db()
    assert [entry["per"] for entry in row.limits] == ["point", "area"]


# Legal status


def test_a_country_is_added_once_changed_and_taken_away(admin):
    row = IngredientFactory()
    add = reverse("catalogue:add_legal", args=[row.pk])
    typed = {"country": "es", "status": "magistral formula", "source": SOURCE}
    assert admin.post(add, typed).status_code == 302
    assert set(admin.post(add, typed).context["form"].errors) == {"country"}
    change = reverse("catalogue:legal", args=[row.pk, "ES"])
    assert admin.post(change, {"status": "unapproved", "source": SOURCE}).status_code == 302
    row.refresh_from_db()
    assert row.legal == [{"country": "ES", "status": "unapproved", "source": SOURCE}]
    assert "unapproved" in page_of(admin, row)
    admin.post(change, {"take_away": "1"})
    row.refresh_from_db()
    assert row.legal == [] and admin.get(change).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"), [("country", "Spain"), ("country", ""), ("country", "1a"), ("status", ""), ("source", "x y")]
)
def test_a_bad_legal_status_is_refused(admin, field, value):
    typed = {"country": "ES", "status": "unapproved", "source": SOURCE} | {field: value}
    response = admin.post(reverse("catalogue:add_legal", args=[IngredientFactory().pk]), typed)
    assert field in response.context["form"].errors


# The ingredient itself


def test_care_cold_chain_and_base_are_kept(admin):
    row = IngredientFactory()
    typed = {
        "name": row.name, "ingredient_class": row.ingredient_class_id, "vehicle": "aqueous", "cold_chain": "on",
        "base_fraction": "0.8654", "before_care": "Eat something.", "after_care": "No sauna.", "evidence": "B",
    }  # fmt: skip
    address = reverse("catalogue:edit_ingredient", args=[row.pk])
    assert admin.post(address, typed).status_code == 302
    row.refresh_from_db()
    assert (row.cold_chain, row.base_fraction, row.evidence) == (True, Decimal("0.8654"), "B")
    page = page_of(admin, row)
    assert "No sauna." in page and "cold chain" not in page
    for wrong in ("1.1", "-0.5", "½", "1e-1", "0.86541"):
        assert "base_fraction" in admin.post(address, typed | {"base_fraction": wrong}).context["form"].errors


def test_the_page_converts_what_is_typed(admin):
    row = IngredientFactory(base_fraction=Decimal("0.5"))
    address = reverse("catalogue:ingredient", args=[row.pk])

    def shown(strength, measure):
        page = admin.get(address, {"strength": strength, "measure": measure}).text
        return page.replace("\N{NO-BREAK SPACE}", " ")

    assert "20 mg/mL = 2 % = 10 mg/mL of the base" in shown("2", "percent")
    assert "20 mg/mL = 2 % = 10 mg/mL of the base" in shown("10", "base")
    assert "0.5 mg/mL = 0.05 % = 0.25 mg/mL of the base" in shown("0,5", "unit")
    for wrong in ("-1", "½", "1e2", "9" * 30):
        assert "invalid-feedback" in shown(wrong, "unit")
    assert shown("", "unit") and shown("1", "pounds")
