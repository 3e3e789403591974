"""The lock files: exact, hashed, consistent, and the same on every machine."""

import json
import re
import tomllib

import pytest

from clinic.bootstrap import APP, BASE, NODE, TESTS

pytestmark = pytest.mark.once


def pins(text):
    """{package: version} of the lines `name[extra]==version`."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", text, flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in found}


def locked(name):
    return pins((BASE / name).read_text())


def test_what_we_ask_for_is_locked():
    project = tomllib.loads((BASE / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = {APP: project["project"]["dependencies"], TESTS: groups["test"], NODE: groups["node"]}
    for name, lines in asked.items():
        wanted = pins("\n".join(lines))
        assert len(wanted) == len(lines), "each dependency has one exact version"
        assert wanted.items() <= locked(name).items()


def test_the_tests_run_with_what_is_shipped():
    assert locked(APP).items() <= locked(TESTS).items()


def test_everything_is_hashed_and_nothing_names_a_machine():
    for name in (APP, TESTS, NODE):
        text = (BASE / name).read_text()
        blocks = re.split(r"\n(?=\w)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text and "--find-links" not in text and " @ " not in text


def test_front_end_files_are_exact_and_hashed():
    asked = json.loads((BASE / "package.json").read_text())["dependencies"]
    packages = json.loads((BASE / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert {name: packages[f"node_modules/{name}"]["version"] for name in asked} == asked
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
