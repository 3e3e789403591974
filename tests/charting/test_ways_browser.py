"""The ways of charting in a browser, with a mouse and with fingers, each until it is signed."""

import re

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.charting.test_browser import choose_tool, groups_of, points, saved, spot, tap
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting.models import SessionDraft, TreatmentSession

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEFT_THIGH = (0.6, 0.6)
# About 46 by 86 mm of the left thigh: with 10 mm between them 5 columns of 9 points.
CORNERS = [(0.57, 0.55), (0.63, 0.55), (0.63, 0.6), (0.57, 0.6)]


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    return Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))


@pytest.fixture
def open_chart(live_server, sign_in, kit):
    def go(page, content=None, *, patient=None):
        blank = {"preparations": [kit.syringe()], "findings": {"reaction": "none"}}
        session = kit.start(blank if content is None else content, patient=patient)
        sign_in(kit.practitioner)
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        expect(page.locator("html")).to_have_class(re.compile("charting-live"))
        return session

    return go


def act(page, name):
    page.locator(f'[data-act="{name}"]').click()


def draw_area(page, corners=CORNERS):
    """Around the corners in one go, with the mouse."""
    page.mouse.move(*spot(page, *corners[0]))
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*spot(page, *corner), steps=4)
    page.mouse.up()


def sign(page, session):
    page.get_by_role("link", name="Read and sign").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("button", name="Close the session")).to_be_visible()
    return [(i.area.key, i.side, i.count) for i in TreatmentSession.objects.get(pk=session.pk).injections.all()]


