"""The shelf's pages: scanning and receiving, counting, throwing away, open vials, pictures, what is to do."""

import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.factories.pictures import picture, upload
from tests.factories.treatments import IngredientFactory, LotFactory, ProductFactory
from treatments.stock import services
from treatments.stock.models import Lot, Movement

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
GTIN, OTHER_GTIN = "09501101020917", "04012345678901"


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def typed(**changes):
    today = timezone.localdate()
    return {
        "number": "LX 4500",
        "expires_on": str(today + timedelta(days=300)),
        "received_on": str(today),
        "supplier": "Farma Norte",
        "containers": "10",
        "container_ml": "2.5",
        "product": "",
        "ingredient": "",
    } | changes


def counted(volume="10", **changes) -> Lot:
    lot = LotFactory(balance_ml=Decimal(volume), **changes)
    Movement.objects.create(lot=lot, kind="received", volume_ml=Decimal(volume), at=clock.now(), by=lot.received_by)
    return lot


def left(lot):
    lot.refresh_from_db()
    return lot.balance_ml


def url(name, lot):
    return reverse(f"stock:{name}", args=[lot.pk])


# Receiving -------------------------------------------------------------------------------------------------------


def test_a_scan_fills_the_fields_and_keeps_the_others(admin):
    product = ProductFactory(name="Lidocaine Duo", gtin=GTIN, container_ml=Decimal("2.5"))
    IngredientFactory()
    response = admin.post(
        reverse("stock:receive"),
        typed(scan=f"]d201{GTIN}1739013110AB/7\x1d21000", read="yes", number="", expires_on=""),
    )
    text = response.text
    for found in ('value="AB/7"', 'value="2039-01-31"', 'value="2.5"', 'value="Farma Norte"', 'value="10"'):
        assert found in text, found
    assert f'<option value="{product.pk}" selected>' in text
    assert "Compare the lot number" in text
    assert not Lot.objects.exists()
    page = admin.post(reverse("stock:receive"), typed(product=product.pk, number="AB/7"), follow=True).text
    lot = Lot.objects.get()
    assert (lot.product, lot.ingredient, lot.balance_ml) == (product, product.ingredient, 25)
    assert "25\N{NO-BREAK SPACE}mL" in page and "Lidocaine Duo" in page


@pytest.mark.parametrize(
    ("scan", "message"),
    [("hello", "cannot be read"), ("", "no code"), (f"01{GTIN[:-1]}8", "wrong digit"), (f"01{GTIN}", GTIN)],
)
def test_a_scan_that_tells_nothing_says_so_and_keeps_what_was_typed(admin, scan, message):
    response = admin.post(reverse("stock:receive"), typed(scan=scan, read="yes"))
    (error,) = response.context["form"].errors["scan"]
    assert message in error and message in response.text
    assert 'value="LX 4500"' in response.text and (not scan or f'value="{scan}"' in response.text)


def test_a_scan_of_an_unknown_product_still_fills_lot_and_expiry(admin):
    text = admin.post(reverse("stock:receive"), typed(scan=f"01{GTIN}1739013110AB7", read="yes")).text
    assert 'value="AB7"' in text and 'value="2039-01-31"' in text and "No product of the catalogue" in text


@pytest.mark.parametrize(("known", "stays"), [(OTHER_GTIN, False), ("", True)])
def test_an_unknown_box_is_not_taken_for_the_product_scanned_before(admin, known, stays):
    before = ProductFactory(gtin=known)
    sent = typed(scan=f"01{GTIN}10AB7", read="yes", product=before.pk, ingredient=before.ingredient_id)
    text = admin.post(reverse("stock:receive"), sent).text
    assert (f'<option value="{before.pk}" selected>' in text) is stays
    assert (f'<option value="{before.ingredient_id}" selected>' in text) is stays


