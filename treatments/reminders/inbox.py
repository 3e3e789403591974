"""What the file transports wrote, read back: without a mail server one sees here what patients would get."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.http import Http404

LIMIT = 50
SEPARATOR = b"-" * 79 + b"\n"  # Django's file backend puts it after each e-mail


@dataclass(frozen=True)
class Sent:
    at: datetime
    channel: str
    to: str
    subject: str
    body: str


@dataclass(frozen=True)
class Phone:
    """What one address or number received, newest first."""

    to: str
    channel: str
    messages: list[Sent]


def is_open() -> bool:
    """Only without a server of one's own, and while messages go to files."""
    return settings.EMBEDDED and (
        settings.EMAIL_BACKEND.endswith("filebased.EmailBackend") or settings.SMS_TRANSPORT.endswith("FileSms")
    )


def phones_or_404() -> list[Phone]:
    """The newest messages as patients would see them; who was written to last comes first."""
    if not is_open():
        raise Http404
    phones: dict[str, Phone] = {}
    for sent in newest():
        phones.setdefault(sent.to, Phone(sent.to, sent.channel, [])).messages.append(sent)
    return list(phones.values())


def newest() -> list[Sent]:
    """The newest messages of both kinds, newest first."""
    sent = [*_read(settings.EMAIL_FILE_PATH, "*.log", _emails), *_read(settings.SMS_FILE_PATH, "*.json", _sms)]
    return sorted(sent, key=lambda message: message.at, reverse=True)[:LIMIT]


def _read(folder, pattern: str, parse):
    files = [(path.stat().st_mtime, path) for path in Path(folder).glob(pattern)]
    for mtime, path in sorted(files, reverse=True)[:LIMIT]:
        yield from parse(path.read_bytes(), datetime.fromtimestamp(mtime, UTC))


def _emails(content: bytes, at: datetime):
    for part in content.split(SEPARATOR):
        if part.strip():
            message = message_from_bytes(part, policy=policy.default)
            body = message.get_body(("plain",))
            yield Sent(at, "email", str(message["To"]), str(message["Subject"]), body.get_content() if body else "")


def _sms(content: bytes, at: datetime):
    message = json.loads(content)
    yield Sent(at, "sms", message["to"], "", message["text"])
