"""`manage.py start`, as a process of its own."""

import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from clinic.bootstrap import BASE
from tests.services import free_port

pytestmark = pytest.mark.once


def environment():
    """That of a person at a terminal: nothing of ours is set, and no Python environment is active."""
    ours = ("NAPPAGE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "VIRTUAL_ENV", "PYTEST_", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def start(*options, clone=BASE, python=sys.executable):
    command = [python, str(clone / "manage.py"), "start", *map(str, options)]
    return subprocess.Popen(
        command, cwd=clone, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def refusal(*options):
    process = start(*options)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1 and "Traceback" not in said, said
    return said


def test_a_taken_port_is_said_with_another_one(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = refusal("--port", port, "--data", tmp_path, "--no-demo")
    assert f"Port {port} cannot be used" in said and "--port" in said
    assert not (tmp_path / "db.sqlite3").exists()


def test_one_data_folder_is_run_once_at_a_time(tmp_path):
    with (tmp_path / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "already running" in refusal("--data", tmp_path, "--port", free_port())


def answers(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def serve(clone, data, python):
    """Start until it says that it is ready, then end it. Returns what it said, and the seconds until then."""
    port = free_port()
    begun = time.monotonic()
    process = start("--port", port, "--data", data, clone=clone, python=python)
    try:
        said = ""
        while "Nappage is ready" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        seconds = time.monotonic() - begun
        assert answers(port)
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert psutil.wait_procs(family, timeout=5)[1] == []
        return said, seconds
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_a_fresh_clone_starts_and_ends_whole(tmp_path):
    clone = tmp_path / "clone"
    known = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=BASE,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, known.stdout.split("\0")):
        if (BASE / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(BASE / name, clone / name)
    python = getattr(sys, "_base_executable", sys.executable)
    said, cold = serve(clone, tmp_path / "data", python)
    assert "Setting up" in said
    said, warm = serve(clone, tmp_path / "data", python)
    assert "Setting up" not in said
    print(f"first start {cold:.1f} s, second start {warm:.1f} s")
    assert warm < cold
