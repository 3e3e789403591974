"""Several desks at once, over HTTP, before the web server of the Procfile."""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from clinic.core import clock
from treatments.demo.bench.figures import client_of

HOST = "127.0.0.1"
TOKEN = "a" * 32  # Django accepts an unmasked CSRF secret in the cookie and the form


@dataclass(frozen=True)
class Rush:
    """Answers a second that all desks got together, and milliseconds that each waited."""

    name: str
    a_second: float
    p50: float
    p95: float


def rushes(*, desks: int, requests: int) -> list[Rush]:
    """Each page asked for so many times by all desks together."""
    names = cycle(["garcia", "kowal", "nguyen t", "o brien", "strasse", "lefe", "soren", "ana mu"])
    with _serving() as port:
        pages = {
            "day page, 8 practitioners": lambda: (reverse("scheduling:day", args=[clock.today()]), None),
            "search by name": lambda: (reverse("registry:patients"), {"q": next(names)}),
        }
        return [_rush(name, page, port, desks, requests) for name, page in pages.items()]


def _rush(name: str, page, port: int, desks: int, requests: int) -> Rush:
    asked = [page() for _number in range(requests)]
    sessions = [client_of("marta").cookies[settings.SESSION_COOKIE_NAME].value for _desk in range(desks)]
    for session in sessions:
        _ask(port, session, [asked[0]])  # the first look writes a sign of life
    with ThreadPoolExecutor(desks) as pool:
        begun = time.perf_counter()
        answered = list(pool.map(lambda n: _ask(port, sessions[n], asked[n::desks]), range(desks)))
        took = time.perf_counter() - begun
    waits = [wait for of_one in answered for wait in of_one]
    return Rush(name, requests / took, statistics.median(waits), statistics.quantiles(waits, n=20)[-1])


def _ask(port: int, session: str, asked: list[tuple[str, dict | None]]) -> list[float]:
    """One desk, one request after the other; milliseconds of each, with its connection."""
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    waits = []
    for path, data in asked:
        body = urlencode({"csrfmiddlewaretoken": TOKEN, **data}) if data else None
        begun = time.perf_counter()
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        connection.request("POST" if data else "GET", path, body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        waits.append((time.perf_counter() - begun) * 1000)
        if response.status >= 400 or reverse(settings.LOGIN_URL) in response.getheader("Location", ""):
            raise RuntimeError(f"{path} answered {response.status}.")
    return waits


@contextmanager
def _serving():
    """gunicorn as in the Procfile, with a process for each core."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "clinic.wsgi:application", "--bind", f"{HOST}:{port}"]
    command += ["--no-control-socket", "--worker-class", "gthread", "--threads", "8"]
    command += ["--workers", str(max(2, os.cpu_count() or 1))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_until_it_answers(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError("gunicorn does not answer.")
