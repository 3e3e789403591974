"""Many clients at one moment: threads at a barrier, each with its own database connection and HTTP session."""

import http.client
import os
import statistics
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from clinic.bootstrap import BASE
from tests.services import HOST, free_port


@dataclass
class Answer:
    status: int
    location: str
    body: str
    seconds: float

    @property
    def won(self) -> bool:
        return self.status == 302


def at_once(jobs) -> list:
    """Runs the jobs in threads that start together; their results, exceptions included, in the same order."""
    (results,) = rounds_at_once([jobs])
    return results


def rounds_at_once(rounds) -> list[list]:
    """Round after round, each by the same threads, which begin it together: they keep their connections."""
    barrier = threading.Barrier(len(rounds[0]))
    results = [[None] * len(jobs) for jobs in rounds]

    def run(index):
        try:
            for number, jobs in enumerate(rounds):
                barrier.wait(timeout=120)
                try:
                    results[number][index] = jobs[index]()
                except Exception as error:
                    results[number][index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(rounds[0]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120 * len(rounds))
        assert not thread.is_alive(), "a client never got an answer"
    return results


@contextmanager
def serving(folder: Path, *configuration: str):
    """The house behind gunicorn, as in the Procfile, on the test's own database: `with serving(folder) as url:`.

    Django's live server is not what clinics run, and its backlog refuses fifty desks at once.
    """
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "clinic.wsgi:application", f"--bind={HOST}:{port}"]
    command += ["--worker-class=gthread", "--workers=2", "--threads=8", "--no-control-socket", *configuration]
    with (folder / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=BASE, env=_environment(folder), stdout=log, stderr=log)
    try:
        _wait_until_it_answers(port, folder / "gunicorn.log")
        yield f"http://{HOST}:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _environment(folder: Path) -> dict[str, str]:
    database = connection.settings_dict
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.scheduling.race_settings",
        "NAPPAGE_DATA_DIR": str(folder),
        "NAPPAGE_SECRET_KEY": settings.SECRET_KEY,
        "RACE_DATABASE": str(database["NAME"]),
    }
    if connection.vendor == "postgresql":
        who = f"{quote(database['USER'])}:{quote(database['PASSWORD'])}"
        where = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
        env["DATABASE_URL"] = f"postgres://{who}@{where}"
    return env


def _wait_until_it_answers(port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        client = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            client.request("GET", "/livez")
            if client.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            client.close()
    raise RuntimeError(f"gunicorn does not answer:\n{log.read_text()[-2000:]}")


class Desk:
    """A signed-in browser without pictures: posts forms to the server."""

    def __init__(self, user, url: str):
        client = Client()
        client.force_login(user)
        self.session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.host = urlsplit(url).netloc
        self.token = "a" * 32  # Django accepts an unmasked CSRF secret in the cookie and the form

    def post(self, path: str, data: dict) -> Answer:
        body = urlencode({"csrfmiddlewaretoken": self.token, **data})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={self.session}; {settings.CSRF_COOKIE_NAME}={self.token}",
        }
        started = time.perf_counter()
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        seconds = time.perf_counter() - started
        return Answer(response.status, response.getheader("Location", ""), text, seconds)


def times_of(seconds: list[float]) -> str:
    """Milliseconds, for the report of a run."""
    seconds = sorted(seconds)
    p95 = seconds[int(len(seconds) * 0.95) - 1]
    return (
        f"{len(seconds)} answers, ms: p50 {statistics.median(seconds) * 1000:.0f}, p95 {p95 * 1000:.0f}, "
        f"worst {seconds[-1] * 1000:.0f}"
    )
