"""What a measurement is, and how it is taken."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.staff.models import User


@dataclass(frozen=True)
class Figure:
    """Milliseconds of the repetitions of one operation, and the queries and bytes of one of them."""

    name: str
    times: list[float]
    queries: int
    size: int

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]


def figure(name: str, operation: Callable[[], Callable], repetitions: int) -> Figure:
    """Warmed up once. An operation prepares what it needs and returns the work to be timed."""
    if repetitions:
        operation()()
    times = [_timed(operation())[0] for _repetition in range(repetitions)]
    work = operation()
    with CaptureQueriesContext(connection) as captured:
        took, size = _timed(work)
    return Figure(name, times or [took], len(captured), size)


def _timed(work: Callable) -> tuple[float, int]:
    begun = time.perf_counter()
    answer = work()
    return (time.perf_counter() - begun) * 1000, len(getattr(answer, "content", b""))


def person(key: str) -> User:
    return User.objects.get(email=f"{key}@bench.example")


def client_of(key: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(person(key))
    return client


def checked(response):
    if response.status_code >= 400:
        raise RuntimeError(f"{response.request['PATH_INFO']} answered {response.status_code}.")
    return response


def getting(client: Client, view: str, arguments: Callable[[], list]) -> Callable:
    def operation():
        address = reverse(view, args=arguments())
        return lambda: checked(client.get(address))

    return operation


def posting(client: Client, view: str, data: Callable[[], dict]) -> Callable:
    def operation():
        sent = data()
        return lambda: checked(client.post(reverse(view), sent))

    return operation
