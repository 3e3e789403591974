"""What providers report after they accepted a message: signed, repeated, late, out of order."""

import base64
import hashlib
import hmac
import json
from itertools import permutations

import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.reminders.conftest import NOW
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Attempt, Reminder
from treatments.reminders.services import note_report, plan_reminders
from treatments.reminders.transports import twilio

pytestmark = pytest.mark.django_db
R = ReminderStatus
KEY = "a key of the provider"


@pytest.fixture
def sent(visit):
    """A message that the provider has accepted as "abc-1"."""
    plan_reminders(at=NOW)
    Reminder.objects.update(status=R.SENT, sent_at=NOW, attempts=1)
    reminder = Reminder.objects.get()
    Attempt.objects.create(reminder=reminder, resend=0, began_at=NOW, ended_at=NOW, outcome="sent", provider_id="abc-1")
    return reminder


def reference(reminder, resend=0):
    return f"reminder-{reminder.pk}-{resend}"


def state(reminder):
    reminder.refresh_from_db()
    return reminder.status, reminder.report


class TestWhatBecomesOfTheMessage:
    @pytest.mark.parametrize(
        ("was", "report", "becomes"),
        [
            (R.SENT, "delivered", R.SENT),
            (R.SENT, "bounced", R.FAILED),
            (R.SENT, "complained", R.SENT),
            (R.UNKNOWN, "delivered", R.SENT),
            (R.UNKNOWN, "bounced", R.FAILED),
            (R.PLANNED, "delivered", R.SENT),
            (R.TOLD, "bounced", R.TOLD),
            (R.CANCELLED, "delivered", R.CANCELLED),
        ],
    )
    def test_moves(self, sent, was, report, becomes):
        Reminder.objects.update(status=was)
        assert note_report(report=report, provider_id="abc-1", at=NOW)
        assert state(sent) == (becomes, report)
        assert sent.why == (Why.BOUNCED if becomes == R.FAILED else "")

    @pytest.mark.parametrize("order", permutations(["delivered", "bounced", "complained"]))
    def test_any_order_and_twice_ends_the_same(self, sent, order):
        for report in order + order:
            note_report(report=report, reference=reference(sent), at=NOW)
        assert state(sent) in {(R.FAILED, "complained"), (R.SENT, "complained")}
        assert AuditEvent.objects.filter(action="change", subject_type="reminders.Reminder").count() <= 3

    def test_a_delivery_after_a_bounce_changes_nothing(self, sent):
        assert note_report(report="bounced", reference=reference(sent), at=NOW)
        assert not note_report(report="delivered", reference=reference(sent), at=NOW)
        assert state(sent) == (R.FAILED, "bounced")

    def test_of_an_earlier_sending(self, sent):
        Reminder.objects.update(resends=1)
        assert not note_report(report="bounced", provider_id="abc-1", at=NOW)
        assert state(sent) == (R.SENT, "")

    def test_a_message_that_was_not_tried_is_not_settled(self, sent):
        Reminder.objects.update(status=R.PLANNED, attempts=0)
        note_report(report="delivered", reference=reference(sent), at=NOW)
        assert state(sent)[0] == R.PLANNED

    @pytest.mark.parametrize(
        "about", [{}, {"reference": "x"}, {"provider_id": "foreign"}, {"reference": "reminder-999999-0"}]
    )
    def test_of_nothing_we_sent(self, sent, about):
        assert not note_report(report="bounced", at=NOW, **about)
        assert state(sent) == (R.SENT, "")


class TestBadAddress:
    def test_is_marked_on_the_patient_and_the_other_way_is_taken(self, sent):
        patient = sent.patient
        note_report(report="bounced", provider_id="abc-1", address=patient.email.upper(), bad_address=True, at=NOW)
        patient.refresh_from_db()
        assert not patient.email_works
        assert patient.phone_works

    def test_not_when_the_patient_has_another_one_by_now(self, sent):
        note_report(report="bounced", provider_id="abc-1", address="old@mail.example", bad_address=True, at=NOW)
        sent.patient.refresh_from_db()
        assert sent.patient.email_works


