"""What the charting page weighs on its way to a tablet, compressed as it is sent; fonts and photos are not counted."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.urls import reverse

from clinic.core import clock
from tests.charting.drafts import WHEN

pytestmark = pytest.mark.django_db

ADDED, ALL = 120_000, 175_000  # bytes
LOADED = re.compile(r'<(?:link|script)\b[^>]*?\b(?:href|src)="/static/([^"]+\.(?:css|js|svg))"')
IMPORTED = re.compile(r'\bfrom "\./([\w-]+\.js)"')


def files_of(html: str) -> set[str]:
    """The styles, scripts and pictures that a page loads, with the modules that its scripts import."""
    found, waiting = set(), LOADED.findall(html)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if name.startswith("js/"):
            waiting += [f"js/{module}" for module in IMPORTED.findall(source(name).decode())]
    return found


def source(name: str) -> bytes:
    return Path(finders.find(name.replace("%40", "@"))).read_bytes()


def compressed(names: set[str]) -> int:
    return sum(len(gzip.compress(source(name))) for name in names)


def test_what_opening_a_chart_loads(kit, client, monkeypatch):
    """Most of the house's styles and scripts came with the page of the sign-in, and are in the browser already."""
    monkeypatch.setattr(clock, "now", lambda: WHEN)
    known = files_of(client.get(reverse(settings.LOGIN_URL)).content.decode())
    client.force_login(kit.practitioner)
    session = kit.start(kit.content())
    address = reverse("charting:chart", args=[session.pk])
    response = client.get(address, headers={"accept-encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    page, names = len(response.content), files_of(gzip.decompress(response.content).decode())
    assert {"js/charting-page.js", "js/charting-zoom.js", "css/charting.css"} <= names - known
    added, everything = page + compressed(names - known), page + compressed(names)
    print(f"{page:,} bytes of page, {added:,} with its own files, {everything:,} with those of every page")
    assert added <= ADDED
    assert everything <= ALL
