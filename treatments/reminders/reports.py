"""Reports of providers, in the words of each, put into ours. Their signatures are checked before they are believed."""

import hashlib
import hmac
import json
from datetime import timedelta

from anymail import urls as anymail_urls
from anymail.signals import EventType, RejectReason, tracking
from django.conf import settings
from django.dispatch import receiver

from clinic.core import clock
from treatments.reminders import services
from treatments.reminders.enums import Report
from treatments.reminders.transports.twilio import BAD_NUMBER

FRESH = timedelta(minutes=5)  # how old a signed report may be

EMAIL = {
    EventType.DELIVERED: Report.DELIVERED,
    EventType.BOUNCED: Report.BOUNCED,
    EventType.REJECTED: Report.BOUNCED,
    EventType.FAILED: Report.BOUNCED,
    EventType.COMPLAINED: Report.COMPLAINED,
    EventType.UNSUBSCRIBED: Report.COMPLAINED,
}
SMS = {"delivered": Report.DELIVERED, "read": Report.DELIVERED, "undelivered": Report.BOUNCED, "failed": Report.BOUNCED}


class Unreadable(ValueError):
    """Signed, but not what we understand."""


def email_view():
    """The page of django-anymail that takes reports of the provider in use; None when none may be taken."""
    if not settings.EMAIL_PROVIDER or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        return None
    name = f"{settings.EMAIL_PROVIDER}_tracking_webhook"
    return next((pattern.callback for pattern in anymail_urls.urlpatterns if pattern.name == name), None)


@receiver(tracking, dispatch_uid="reminders")
def note_email(sender, event, esp_name, **kwargs):
    """Conflict while the message is still being handed over."""
    if report := EMAIL.get(event.event_type):
        services.note_report(
            report=report,
            reference=str((event.metadata or {}).get("reference", "")),
            provider_id=str(event.message_id or ""),
            address=str(event.recipient or ""),
            bad_address=event.event_type == EventType.BOUNCED
            and event.reject_reason in {RejectReason.INVALID, RejectReason.BOUNCED},
        )


def is_signed_sms(body: bytes, header: str) -> bool:
    """Whether `t=<seconds>,v1=<digest>` is fresh and signs "<seconds>.<body>" with SMS_REPORT_KEY (HMAC-SHA-256)."""
    parts = dict(part.partition("=")[::2] for part in header.split(","))
    seconds = parts.get("t", "")
    if not settings.SMS_REPORT_KEY or not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12):
        return False
    expected = hmac.new(settings.SMS_REPORT_KEY.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    fresh = abs(clock.now().timestamp() - int(seconds)) <= FRESH.total_seconds()
    return fresh and hmac.compare_digest(expected.encode(), parts.get("v1", "").encode())


def note_sms(body: bytes) -> None:
    """{"reference" or "id", "status", "to", "permanent"}, as the plain interface reports it."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise Unreadable from error
    if not isinstance(given, dict):
        raise Unreadable
    _note(
        str(given.get("status", "")),
        reference=str(given.get("reference", "")),
        provider_id=str(given.get("id", "")),
        address=str(given.get("to", "")),
        bad_address=given.get("permanent") is True,
    )


def note_twilio(reference: str, values: dict[str, str]) -> None:
    _note(
        values.get("MessageStatus", ""),
        reference=reference,
        provider_id=values.get("MessageSid", ""),
        address=values.get("To", ""),
        bad_address=values.get("ErrorCode", "") in BAD_NUMBER,
    )


def _note(status: str, *, bad_address: bool, **about) -> None:
    """States on the way, as "queued" and "sent", tell nothing that we do not know."""
    if report := SMS.get(status):
        services.note_report(report=report, bad_address=bad_address and report == Report.BOUNCED, **about)
