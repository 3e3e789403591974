"""One POST to a provider, which tells apart what was surely not sent from what perhaps was."""

import http.client
import json
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from treatments.reminders.transports.answers import Answer, Outcome

TIMEOUT = 10.0  # seconds, for connecting and again for the answer
LONGEST_WAIT = 3600  # seconds that a provider may ask us to stay away

PASSING = {429, 503}
UNCLEAR = {408, 500, 502, 504}


class NotReached(Exception):
    """Nothing was sent: there was no connection. Its text is the kind of the error."""


class NoAnswer(Exception):
    """The request went out, and perhaps arrived."""


@dataclass(frozen=True)
class Response:
    status: int
    content: dict
    wait: int

    def answer(self, detail: str = "", **more) -> Answer:
        text = f"{self.status} {detail}".strip()
        return Answer(outcome_of(self.status), text, wait=self.wait, **more)


def post(url: str, body: bytes, headers: dict[str, str]) -> Response:
    """Raises NotReached or NoAnswer."""
    parts = urlsplit(url)
    connection = _connection(parts)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NotReached(type(error).__name__) from error
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            response = connection.getresponse()
            return Response(response.status, _content(response.read(10_000)), _wait(response))
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error
    finally:
        connection.close()


def outcome_of(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.SENT
    if status in PASSING:
        return Outcome.LATER
    return Outcome.UNCLEAR if status in UNCLEAR else Outcome.REFUSED


def _connection(parts):
    if parts.scheme == "https":
        return http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT, context=ssl.create_default_context())
    return http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)


def _content(body: bytes) -> dict:
    try:
        given = json.loads(body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _wait(response) -> int:
    """Retry-After in seconds; a date, which it may also be, is not worth the trouble."""
    asked = response.headers.get("Retry-After", "")
    return min(int(asked), LONGEST_WAIT) if asked.isascii() and asked.isdigit() else 0
