"""Child processes: looked after while they run, and none left behind."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from clinic.core import processes
from clinic.core.processes import Child, Household, VitalChildEnded

pytestmark = pytest.mark.once

FOREVER = 'echo $$ >> "$0"; sleep 600 & echo $! >> "$0"; wait'  # a child with a child of its own


def shell(tmp_path, script, *, name="child", **options):
    return Child(name, ["/bin/sh", "-c", script, str(tmp_path / "pids")], log=tmp_path / f"{name}.log", **options)


def pids(tmp_path, count):
    path = tmp_path / "pids"
    wait_until(lambda: path.exists() and len(path.read_text().split()) >= count)
    return [int(word) for word in path.read_text().split()]


def is_alive(pid):
    """A zombie that waits for its parent is not alive."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_children_and_grandchildren_end_with_the_household(tmp_path):
    with Household([shell(tmp_path, FOREVER)], say=print) as house:
        house.look_after()
        family = pids(tmp_path, 2)
        assert all(is_alive(pid) for pid in family)
    wait_until(lambda: not any(is_alive(pid) for pid in family))


def test_a_child_that_does_not_listen_is_ended_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    with Household([shell(tmp_path, f"trap '' TERM; {FOREVER}; {FOREVER}")], say=print) as house:
        house.look_after()
        family = pids(tmp_path, 2)
    assert not any(is_alive(pid) for pid in family)


def test_a_child_that_dies_is_started_again_after_a_growing_wait(tmp_path):
    said = []
    child = shell(tmp_path, "exit 3")
    with Household([child], say=said.append) as house:
        for _ in range(3):
            child.due = 0.0
            house.look_after()
            child.process.wait()
            house.look_after()
    assert [f"again in {wait} s" in line for wait, line in zip((1, 2, 4), said, strict=True)] == [True] * 3


def test_when_a_vital_child_dies_its_log_is_at_hand(tmp_path):
    vital = shell(tmp_path, "echo cannot listen; exit 1", vital=True)
    with pytest.raises(VitalChildEnded) as ended, Household([vital], say=print) as house:
        house.keep()
    assert "cannot listen" in ended.value.child.last_lines()


def test_a_signal_ends_the_wait_and_the_handlers_are_put_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with Household([shell(tmp_path, FOREVER)], say=print) as house:
        os.kill(os.getpid(), signal.SIGTERM)
        assert house.wait_for(lambda: False, seconds=10) is False
        assert house.ending
    assert signal.getsignal(signal.SIGTERM) is before


def test_nobody_is_left_when_the_parent_is_killed(tmp_path):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from clinic.core.processes import Child, Household\n"
            "child = Child('child', ['/bin/sh', '-c', sys.argv[1], sys.argv[2]], log=Path(sys.argv[2] + '.log'))\n"
            "with Household([child], say=print) as house: house.keep()",
            FOREVER,
            str(tmp_path / "pids"),
        ]
    )
    family = pids(tmp_path, 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in family))
