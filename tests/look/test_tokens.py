"""Contrast, computed from the tokens themselves: all text is readable on the ground it stands on, light and dark."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

CSS = Path("static/css/tokens.css").read_text()
PAIRS = [
    ("ink", "paper"),
    ("ink", "panel"),
    ("muted", "paper"),
    ("muted", "panel"),
    ("accent", "paper"),
    ("accent", "panel"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("stop", "stop-bg"),
    ("stop", "panel"),
    ("reason", "reason-bg"),
    ("ok", "ok-bg"),
    ("note", "note-bg"),
]


def tokens(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector) + len(selector) :].split("}")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


LIGHT, DARK = tokens(":root {"), tokens(':root[data-theme="dark"] {')


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_is_readable(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_field_borders_are_visible(theme):
    assert contrast(theme["field-line"], theme["panel"]) >= 3


def test_dark_is_the_same_by_choice_and_by_system():
    assert tokens(':root:not([data-theme="light"]) {') == DARK


def test_components_use_tokens_only():
    """Colours are written in one file."""
    strangers = {
        path.name: found
        for path in Path("static/css").glob("*.css")
        if path.name != "tokens.css" and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", path.read_text()))
    }
    assert {name: set(found) - {"#fff", "#000"} for name, found in strangers.items()} == dict.fromkeys(strangers, set())


def test_dark_is_for_screens_and_not_for_paper():
    around = [CSS[: CSS.index(dark)].rstrip().splitlines()[-1] for dark in (':root[data-theme="dark"]', ":root:not(")]
    assert around == ["@media screen {", "@media screen and (prefers-color-scheme: dark) {"]
