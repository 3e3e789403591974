"""Lots: received once, used in time, set aside, taken off the shelf."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import LONG_AGO
from tests.factories.treatments import IngredientFactory, LotFactory, ProductFactory
from treatments.stock import queries, rules, services
from treatments.stock.models import Lot

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
DAY = date(2027, 3, 10)
NOON = datetime(2027, 3, 10, 11, tzinfo=UTC)


def receive(by, **kwargs):
    values = {"ingredient": None, "number": "A1", "expires_on": DAY, "received_on": DAY, "by": by} | kwargs
    values["ingredient"] = values["ingredient"] or IngredientFactory()
    return services.receive_lot(**values)


@pytest.mark.parametrize(
    ("changes", "days", "answer"),
    [
        ({}, 0, True),
        ({}, 1, False),
        ({}, -400, True),
        ({"quarantined": True}, -1, False),
        ({"retired_at": LONG_AGO}, -1, False),
    ],
)
def test_usable_up_to_and_including_its_last_day(changes, days, answer):
    assert rules.usable(LotFactory(expires_on=DAY, **changes), DAY + timedelta(days=days)) is answer


@pytest.mark.parametrize(
    ("days", "effect", "word"),
    [(-1, "stop", "Expired"), (0, "reason", "Last day"), (1, "reason", "1 day left"), (60, "reason", "60 days left"),
     (61, None, "In date")],
)  # fmt: skip
def test_how_its_expiry_stands(days, effect, word):
    assert rules.expiry(Lot(expires_on=DAY + timedelta(days=days)), DAY, warn_days=60) == (effect, word)


@pytest.mark.parametrize("again", ["AB-12", "ab-12", "Ab-12"])
def test_a_number_is_received_once_for_an_ingredient(again, administrator):
    first = receive(administrator, number="AB-12")
    with pytest.raises(Refused) as refusal:
        receive(administrator, number=again, ingredient=first.ingredient)
    assert refusal.value.field == "number"
    receive(administrator, number="AB-12")
    assert Lot.objects.count() == 2
    assert AuditEvent.objects.filter(action=Action.CREATE).count() == 2


def test_what_arrives_expired_or_retired_stays_outside(administrator):
    with pytest.raises(Refused):
        receive(administrator, expires_on=DAY - timedelta(days=1))
    with pytest.raises(Refused):
        receive(administrator, ingredient=IngredientFactory(retired_at=LONG_AGO))
    assert not Lot.objects.exists()


def test_the_day_of_receipt_is_the_clinic_s(administrator):
    with timezone.override("Europe/Madrid"):
        lot = receive(administrator, received_on=None, at=datetime(2027, 3, 9, 23, 30, tzinfo=UTC))
    assert lot.received_on == DAY


def test_quarantine_release_and_retirement_happen_once(administrator):
    lot = receive(administrator)
    with pytest.raises(Refused):
        services.quarantine_lot(lot=lot, reason=" ", by=administrator)
    with pytest.raises(Conflict):
        services.release_lot(lot=lot, by=administrator)
    services.quarantine_lot(lot=lot, reason="Arrived warm", by=administrator)
    with pytest.raises(Conflict):
        services.quarantine_lot(lot=lot, reason="Again", by=administrator)
    services.release_lot(lot=lot, by=administrator)
    services.retire_lot(lot=lot, reason="Used up", by=administrator)
    for act in (services.retire_lot, services.quarantine_lot):
        with pytest.raises(Conflict):
            act(lot=lot, reason="Again", by=administrator)
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "create", "change", "change", "retire",
    ]  # fmt: skip


def test_first_expiry_first_out_in_one_query(django_assert_num_queries):
    drug, saline, none = IngredientFactory.create_batch(3)
    later = LotFactory(ingredient=drug, expires_on=DAY + timedelta(days=9))
    sooner = LotFactory(ingredient=drug, expires_on=DAY)
    arrived_first = LotFactory(ingredient=saline, received_on=date(2026, 1, 1))
    arrived_last = LotFactory(ingredient=saline, received_on=date(2026, 2, 1))
    LotFactory(ingredient=drug, expires_on=DAY - timedelta(days=1))
    LotFactory(ingredient=drug, quarantined=True)
    LotFactory(ingredient=drug, retired_at=LONG_AGO)
    LotFactory()
    with django_assert_num_queries(1):
        proposed = queries.proposed_lots([drug.pk, saline.pk, none.pk], NOON)
    usable = {key: [offer.lot for offer in offers if not offer.why_not] for key, offers in proposed.items()}
    assert usable == {drug.pk: [sooner, later], saline.pk: [arrived_first, arrived_last], none.pk: []}
    assert all(rules.usable(lot, DAY) for lots in usable.values() for lot in lots)


def test_lots_that_cannot_be_used_come_last_and_say_why(madrid):
    drug = IngredientFactory()
    for number, changes in {
        "past": {"expires_on": DAY - timedelta(days=1)},
        "aside": {"quarantined": True},
        "empty": {"balance_ml": Decimal(0)},
        "stale": {"opened_at": NOON - timedelta(hours=30), "open_until": NOON - timedelta(hours=6)},
        "sealed": {"expires_on": DAY},
        "open": {"opened_at": NOON - timedelta(hours=2), "open_until": NOON + timedelta(hours=22)},
    }.items():
        LotFactory(ingredient=drug, number=number, **changes)
    offers = queries.proposed_lots([drug.pk], NOON)[drug.pk]
    assert [offer.lot.number for offer in offers[:2]] == ["open", "sealed"]
    assert offers[0].is_open and offers[0].usable_until == NOON + timedelta(hours=22)
    assert {offer.lot.number: offer.why_not for offer in offers[2:]} == {
        "past": "Lot past is out of date.",
        "aside": "Lot aside is in quarantine.",
        "empty": "Lot empty is used up.",
        "stale": "The open vial of lot stale is past its time: throw away what is left in it.",
    }


# Pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


def typed(row, **changes):
    today = timezone.localdate()
    return {
        "ingredient": row.pk,
        "number": "LX 4500",
        "expires_on": str(today + timedelta(days=300)),
        "received_on": str(today),
        "supplier": "Farma Norte",
    } | changes


def test_a_delivery_is_put_on_the_shelf(admin):
    ingredient = IngredientFactory(name="Lidocaine")
    response = admin.post(reverse("stock:receive"), typed(ingredient), follow=True)
    assert "The lot is on the shelf." in response.text and "LX 4500" in response.text
    again = admin.post(reverse("stock:receive"), typed(ingredient, number="lx  4500"))
    assert "This lot of the ingredient is here already." in again.text
    assert 'value="Farma Norte"' in again.text
    assert Lot.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ingredient", ""),
        ("ingredient", "999999"),
        ("ingredient", "x"),
        ("number", "  "),
        ("number", "\u202e"),
        ("number", "x" * 41),
        ("expires_on", "2020-01-31"),
        ("expires_on", "2999-01-31"),
        ("expires_on", "2027-02-30"),
        ("expires_on", "31/01/2027"),
        ("expires_on", ""),
        ("received_on", "2999-01-01"),
        ("received_on", "1900-01-01"),
    ],
)
def test_a_bad_delivery_is_refused_beside_its_field(admin, field, value):
    response = admin.post(reverse("stock:receive"), typed(IngredientFactory(), **{field: value}))
    assert response.context["form"].errors[field]
    assert 'value="Farma Norte"' in response.text
    assert not Lot.objects.exists()


def test_a_lot_s_page_sets_it_aside_and_takes_it_away(admin):
    lot = LotFactory()
    page = reverse("stock:lot", args=[lot.pk])
    admin.post(reverse("stock:quarantine", args=[lot.pk]), {"reason": "Arrived warm"})
    assert "Arrived warm" in admin.get(page).text
    admin.post(reverse("stock:release", args=[lot.pk]))
    assert "This lot is not in quarantine." in admin.post(reverse("stock:release", args=[lot.pk]), follow=True).text
    admin.post(reverse("stock:retire", args=[lot.pk]), {"reason": "Used up"})
    assert "Used up" in admin.get(page).text
    again = admin.post(reverse("stock:retire", args=[lot.pk]), {"reason": "Again"})
    assert "off the shelf already" in again.text


def test_the_list_filters_and_says_how_long(admin):
    today = timezone.localdate()
    old = LotFactory(number="OLD", expires_on=today - timedelta(days=1))
    soon = LotFactory(number="SOON", expires_on=today + timedelta(days=60))
    far = LotFactory(number="FAR", expires_on=today + timedelta(days=61), ingredient=IngredientFactory(name="Biotin"))
    aside = LotFactory(number="ASIDE", quarantined=True)
    gone = LotFactory(number="GONE", retired_at=LONG_AGO, expires_on=today)

    def shown(**query):
        return [line.lot for line in admin.get(reverse("stock:lots"), query).context["rows"]]

    assert shown() == shown(state="nonsense") == [old, soon, far, aside]
    assert shown(state="soon") == [old, soon]
    assert shown(state="quarantine") == [aside]
    assert shown(state="retired") == [gone]
    assert shown(q="bio far") == [far]
    panel = admin.get(reverse("stock:expiring_panel"), headers={"HX-Request": "true"}).text
    assert "Expired" in panel and "60 days left" in panel and panel.count("<tr>") == 2


def test_lists_ask_as_much_for_thirty_rows_as_for_one(admin):
    def asked(name):
        with CaptureQueriesContext(connection) as found:
            assert admin.get(reverse(name)).status_code == 200
        return len(found)

    pages = ("stock:lots", "stock:expiring_panel", "stock:to_do")
    products = [ProductFactory(minimum_ml=100)]
    LotFactory(expires_on=timezone.localdate(), product=products[0], balance_ml=1)
    admin.get(reverse("stock:lots"))
    one = [asked(name) for name in pages]
    for product in ProductFactory.create_batch(29, minimum_ml=100):
        LotFactory(expires_on=timezone.localdate(), product=product, balance_ml=1)
    assert [asked(name) for name in pages] == one