class TestPlainInterface:
    @pytest.fixture(autouse=True)
    def set_up(self, settings, sent):
        settings.SMS_REPORT_KEY = KEY

    def post(self, client, content, *, key=KEY, seconds=None, tamper=b""):
        body = json.dumps(content).encode()
        seconds = seconds or int(clock.now().timestamp())
        digest = hmac.new(key.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
        return client.post(
            reverse("reminders:sms_report"),
            body + tamper,
            content_type="application/json",
            headers={"Nappage-Signature": f"t={seconds},v1={digest}"},
        )

    def test_noted(self, client, sent):
        assert self.post(client, {"id": "abc-1", "status": "failed"}).status_code == 204
        assert state(sent) == (R.FAILED, "bounced")

    def test_on_the_way_tells_nothing(self, client, sent):
        assert self.post(client, {"id": "abc-1", "status": "queued"}).status_code == 204
        assert state(sent) == (R.SENT, "")

    @pytest.mark.parametrize("how", [{"key": "guessed"}, {"tamper": b" "}, {"seconds": 1_000_000_000}])
    def test_not_believed(self, client, sent, how):
        assert self.post(client, {"id": "abc-1", "status": "failed"}, **how).status_code == 403
        assert state(sent) == (R.SENT, "")

    @pytest.mark.parametrize("header", ["", "t=,v1=", "t=x,v1=y", "v1", "t=99999999999999999999,v1=a"])
    def test_no_signature(self, client, header):
        response = client.post(
            reverse("reminders:sms_report"), b"{}", content_type="x/y", headers={"Nappage-Signature": header}
        )
        assert response.status_code == 403

    @pytest.mark.parametrize("content", [[], "x", 7, None])
    def test_not_understood(self, client, content):
        assert self.post(client, content).status_code == 400

    def test_while_it_is_handed_over_the_provider_is_to_come_again(self, client, sent):
        Reminder.objects.update(status=R.CLAIMED, claimed_at=NOW)
        response = self.post(client, {"id": "abc-1", "status": "delivered"})
        assert (response.status_code, response["Retry-After"]) == (503, "5")

    def test_closed_without_a_key(self, client, settings):
        settings.SMS_REPORT_KEY = ""
        assert self.post(client, {}, key="").status_code == 404


class TestTwilio:
    @pytest.fixture(autouse=True)
    def set_up(self, settings, sent):
        settings.TWILIO_TOKEN, settings.BASE_URL = KEY, "https://clinic.example.org"

    def post(self, client, name, values, signature=None):
        url = reverse("reminders:twilio_report", args=[name])
        signature = signature or twilio.signature("https://clinic.example.org" + url, values)
        return client.post(url, values, headers={"X-Twilio-Signature": signature})

    def test_signature_is_twilios(self, settings):
        """The example of Twilio's own documentation."""
        settings.TWILIO_TOKEN = "12345"
        values = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        url = "https://mycompany.com/myapp.php?foo=1&bar=2"
        assert twilio.signature(url, values) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="

    def test_noted(self, client, sent):
        values = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005", "To": sent.patient.phone}
        Reminder.objects.update(channel="sms")
        assert self.post(client, reference(sent), values).status_code == 204
        assert state(sent) == (R.FAILED, "bounced")
        sent.patient.refresh_from_db()
        assert not sent.patient.phone_works

    def test_not_believed(self, client, sent):
        values = {"MessageStatus": "failed"}
        assert self.post(client, reference(sent), values, signature="AAAA").status_code == 403
        assert state(sent) == (R.SENT, "")


class TestEmailProvider:
    """Postmark's report, through django-anymail as it is."""

    @pytest.fixture(autouse=True)
    def set_up(self, settings, sent):
        settings.EMAIL_PROVIDER = "postmark"
        settings.ANYMAIL = {"WEBHOOK_SECRET": "name:secret", "POSTMARK_SERVER_TOKEN": "x"}

    def post(self, client, content, secret="name:secret"):
        return client.post(
            reverse("reminders:email_report"),
            json.dumps(content),
            content_type="application/json",
            headers={"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()},
        )

    def bounce(self, reminder, **about):
        return {
            "RecordType": "Bounce",
            "ID": 1,
            "Type": "HardBounce",
            "TypeCode": 1,
            "MessageID": "other",
            "Metadata": {"reference": reference(reminder)},
            "Email": reminder.patient.email,
            "BouncedAt": "2027-03-09T10:00:00Z",
        } | about

    def test_noted(self, client, sent):
        assert self.post(client, self.bounce(sent)).status_code == 200
        assert state(sent) == (R.FAILED, "bounced")
        sent.patient.refresh_from_db()
        assert not sent.patient.email_works

    def test_by_the_providers_id(self, client, sent):
        delivery = {
            "RecordType": "Delivery",
            "MessageID": "abc-1",
            "Recipient": sent.patient.email,
            "DeliveredAt": "2027-03-09T10:00:00Z",
        }
        assert self.post(client, delivery).status_code == 200
        assert state(sent) == (R.SENT, "delivered")

    def test_not_believed(self, client, sent):
        assert self.post(client, self.bounce(sent), secret="name:guessed").status_code == 403
        assert state(sent) == (R.SENT, "")

    @pytest.mark.parametrize("content", ["", [], 7, {}, {"RecordType": "Bounce", "BouncedAt": "x"}])
    def test_not_understood_is_no_500(self, client, content):
        assert self.post(client, content).status_code in {200, 400}

    @pytest.mark.parametrize("how", [{"EMAIL_PROVIDER": ""}, {"ANYMAIL": {}}])
    def test_closed_without_a_secret(self, client, sent, settings, how):
        for name, value in how.items():
            setattr(settings, name, value)
        assert self.post(client, self.bounce(sent)).status_code == 404
