"""Headless Chromium for browser tests, with what every page must keep: no CSP violation, no console error."""

import os
import shutil

import pytest

# The first shows no window and so needs half the processor's time.
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
LISTEN = """
window.__violations = [];
document.addEventListener(
    'securitypolicyviolation',
    event => window.__violations.push(event.violatedDirective + ' ' + event.blockedURI),
);
"""


def pytest_collection_modifyitems(items):
    if CHROMIUM or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium on this machine: install it, or set CHROMIUM"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    args = [
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        args.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": args}


@pytest.fixture
def clean_page(page):
    """A page that must end without a CSP violation and without an error in the console."""
    errors = []
    page.add_init_script(LISTEN)
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert errors == []
    assert page.evaluate("window.__violations || []") == []


@pytest.fixture
def sign_in(live_server, context):
    """sign_in(user): gives the browser a session of that person, without typing the password."""
    from django.conf import settings
    from django.test import Client

    def go(user):
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])

    return go


@pytest.fixture
def axe_clean():
    """axe_clean(page): nothing serious or critical found by axe."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page, *, exclude=()):
        found = Axe().run(page, context={"exclude": [[selector] for selector in exclude]} if exclude else None)
        bad = [
            f"{rule['id']}: {node['html'][:200]}"
            for rule in found.response["violations"]
            if rule["impact"] in {"serious", "critical"}
            for node in rule["nodes"]
        ]
        assert bad == [], "\n".join(bad)

    return check
