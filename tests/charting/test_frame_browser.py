"""A session from the review to its close in a browser: asked, charted, noted, signed, closed."""

import re

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.factories.patients import ConditionFactory, PatientConditionFactory
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.treatments import PlanFactory
from treatments.charting import phrases
from treatments.charting.models import CloseOut, TreatmentSession

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    kit = Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))
    PatientConditionFactory(
        patient=kit.patient, condition=ConditionFactory(key="epilepsy", name="Epilepsy", effect="stop")
    )
    PlanFactory(patient=kit.patient, version=kit.version, weeks=[0, 2, 4], made_by=kit.practitioner)
    phrases.add_phrase(code="ice", text="Cool for ten minutes.", by=kit.practitioner)
    return kit


def test_before_chart_note_sign_and_after(clean_page, live_server, sign_in, kit):
    page = clean_page
    sign_in(kit.practitioner)
    page.goto(f"{live_server.url}/sessions/of/{kit.patient.pk}/")
    page.get_by_role("button", name="Start session 1").click()

    # before: grey until the question is answered and the gap has its reason
    start = page.get_by_role("button", name="Start the session")
    expect(start).to_be_disabled()
    expect(page.locator(".review-open")).to_have_text("2 things are still open.")
    page.get_by_label("Yes", exact=True).check()
    expect(page.locator(".review-open")).to_have_text("3 things are still open.")
    page.get_by_label("No", exact=True).check()
    expect(page.get_by_label("What, and when last?")).to_be_hidden()
    page.locator("[data-gap]").fill("No fit for ten years.")
    expect(start).to_be_enabled()
    start.click()

    # the chart, whose safety panel has the reason already
    expect(page.locator("html")).to_have_class(re.compile("charting-live"))
    expect(page.locator('[data-reason="condition.epilepsy"]')).to_have_value("No fit for ten years.")
    page.locator("#add-syringe").get_by_role("button", name="Add").click()
    tool = page.locator("#add-points")
    tool.get_by_label("Technique").select_option("nappage")
    tool.get_by_label("Depth").fill("2")
    tool.get_by_label("Volume of a point", exact=True).first.fill("0.02")
    page.locator("#by-count").evaluate("by_count => (by_count.open = true)")
    tool.get_by_label("Area").select_option("thigh_front")
    tool.get_by_label("Side").select_option("left")
    tool.locator('[data-field="count"]').fill("40")
    page.get_by_role("button", name="Add points").click()

    # the note: tapped, written from the drawing, with a phrase by its code and by its button
    note = page.locator("#texts")
    note.locator("#findings-pain").get_by_text("3", exact=True).click()
    note.locator("#findings-reaction").get_by_text("none", exact=True).click()
    note.get_by_role("button", name="Write it from the drawing").click()
    expect(note.locator("#note")).to_have_value(
        re.compile(r"^Nappage, 40 points of 0\.02 mL, 2 mm deep.*Thigh, front, left")
    )
    note.locator("#advice").press_sequentially("Today: .ice ")
    expect(note.locator("#advice")).to_have_value("Today: Cool for ten minutes. ")
    note.locator("#reactions").click()
    note.get_by_role("button", name=".ice").click()
    expect(note.locator("#reactions")).to_have_value("Cool for ten minutes.")
    expect(page.locator("#save-state")).to_have_text(re.compile(r"Saved \d\d:\d\d"), timeout=10_000)
    page.get_by_role("link", name="Read and sign").click()
    expect(page.get_by_text("3 of 10")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()

    # after: the plan knows when to come again
    expect(page.get_by_role("heading", name="After the session")).to_be_visible()
    page.get_by_label("After-care, in your own words").fill("Ring us if a lump appears.")
    page.get_by_role("button", name="Close the session").click()
    booking = page.get_by_role("link", name="Book it now")
    expect(booking).to_have_attribute(
        "href", re.compile(rf"patient={kit.patient.pk}&practitioner={kit.practitioner.pk}")
    )
    session = TreatmentSession.objects.get()
    assert session.status == "signed" and session.findings == {"pain": 3, "reaction": "none"}
    assert session.review["gaps"] == [["condition.epilepsy", "On record: Epilepsy.", "No fit for ten years."]]
    assert CloseOut.objects.get().care == "Ring us if a lump appears."
