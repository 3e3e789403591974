"""How quick the charting page is: frames a second with 300 points, and the first tap, printed."""

import os
import re

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.charting.test_browser import points
from tests.factories.people import PractitionerFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Does something in each of 90 frames, and gives the frames a second.
FRAMES = """async (what) => {
  const stage = document.querySelector("#stage"), sheet = stage.querySelector(".sheet:not([hidden])");
  const box = sheet.getBoundingClientRect(), frame = () => new Promise(requestAnimationFrame);
  const at = (x, y) => ({ clientX: box.left + x * box.width, clientY: box.top + y * box.height, bubbles: true,
    isPrimary: true, button: 0, pointerId: 1, pointerType: "mouse" });
  const pointer = (type, x, y) => sheet.querySelector(".diagram").dispatchEvent(new PointerEvent(type, at(x, y)));
  stage.setPointerCapture = () => {};
  stage.focus();
  if (what === "drag") pointer("pointerdown", 0.56, 0.53);
  await frame();
  const start = performance.now();
  for (let n = 0; n < 90; n += 1) {
    if (what === "drag") pointer("pointermove", 0.56 + 0.0007 * n, 0.53 + 0.0008 * n);
    else stage.dispatchEvent(new WheelEvent("wheel", { ...at(0.6, 0.6), deltaY: n < 45 ? -25 : 25, cancelable: true }));
    await frame();
  }
  const took = performance.now() - start;
  if (what === "drag") pointer("pointerup", 0.62, 0.6);
  return 90000 / took;
}"""

# Modules have run by then: the drawing takes taps.
TAKES_TAPS = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    return Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))


@pytest.fixture
def open_chart(live_server, sign_in, kit):
    def go(page, content):
        session = kit.start(content)
        sign_in(kit.practitioner)
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        expect(page.locator("html")).to_have_class(re.compile("charting-live"))

    return go


def test_dragging_and_zooming_among_300_points(clean_page, open_chart, kit):
    page = clean_page
    grid = [[0.56 + 0.005 * (n % 15), 0.53 + 0.007 * (n // 15)] for n in range(300)]
    open_chart(page, kit.content(syringes=[kit.syringe(volume_ml="20")], groups=[kit.group(points=grid)]))
    expect(points(page)).to_have_count(300)
    print(f"taps are taken {page.evaluate(TAKES_TAPS):.0f} ms after the page was asked for, with an empty cache")
    browser = page.context.new_cdp_session(page)
    browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    def so_far():
        return {row["name"]: row["value"] for row in browser.send("Performance.getMetrics")["metrics"]}

    for what, most_layouts in (("drag", 1.5), ("zoom", 0.5)):  # a frame
        before, frames, after = so_far(), page.evaluate(FRAMES, what), so_far()
        busy, layouts = ((after[name] - before[name]) / 90 for name in ("TaskDuration", "LayoutCount"))
        busy = f"{busy * 1000:.1f} ms of processor time a frame"
        print(f"{what} among 300 points: {frames:.0f} frames a second, {busy}, load {os.getloadavg()[0]:.1f}")
        assert layouts < most_layouts
    expect(points(page)).to_have_count(300)