@pytest.mark.parametrize("scan", ["smudged", f"01{OTHER_GTIN}"])
def test_another_box_never_keeps_the_lot_of_the_one_before(admin, scan):
    """The second code cannot be read, or names another product and no lot."""
    ProductFactory(gtin=GTIN, container_ml=Decimal("2.5"))
    first = admin.post(reverse("stock:receive"), typed(scan=f"01{GTIN}1739013110AB7", read="yes"))
    kept = dict(first.context["form"].data.items())
    assert (kept["number"], kept["expires_on"], kept["container_ml"]) == ("AB7", "2039-01-31", "2.5")
    second = admin.post(reverse("stock:receive"), kept | {"scan": scan}).context["form"].data
    assert (second["number"], second["expires_on"], second["product"], second["ingredient"]) == ("", "", "", "")
    assert (second["container_ml"], second["supplier"]) == ("", "Farma Norte")
    corrected = admin.post(reverse("stock:receive"), kept | {"scan": scan, "number": "AB8"}).context["form"].data
    assert (corrected["number"], corrected["expires_on"]) == ("AB8", "")


def test_two_codes_of_one_box_go_together(admin):
    product = ProductFactory(gtin=GTIN)
    first = admin.post(reverse("stock:receive"), typed(scan=f"01{GTIN}", read="yes", number="", expires_on=""))
    second = admin.post(reverse("stock:receive"), dict(first.context["form"].data.items()) | {"scan": "1739013110AB7"})
    data = second.context["form"].data
    assert (data["product"], data["number"], data["expires_on"]) == (str(product.pk), "AB7", "2039-01-31")
    third = admin.post(reverse("stock:receive"), dict(data.items()) | {"scan": f"01{OTHER_GTIN}"}).context["form"].data
    assert (third["product"], third["number"], third["expires_on"]) == ("", "", "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("containers", "½"),
        ("containers", "1e2"),
        ("containers", "-3"),
        ("containers", "0"),
        ("containers", "10001"),
        ("containers", ""),
        ("container_ml", "1e2"),
        ("container_ml", "½"),
        ("container_ml", "-1"),
        ("container_ml", "0"),
        ("container_ml", "0.00001"),
        ("container_ml", "100001"),
        ("container_ml", "99999"),
        ("container_ml", "two"),
        ("container_ml", "1,250"),
        ("container_ml", ""),
        ("product", "99999"),
        ("invoice_number", "x" * 61),
        ("location", "x" * 81),
        ("submission", "no uuid"),
    ],
)
def test_a_bad_amount_is_refused_beside_its_field(admin, field, value):
    response = admin.post(reverse("stock:receive"), typed(ingredient=IngredientFactory().pk, **{field: value}))
    assert response.context["form"].errors.keys() & {field, "containers"}
    assert 'value="LX 4500"' in response.text
    assert not Lot.objects.exists()


@pytest.mark.parametrize(("each", "total"), [("0,5", "5"), ("2.5", "25"), ("0.0001", "0.001")])
def test_amounts_are_exact_with_a_comma_or_a_point(admin, each, total):
    admin.post(reverse("stock:receive"), typed(ingredient=IngredientFactory().pk, container_ml=each))
    assert Lot.objects.get().balance_ml == Decimal(total)


def test_nothing_is_counted_when_nothing_is_written(admin):
    admin.post(reverse("stock:receive"), typed(ingredient=IngredientFactory().pk, containers="", container_ml=""))
    assert Lot.objects.get().balance_ml is None and not Movement.objects.exists()


def test_the_same_delivery_sent_twice_is_one(admin):
    data = typed(ingredient=IngredientFactory().pk, submission="7d7f7b1e-0000-4000-8000-000000000001")
    first = admin.post(reverse("stock:receive"), data)
    assert admin.post(reverse("stock:receive"), data).url == first.url
    assert Movement.objects.count() == Lot.objects.count() == 1


def test_one_number_once_for_a_product_and_again_for_another(admin):
    ingredient = IngredientFactory()
    one, two = ProductFactory.create_batch(2, ingredient=ingredient)
    for product in (one, two):
        assert admin.post(reverse("stock:receive"), typed(product=product.pk)).status_code == 302
    for again in ({"product": one.pk}, {"ingredient": ingredient.pk}):
        response = admin.post(reverse("stock:receive"), typed(number="lx 4500", **again))
        assert "here already" in response.context["form"].errors["number"][0]
    assert Lot.objects.count() == 2


# Pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_kept_small_and_without_its_extras(admin, settings, tmp_path, kind):
    settings.MEDIA_ROOT = tmp_path
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    lot = counted()
    admin.post(url("add_photo", lot), {"photo": upload(picture(kind, (3000, 100), exif=exif), "../../x.html")})
    response = admin.get(url("photo", lot))
    assert response["Content-Type"] == "image/jpeg" and response["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(b"".join(response.streaming_content))) as shown:
        assert shown.format == "JPEG" and max(shown.size) == 2000 and not shown.getexif()
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert file.suffix == ".jpg" and "x.html" not in file.name
    assert url("photo", lot) in admin.get(url("lot", lot)).text
    again = admin.post(url("add_photo", lot), {"photo": upload(picture())})
    assert "has a photo already" in again.text


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>",
        b"GIF89a" + bytes(40),
        picture("GIF"),
        picture("TIFF"),
        picture("PNG")[:60],
        picture("JPEG")[:300],
        picture("PNG", (9000, 9000), mode="1"),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"x",
    ],
    ids=["svg", "html", "torn gif", "gif", "tiff", "torn png", "torn jpeg", "too many pixels", "empty png", "a letter"],
)
def test_what_is_no_picture_is_refused(admin, settings, tmp_path, content):
    settings.MEDIA_ROOT = tmp_path
    lot = counted()
    response = admin.post(url("add_photo", lot), {"photo": upload(content)})
    assert response.context["form"].errors["photo"]
    assert left(lot) == 10 and not lot.photo and not [path for path in tmp_path.rglob("*") if path.is_file()]
    data = typed(ingredient=IngredientFactory().pk, photo=upload(content))
    assert admin.post(reverse("stock:receive"), data).context["form"].errors["photo"]
    assert Lot.objects.count() == 1


