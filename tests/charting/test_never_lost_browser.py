"""Nothing charted is lost: not with the browser, the connection or the session gone, nor between two windows."""

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.charting.test_browser import choose_tool, groups_of, kit, open_chart, points, saved, tap, until_saved  # noqa: F401
from tests.factories.people import PASSWORD
from treatments.charting.draft import MAX_POINTS
from treatments.charting.models import SessionDraft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LEFT_THIGH, RIGHT_THIGH = (0.6, 0.6), (0.4, 0.6)


def note_of(session):
    return SessionDraft.objects.get(pk=session.pk).content.get("note", "")


def test_the_password_is_asked_on_the_page_when_the_session_has_ended(page, context, open_chart):  # noqa: F811
    session = open_chart(page)
    address = page.url
    context.clear_cookies()
    page.get_by_label("Note").fill("Typed too late.")
    password = page.get_by_label("Password of Dr Ana Ruiz")
    expect(password).to_be_visible(timeout=5000)
    page.get_by_label("Note").press_sequentially(" And on.")
    password.fill("not my password")
    password.press("Enter")
    expect(page.locator(".sign-in-error")).to_contain_text("password")
    password.fill(PASSWORD)
    password.press("Enter")
    until_saved(page, session, "Typed too late. And on.")
    expect(password).to_be_hidden()
    expect(page.get_by_label("Note")).to_have_value("Typed too late. And on.")
    assert page.url == address


def test_what_two_windows_changed_in_different_places_is_brought_together(page, context, open_chart):  # noqa: F811
    session = open_chart(page)
    second = context.new_page()
    second.goto(page.url)
    page.get_by_label("Note").fill("First window.")
    saved(page)
    choose_tool(second)
    tap(second, *LEFT_THIGH)
    expect(second.locator("#joined")).to_be_visible(timeout=5000)
    expect(second.get_by_label("Note")).to_have_value("First window.")
    expect(points(second)).to_have_count(1)
    saved(second)
    assert note_of(session) == "First window."
    assert groups_of(session) == [("thigh_front", "left", 1)]
    page.get_by_label("Note").fill("First window, once more.")
    expect(page.locator("#joined")).to_be_visible(timeout=5000)
    expect(points(page)).to_have_count(1)
    saved(page)
    assert groups_of(session) == [("thigh_front", "left", 1)]


CLOSING = """dispatchEvent(new Event("pagehide"))"""


