"""A working day, through the browser, in the `house` of the module that takes these tests in; nothing of it a mock.

The desk registers a patient and books; the practitioner asks, charts and signs; the desk books again; the patient is
written to; the administrator prepares a recipe. The steps follow each other: each is one person's browser test.
"""

import re
from datetime import date, timedelta
from pathlib import Path

from playwright.sync_api import expect

from tests.journey.houses import wait_for
from treatments.demo.people import PASSWORD

SHOTS = Path("screenshots")
booked = {}  # with whom: (house, what) -> key of the practitioner
DOCTORS = {"Dr Ana Ruiz": "ana", "Dr Jonas Weber": "jonas"}
PATIENT = {"given": "Nora", "family": "Quintero Paz", "born": "1984-06-02", "email": "nora.quintero@mail.example"}


class Person:
    """Somebody in front of a browser."""

    def __init__(self, page, house, key: str):
        self.page, self.house, self.key, self.shots = page, house, key, 0
        page.set_default_timeout(15_000)
        page.goto(f"{house.url}/")
        page.locator("input[name=login]").fill(f"{key}@aurora.example")
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()

    def look(self, axe) -> None:
        """Keeps a picture of the page, and lets axe read it."""
        self.shots += 1
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_load_state("networkidle")
        self.page.screenshot(path=SHOTS / f"{self.house.name}-{self.key}-{self.shots}.png", full_page=True)
        axe(self.page)

    def find(self, text: str) -> None:
        self.page.get_by_role("searchbox", name="Find a patient").fill(text)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("link", name=re.compile(PATIENT["family"])).first.click()

    def open_visit(self, type_name: str) -> None:
        self.find("quintero")
        self.page.get_by_role("link", name="Visits", exact=True).click()
        self.page.get_by_role("row", name=re.compile(type_name)).get_by_role("link").first.click()

    def book(self, type_name: str, *, ahead: int = 0) -> str:
        """Takes the first time that is offered; returns with whom."""
        page = self.page
        self.find("quintero")
        page.get_by_role("link", name="Visits", exact=True).click()
        page.get_by_role("link", name="Book a visit").first.click()
        page.locator("select[name=type]").first.select_option(label=type_name)
        page.wait_for_load_state("networkidle")
        if ahead:
            page.locator("input[name=start]").fill((date.today() + timedelta(days=ahead)).isoformat())
            page.locator("input[name=start]").blur()
            page.wait_for_load_state("networkidle")
        soonest = page.locator("label.slot").first
        doctor = DOCTORS[soonest.locator("small").inner_text()]
        soonest.click()
        page.get_by_role("button", name="Book").last.click()
        expect(page.get_by_text("The visit is booked.")).to_be_visible()
        return doctor


def test_the_desk_registers_and_books(page, house, axe_clean):
    desk = Person(page, house, "marta")
    desk.look(axe_clean)
    page.get_by_role("link", name="Patients").click()
    page.get_by_role("link", name="Register").first.click()
    page.get_by_label("Given name").fill(PATIENT["given"])
    page.get_by_label("Family name").fill(PATIENT["family"])
    page.get_by_label("Birth date").fill(PATIENT["born"])
    page.locator("input[name=email]").fill(PATIENT["email"])
    page.get_by_label("Agrees to be sent messages").check()
    page.get_by_label("Write by").select_option(label="E-mail")
    desk.look(axe_clean)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_text("Nora Quintero Paz").first).to_be_visible()
    expect(page.get_by_role("link", name="History", exact=True)).to_have_count(0)
    booked[house.name, "consultation"] = desk.book("First consultation")
    page.get_by_role("button", name="Has arrived").click()
    expect(page.get_by_text("Arrived").first).to_be_visible()
    page.get_by_role("link", name="Calendar").click()
    desk.look(axe_clean)


def test_the_practitioner_asks(page, house, axe_clean):
    doctor = Person(page, house, booked[house.name, "consultation"])
    doctor.look(axe_clean)
    doctor.open_visit("First consultation")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("link", name="History", exact=True).click()
    expect(page.get_by_text("Not asked").first).to_be_visible()
    for _topic in range(3):
        page.get_by_role("button", name="None known").first.click()
        page.wait_for_load_state("networkidle")
    expect(page.get_by_role("button", name="None known")).to_have_count(0)
    doctor.look(axe_clean)
    doctor.open_visit("First consultation")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("Done").first).to_be_visible()


