"""E-mail: SMTP with a connection that is kept, any provider that django-anymail knows, or files."""

import os
import select
import smtplib
import threading
import time

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import (
    AnymailAPIError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend

from treatments.reminders.transports.answers import Answer, Outcome, safe_id
from treatments.reminders.transports.http import PASSING

QUIET = 20.0  # seconds after which a server is asked whether it still listens


def send_email(message: EmailMessage) -> Answer:
    """Sends through Django's backend; the connection is kept open between the messages of one thread."""
    try:
        message.connection = _connections.take()
        message.send()
        _connections.used()
    except smtplib.SMTPException as error:
        _connections.drop()
        return _smtp_answer(error)
    except AnymailError as error:
        return _anymail_answer(error)
    except OSError as error:
        _connections.drop()
        return Answer(Outcome.LATER, type(error).__name__)
    except BaseException:
        _connections.drop()
        raise
    status = getattr(message, "anymail_status", None)
    return Answer(Outcome.SENT, provider_id=safe_id(_one(status.message_id))) if status else Answer(Outcome.SENT)


class _Connections(threading.local):
    """The open connection of each thread: opening one for every message halves the throughput."""

    kept = None
    pid = None
    last_use = 0.0

    def take(self):
        if self.kept is not None and (self.pid != os.getpid() or not self._is_alive()):
            self.drop()
        if self.kept is None:
            connection = get_connection()
            if not isinstance(connection, (EmailBackend, AnymailBaseBackend)):
                return connection
            connection.open()
            self.kept, self.pid = connection, os.getpid()
        return self.kept

    def used(self) -> None:
        self.last_use = time.monotonic()

    def drop(self) -> None:
        connection, self.kept = self.kept, None
        if isinstance(connection, EmailBackend) and connection.connection is not None and self.pid == os.getpid():
            connection.connection.close()

    def _is_alive(self) -> bool:
        """A server that speaks unasked says goodbye, or has gone: no round trip is needed to see it."""
        if not isinstance(self.kept, EmailBackend):
            return True
        try:
            if select.select([self.kept.connection.sock], [], [], 0)[0]:
                return False
            return time.monotonic() - self.last_use < QUIET or self.kept.connection.noop()[0] == 250
        except (OSError, ValueError, TypeError, smtplib.SMTPException, AttributeError):
            return False


_connections = _Connections()

# Trouble between the two servers, whatever the code: not about this message
_NOT_ABOUT_US = (smtplib.SMTPConnectError, smtplib.SMTPHeloError, smtplib.SMTPAuthenticationError)
# Enhanced codes that speak of the recipient: https://www.rfc-editor.org/rfc/rfc3463#section-3.2
_BAD_ADDRESS = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}


def _smtp_answer(error: smtplib.SMTPException) -> Answer:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Answer(Outcome.REFUSED, type(error).__name__)
    code, text = _smtp_code(error)
    if code is None:
        return Answer(Outcome.LATER, type(error).__name__)
    refused = 500 <= code < 600 and not isinstance(error, _NOT_ABOUT_US)
    enhanced = _enhanced(text)
    return Answer(
        Outcome.REFUSED if refused else Outcome.LATER,
        f"{code} {enhanced}".strip(),
        bad_address=refused and enhanced in _BAD_ADDRESS,
    )


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


def _anymail_answer(error: AnymailError) -> Answer:
    kind = type(error).__name__
    if isinstance(error, (AnymailRecipientsRefused, AnymailInvalidAddress)):
        return Answer(Outcome.REFUSED, kind, bad_address=True)
    if isinstance(error, AnymailUnsupportedFeature):
        return Answer(Outcome.REFUSED, kind)
    status = getattr(error, "status_code", None)
    if not isinstance(error, AnymailAPIError) or status is None:
        return Answer(Outcome.LATER, kind)  # perhaps sent, which an e-mail may be twice
    passing = status in PASSING or status >= 500 or status in {401, 403, 408}  # a wrong key is no patient's fault
    return Answer(Outcome.LATER if passing else Outcome.REFUSED, str(status))


def _one(given) -> str:
    """The id of a message to one recipient; some providers give a set."""
    return next(iter(given)) if isinstance(given, set) and len(given) == 1 else given
