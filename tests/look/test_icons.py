"""Only the icons that pages show are sent, and each that they show is there."""

import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from clinic.core.finders import IconsFinder
from clinic.core.icons import ICONS, style_sheet

pytestmark = pytest.mark.once

NAMED = re.compile(r"""\{% icon ["']([^"']+)["'] %\}""")


def text_of(*patterns: str) -> str:
    names = subprocess.run(["git", "ls-files", "-z", "--", *patterns], cwd=settings.BASE_DIR, capture_output=True)
    paths = (settings.BASE_DIR / name for name in names.stdout.decode().split("\0") if name)
    return "\n".join(path.read_text() for path in paths if path.is_file())


def test_each_icon_that_a_template_names_is_there():
    named = set(NAMED.findall(text_of("templates")))
    assert len(named) > 100
    assert named - ICONS == set()


def test_each_icon_that_a_script_names_is_there():
    tables = re.findall(r"const ICONS = \{(.*?)\}", text_of("static/js"), re.DOTALL)
    named = set(re.findall(r'"([\w-]+)"', "".join(tables)))
    assert "cloud-slash" in named
    assert named - ICONS == set()


def test_each_icon_is_drawn_and_has_its_class():
    assert IconsFinder().check() == []
    assert set(re.findall(r"^\.bi-([\w-]+) \{ --icon: url\(\"data:image/svg", style_sheet(), re.MULTILINE)) == ICONS


def test_no_icon_is_sent_that_no_page_shows():
    words = set(re.findall(r"""["']([\w-]+)["']""", text_of("templates", "*.py", "static/js", ":!tests")))
    assert ICONS - words == set()


def test_an_icon_that_nobody_knows_is_a_mistake():
    with pytest.raises(ValueError, match="no-such-icon"):
        Template('{% icon "no-such-icon" %}').render(Context())


def test_a_name_without_a_drawing_is_said_by_the_checks(monkeypatch):
    monkeypatch.setattr("clinic.core.icons.ICONS", {"sun", "no-such-icon"})
    assert [(found.id, "no-such-icon" in found.msg, "sun" in found.msg) for found in IconsFinder().check()] == [
        ("nappage.E005", True, False)
    ]


def test_the_style_sheet_follows_its_icons(monkeypatch, settings, tmp_path):
    settings.MADE_FILES = tmp_path
    finder = IconsFinder()
    assert Path(finder.find("css/icons.css")).read_text() == style_sheet()
    monkeypatch.setattr("clinic.core.icons.ICONS", {"sun"})
    assert Path(finder.find("css/icons.css")).read_text() == style_sheet()
    assert finder.find("css/nappage.css") == []
