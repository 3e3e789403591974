"""A session of forty points on a tablet until it is signed: how many taps and seconds it takes."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.charting.test_browser import points
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.treatments import PlanFactory
from treatments.charting.models import TreatmentSession

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

POINTS, OTHER_TAPS, SECONDS = 40, 8, 60
A_TAP, A_KEY = 0.8, 0.25  # seconds that a person takes for each, with gloves on

# Forty places of the drawing that take a point, at least 18 pixels from each other: [x, y] in pixels of the screen.
PLACES = """(wanted) => {
  const box = document.querySelector(".sheet:not([hidden])").getBoundingClientRect(), found = [];
  for (let y = box.top + 10; y < box.bottom; y += 18)
    for (let x = box.left + 10; x < box.right; x += 18) {
      const region = document.elementsFromPoint(x, y).find((element) => element.classList.contains("region"));
      if (region && ["thigh_front", "abdomen_upper"].includes(region.dataset.area)) found.push([x, y]);
    }
  return found.slice(0, wanted);
}"""


class Hand:
    """Somebody's finger: counts what it does, and how long the program takes to answer each time."""

    def __init__(self, page):
        self.page, self.taps, self.keys, self.waited = page, 0, 0, 0.0

    def tap(self, where, answered=None):
        """On an element, or a place of the screen; then waits until the program has `answered`."""
        self.taps += 1
        start = time.monotonic()
        if isinstance(where, list):
            self.page.touchscreen.tap(*where)
        else:
            where.tap()
        if answered:
            answered()
        self.waited += time.monotonic() - start

    def choose(self, field, value):
        """One tap opens the list, the other chooses."""
        self.taps += 2
        field.select_option(value)

    def type(self, field, text, then=""):
        """A tap opens the keyboard; `then` is a key of it, such as "Enter"."""
        self.tap(field)
        field.press_sequentially(text)
        self.keys += len(text)
        if then:
            start = time.monotonic()
            self.keys += 1
            field.press(then)
            self.waited += time.monotonic() - start

    @property
    def seconds(self) -> float:
        return self.taps * A_TAP + self.keys * A_KEY + self.waited


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    kit = Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))
    PlanFactory(patient=kit.patient, version=kit.version, weeks=[0, 2, 4], made_by=kit.practitioner)
    return kit


@pytest.fixture
def page(fingers):
    return fingers.new_page()


def begin(hand, kit, live_server):
    """From the patient's page to the chart."""
    page = hand.page
    page.goto(f"{live_server.url}/sessions/of/{kit.patient.pk}/")
    hand.tap(page.get_by_role("button", name=re.compile("Start session")))
    hand.tap(page.get_by_text("No", exact=True))
    hand.tap(page.get_by_role("button", name="Start the session"), lambda: live(page))


def live(page):
    expect(page.locator("html")).to_have_class(re.compile("charting-live"))


def chart_and_sign(hand):
    """With what is chosen for the next points: forty of them, the reaction, the signature."""
    page = hand.page
    page.locator("#stage").scroll_into_view_if_needed()
    places = page.evaluate(PLACES, POINTS)
    assert len(places) == POINTS
    for place in places:
        hand.tap(place)
    expect(points(page)).to_have_count(POINTS)
    hand.tap(page.locator("#findings-reaction").get_by_text("none", exact=True))
    password = page.get_by_label("Your password")
    hand.tap(page.get_by_role("link", name="Read and sign"), lambda: expect(password).to_be_visible())
    hand.type(password, PASSWORD, "Enter")
    expect(page.get_by_role("heading", name="After the session")).to_be_visible()


def judge(hand, kit, name):
    session = TreatmentSession.objects.get(patient=kit.patient, findings={"reaction": "none"}, note="")
    assert sum(injection.count for injection in session.injections.all()) == POINTS
    print(
        f"{name}: {hand.taps} taps, {hand.keys} keys, {hand.waited:.1f} s of waiting for the program,"
        f" {hand.seconds:.0f} s with {A_TAP} s a tap and {A_KEY} s a key (goal: {SECONDS} s)"
    )
    assert hand.taps <= POINTS + OTHER_TAPS


def test_a_first_session_from_the_chart(page, kit, live_server):
    begin(Hand(page), kit, live_server)
    hand = Hand(page)
    hand.tap(page.locator("#add-syringe").get_by_role("button", name="Add", exact=True))
    hand.choose(page.get_by_label("Technique"), "nappage")
    hand.type(page.get_by_label("Depth"), "3")
    hand.tap(page.locator('[data-volume="0.02"]'))
    chart_and_sign(hand)
    judge(hand, kit, "a first session, from the chart")


def test_a_later_session_from_the_patients_page(page, kit, live_server):
    """The values of the next points begin as they were last time."""
    kit.signed()
    hand = Hand(page)
    begin(hand, kit, live_server)
    hand.tap(page.locator("#add-syringe").get_by_role("button", name="Add", exact=True))
    expect(page.get_by_label("Depth")).to_have_value("3")
    chart_and_sign(hand)
    judge(hand, kit, "a later session, from the patient's page")