def test_the_desk_books_the_session_and_the_next(page, house):
    desk = Person(page, house, "marta")
    booked[house.name, "session"] = desk.book("Mesotherapy session")
    page.get_by_role("button", name="Has arrived").click()
    desk.book("Mesotherapy session", ahead=5)


def test_the_practitioner_charts_and_signs(page, house, axe_clean):
    doctor = Person(page, house, booked[house.name, "session"])
    doctor.find("quintero")
    page.get_by_role("link", name="Visits", exact=True).click()
    page.get_by_role("row", name=re.compile("Arrived")).get_by_role("link").first.click()
    page.get_by_role("button", name="Start").click()
    page.get_by_label("No", exact=True).check()
    for gap in page.locator("[data-gap]").all():
        gap.fill("Talked about before the session.")
    doctor.look(axe_clean)
    page.get_by_role("button", name="Start the session").click()
    recipe = page.locator("#add-syringe [data-field=version_id]")
    recipe.select_option(recipe.locator("option", has_text="Thigh cellulite mix").get_attribute("value"))
    page.locator("#add-syringe [data-field=volume_ml]").fill("5")
    page.locator("#add-syringe").get_by_role("button", name="Add").click()
    page.locator("#add-points [data-field=technique]").select_option("point_by_point")
    page.locator("#add-points [data-field=depth_mm]").fill("6")
    page.get_by_role("button", name="0.1").click()
    page.get_by_role("button", name="Front", exact=False).first.click()
    region = page.locator('[data-sheet="body_front"] .region[data-area="thigh_front"][data-side="left"]').bounding_box()
    for row in (0.3, 0.4, 0.5):
        page.mouse.click(region["x"] + region["width"] / 2, region["y"] + region["height"] * row)
    expect(page.get_by_text("0.3 mL").first).to_be_visible()
    page.locator("#findings-reaction").get_by_text("none", exact=True).click()
    page.locator("#note").fill("Three points on the left thigh, no pain.")
    expect(page.locator("#save-state")).to_contain_text("Saved")
    for asked in page.locator("[data-reason]:visible").all():
        asked.fill("Talked about before the session.")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#save-state")).to_contain_text("Saved")
    doctor.look(axe_clean)
    page.get_by_role("link", name="Read and sign").click()
    page.locator("input[name=password]").fill(PASSWORD)
    doctor.look(axe_clean)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", name="After the session")).to_be_visible()
    doctor.look(axe_clean)
    page.get_by_role("link", name="The signed record").click()
    expect(page.get_by_text("unchanged since it was signed")).to_be_visible()
    doctor.look(axe_clean)


def test_the_patient_is_written_to(house):
    """Booked inside the week: the message goes out at once, tells what to stop, and never what a doctor prescribed."""

    def words(mail):
        return mail.get_body(("plain",)).get_content()

    def to_nora():
        return [m for m in house.mails() if PATIENT["email"] in str(m["To"]) and "do not take aspirin" in words(m)]

    (mail,) = wait_for(to_nora, seconds=90, what="the message")
    assert "ibuprofen" in words(mail) and "prescribed" in words(mail)
    assert not re.search("ibuprofen|aspirin|mesotherapy|injection", str(mail["Subject"]), re.IGNORECASE)


def test_the_administrator_prepares_a_recipe(page, house, axe_clean):
    administrator = Person(page, house, "luis")
    administrator.look(axe_clean)
    page.get_by_role("link", name="Catalogue").click()
    administrator.look(axe_clean)
    page.get_by_role("link", name="Thigh cellulite mix").click()
    expect(page.get_by_text("Approved").first).to_be_visible()
    administrator.look(axe_clean)
    page.goto(f"{house.url}/messages/")
    expect(page.get_by_text("Sent").first).to_be_visible()
    page.goto(f"{house.url}/sessions/1/")
    expect(page.get_by_role("heading", name="You may not do this")).to_be_visible()
