import os
import stat
import threading

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic.core import env

pytestmark = pytest.mark.once


@pytest.mark.parametrize(("value", "meant"), [("true", True), ("false", False)])
def test_flags(monkeypatch, value, meant):
    monkeypatch.setenv("X_FLAG", value)
    assert env.flag("X_FLAG", default=not meant) is meant


@pytest.mark.parametrize("value", ["True", "1", "yes", "", "on", " true"])
def test_flags_that_are_not_understood_stop_the_start(monkeypatch, value):
    monkeypatch.setenv("X_FLAG", value)
    with pytest.raises(ImproperlyConfigured, match="X_FLAG must be true or false"):
        env.flag("X_FLAG", default=True)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "٣", "1e3", "many"])
def test_numbers_that_are_none_stop_the_start(monkeypatch, value):
    monkeypatch.setenv("X_NUMBER", value)
    with pytest.raises(ImproperlyConfigured, match="X_NUMBER must be a whole number"):
        env.number("X_NUMBER", default=1)


def test_values_come_from_files_too(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("X_TEXT_FILE", str(tmp_path / "secret"))
    assert env.text("X_TEXT") == "from a file"


def test_lists(monkeypatch):
    monkeypatch.setenv("X_WORDS", " a, b ,,c ")
    assert env.words("X_WORDS") == ["a", "b", "c"]
    assert env.words("X_NONE") == []


def test_a_key_is_made_once_and_for_the_owner_only(tmp_path):
    folder = tmp_path / "keys"
    first = env.secret("X_KEY", folder=folder)
    assert len(first) >= 64
    assert env.secret("X_KEY", folder=folder) == first
    assert stat.S_IMODE(os.stat(folder / "x_key").st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["x_key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    barrier, keys = threading.Barrier(20), []

    def start():
        barrier.wait()
        keys.append(env.secret("X_KEY", folder=tmp_path / "keys"))

    threads = [threading.Thread(target=start) for _n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 20
    assert len(set(keys)) == 1
    assert keys[0]


def test_a_key_from_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("X_KEY", "given")
    assert env.secret("X_KEY", folder=tmp_path) == "given"
    assert list(tmp_path.iterdir()) == []