def test_a_typed_line_becomes_points_and_what_is_not_understood_is_said(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    line = page.get_by_label("Type a line")
    line.fill("Upper stomach, 5 x 0,02 mL, thi")
    page.locator("#line-choices").get_by_role("button", name="Thigh, front").click()
    expect(line).to_have_value("Upper stomach, 5 x 0,02 mL, Thigh, front")
    line.fill("thigh front L, nappage, 40 x 0,02 mL, 2 mm")
    line.press("Enter")
    expect(page.locator("#stage-sum")).to_have_text("0.8\u00a0mL · 40 points")
    expect(line).to_have_value("")
    expect(page.locator("#groups")).to_contain_text("40 × 0.02\u00a0mL · 2\u00a0mm · Nappage · by count")
    saved(page)
    assert groups_of(session) == [("thigh_front", "left", "40")]


def test_an_area_is_filled_with_a_grid_whose_spacing_and_points_can_be_changed(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    act(page, "fill-area")
    page.get_by_label("Spacing").fill("10")
    for corner in CORNERS:
        tap(page, *corner)
    tap(page, *CORNERS[0])
    expect(page.locator("#stage-sum")).to_have_text("2.25\u00a0mL · 45 points")
    page.get_by_label("Spacing").fill("20")
    expect(points(page)).to_have_count(15)
    act(page, "undo")
    expect(points(page)).to_have_count(0)
    act(page, "redo")
    expect(points(page)).to_have_count(15)
    expect(page.locator("#fill-bar")).to_be_hidden()
    first = SessionDraft.objects.get(pk=session.pk)
    saved(page)
    first.refresh_from_db()
    x, y = first.content["injections"][0]["points"][0]
    tap(page, x, y)
    act(page, "delete-point")
    expect(points(page)).to_have_count(14)
    tap(page, 0.6, 0.65)
    expect(page.locator("#groups li")).to_have_text([re.compile("14 × .* grid of 20 mm"), re.compile("1 × (?!.*grid)")])
    saved(page)
    sign(page, session)
    grid, single = TreatmentSession.objects.get(pk=session.pk).injections.all()
    assert (grid.count, grid.spacing_mm, single.count, single.spacing_mm) == (14, 20, 1, None)


def test_all_of_an_area_is_filled_from_the_keyboard(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    page.locator("#by-count summary").click()
    page.get_by_label("Area", exact=True).select_option("thigh_front")
    page.get_by_label("Side", exact=True).select_option("right")
    page.get_by_role("button", name="Fill the area with a grid").press("Enter")
    expect(page.locator("#stage-hint")).to_contain_text("about 10 mm apart")
    saved(page)
    ((area, side, count),) = groups_of(session)
    assert (area, side) == ("thigh_front", "right")
    assert count > 100


@pytest.mark.slow
def test_what_of_a_grid_lies_outside_the_areas_or_must_not_be_treated_is_left_out(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    act(page, "fill-area")
    page.get_by_label("Spacing").fill("10")
    draw_area(page, [(0.4, 0.48), (0.6, 0.48), (0.6, 0.54), (0.4, 0.54)])
    expect(page.locator("#stage-hint")).to_contain_text("lie outside the areas and were left out")
    saved(page)
    assert {group[0] for group in groups_of(session)} == {"thigh_front"}


def test_one_side_is_mirrored_to_the_other_once(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    for place in [LEFT_THIGH, (0.61, 0.63)]:
        tap(page, *place)
    act(page, "mirror")
    expect(points(page)).to_have_count(4)
    act(page, "mirror")
    expect(page.locator("#stage-hint")).to_contain_text("it is there already")
    saved(page)
    assert groups_of(session) == [("thigh_front", "left", 2), ("thigh_front", "right", 2)]


def test_a_copy_says_beside_each_place_what_was_there_then(clean_page, open_chart, kit):
    page = clean_page
    by_count = {"points": [], "diagram": "", "count": "12"}
    last = kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right", **by_count)]))
    single = kit.group(id="i2", side="right", points=[[0.4, 0.6]])
    new = kit.group(id="i3", area="abdomen_upper", side="none", points=[[0.5, 0.35]])
    open_chart(page, kit.content(groups=[kit.group(), single, new]) | {"copied_from": last.pk})
    said = page.locator('#groups [data-part="since"]')
    expect(said).to_have_text(["as then", "then 12 points of 0.05 mL, 3 mm", "not then"])
    expect(page.locator("#copied")).to_have_text("Copied from the session of 2 Mar 2026. Choose the lots anew.")
    page.locator("#groups [data-act=remove-group]").first.click()
    expect(page.locator("#copied")).to_contain_text("No longer there: Thigh, front, left.")


def test_zooming_keeps_what_is_under_the_pointer_and_a_tap_still_finds_its_place(clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    tap(page, *LEFT_THIGH)
    _x, y = spot(page, *LEFT_THIGH)
    size = points(page).bounding_box()["width"]
    page.mouse.wheel(0, -600)
    expect(page.locator("#stage")).to_have_attribute("style", re.compile(r"--zoom: 1\.3"))
    assert abs(spot(page, *LEFT_THIGH)[1] - y) < 3
    assert abs(points(page).bounding_box()["width"] - size) < 1
    tap(page, 0.61, 0.61)
    saved(page)
    placed = SessionDraft.objects.get(pk=session.pk).content["injections"][0]["points"][1]
    assert abs(placed[0] - 0.61) < 0.002
    assert abs(placed[1] - 0.61) < 0.002


def test_two_fingers_zoom_and_put_no_point(fingers, live_server, kit):
    session = kit.start({"preparations": [kit.syringe()]})
    page = fingers.new_page()
    page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
    choose_tool(page)
    page.locator("#stage").scroll_into_view_if_needed()
    before = page.locator(".sheet:not([hidden])").bounding_box()["width"]
    x, y = spot(page, 0.5, 0.5)
    pinch(fingers, page, (x, y), 40, 120)
    after = page.locator(".sheet:not([hidden])").bounding_box()["width"]
    assert 2.5 < after / before < 3.5
    middle = spot(page, 0.5, 0.5)
    assert abs(middle[0] - x) < 15
    assert abs(middle[1] - y) < 15
    expect(points(page)).to_have_count(0)


def pinch(context, page, middle, start, end, steps=8):
    session = context.new_cdp_session(page)

    def send(kind, spread):
        touches = [{"x": middle[0] + way * spread, "y": middle[1], "id": way + 1} for way in (-1, 1)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches if kind != "touchEnd" else []})

    send("touchStart", start)
    for step in range(1, steps + 1):
        send("touchMove", start + (end - start) * step / steps)
    send("touchEnd", end)


WAYS = ["tap", "area", "type"]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_ends_signed_with_the_mouse(way, clean_page, open_chart):
    page = clean_page
    session = open_chart(page)
    choose_tool(page)
    chart(page, way, tap, lambda: draw_area(page))
    assert sign(page, session) == [("thigh_front", "left", WAYS_COUNT[way])]


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_each_way_ends_signed_with_fingers(way, fingers, live_server, kit):
    session = kit.start({"preparations": [kit.syringe()], "findings": {"reaction": "none"}})
    page = fingers.new_page()
    page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
    choose_tool(page)
    page.locator("#stage").scroll_into_view_if_needed()
    chart(page, way, lambda page, x, y: page.touchscreen.tap(*spot(page, x, y)), lambda: trace(fingers, page))
    assert sign(page, session) == [("thigh_front", "left", WAYS_COUNT[way])]


WAYS_COUNT = {"tap": 2, "area": 45, "type": 12}


def chart(page, way, put, draw):
    if way == "tap":
        put(page, 0.6, 0.6)
        put(page, 0.61, 0.63)
    elif way == "area":
        act(page, "fill-area")
        page.get_by_label("Spacing").fill("10")
        draw()
    else:
        page.get_by_label("Type a line").fill("front thigh L, nappage, 12 x 0.02 mL, 2 mm")
        page.locator("#type-line button[type=submit]").click()
    expect(page.locator("#stage-sum")).to_contain_text(f"{WAYS_COUNT[way]} points")
    saved(page)


def trace(context, page, corners=CORNERS):
    """Around the corners in one go, with one finger."""
    session = context.new_cdp_session(page)

    def send(kind, *touches):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in touches]})

    places = [spot(page, *corner) for corner in [*corners, corners[0]]]
    send("touchStart", places[0])
    for start, end in zip(places, places[1:], strict=False):
        for step in range(1, 5):
            send("touchMove", tuple(a + (b - a) * step / 4 for a, b in zip(start, end, strict=True)))
    send("touchEnd")