@pytest.mark.slow
def test_a_window_that_closes_while_it_saves_does_not_overwrite_what_another_saved(page, context, open_chart):  # noqa: F811
    """Its save is held up on the way, the other window's comes first, and then it is closed with more typed."""
    session = open_chart(page)
    second = context.new_page()
    second.goto(page.url)
    held = []
    page.route("**/save/", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/save/"):
        page.get_by_label("Note").fill("First window.")
    second.get_by_label("Note").fill("Second window.")
    saved(second)
    with page.expect_response(lambda answer: answer.url.endswith("/save/")) as refused:
        page.get_by_label("Note").fill("First window, closing.")
        page.evaluate(CLOSING)
    assert refused.value.status == 409
    assert note_of(session) == "Second window."
    held[0].continue_()
    expect(page.locator("#conflict")).to_be_visible()
    page.get_by_role("button", name="Show what this window held").click()
    expect(page.locator(".own-copy")).to_contain_text("First window, closing.")
    assert note_of(session) == "Second window."


def test_a_window_that_closes_while_it_saves_leaves_everything_there(page, open_chart):  # noqa: F811
    session = open_chart(page)
    page.route("**/save/", lambda route: (page.wait_for_timeout(300), route.continue_()))
    with page.expect_request("**/save/"):
        page.get_by_label("Note").fill("Typed first.")
    page.get_by_label("Note").fill("Typed first, and on.")
    page.evaluate(CLOSING)
    until_saved(page, session, "Typed first, and on.")
    saved(page)
    expect(page.locator("#conflict")).to_be_hidden()


@pytest.mark.slow
def test_a_lost_answer_and_another_window_meanwhile_chart_a_point_once(page, context, open_chart):  # noqa: F811
    session = open_chart(page)
    choose_tool(page)
    lost = []

    def lose_answer(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    page.route("**/save/", lose_answer)
    tap(page, *LEFT_THIGH)
    expect(page.locator("#save-state")).to_contain_text("no connection")
    assert groups_of(session) == [("thigh_front", "left", 1)]
    second = context.new_page()
    second.goto(page.url)
    second.get_by_label("Note").fill("Second window.")
    saved(second)
    tap(page, *RIGHT_THIGH)
    expect(page.locator("#joined")).to_be_visible(timeout=8000)
    expect(points(page)).to_have_count(2)
    saved(page)
    expect(page.get_by_label("Note")).to_have_value("Second window.")
    assert groups_of(session) == [("thigh_front", "left", 1), ("thigh_front", "right", 1)]
    assert note_of(session) == "Second window."


GROUP = {"id": "i1", "area": "thigh_front", "volume_ml": "0.05", "points": [[0.1, 0.1]]}
TAPPED = GROUP | {"points": [[0.1, 0.1], [0.2, 0.2]]}
ALSO_TAPPED = GROUP | {"points": [[0.1, 0.1], [0.3, 0.3]]}
BOTH_TAPPED = GROUP | {"points": [[0.1, 0.1], [0.3, 0.3], [0.2, 0.2]]}
ALMOST_FULL = GROUP | {"points": [[0.1, 0.1]] + [[0.4, n / 2000] for n in range(MAX_POINTS - 1)]}
OTHER = GROUP | {"id": "i2", "area": "abdomen"}
CASES = [  # base, mine, theirs, both; None: somebody must choose
    ({"note": "a"}, {"note": "b"}, {"note": "a"}, {"note": "b"}),
    ({"note": "a"}, {"note": "b"}, {"note": "c"}, None),
    ({"note": "a"}, {"note": "a", "advice": "x"}, {"note": "c"}, {"note": "c", "advice": "x"}),
    ({"injections": [GROUP]}, {"injections": [TAPPED]}, {"injections": [ALSO_TAPPED]}, {"injections": [BOTH_TAPPED]}),
    (
        {"injections": [GROUP]},
        {"injections": [BOTH_TAPPED]},
        {"injections": [ALSO_TAPPED]},
        {"injections": [BOTH_TAPPED]},
    ),
    ({}, {"injections": [TAPPED]}, {"injections": [GROUP]}, {"injections": [TAPPED]}),
    ({"injections": [GROUP]}, {"injections": [ALMOST_FULL]}, {"injections": [TAPPED]}, None),
    ({"injections": [GROUP]}, {"injections": []}, {"injections": [GROUP]}, {"injections": []}),
    ({"injections": [GROUP]}, {"injections": []}, {"injections": [TAPPED]}, None),
    (
        {"injections": []},
        {"injections": [GROUP]},
        {"injections": [OTHER | {"id": "i1"}]},
        {"injections": [OTHER | {"id": "i1"}, GROUP | {"id": "i2"}]},
    ),
    ({}, {"preparations": [{"id": "p1", "lots": {"1": 1}}]}, {"preparations": [{"id": "p1", "lots": {"1": 2}}]}, None),
    ({}, {"reasons": {"a": "x"}}, {"reasons": {"b": "y"}}, {"reasons": {"b": "y", "a": "x"}}),
    ({"drawn_up": 1}, {"drawn_up": 3}, {"drawn_up": 2}, {"drawn_up": 3}),
]


def test_changes_are_brought_together_by_what_was_changed(page, live_server):
    page.goto(f"{live_server.url}/livez")
    merge = f"async (cases) => {{ const {{ merged }} = await import('{live_server.url}/static/js/charting-merge.js');"
    found = page.evaluate(merge + "return cases.map(([base, mine, theirs]) => merged(base, mine, theirs)); }", CASES)
    assert found == [both for *_sides, both in CASES]


def test_a_page_in_place_of_an_answer_stops_no_later_save(page, open_chart):  # noqa: F811
    """As a guest network's sign-in does: 200, and HTML."""
    session = open_chart(page)
    page.route("**/save/", lambda route: route.fulfill(status=200, content_type="text/html", body="<p>Welcome</p>"))
    page.get_by_label("Note").fill("Typed on a guest network.")
    expect(page.locator("#save-state")).to_contain_text("Not saved")
    page.unroute("**/save/")
    page.get_by_label("Note").fill("And on.")
    until_saved(page, session, "And on.")


def kill_browser_of(folder: Path) -> None:
    """Every process of the browser that keeps its things there, at once and without a goodbye."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in (process / "cmdline").read_text():
                os.kill(int(process.name), signal.SIGKILL)
        except (OSError, ProcessLookupError):
            continue


@pytest.mark.slow
def test_a_browser_killed_without_a_connection_brings_everything_back(
    playwright,
    browser_type_launch_args,
    tmp_path,
    live_server,
    kit,  # noqa: F811
    client,
    settings,
):
    """An hour without a connection, and then the battery is empty. Nobody else can read what the tablet holds."""
    session = kit.start({"preparations": [kit.syringe()], "note": "Before."})
    client.force_login(kit.practitioner)
    key = client.cookies[settings.SESSION_COOKIE_NAME]
    cookie = {"name": key.key, "value": key.value, "url": live_server.url}
    folder = tmp_path / "browser"

    def chart():
        context = playwright.chromium.launch_persistent_context(folder, **browser_type_launch_args)
        context.add_cookies([cookie])
        page = context.pages[0]
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        return context, page

    context, page = chart()
    choose_tool(page)
    context.set_offline(True)
    tap(page, *LEFT_THIGH)
    tap(page, *RIGHT_THIGH)
    page.get_by_label("Note").fill("Haematoma on the left side.")
    page.wait_for_timeout(3000)
    page.get_by_label("Advice given").fill("Typed in the last three seconds.")
    kill_browser_of(folder)
    assert note_of(session) == "Before."
    kept = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"IndexedDB" in kept or any("IndexedDB" in str(file) for file in folder.rglob("*"))
    for secret in ("Haematoma", "thigh_front"):
        assert secret.encode() not in kept and secret.encode("utf-16-le") not in kept
    (folder / "SingletonLock").unlink(missing_ok=True)
    context, page = chart()
    expect(page.locator("#kept")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Haematoma on the left side.")
    until_saved(page, session, "Haematoma on the left side.")
    assert groups_of(session) == [("thigh_front", "left", 1), ("thigh_front", "right", 1)]
    page.reload()
    expect(page.get_by_label("Note")).to_have_value("Haematoma on the left side.")
    expect(page.locator("#kept")).to_be_hidden()
    context.close()
