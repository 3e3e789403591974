"""Charting on the patient's own photo: added, tapped on, a point dragged, signed, and read again on the record."""

import re

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.charting.test_browser import choose_tool, groups_of, points, saved, spot, tap
from tests.charting.test_ways_browser import sign
from tests.factories.people import PractitionerFactory
from tests.factories.pictures import picture
from treatments.charting.models import SessionDraft, SessionPhoto

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SENT = {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": picture("JPEG", (600, 800))}
BLANK = {"findings": {"reaction": "none"}}


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    return Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))


def open_chart(page, live_server, kit, content=None):
    session = kit.start({"preparations": [kit.syringe()]} | BLANK if content is None else content)
    page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
    expect(page.locator("html")).to_have_class(re.compile("charting-live"))
    choose_tool(page)
    return session


def add_photo(page, sent=SENT):
    page.locator('[data-view="photo"]').click()
    page.get_by_label("Add a photo").set_input_files(sent)


def choose_place(page, area="thigh_front", side="left"):
    page.locator("#photo-area").select_option(area)
    page.locator("#photo-side").select_option(side)


def shown(page):
    """The photo that is on the stage, once it is drawn."""
    photo = page.locator(".sheet:not([hidden]) img")
    expect(photo).to_be_visible()
    photo.evaluate("photo => photo.decode()")
    return photo


def drag_with_a_finger(context, page, start, end):
    touch = context.new_cdp_session(page)
    (x, y), (to_x, to_y) = spot(page, *start), spot(page, *end)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        place = {"x": x + (to_x - x) * step / 8, "y": y + (to_y - y) * step / 8}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_puts_points_on_a_photo_and_they_end_on_the_record(fingers, live_server, kit):
    page = fingers.new_page()
    session = open_chart(page, live_server, kit)
    add_photo(page)
    shown(page)
    page.touchscreen.tap(*spot(page, 0.2, 0.3))
    expect(page.locator("#stage-hint")).to_have_text("Choose the area.")
    page.locator("#photo-area").select_option("thigh_front")
    page.touchscreen.tap(*spot(page, 0.2, 0.3))
    expect(page.locator("#stage-hint")).to_have_text("Choose the side.")
    choose_place(page)
    for place in [(0.2, 0.3), (0.5, 0.4), (0.8, 0.3)]:
        page.touchscreen.tap(*spot(page, *place))
    expect(points(page)).to_have_count(3)
    page.locator("#photo-area").select_option("abdomen_upper")
    expect(page.locator("#photo-side")).to_be_hidden()
    drag_with_a_finger(fingers, page, (0.5, 0.4), (0.5, 0.7))
    saved(page)
    assert groups_of(session) == [("thigh_front", "left", 3)], "where it is dragged to, its area stays"
    (group,) = SessionDraft.objects.get(pk=session.pk).content["injections"]
    assert group["diagram"] == SessionPhoto.objects.get().key
    assert group["points"][1] == [pytest.approx(0.5, abs=0.02), pytest.approx(0.7, abs=0.02)]
    assert sign(page, session) == [("thigh_front", "left", 3)]
    page.goto(f"{live_server.url}/sessions/{session.pk}/")
    shown(page)
    expect(page.locator(".read-map .point")).to_have_count(3)
    expect(page.locator("figcaption")).to_have_text("Photo 1 · 3 points")
    expect(page.get_by_text("unchanged since it was signed")).to_be_visible()


def test_what_works_on_a_drawing_works_on_a_photo(clean_page, live_server, kit, sign_in):
    page = clean_page
    sign_in(kit.practitioner)
    session = open_chart(page, live_server, kit)
    add_photo(page)
    shown(page)
    for name in ("Fill an area with a grid", "Mirror: the same on the other side"):
        expect(page.get_by_role("button", name=name)).to_be_disabled()
    choose_place(page, side="right")
    tap(page, 0.3, 0.3)
    tap(page, 0.6, 0.3)
    tap(page, 0.3, 0.3)  # on the point: it is selected, not doubled
    expect(page.locator(".point.selected")).to_have_count(1)
    page.locator("#stage").press("ArrowDown")
    page.get_by_role("button", name="Larger").click()
    expect(points(page)).to_have_count(2)
    page.get_by_role("button", name="Smaller").click()
    page.locator("#stage").press("Delete")
    expect(points(page)).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(points(page)).to_have_count(2)
    saved(page)
    page.reload()
    shown(page)
    expect(points(page)).to_have_count(2)
    expect(page.locator("#photo-area")).to_have_value("thigh_front")
    expect(page.locator("#photo-side")).to_have_value("right")
    (group,) = SessionDraft.objects.get(pk=session.pk).content["injections"]
    assert sorted(y for _x, y in group["points"]) == [0.3, 0.305]


def test_a_photo_is_removed_once_no_point_is_on_it(clean_page, live_server, kit, sign_in):
    page = clean_page
    sign_in(kit.practitioner)
    open_chart(page, live_server, kit)
    add_photo(page)
    shown(page)
    add_photo(page)
    expect(page.get_by_role("button", name="Photo 2", exact=True)).to_have_attribute("aria-pressed", "true")
    choose_place(page)
    tap(page, 0.3, 0.3)
    page.get_by_role("button", name="Remove this photo").click()
    expect(page.locator("#photo-error")).to_have_text("1 point on this photo: remove the points first.")
    page.get_by_role("button", name="Photo 1", exact=True).click()
    page.get_by_role("button", name="Remove this photo").click()
    expect(page.locator("#photo-says")).to_contain_text("tap again to remove the photo")
    assert SessionPhoto.objects.count() == 2
    page.get_by_role("button", name="Remove this photo").click()
    shown(page)
    expect(points(page)).to_have_count(1)
    expect(page.locator(".stage-sides [data-diagram-button^=photo]")).to_have_text(["Photo 11"])  # its name and count
    assert SessionPhoto.objects.count() == 1


def test_without_a_connection_the_photo_waits_and_nothing_is_lost(fingers, live_server, kit):
    page = fingers.new_page()
    open_chart(page, live_server, kit)
    page.get_by_label("Note").fill("Typed before.")
    page.context.set_offline(True)
    add_photo(page)
    expect(page.locator("#photo-error")).to_contain_text("No connection: the photo was not added.")
    expect(page.get_by_label("Note")).to_have_value("Typed before.")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    shown(page)
    expect(page.locator("#photo-error")).to_be_empty()
    add_photo(page, SENT | {"buffer": b"no picture"})
    expect(page.locator("#photo-error")).to_have_text("This is no picture in JPEG, PNG or WebP format.")
    saved(page)
    assert SessionDraft.objects.get().content["note"] == "Typed before."


def test_a_copy_says_that_points_on_photos_stay_behind(clean_page, live_server, kit, sign_in):
    page = clean_page
    sign_in(kit.practitioner)
    session = open_chart(page, live_server, kit)
    add_photo(page)
    shown(page)
    choose_place(page)
    tap(page, 0.3, 0.3)
    saved(page)
    sign(page, session)
    open_chart(page, live_server, kit, {})
    expect(page.locator('[data-sheet="body_front"]')).to_be_visible()
    page.get_by_role("button", name="Begin with a copy").click()
    expect(page.locator("#copied")).to_contain_text("Points on photos are not copied.")
    expect(page.locator("#copied")).not_to_contain_text("No longer there")
