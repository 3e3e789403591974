"""The whole clinic as processes of its own: the embedded default by one command, and the grown-up topology."""

import email
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from email import policy
from pathlib import Path
from urllib.request import urlopen

from aiosmtpd.controller import Controller

from clinic.bootstrap import BASE
from tests.services import free_port, private_postgres, private_valkey

# Whatever the hour, it is a working noon in the test's clinic.
NOON = """
from datetime import time
from clinic.staff.models import User
from clinic.staff.services import update_clinic
from treatments.scheduling.hours import set_working_hours
update_clinic(by=None, time_zone="{zone}")
for person in User.objects.practitioners():
    hours = [(day, time(8), time(20)) for day in range(7)]
    set_working_hours(practitioner=person, hours=hours, by=User.objects.get(email="luis@aurora.example"))
"""


@dataclass(frozen=True)
class House:
    """A running clinic. `mails()` lists what patients were sent, as parsed messages."""

    name: str
    url: str
    mails: Callable[[], list]


def noon_zone() -> str:
    """A zone in which it is noon now. POSIX turns the sign round: Etc/GMT-2 is two hours ahead of UTC."""
    ahead = 12 - time.gmtime().tm_hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def environment(data: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NAPPAGE_", "DJANGO_", "DATABASE_URL", "REDIS_URL", "PYTEST_"))
    }
    return kept | {"NAPPAGE_DATA_DIR": str(data), "NAPPAGE_DEMO": "true"} | more


def manage(env: dict, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=BASE, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(command: list[str], env: dict, log: Path):
    """The command in a process group of its own, ended as Ctrl-C would."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=BASE, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(answer: Callable, *, seconds: float, what: str):
    """The first true answer; fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := answer():
            return found
        time.sleep(0.5)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


def is_up(url: str) -> bool:
    try:
        with urlopen(f"{url}/healthz", timeout=3) as response:
            return response.status == 200
    except OSError:
        return False


@contextmanager
def embedded(folder: Path, *, at_noon: bool = True):
    """`manage.py start`: SQLite, a queue of files, e-mails as files; `at_noon`: wherever it is noon now."""
    port, data = free_port(), folder / "data"
    env = environment(data)
    manage(env, "migrate", "--verbosity=0")
    manage(env, "demo")
    if at_noon:
        manage(env, "shell", "-c", NOON.format(zone=noon_zone()))
    url = f"http://127.0.0.1:{port}"

    def mails():
        files = sorted((data / "mail").glob("*")) if (data / "mail").exists() else []
        parts = [part for file in files for part in file.read_bytes().split(b"-" * 79 + b"\n") if part.strip()]
        return [email.message_from_bytes(part, policy=policy.default) for part in parts]

    start = [sys.executable, "manage.py", "start", "--port", str(port), "--data", str(data)]
    with running(start, env, folder / "start.log"):
        wait_for(lambda: is_up(url), seconds=60, what="the start")
        yield House("embedded", url, mails)


class Letterbox:
    """An SMTP server that keeps what it gets."""

    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
        self.messages.append(email.message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def grown_up(folder: Path):
    """The Procfile's processes on PostgreSQL and Redis, with an SMTP server, as an operator would run them."""
    letterbox, port = Letterbox(), free_port()
    url = f"http://127.0.0.1:{port}"
    post = Controller(letterbox, hostname="127.0.0.1", port=free_port())
    post.start()
    try:
        with private_postgres() as postgres, private_valkey() as valkey:
            env = environment(
                folder / "data",
                DATABASE_URL=postgres.url,
                REDIS_URL=valkey.url,
                PORT=str(port),
                PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                NAPPAGE_HTTPS="false",
                NAPPAGE_REQUIRE_SECOND_FACTOR="false",
                NAPPAGE_BASE_URL=url,
                NAPPAGE_ALLOWED_HOSTS="127.0.0.1",
                NAPPAGE_SMTP_HOST="127.0.0.1",
                NAPPAGE_SMTP_PORT=str(post.port),
            )
            manage(env, "migrate", "--verbosity=0")
            manage(env, "collectstatic", "--no-input", "--verbosity=0")
            manage(env, "demo")
            manage(env, "shell", "-c", NOON.format(zone=noon_zone()))
            with running([sys.executable, "-m", "honcho", "start"], env, folder / "honcho.log"):
                wait_for(lambda: is_up(url), seconds=60, what="the start")
                yield House("grown-up", url, lambda: letterbox.messages)
    finally:
        post.stop()
