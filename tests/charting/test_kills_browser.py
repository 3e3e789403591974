"""Twenty times the browser is killed while somebody charts: how much is lost each time, printed."""

import random
import time

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import Kit
from tests.charting.test_browser import choose_tool, tap
from tests.charting.test_never_lost_browser import kill_browser_of
from tests.factories.people import PractitionerFactory
from treatments.charting.draft import checked, read_chart
from treatments.charting.models import SessionDraft

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
KILLS, MOST_LOST = 20, 10  # seconds of work


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    return Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))


@pytest.fixture
def reopen(playwright, browser_type_launch_args, tmp_path, live_server, kit, client, settings):
    """reopen(session): the chart in a browser that keeps its things in one folder; and kill() for that browser."""
    client.force_login(kit.practitioner)
    key = client.cookies[settings.SESSION_COOKIE_NAME]
    folder = tmp_path / "browser"

    def go(session):
        (folder / "SingletonLock").unlink(missing_ok=True)
        context = playwright.chromium.launch_persistent_context(folder, **browser_type_launch_args)
        context.add_cookies([{"name": key.key, "value": key.value, "url": live_server.url}])
        page = context.pages[0]
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        return context, page

    go.kill = lambda: kill_browser_of(folder)
    return go


def work(page, chance, typed: dict[str, float], number: int) -> None:
    """Types and taps for one to four seconds; `typed` tells when each text stood in the note."""
    until = time.monotonic() + chance.uniform(1, 4)
    while time.monotonic() < until:
        text = f"{number}.{len(typed)}"
        page.get_by_label("Note").fill(text)
        typed[text] = time.monotonic()
        if chance.random() < 0.3:
            tap(page, 0.57 + chance.random() * 0.05, 0.55 + chance.random() * 0.08)
        page.wait_for_timeout(chance.randrange(50, 400))


def test_no_kill_loses_more_than_ten_seconds_and_none_spoils_the_draft(reopen, kit):
    chance = random.Random(20261122)
    session = kit.start({"preparations": [kit.syringe()], "note": "0.0"})
    typed, lost, points = {"0.0": 0.0}, [], 0
    context, page = reopen(session)
    for number in range(KILLS):
        choose_tool(page)
        if number % 2:
            context.set_offline(True)
        work(page, chance, typed, number + 1)
        charted = page.locator(".sheet:not([hidden]) .points .point").count()
        reopen.kill()
        killed = time.monotonic()
        content = checked(SessionDraft.objects.get(pk=session.pk).content)
        assert read_chart(content)[1] == []
        context, page = reopen(session)
        note = page.get_by_label("Note")
        if number % 2:
            expect(page.locator("#kept")).to_be_visible()
        page.wait_for_timeout(300)
        lost.append(killed - typed[note.input_value()])
        points = page.locator(".sheet:not([hidden]) .points .point").count()
        assert charted - points <= 2
    context.close()
    print(f"{KILLS} kills: at most {max(lost):.1f} s of work lost, {sorted(lost)[KILLS // 2]:.1f} s in the middle")
    assert max(lost) <= MOST_LOST
    assert points > 0
