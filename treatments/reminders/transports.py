"""How a message leaves the house. Each transport says what became of it, in three words.

An answer keeps codes and ids only: what servers say in words repeats addresses.
"""

import http.client
import json
import os
import smtplib
import ssl
import threading
import uuid
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend
from django.utils.module_loading import import_string

TIMEOUT = 10.0  # seconds


class Outcome(Enum):
    SENT = "sent"
    LATER = "later"  # surely not sent, for a reason that may pass
    REFUSED = "refused"  # surely not sent, and never will be
    UNCLEAR = "unclear"  # perhaps sent


@dataclass(frozen=True)
class Answer:
    outcome: Outcome
    detail: str = ""


class SmsTransport(Protocol):
    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Sends at most once. `reference` is the same for every try, so that a provider can recognise it."""


class FileSms:
    """Writes each text message as a JSON file to SMS_FILE_PATH, whole or not at all."""

    def send(self, *, to, text, reference) -> Answer:
        folder = Path(settings.SMS_FILE_PATH)
        name = f"{reference}-{uuid.uuid4().hex[:8]}.json"
        aside = folder / f".{name}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump({"to": to, "text": text, "reference": reference}, file, ensure_ascii=False)
            aside.replace(folder / name)
        except OSError as error:
            return Answer(Outcome.LATER, type(error).__name__)
        return Answer(Outcome.SENT, "file")


class HttpSms:
    """POSTs JSON to SMS_URL with a bearer token. What fails before the request was not sent; later, who knows."""

    PASSING = {429, 503}
    UNCLEAR = {408, 500, 502, 504}

    def send(self, *, to, text, reference) -> Answer:
        url = urlsplit(settings.SMS_URL)
        connection = self._connection(url)
        try:
            try:
                connection.connect()
            except OSError as error:
                return Answer(Outcome.LATER, type(error).__name__)
            try:
                status, body = self._post(connection, url, {"to": to, "text": text, "reference": reference})
            except (OSError, http.client.HTTPException) as error:
                return Answer(Outcome.UNCLEAR, type(error).__name__)
        finally:
            connection.close()
        return Answer(self._outcome(status), f"{status} {_provider_id(body)}".strip())

    def _connection(self, url):
        if url.scheme == "https":
            return http.client.HTTPSConnection(url.netloc, timeout=TIMEOUT, context=ssl.create_default_context())
        return http.client.HTTPConnection(url.netloc, timeout=TIMEOUT)

    def _post(self, connection, url, content) -> tuple[int, bytes]:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {settings.SMS_TOKEN}",
            "Idempotency-Key": content["reference"],
        }
        connection.request("POST", path, json.dumps(content).encode(), headers)
        response = connection.getresponse()
        return response.status, response.read(10_000)

    def _outcome(self, status: int) -> Outcome:
        if 200 <= status < 300:
            return Outcome.SENT
        if status in self.PASSING:
            return Outcome.LATER
        return Outcome.UNCLEAR if status in self.UNCLEAR else Outcome.REFUSED


def _provider_id(body: bytes) -> str:
    try:
        given = json.loads(body)
    except ValueError:
        return ""
    found = str(given.get("id", "")) if isinstance(given, dict) else ""
    return "".join(c for c in found if c.isascii() and (c.isalnum() or c in "-_."))[:100]


def send_sms(*, to: str, text: str, reference: str) -> Answer:
    return import_string(settings.SMS_TRANSPORT)().send(to=to, text=text, reference=reference)


def send_email(message: EmailMessage) -> Answer:
    """Sends through Django's backend; an SMTP connection is kept open between the messages of one thread."""
    try:
        message.connection = _connections.take()
        message.send()
    except smtplib.SMTPException as error:
        _connections.drop()
        return _smtp_answer(error)
    except OSError as error:
        _connections.drop()
        return Answer(Outcome.LATER, type(error).__name__)
    except BaseException:
        _connections.drop()
        raise
    return Answer(Outcome.SENT)


class _Connections(threading.local):
    """The open SMTP connection of each thread: opening one for every message halves the throughput."""

    kept = None
    pid = None

    def take(self):
        if self.kept is not None and (self.pid != os.getpid() or not self._is_alive()):
            self.drop()
        if self.kept is None:
            connection = get_connection()
            if not isinstance(connection, EmailBackend):
                return connection
            connection.open()
            self.kept, self.pid = connection, os.getpid()
        return self.kept

    def drop(self) -> None:
        connection, self.kept = self.kept, None
        if connection is not None and connection.connection is not None and self.pid == os.getpid():
            connection.connection.close()

    def _is_alive(self) -> bool:
        try:
            return self.kept.connection.noop()[0] == 250
        except (OSError, smtplib.SMTPException, AttributeError):
            return False


_connections = _Connections()

# Trouble between the two servers, whatever the code: not about this message
_NOT_ABOUT_US = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)


def _smtp_answer(error: smtplib.SMTPException) -> Answer:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Answer(Outcome.REFUSED, type(error).__name__)
    code, text = _smtp_code(error)
    if code is None:
        return Answer(Outcome.LATER, type(error).__name__)
    refused = 500 <= code < 600 and not isinstance(error, _NOT_ABOUT_US)
    return Answer(Outcome.REFUSED if refused else Outcome.LATER, f"{code} {_enhanced(text)}".strip())


def _smtp_code(error) -> tuple[int | None, bytes]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, error.smtp_error
    return None, b""


def _enhanced(text) -> str:
    """The code in front of the server's words, as 5.1.1."""
    first = (text.decode("ascii", "replace") if isinstance(text, bytes) else str(text)).split(" ")[0]
    return first if first.replace(".", "").isdigit() else ""
