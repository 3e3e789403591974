"""Providers at their worst: Twilio, django-anymail, and mail servers that take three commands in one breath."""

import base64
import json
import smtplib
from datetime import timedelta
from email.generator import Generator
from unittest.mock import Mock

import pytest
import requests
from anymail.backends.postmark import EmailBackend as Postmark
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp as django_smtp

from tests.reminders.servers import MailSink, SmsSink
from tests.services import free_port
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Attempt
from treatments.reminders.transports import Outcome, email, http, send_email, smtp, twilio

from .test_planning import wish
from .test_sending import DUE, deliver, reminder, sms_reminder  # noqa: F401 -- fixtures

pytestmark = pytest.mark.django_db
R = ReminderStatus


class TestTwilio:
    @pytest.fixture(autouse=True)
    def sink(self, settings, monkeypatch):
        monkeypatch.setattr(http, "TIMEOUT", 0.3)
        with SmsSink() as sink:
            settings.SMS_TRANSPORT = "treatments.reminders.transports.TwilioSms"
            settings.TWILIO_URL = sink.url.partition("/send")[0]
            settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN, settings.TWILIO_FROM = "AC1", "secret", "+34910000000"
            settings.BASE_URL = "https://clinic.example.org"
            yield sink

    def test_sent(self, sms_reminder, sink):  # noqa: F811
        assert deliver(sms_reminder).status == R.SENT
        (received,) = sink.received
        assert received["path"] == "/2010-04-01/Accounts/AC1/Messages.json"
        assert received["token"] == "Basic " + base64.b64encode(b"AC1:secret").decode()
        assert (received["To"], received["From"]) == (sms_reminder.patient.phone, "+34910000000")
        assert received["Body"] == sms_reminder.text
        assert received["StatusCallback"] == (
            f"https://clinic.example.org/messages/reports/twilio/reminder-{sms_reminder.pk}-0/"
        )
        assert Attempt.objects.get().provider_id == "SM0123"

    @pytest.mark.parametrize(
        ("ending", "status", "answer"),
        [
            ("211", R.FAILED, "400 21211"),
            ("401", R.FAILED, "401 20003"),
            ("429", R.PLANNED, "429 20429"),
            ("500", R.UNKNOWN, "500 20500"),
            ("888", R.UNKNOWN, "TimeoutError"),
            ("999", R.UNKNOWN, "RemoteDisconnected"),
        ],
    )
    def test_misbehaviour(self, sms_reminder, sink, ending, status, answer):  # noqa: F811
        wish(sms_reminder.patient, phone=f"+34600000{ending}")
        deliver(sms_reminder)
        assert (sms_reminder.status, sms_reminder.provider_answer) == (status, answer)
        assert len(sink.received) == 1
        sms_reminder.patient.refresh_from_db()
        assert sms_reminder.patient.phone_works == (ending != "211")

    def test_away(self, sms_reminder, settings):  # noqa: F811
        settings.TWILIO_URL = f"http://127.0.0.1:{free_port()}"
        assert deliver(sms_reminder).status == R.PLANNED

    def test_stays_away_as_long_as_it_is_asked_to(self, sms_reminder, sink):  # noqa: F811
        wish(sms_reminder.patient, phone="+34600000429")
        assert deliver(sms_reminder).next_try_at == DUE + timedelta(seconds=600)

    def test_a_messaging_service(self, settings):
        settings.TWILIO_FROM = "MG1"
        content = twilio.TwilioSms()._content("+34600000000", "x", "reminder-1-0")
        assert content["MessagingServiceSid"] == "MG1"
        assert "From" not in content


class TestAnymail:
    """Any provider of django-anymail; here Postmark's code, with the network cut out."""

    @pytest.fixture(autouse=True)
    def set_up(self, settings):
        settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
        yield
        email._connections.drop()

    def answers(self, monkeypatch, status=200, content=None, error=None):
        sent = []

        def request(session, **about):
            sent.append(about)
            if error:
                raise error
            response = requests.Response()
            response.status_code = status
            response._content = content or b"[]"
            return response

        monkeypatch.setattr(
            requests.Session, "request", lambda session, method, url, **about: request(session, **about)
        )
        return sent

    def test_sent(self, reminder, monkeypatch):  # noqa: F811
        ok = b'[{"ErrorCode": 0, "Message": "OK", "MessageID": "abc-1", "To": "%s"}]' % reminder.patient.email.encode()
        sent = self.answers(monkeypatch, content=ok)
        assert deliver(reminder).status == R.SENT
        assert Attempt.objects.get().provider_id == "abc-1"
        assert f'"reminder-{reminder.pk}-0"' in str(sent[0]["data"])  # comes back with the reports

    @pytest.mark.parametrize(
        ("status", "becomes"), [(500, R.PLANNED), (503, R.PLANNED), (429, R.PLANNED), (401, R.PLANNED), (400, R.FAILED)]
    )
    def test_misbehaviour(self, reminder, monkeypatch, status, becomes):  # noqa: F811
        self.answers(monkeypatch, status=status, content=b"not JSON, and names somebody@mail.example")
        assert deliver(reminder).status == becomes
        assert "@" not in reminder.provider_answer

    def test_away(self, reminder, monkeypatch):  # noqa: F811
        self.answers(monkeypatch, error=requests.ConnectTimeout())
        assert deliver(reminder).status == R.PLANNED

    def test_an_address_that_came_back_before(self, reminder, monkeypatch):  # noqa: F811
        words = "You tried to send to recipients that have been marked as inactive. Found inactive addresses: "
        refused = {"ErrorCode": 406, "Message": f"{words}{reminder.patient.email}. Inactive recipients are"}
        self.answers(monkeypatch, status=422, content=json.dumps(refused).encode())
        assert (deliver(reminder).status, reminder.why) == (R.FAILED, Why.REFUSED)
        reminder.patient.refresh_from_db()
        assert not reminder.patient.email_works

    def test_the_session_is_kept(self, monkeypatch):
        self.answers(
            monkeypatch, content=b'{"ErrorCode": 0, "Message": "OK", "MessageID": "a", "To": "a@mail.example"}'
        )
        made = []
        monkeypatch.setattr(
            Postmark, "create_session", lambda self, real=Postmark.create_session: made.append(1) or real(self)
        )
        for _ in range(3):
            assert send_email(EmailMessage("s", "b", "c@clinic.example", ["a@mail.example"])).outcome == Outcome.SENT
        assert len(made) == 1


