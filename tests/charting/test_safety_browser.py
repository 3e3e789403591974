"""The safety rules on the charting page: they speak while something is chosen, and take their reasons there."""

import re

import pytest
from playwright.sync_api import expect

from patients.history.models import Allergen
from tests.charting.drafts import Kit
from tests.charting.test_browser import LEFT_THIGH, choose_tool, saved, tap
from tests.factories.patients import PatientAllergyFactory
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.catalogue.models import Ingredient, IngredientAllergen
from treatments.charting.models import SafetyAnswer, SessionDraft, TreatmentSession

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "Skin test negative; dentist used it last week."


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    """A recipe with lidocaine, and a patient who is allergic to it."""
    kit = Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))
    Ingredient.objects.filter(pk=kit.lines[0].ingredient_id).update(key="lidocaine", name="Lidocaine")
    amide = Allergen.objects.create(key="amide_anaesthetic", name="Amide anaesthetic", synonyms=["lidocaine"])
    IngredientAllergen.objects.create(
        key="x",
        ingredient_id=kit.lines[0].ingredient_id,
        allergen=amide,
        effect="stop",
        note="Ask which one caused the reaction.",
        sources=["https://example.org/label"],
    )
    PatientAllergyFactory(patient=kit.patient, allergen=amide)
    return kit


@pytest.fixture
def open_chart(live_server, sign_in, kit):
    def go(page, content=None):
        session = kit.start(content or {})
        sign_in(kit.practitioner)
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        expect(page.locator("html")).to_have_class(re.compile("charting-live"))
        return session

    return go


def choose_syringe(page, kit):
    page.get_by_label("Recipe").select_option(str(kit.version.pk))
    expect(page.locator("#recipe-says")).to_contain_text("an allergy to Amide anaesthetic is on record")
    page.locator("#add-syringe").get_by_label("Drawn up").fill("5")
    page.locator("#add-syringe").get_by_role("button", name="Add", exact=True).click()


def test_an_allergy_speaks_as_the_syringe_is_chosen_and_is_answered_there(
    clean_page, open_chart, kit, axe_clean, live_server
):
    page = clean_page
    session = open_chart(page)
    expect(page.locator("#safety")).to_contain_text("No rule speaks against")
    choose_syringe(page, kit)
    stop = page.locator("#safety .answers-stop")
    expect(stop).to_contain_text("Lidocaine: an allergy to Amide anaesthetic is on record.", timeout=1000)
    expect(page.locator(".syringe .safety-mark")).to_have_text(" Stop")
    expect(page.locator("#safety-jump")).to_contain_text("Stop 1")
    expect(page.locator("#safety [role=status]")).to_have_text("Stop: 1")
    axe_clean(page)
    choose_tool(page)
    tap(page, *LEFT_THIGH)
    page.locator("#findings-reaction").get_by_text("none", exact=True).click()  # nothing is signed without it
    saved(page)
    page.get_by_role("link", name="Read and sign").click()
    missing = page.get_by_role("link", name=re.compile("Say why it was done all the same"))
    expect(page.get_by_role("button", name="Sign", exact=True)).to_have_count(0)
    missing.click()
    field = page.get_by_label("Why it was done all the same")
    expect(field).to_be_focused()
    page.keyboard.type(REASON)
    saved(page)
    assert field.bounding_box()["height"] >= 44
    assert SessionDraft.objects.get().content["reasons"] == {"allergen.lidocaine-amide_anaesthetic": REASON}
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_role("link", name="The signed record").click()
    expect(page.get_by_text("unchanged since it was signed")).to_be_visible()
    expect(page.locator(".safety")).to_contain_text(REASON)
    axe_clean(page)
    assert SafetyAnswer.objects.get(session=session).reason == REASON
    assert TreatmentSession.objects.get().status == "signed"


@pytest.mark.slow
def test_typing_a_reason_is_not_disturbed_by_answers_that_come_meanwhile(clean_page, open_chart, kit):
    page = clean_page
    open_chart(page, {"preparations": [kit.syringe()]})
    choose_tool(page)
    field = page.get_by_label("Why it was done all the same")
    field.click()
    for letter in REASON:
        page.keyboard.type(letter)
        page.wait_for_timeout(60)
    saved(page)
    expect(field).to_be_focused()
    expect(field).to_have_value(REASON)


def test_answers_follow_the_depth_and_go_with_the_syringe(clean_page, open_chart, kit):
    page = clean_page
    kit.technique.depth_max_mm = 4
    kit.technique.save()
    open_chart(page, {"preparations": [kit.syringe()]})
    choose_tool(page)
    page.get_by_label("Depth").fill("9")
    tap(page, *LEFT_THIGH)
    expect(page.locator("#safety .answers-note")).to_contain_text("9 mm is deeper than usual", timeout=5000)
    page.get_by_role("button", name="Remove this syringe").click()
    expect(page.locator("#safety")).to_contain_text("No rule speaks against", timeout=5000)
    expect(page.locator(".safety-mark")).to_have_count(0)


def test_it_fits_a_phone(clean_page, open_chart, kit, axe_clean):
    page = clean_page
    page.set_viewport_size({"width": 360, "height": 780})
    open_chart(page, kit.content())
    expect(page.locator("#safety .answers-stop")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    jump = page.locator("#safety-jump")
    assert jump.bounding_box()["height"] >= 44
    jump.click()
    expect(page.locator("#safety h2")).to_be_in_viewport()
    axe_clean(page)
