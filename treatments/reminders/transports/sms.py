"""Text messages: to files, to a provider with a plain JSON interface, or to whichever SMS_TRANSPORT names."""

import json
import os
import uuid
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from treatments.reminders.transports import http
from treatments.reminders.transports.answers import Answer, Outcome, safe_id


class SmsTransport(Protocol):
    def send(self, *, to: str, text: str, reference: str) -> Answer:
        """Sends at most once. `reference` is the same for every try, so that a provider can recognise it."""


def send_sms(*, to: str, text: str, reference: str) -> Answer:
    return import_string(settings.SMS_TRANSPORT)().send(to=to, text=text, reference=reference)


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
    """POSTs {to, text, reference} to SMS_URL with a bearer token; the answer may hold {"id": …}.

    What the provider learns later it may report to the page `reminders:sms_report`.
    """

    def send(self, *, to, text, reference) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {settings.SMS_TOKEN}",
            "Idempotency-Key": reference,
        }
        body = json.dumps({"to": to, "text": text, "reference": reference}).encode()
        try:
            response = http.post(settings.SMS_URL, body, headers)
        except http.NotReached as error:
            return Answer(Outcome.LATER, str(error))
        except http.NoAnswer as error:
            return Answer(Outcome.UNCLEAR, str(error))
        given = safe_id(response.content.get("id"))
        return response.answer(given, provider_id=given)