class TestInOneBreath:
    @pytest.fixture
    def sink(self, settings):
        with MailSink() as sink:
            settings.EMAIL_BACKEND = "treatments.reminders.transports.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
            yield sink
            email._connections.drop()

    @pytest.fixture(params=[True, False], ids=["in one breath", "one by one"])
    def breath(self, request, monkeypatch):
        """Whether the server says that it can; aiosmtpd can, and does not say so."""
        real = smtp.Smtp.has_extn
        says = lambda self, name: request.param if name == "pipelining" else real(self, name)  # noqa: E731
        monkeypatch.setattr(smtp.Smtp, "has_extn", says)
        return request.param

    def send(self, to, body="Hello"):
        return send_email(EmailMessage("Subject", body, "clinic@example.org", [to]))

    def test_sent_as_it_was_written(self, sink, breath):
        body = ".\r\n..\r\n.dot\r\nend\r\n."
        for _ in range(2):
            assert self.send("a@mail.example", body).outcome == Outcome.SENT
        assert [message.get_payload().rstrip("\r\n") for message in sink.messages] == [body] * 2
        assert sink.connections == 1

    @pytest.mark.parametrize(
        ("to", "outcome", "answer"),
        [
            ("421@mail.example", Outcome.LATER, "421 4.7.1"),
            ("451@mail.example", Outcome.LATER, "451 4.7.1"),
            ("550@mail.example", Outcome.REFUSED, "550 5.7.1"),
            ("554@mail.example", Outcome.REFUSED, "554 5.7.1"),
            ("cut@mail.example", Outcome.LATER, "SMTPServerDisconnected"),
        ],
    )
    def test_misbehaviour(self, sink, breath, to, outcome, answer):
        given = self.send(to)
        assert (given.outcome, given.detail) == (outcome, answer)
        assert self.send("fine@mail.example").outcome == Outcome.SENT

    def test_refused_sender(self, sink, breath):
        given = send_email(EmailMessage("Subject", "b", "553@clinic.example", ["a@mail.example"]))
        assert (given.outcome, given.detail, given.bad_address) == (Outcome.REFUSED, "553 5.1.8", False)

    def test_several_recipients_go_one_by_one(self, sink, breath):
        message = EmailMessage("Subject", "b", "clinic@example.org", ["a@mail.example", "550@mail.example"])
        assert send_email(message).outcome == Outcome.SENT
        assert len(sink.messages) == 1


@pytest.mark.parametrize(
    "about",
    [
        {},
        {"subject": "Su visita el jueves, Clínica Aurora", "body": "Hóla\r\n" + "x" * 1200},
        {"from_email": "Clínica Aurora <clinic@example.org>", "to": ["Ana <ana@mail.example>"]},
        {"to": ["josé@bücher.example"], "reply_to": ["desk@clinic.example"]},
        {"headers": {"List-Unsubscribe": f"<https://clinic.example/l/{'x' * 70}>", "X-Long": "word " * 40}},
        {"headers": {"X-Just-Too-Long": "x" * 60}, "attachments": [("visit.ics", "BEGIN:VCALENDAR", "text/calendar")]},
    ],
)
def test_a_message_leaves_as_django_would_have_sent_it(monkeypatch, about):
    """What is quicker about ours changes neither the envelope nor a byte of the message."""
    plain = {"subject": "Subject", "body": "Hello", "from_email": "clinic@example.org", "to": ["a@mail.example"]}
    plain["headers"] = {"Message-ID": "<1@example.org>", "Date": "Mon, 01 Mar 2027 10:00:00 -0000"}
    said = []
    monkeypatch.setattr(Generator, "_make_boundary", staticmethod(lambda text=None: "=====boundary"))
    for backend in (django_smtp.EmailBackend(), smtp.EmailBackend()):
        backend.connection = Mock(sendmail=lambda *what: said.append(what))
        backend._send(EmailMessage(**plain | about | {"headers": plain["headers"] | about.get("headers", {})}))
    assert said[0] == said[1]


def test_only_some_refusals_speak_of_the_address():
    for code, is_bad in (("5.1.1", True), ("5.7.1", False), ("5.1.8", False), ("", False)):
        error = smtplib.SMTPRecipientsRefused({"a@mail.example": (550, f"{code} <a@mail.example> no".encode())})
        assert email._smtp_answer(error).bad_address is is_bad