def test_a_picture_is_for_those_who_see_the_stock(client_of, admin, front_desk, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    lot = counted()
    admin.post(url("add_photo", lot), {"photo": upload(picture())})
    assert client_of(front_desk).get(url("photo", lot)).status_code == 403
    assert client.get(url("photo", lot)).status_code == 302


# What is done to a lot ------------------------------------------------------------------------------------------


def test_a_count_sets_the_balance_and_says_why(admin):
    lot = counted("10")
    admin.post(url("count", lot), {"counted_ml": "9,5", "reason": "Month's end", "seen_ml": "10"})
    assert left(lot) == Decimal("9.5")
    page = admin.get(url("lot", lot)).text
    assert "-0.5\N{NO-BREAK SPACE}mL" in page and "Month&#x27;s end" in page
    admin.post(url("count", lot), {"counted_ml": "9.5", "reason": "Again", "seen_ml": "9.5"})
    assert lot.movements.count() == 3


def test_a_count_of_what_changed_meanwhile_is_refused_and_can_be_repeated(admin, practitioner):
    lot = counted("10")
    services.take_for_session(session_id=5, takings=[services.Taking(lot.pk, Decimal(2), "1.1")], by=practitioner)
    response = admin.post(url("count", lot), {"counted_ml": "10", "reason": "Month's end", "seen_ml": "10"})
    assert "Count again" in response.text and "There should be 8" in response.text
    assert 'name="seen_ml" value="8"' in response.text and left(lot) == 8
    admin.post(url("count", lot), {"counted_ml": "8", "reason": "Month's end", "seen_ml": "8"})
    assert left(lot) == 8


def test_the_first_count_of_a_lot_makes_up_for_what_was_taken_before(admin, practitioner):
    lot = LotFactory()
    services.take_for_session(session_id=5, takings=[services.Taking(lot.pk, Decimal(2), "1.1")], by=practitioner)
    admin.post(url("count", lot), {"counted_ml": "6", "reason": "First count", "seen_ml": ""})
    assert left(lot) == 6
    assert [row.volume_ml for row in lot.movements.all()] == [-2, 8]


@pytest.mark.parametrize("amount", ["", "-1", "1e2", "½", "100001", "0.00001", "x"])
def test_a_bad_count_keeps_what_was_typed(admin, amount):
    lot = counted("10")
    response = admin.post(url("count", lot), {"counted_ml": amount, "reason": "Month's end", "seen_ml": "10"})
    assert response.context["form"].errors["counted_ml"] and "Month&#x27;s end" in response.text
    assert left(lot) == 10


def test_what_is_thrown_away_is_written_off_once(doctor):
    lot = counted("10")
    data = {"volume_ml": "0.5", "reason": "Spilt", "submission": "7d7f7b1e-0000-4000-8000-000000000002"}
    for _again in range(3):
        assert doctor.post(url("waste", lot), data).status_code == 302
    assert left(lot) == Decimal("9.5")
    more = doctor.post(url("waste", lot), data | {"volume_ml": "9.6", "submission": ""})
    assert more.context["form"].errors
    more = doctor.post(url("waste", lot), data | {"volume_ml": "9.6", "submission": data["submission"][:-1] + "3"})
    assert more.context["form"].errors["volume_ml"] == [f"Lot {lot.number} holds 9.5 mL, and 9.6 mL are needed."]


def test_an_open_vial_has_a_time_of_its_own(doctor):
    product = ProductFactory(opened_shelf_life_hours=24)
    lot = counted("10", product=product, ingredient=product.ingredient)
    doctor.post(url("open_vial", lot))
    left(lot)
    assert lot.open_until - lot.opened_at == timedelta(hours=24)
    assert "is open already" in doctor.post(url("open_vial", lot), follow=True).text
    late = lot.opened_at - timedelta(hours=30)
    Lot.objects.filter(pk=lot.pk).update(opened_at=late, open_until=late + timedelta(hours=24))
    assert "past its time" in doctor.get(url("lot", lot)).text
    assert "Write the reason." in doctor.post(url("finish_vial", lot), {"left_ml": "1.5"}).text
    doctor.post(url("finish_vial", lot), {"left_ml": "1.5", "reason": "Past its time"})
    assert left(lot) == Decimal("8.5") and lot.opened_at is None
    assert "No vial of this lot is open" in doctor.post(url("finish_vial", lot), {"left_ml": "0"}).text


@pytest.mark.parametrize(("hours", "of_ingredient", "kept"), [(None, None, None), (None, 8, 8), (0, 8, 0), (6, 8, 6)])
def test_how_long_an_open_vial_keeps(hours, of_ingredient, kept, practitioner):
    product = ProductFactory(
        opened_shelf_life_hours=hours, ingredient=IngredientFactory(opened_shelf_life_hours=of_ingredient)
    )
    lot = LotFactory(product=product, ingredient=product.ingredient)
    assert lot.opened_shelf_life == (None if kept is None else timedelta(hours=kept))
    services.open_vial(lot=lot, by=practitioner)
    lot.refresh_from_db()
    assert lot.open_until == (None if kept is None else lot.opened_at + timedelta(hours=kept))


def test_the_earlier_of_vial_and_expiry_decides(madrid):
    lot = LotFactory(expires_on=timezone.localdate())
    end_of_day = clock.day_bounds(timezone.localdate())[1]
    assert lot.usable_until == end_of_day
    lot.open_until = end_of_day + timedelta(hours=3)
    assert lot.usable_until == end_of_day
    lot.open_until = end_of_day - timedelta(hours=3)
    assert lot.usable_until == lot.open_until


def test_what_expired_leaves_shelf_and_balance(admin):
    lot = counted("10", expires_on=timezone.localdate() - timedelta(days=1))
    fresh = counted("10")
    assert "still in date" in admin.post(url("expire", fresh)).text
    admin.post(url("expire", lot))
    assert left(lot) == 0 and lot.retired_at and lot.movements.last().kind == "expired"
    assert "off the shelf already" in admin.post(url("expire", lot)).text


def test_what_is_taken_away_is_written_off(admin):
    lot = counted("10")
    admin.post(url("retire", lot), {"reason": "Recalled by the maker"})
    assert left(lot) == 0 and lot.movements.last().reason == "Recalled by the maker"


@pytest.mark.parametrize("name", ["count", "more", "correct", "add_photo", "quarantine", "retire", "expire", "receive"])
def test_practitioners_do_not_keep_the_stock(doctor, name):
    assert doctor.get(url(name, counted()) if name != "receive" else reverse("stock:receive")).status_code == 403


def test_more_of_a_lot_is_added_once(admin):
    lot, data = (
        counted("10"),
        {"volume_ml": "2,5", "reason": "2026-99", "submission": "7d7f7b1e-0000-4000-8000-00000000000a"},
    )
    for _again in range(2):
        assert admin.post(url("more", lot), data).status_code == 302
    assert left(lot) == Decimal("12.5") and "2026-99" in admin.get(url("lot", lot)).text
    never = LotFactory()
    data["submission"] = data["submission"][:-1] + "b"
    assert "count it instead" in admin.post(url("more", never), data).text
    assert admin.post(url("more", lot), data | {"volume_ml": "½"}).context["form"].errors["volume_ml"]


def test_a_slip_is_corrected_and_the_trail_names_the_fields(admin):
    today = timezone.localdate()
    lot = counted("10", number="LX 45O0", received_on=today)
    other = LotFactory(ingredient=lot.ingredient, number="TAKEN")
    data = {"number": "LX 4500", "expires_on": str(today + timedelta(days=40)), "location": "Fridge"}
    for changes, field in [
        ({"number": "taken"}, "number"),
        ({"number": ""}, "number"),
        ({"expires_on": str(today - timedelta(days=1))}, "expires_on"),
        ({"expires_on": "2999-01-01"}, "expires_on"),
    ]:
        response = admin.post(url("correct", lot), data | changes)
        assert response.context["form"].errors[field] and 'value="Fridge"' in response.text
    admin.post(url("correct", lot), data)
    lot.refresh_from_db()
    assert (lot.number, lot.location, lot.balance_ml) == ("LX 4500", "Fridge", 10) and other.number == "TAKEN"
    event = AuditEvent.objects.filter(action="change").last()
    assert event.fields == ["expires_on", "location", "number"]


def test_only_those_who_read_charts_are_led_to_sessions(admin, doctor, practitioner):
    lot = counted()
    services.take_for_session(session_id=5, takings=[services.Taking(lot.pk, Decimal(2), "1.1")], by=practitioner)
    link = reverse("charting:session", args=[5])
    assert link in doctor.get(url("lot", lot)).text and link not in admin.get(url("lot", lot)).text


# What is to do ---------------------------------------------------------------------------------------------------


def test_what_the_shelf_asks_for(doctor, admin):
    today, now = timezone.localdate(), clock.now()
    product = ProductFactory(name="Scarce", minimum_ml=Decimal(20))
    uncounted = ProductFactory(name="Uncounted", minimum_ml=Decimal(20))
    LotFactory(number="NEVER", product=uncounted, ingredient=uncounted.ingredient)
    numbers = {
        "OLD": {"expires_on": today - timedelta(days=1), "product": product, "ingredient": product.ingredient},
        "SOON": {"expires_on": today + timedelta(days=60)},
        "FAR": {"expires_on": today + timedelta(days=61), "product": product, "ingredient": product.ingredient},
        "LATE": {"opened_at": now - timedelta(days=2), "open_until": now - timedelta(days=1)},
        "ASIDE": {"quarantined": True},
    }
    for number, changes in numbers.items():
        counted("15", number=number, **changes)
    context = doctor.get(reverse("stock:to_do")).context
    assert {name: [line.lot.number for line in lines] for name, lines in context["parts"].items()} == {
        "expired": ["OLD"],
        "late_vials": ["LATE"],
        "quarantined": ["ASIDE"],
        "soon": ["SOON"],
    }
    assert [(row.name, amount) for row, amount in context["low"]] == [("Scarce", 15)]
    assert "Below minimum" in doctor.get(reverse("stock:lots")).text
    admin.post(reverse("stock:settings"), {"warn_days": "61"})
    assert [line.lot.number for line in doctor.get(reverse("stock:to_do")).context["parts"]["soon"]] == ["SOON", "FAR"]
    for bad in ("0", "731", "x", ""):
        assert admin.post(reverse("stock:settings"), {"warn_days": bad}).context["form"].errors
