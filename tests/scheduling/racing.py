"""Many clients at one moment: threads at a barrier, each with its own database connection and HTTP session."""

import http.client
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connections
from django.test import Client


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
    barrier = threading.Barrier(len(jobs))
    results = [None] * len(jobs)

    def run(index, job):
        try:
            barrier.wait(timeout=30)
            results[index] = job()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, job)) for index, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
        assert not thread.is_alive(), "a client never got an answer"
    return results


class Desk:
    """A signed-in browser without pictures: posts forms to the live server."""

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


def times_of(answers: list[Answer]) -> str:
    """Milliseconds, for the report of a run."""
    seconds = sorted(answer.seconds for answer in answers)
    p95 = seconds[int(len(seconds) * 0.95) - 1]
    return (
        f"{len(seconds)} answers, ms: p50 {statistics.median(seconds) * 1000:.0f}, p95 {p95 * 1000:.0f}, "
        f"worst {seconds[-1] * 1000:.0f}"
    )
