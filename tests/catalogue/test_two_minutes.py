"""From an old version of a recipe to an approved new one: how much work that is for two people."""

import time
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests.factories.people import PASSWORD
from tests.factories.treatments import ApprovedVersionFactory, IngredientFactory
from treatments.catalogue.models import FormulationVersion

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Seconds of a practised person: to point and click after a thought, and to press one key (keystroke-level model)
CLICK, KEY = 2.55, 0.28
MOST_SECONDS = 120


class Hands:
    """Clicks and types as a person does, and counts both."""

    def __init__(self, page):
        self.page, self.clicks, self.keys = page, 0, 0

    def click(self, role, name, **more):
        self.clicks += 1
        self.page.get_by_role(role, name=name, **more).first.click()

    def type(self, selector, text):
        self.clicks, self.keys = self.clicks + 1, self.keys + len(text)
        self.page.locator(selector).fill(text)

    def choose(self, selector, label):
        self.clicks += 2
        self.page.locator(selector).select_option(label=label)

    @property
    def seconds(self) -> float:
        return self.clicks * CLICK + self.keys * KEY


def test_a_new_version_is_written_and_approved_in_two_minutes(
    clean_page, live_server, sign_in, clinic_row, administrator, practitioner, capsys
):
    old = ApprovedVersionFactory(formulation__name="Glow")
    IngredientFactory(name="Zinc")
    hands, begun = Hands(clean_page), time.monotonic()
    sign_in(administrator)
    clean_page.goto(live_server.url + reverse("catalogue:formulations"))
    hands.click("link", "Glow")
    hands.click("button", "New version from this one")
    hands.type("#id_line-1-volume_ml", "1.5")
    hands.choose("#id_line-2-ingredient", "Zinc")
    hands.type("#id_line-2-concentration", "1")
    hands.type("#id_line-2-volume_ml", "1")
    hands.type("#id_change_note", "Zinc added.")
    hands.click("button", "Save the draft")
    expect(clean_page.get_by_text("The draft is saved.")).to_be_visible()
    sign_in(practitioner)
    clean_page.goto(live_server.url + reverse("home"))
    hands.click("link", "Glow, version 2")
    hands.click("link", "Approve")
    hands.type("#id_password", PASSWORD)
    hands.click("button", "Approve")
    expect(clean_page.get_by_text("The version is approved and can be used in sessions.")).to_be_visible()
    machine = time.monotonic() - begun
    with capsys.disabled():
        print(
            f"\n  new version of a recipe, approved: {hands.clicks} clicks, {hands.keys} keys, "
            f"about {hands.seconds:.0f} s for two people, of which the pages took {machine:.1f} s"
        )
    new = FormulationVersion.objects.get(number=2)
    assert (new.status, new.approved_by, new.change_note) == ("approved", practitioner, "Zinc added.")
    assert [row.volume_ml for row in new.lines.all()] == [Decimal("2.5"), Decimal("1.5"), Decimal("1")]
    old.refresh_from_db()
    assert old.status == "retired"
    assert hands.seconds + machine <= MOST_SECONDS
