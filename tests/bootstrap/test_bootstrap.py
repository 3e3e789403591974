"""The set-up of a fresh clone, with the tools it runs replaced by a note of what was asked of them."""

import argparse
import ast
import fcntl
import shutil
import sys
import threading
from collections import namedtuple

import pytest

from clinic import bootstrap

pytestmark = pytest.mark.once


class Entered(Exception):
    """The set-up is done and manage.py starts over inside the environment."""


@pytest.fixture
def clone(tmp_path, monkeypatch):
    for name in (bootstrap.APP, bootstrap.TESTS, bootstrap.NODE, "package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(bootstrap.BASE / name, tmp_path / name)
    monkeypatch.setattr(bootstrap, "BASE", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "NODE_MODULES", tmp_path / "node_modules")
    monkeypatch.setattr(bootstrap, "npm_version", lambda program: 10)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.delenv("NAPPAGE_NO_VENV", raising=False)
    return tmp_path


@pytest.fixture
def asked(clone, monkeypatch):
    """What the tools were asked, in order: "venv", a requirements file, "npm ci"."""
    notes = []

    def run(command, remedy):
        if "venv" in command:
            notes.append("venv")
            shutil.rmtree(clone / ".venv", ignore_errors=True)
            bootstrap.PYTHON.parent.mkdir(parents=True)
            bootstrap.PYTHON.touch()
        elif "pip" in command:
            assert "--require-hashes" in command
            notes.append(str(command[-1]).removeprefix(f"{clone}/"))
        else:
            notes.append("npm ci")

    def execv(path, arguments):
        assert path == arguments[0] == str(bootstrap.PYTHON)
        raise Entered

    monkeypatch.setattr(bootstrap, "run", run)
    monkeypatch.setattr(bootstrap.os, "execv", execv)
    return notes


def prepare(command="check"):
    with pytest.raises(Entered):
        bootstrap.prepare(["manage.py", command])


def test_a_second_run_does_nothing(asked):
    prepare()
    assert asked == ["venv", bootstrap.APP, "npm ci"]
    asked.clear()
    prepare()
    assert asked == []


def test_only_what_changed_is_installed_again(asked, clone):
    prepare()
    asked.clear()
    with (clone / bootstrap.APP).open("a") as file:
        file.write("# a new pin\n")
    prepare()
    assert asked == [bootstrap.APP]
    asked.clear()
    (clone / "package-lock.json").write_text("{}")
    prepare()
    assert asked == ["npm ci"]


def test_the_tests_bring_the_application_with_them(asked):
    prepare("test")
    assert asked == ["venv", bootstrap.TESTS, "npm ci"]
    asked.clear()
    prepare()
    assert asked == []


def test_without_npm_a_pinned_node_is_installed(asked, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    prepare()
    assert asked == ["venv", bootstrap.APP, bootstrap.NODE, "npm ci"]


def test_an_npm_that_cannot_read_our_lock_file_is_left_alone(asked, monkeypatch):
    monkeypatch.setattr(bootstrap, "npm_version", lambda program: 6)
    prepare()
    assert bootstrap.NODE in asked


def test_a_set_up_that_broke_off_starts_over(asked, clone, monkeypatch):
    working = bootstrap.run

    def fail(command, remedy):
        if "pip" in command:
            raise bootstrap.Stop("no network")
        working(command, remedy)

    monkeypatch.setattr(bootstrap, "run", fail)
    with pytest.raises(SystemExit, match="no network"):
        bootstrap.prepare(["manage.py", "check"])
    monkeypatch.setattr(bootstrap, "run", working)
    asked.clear()
    prepare()
    assert asked == ["venv", bootstrap.APP, "npm ci"]


def test_an_environment_whose_python_was_removed_is_made_anew(asked):
    prepare()
    asked.clear()
    bootstrap.PYTHON.unlink()
    prepare()
    assert asked == ["venv", bootstrap.APP]


def test_a_container_brings_its_own_packages(asked, monkeypatch):
    monkeypatch.setenv("NAPPAGE_NO_VENV", "1")
    bootstrap.prepare(["manage.py", "check"])
    assert asked == []


def test_two_first_runs_wait_for_each_other(asked, clone):
    with (clone / ".venv.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=bootstrap.set_up, args=[bootstrap.APP])
        second.start()
        second.join(0.3)
        assert second.is_alive() and asked == []
    second.join(10)
    assert asked == ["venv", bootstrap.APP, "npm ci"]


def test_a_python_without_venv_names_the_package_to_install(asked, monkeypatch):
    monkeypatch.setattr(bootstrap, "is_suitable", lambda python: False)
    with pytest.raises(SystemExit, match=r"apt install python3\.\d+-venv"):
        bootstrap.prepare(["manage.py", "check"])


def test_an_old_python_is_told_so(asked, monkeypatch):
    monkeypatch.setattr(bootstrap, "is_suitable", lambda python: False)
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is 3\.9"):
        bootstrap.prepare(["manage.py", "check"])


def test_a_newer_python_is_found(monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(bootstrap, "is_suitable", lambda python: python.endswith(("3.11", "3.12")))
    monkeypatch.setattr(bootstrap.sys, "executable", "/usr/bin/python3.9")
    assert bootstrap.find_python() == "/usr/bin/python3.12"


def test_old_interpreters_can_read_the_message():
    for name in ("manage.py", "clinic/__init__.py", "clinic/bootstrap.py"):
        ast.parse((bootstrap.BASE / name).read_text(), feature_version=(3, 6))


def test_a_full_disk_is_noticed_before_the_set_up(asked, monkeypatch):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda path: usage(free=200 * 10**6))
    with pytest.raises(SystemExit, match="has 200 MB left"):
        bootstrap.prepare(["manage.py", "check"])
    assert asked == []


def test_without_network_pip_is_quoted_and_a_remedy_named(clone, monkeypatch):
    monkeypatch.setattr(bootstrap, "PYTHON", sys.executable)
    (clone / bootstrap.APP).write_text(f"nappage-unknown==1 --hash=sha256:{'0' * 64}\n")
    for name, value in {"INDEX_URL": "http://127.0.0.1:9/", "RETRIES": "0", "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(bootstrap.Stop) as stop:
        bootstrap.pip_install(bootstrap.APP)
    assert "No matching distribution" in str(stop.value) and "HTTPS_PROXY" in str(stop.value)


@pytest.mark.parametrize("folder", ["/dev/null/data", "/proc/data"])
def test_a_data_folder_that_cannot_be_written(folder):
    with pytest.raises(bootstrap.Stop, match="cannot write to its data folder"):
        bootstrap.choose_environment(["--data", folder])


@pytest.mark.parametrize("text", ["0", "65536", "-1", "8o00", "", "8000 "])
def test_a_port_is_a_number_in_range(text):
    with pytest.raises(argparse.ArgumentTypeError):
        bootstrap.port_number(text)
