"""A delivery in the browser, with a scanner that plays the keyboard."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.core import clock
from tests.factories.people import AdministratorFactory
from tests.factories.treatments import LotFactory, ProductFactory
from treatments.stock import services
from treatments.stock.models import Lot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GTIN = "09501101020917"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_a_scanner_fills_the_form(clean_page, live_server, sign_in, axe_clean, clinic_row):
    product = ProductFactory(name="Lidocaine Duo", gtin=GTIN, container_ml=Decimal("2.5"))
    sign_in(AdministratorFactory())
    page = clean_page
    page.goto(live_server.url + reverse("stock:receive"))

    def scan():
        page.keyboard.type(f"]d201{GTIN}10AB7")  # the field has the focus
        page.keyboard.press("Control+]")
        page.keyboard.type("17390131")
        page.keyboard.press("Enter")
        page.wait_for_selector("[role=status]")

    scan()
    assert page.input_value("#id_number") == "AB7"
    assert page.input_value("#id_expires_on") == "2039-01-31"
    assert page.input_value("#id_product") == str(product.pk)
    assert page.input_value("#id_container_ml") == "2.5"
    axe_clean(page)
    page.fill("#id_scan", "hello")
    page.keyboard.press("Enter")
    page.wait_for_selector("#id_scan.is-invalid")
    assert page.input_value("#id_number") == "" and page.input_value("#id_scan") == "hello"
    axe_clean(page)
    page.fill("#id_scan", "")
    scan()
    page.fill("#id_containers", "4")
    page.click("button:has-text('Put it on the shelf')")
    page.wait_for_selector("text=The lot is on the shelf.")
    lot = Lot.objects.get()
    assert (lot.product, lot.number, lot.balance_ml, lot.expires_on) == (product, "AB7", 10, date(2039, 1, 31))


@pytest.mark.slow
def test_full_shelves_at_every_width(clean_page, live_server, sign_in, axe_clean, clinic_row):
    by, today = AdministratorFactory(), clock.today()
    product = ProductFactory(name="Lidocaine 1 % in ampoules of five", minimum_ml=100, opened_shelf_life_hours=0)
    lot = services.receive_lot(
        ingredient=product.ingredient,
        product=product,
        number="A-VERY-LONG-LOT-NUMBER-2291",
        expires_on=today + timedelta(days=20),
        volume_ml=Decimal("46.5"),
        location="Cabinet 2, upper shelf, left",
        by=by,
    )
    services.open_vial(lot=lot, by=by)
    services.quarantine_lot(lot=LotFactory(), reason="Arrived warm", by=by)
    LotFactory(expires_on=today - timedelta(days=2))
    sign_in(by)
    page = clean_page
    names = ["lots", "to_do", "receive", "settings"]
    acts = ["lot", "count", "more", "correct", "waste", "finish_vial", "expire", "retire", "add_photo"]
    for path in [reverse(f"stock:{name}") for name in names] + [reverse(f"stock:{act}", args=[lot.pk]) for act in acts]:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        axe_clean(page)
        for width in (360, 820, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate(OVERFLOW) <= 0, (path, width)
