"""The history in a browser: asking a new patient by touch, the lookup while typing, and every page through axe."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from patients.history import services
from patients.history.models import PatientMedicine
from patients.history.services import load_vocabulary
from tests.factories.patients import PatientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def new_patient(transactional_db, clinic_row):
    load_vocabulary()
    return PatientFactory(sex="female")


def test_a_new_patient_is_answered_in_few_taps(new_patient, practitioner, sign_in, clean_page, live_server, axe_clean):
    page = clean_page
    page.set_viewport_size({"width": 820, "height": 1180})
    sign_in(practitioner)
    page.goto(live_server.url + reverse("history:tab", args=[new_patient.pk]))
    axe_clean(page)
    page.locator("#allergies").get_by_role("button", name="None known").click()
    page.locator("#conditions").get_by_role("button", name="None known").click()
    page.get_by_role("button", name="Not pregnant").click()
    page.locator("#medicines summary").click()
    page.get_by_label("What do they take?").press_sequentially("anadin")
    expect(page.get_by_text("Which Anadin is it?")).to_be_visible()
    axe_clean(page)
    page.get_by_text("Anadin with aspirin").click()
    page.get_by_label("Bought without prescription").check()
    page.locator("#medicines").get_by_role("button", name="Save").click()
    expect(page.locator("#medicines .statements")).to_contain_text("Anadin (aspirin)")
    expect(page.locator(".banner")).to_contain_text("Anadin (aspirin)")
    expect(page.locator(".banner")).not_to_contain_text("Not asked")
    expect(page.locator(".banner")).to_contain_text("None known: allergies, conditions")
    assert PatientMedicine.objects.get().medicine.key == "aspirin"


@pytest.mark.slow
def test_the_other_pages_are_clean(
    new_patient, practitioner, administrator, sign_in, clean_page, live_server, axe_clean
):
    row = services.record_allergy(patient=new_patient, by=practitioner, as_told="plasters", severity=3)
    page = clean_page
    sign_in(practitioner)
    page.goto(live_server.url + reverse("history:void", args=[new_patient.pk, "allergies", row.pk]))
    axe_clean(page)
    page.get_by_role("button", name="Take back").click()
    expect(page.locator(".error-summary")).to_be_focused()
    axe_clean(page)
    sign_in(administrator)
    for kind in ("allergens", "conditions", "medicines"):
        page.goto(live_server.url + reverse("history:words", args=[kind]))
        axe_clean(page)
        page.locator(".list a").first.click()
        expect(page.get_by_role("button", name="Save")).to_be_visible()
        axe_clean(page)
