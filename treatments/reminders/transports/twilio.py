"""Twilio's Messages API: https://www.twilio.com/docs/messaging/api/message-resource (form-encoded, basic auth).

Its reports come to the page `reminders:twilio_report`, signed with the account's token.
"""

import base64
import hashlib
import hmac
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse

from treatments.reminders.transports import http
from treatments.reminders.transports.answers import Answer, Outcome, safe_id

# Error codes that speak of the number: https://www.twilio.com/docs/api/errors
BAD_NUMBER = {
    "21211",  # invalid "To" number
    "21610",  # the person has answered STOP
    "21614",  # not a mobile number
    "30005",  # unknown destination handset
    "30006",  # landline or unreachable carrier
}
PASSING = {"20429", "21611", "30001", "30022"}  # too many requests, queue full, queue overflow, rate limit


class TwilioSms:
    """Settings: TWILIO_ACCOUNT, TWILIO_TOKEN, TWILIO_FROM (a number, or the id of a messaging service)."""

    def send(self, *, to, text, reference) -> Answer:
        account = settings.TWILIO_ACCOUNT
        url = f"{settings.TWILIO_URL}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        key = base64.b64encode(f"{account}:{settings.TWILIO_TOKEN}".encode()).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {key}"}
        try:
            response = http.post(url, urlencode(self._content(to, text, reference)).encode(), headers)
        except http.NotReached as error:
            return Answer(Outcome.LATER, str(error))
        except http.NoAnswer as error:
            return Answer(Outcome.UNCLEAR, str(error))
        return self._read(response)

    def _content(self, to: str, text: str, reference: str) -> dict[str, str]:
        sender = "MessagingServiceSid" if settings.TWILIO_FROM.startswith("MG") else "From"
        return {"To": to, sender: settings.TWILIO_FROM, "Body": text, "StatusCallback": callback_url(reference)}

    def _read(self, response) -> Answer:
        code = safe_id(response.content.get("code") or response.content.get("error_code"))
        given = safe_id(response.content.get("sid"))
        if code in PASSING:
            return Answer(Outcome.LATER, f"{response.status} {code}", wait=response.wait)
        return response.answer(code or given, provider_id=given, bad_address=code in BAD_NUMBER)


def callback_url(reference: str) -> str:
    return settings.BASE_URL + reverse("reminders:twilio_report", args=[reference])


def signature(url: str, values: dict[str, str]) -> str:
    """The URL and the sorted form values, keyed with the account's token: https://www.twilio.com/docs/usage/security"""
    text = url + "".join(name + values[name] for name in sorted(values))
    return base64.b64encode(hmac.new(settings.TWILIO_TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()


def is_signed(url: str, values: dict[str, str], given: str) -> bool:
    expected = signature(url, values)
    return bool(settings.TWILIO_TOKEN) and hmac.compare_digest(expected.encode(), given.encode())
