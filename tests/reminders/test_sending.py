"""One row, one message: claims, what changed at the last moment, servers that misbehave, and senders that die."""

import json
import socket
import threading
from datetime import time, timedelta

import pytest
from django.core import mail
from django.db import OperationalError, connection

from clinic.audit.models import AuditEvent
from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.factories.treatments import AppointmentFactory
from tests.reminders.conftest import NOW, VISIT
from tests.reminders.servers import MailSink, SmsSink
from tests.reminders.test_planning import change, wish
from tests.services import free_port
from treatments.reminders import rules, transports
from treatments.reminders.enums import ReminderStatus, Why
from treatments.reminders.models import Heartbeat, MessageText, Reminder
from treatments.reminders.services import deliver_reminder, plan_reminders, sweep_reminders
from treatments.reminders.transports import email, http

pytestmark = pytest.mark.django_db
R = ReminderStatus
DUE = VISIT - timedelta(days=7)


@pytest.fixture
def reminder(visit):
    plan_reminders(at=NOW)
    return Reminder.objects.get()


@pytest.fixture
def sms_reminder(visit):
    wish(visit.patient, channel="sms")
    plan_reminders(at=NOW)
    return Reminder.objects.get()


@pytest.fixture
def mail_sink(settings):
    with MailSink() as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink
        email._connections.drop()


@pytest.fixture
def sms_sink(settings):
    with SmsSink() as sink:
        settings.SMS_TRANSPORT = "treatments.reminders.transports.HttpSms"
        settings.SMS_URL, settings.SMS_TOKEN = sink.url, "secret"
        yield sink


def deliver(reminder, at=DUE):
    deliver_reminder(reminder_id=reminder.pk, at=at)
    reminder.refresh_from_db()
    return reminder


def sweep(at):
    """Sweeps, and delivers what was handed over; returns the ids."""
    ids = []
    sweep_reminders(publish=ids.extend, at=at)
    for pk in ids:
        deliver_reminder(reminder_id=pk, at=at)
    return ids


class TestEmail:
    def test_sent(self, reminder):
        assert deliver(reminder).status == R.SENT
        (message,) = mail.outbox
        assert message.to == [reminder.patient.email]
        assert message.subject == "Your visit on Tuesday 16 March, Clínica Aurora"
        assert message.extra_headers["Message-ID"] == f"<reminder-{reminder.pk}-0@example.org>" == reminder.message_id
        assert message.extra_headers["Auto-Submitted"] == "auto-generated"
        assert "From Tuesday 9 March" in message.body
        assert (reminder.text, reminder.text_kind, reminder.attempts) == (message.body, "stop_self_bought", 1)
        event = AuditEvent.objects.get(action="send")
        assert (event.actor_id, event.patient_id, event.subject_id) == (None, reminder.patient_id, str(reminder.pk))

    def test_not_before_its_time(self, reminder):
        assert deliver(reminder, at=DUE - timedelta(seconds=1)).status == R.PLANNED
        assert mail.outbox == []

    def test_not_twice(self, reminder):
        deliver(reminder)
        deliver(reminder)
        assert len(mail.outbox) == 1

    def test_the_wording_follows_what_is_known_when_it_is_sent(self, reminder):
        PatientMedicineFactory(
            patient=reminder.patient, medicine=MedicineFactory(group="anticoagulant"), source="prescribed"
        )
        assert deliver(reminder).text_kind == "keep_taking"
        assert "Do not stop a medicine" in mail.outbox[0].body
        assert "do not take" not in mail.outbox[0].body


@pytest.mark.parametrize(
    ("what", "status", "why"),
    [
        ({"status": "cancelled", "cancel_reason": "x"}, R.CANCELLED, Why.VISIT_CANCELLED),
        ({"starts_at": VISIT + timedelta(days=1)}, R.CANCELLED, Why.VISIT_MOVED),
        ({"status": "in_session"}, R.CANCELLED, Why.VISIT_BEGUN),
        ({"status": "no_show"}, R.CANCELLED, Why.VISIT_BEGUN),
    ],
)
def test_what_changed_after_planning_is_seen_before_sending(reminder, what, status, why):
    change(reminder.appointment, **what)
    deliver(reminder)
    assert (reminder.status, reminder.why, mail.outbox) == (status, why, [])


@pytest.mark.parametrize(
    ("what", "why"), [({"may_message": False}, Why.OPTED_OUT), ({"email": "", "channel": ""}, Why.NO_CONTACT)]
)
def test_the_patients_last_word_counts(reminder, what, why):
    wish(reminder.patient, **what)
    deliver(reminder)
    assert (reminder.status, reminder.why, mail.outbox) == (R.SKIPPED, why, [])


def test_not_after_the_visit_began(reminder):
    assert deliver(reminder, at=VISIT).why == Why.VISIT_BEGUN


def test_nothing_stale_of_200(many_visits):
    visits = many_visits(200)
    plan_reminders(at=NOW)
    for number, visit in enumerate(visits):
        if number % 2:
            change(visit, status="cancelled", cancel_reason="x")
        else:
            change(visit, starts_at=visit.starts_at + timedelta(days=30))
    assert len(sweep(at=visits[-1].starts_at - timedelta(days=5))) == 200
    assert mail.outbox == []
    assert set(Reminder.objects.values_list("status", flat=True)) == {R.CANCELLED}


class TestQuietHours:
    """21:00 to 08:00 in Madrid; what was due by day and could not leave, or is tried again, waits for the morning."""

    NIGHT = DUE.replace(hour=22)  # 23:00 in Madrid

    @pytest.fixture(autouse=True)
    def quiet(self, clinic_row):
        clinic_row.quiet_from, clinic_row.quiet_until = time(21), time(8)
        clinic_row.save()

    def test_waits(self, reminder):
        assert deliver(reminder, at=self.NIGHT).status == R.PLANNED
        assert reminder.next_try_at == (DUE + timedelta(days=1)).replace(hour=7)
        assert mail.outbox == []
        assert deliver(reminder, at=reminder.next_try_at).status == R.SENT

    def test_not_when_a_person_sends_it_again(self, reminder):
        Reminder.objects.update(resends=1)
        assert deliver(reminder, at=self.NIGHT).status == R.SENT

    def test_not_when_the_visit_comes_first(self, reminder):
        assert deliver(reminder, at=(VISIT - timedelta(days=1)).replace(hour=22)).status == R.PLANNED
        change(reminder.appointment, starts_at=self.NIGHT.replace(hour=23))
        Reminder.objects.update(starts_at=self.NIGHT.replace(hour=23), next_try_at=DUE)
        assert deliver(reminder, at=self.NIGHT).status == R.SENT


class TestSms:
    def test_file(self, sms_reminder, settings, tmp_path):
        settings.SMS_FILE_PATH = tmp_path / "sms"
        assert deliver(sms_reminder).status == R.SENT
        (file,) = (tmp_path / "sms").iterdir()
        content = json.loads(file.read_text())
        assert content["to"] == sms_reminder.patient.phone
        assert content["text"] == sms_reminder.text
        assert file.stat().st_mode & 0o077 == 0
        assert sms_reminder.sms_parts in (1, 2, 3)

    def test_http(self, sms_reminder, sms_sink):
        assert deliver(sms_reminder).status == R.SENT
        assert sms_reminder.provider_answer == "200 provider-1"
        (received,) = sms_sink.received
        assert received["token"] == "Bearer secret"
        assert received["reference"] == f"reminder-{sms_reminder.pk}-0"

    @pytest.mark.parametrize(
        ("ending", "status", "why"),
        [
            ("429", R.PLANNED, ""),
            ("400", R.FAILED, Why.REFUSED),
            ("500", R.UNKNOWN, Why.NO_ANSWER),
            ("999", R.UNKNOWN, Why.NO_ANSWER),
            ("888", R.UNKNOWN, Why.NO_ANSWER),
        ],
    )
    def test_misbehaviour(self, sms_reminder, sms_sink, monkeypatch, ending, status, why):
        monkeypatch.setattr(http, "TIMEOUT", 0.2)
        wish(sms_reminder.patient, phone=f"+34600000{ending}")
        deliver(sms_reminder)
        assert (sms_reminder.status, sms_reminder.why) == (status, why)
        sweep(at=DUE + timedelta(hours=3))
        assert len(sms_sink.received) == (2 if status == R.PLANNED else 1)

    def test_no_provider_there(self, sms_reminder, sms_sink, settings):
        settings.SMS_URL = f"http://127.0.0.1:{free_port()}/"
        assert deliver(sms_reminder).status == R.PLANNED
        assert sms_reminder.provider_answer == "ConnectionRefusedError"

    def test_a_broken_transport_is_unknown_rather_than_repeated(self, sms_reminder, settings):
        settings.SMS_TRANSPORT = "nowhere.Transport"
        assert deliver(sms_reminder).status == R.UNKNOWN


class TestSmtp:
    def test_one_connection_for_many(self, many_visits, mail_sink):
        many_visits(20)
        plan_reminders(at=NOW)
        sweep(at=DUE + timedelta(days=1))
        assert (len(mail_sink.messages), mail_sink.connections) == (20, 1)

    def test_a_connection_that_died_in_between(self, many_visits, mail_sink):
        many_visits(2)
        plan_reminders(at=NOW)
        first, second = Reminder.objects.order_by("pk")
        deliver(first)
        email._connections.kept.connection.sock.shutdown(socket.SHUT_RDWR)
        assert deliver(second, at=DUE + timedelta(hours=1)).status == R.SENT

    @pytest.mark.parametrize(
        ("address", "status", "answer"),
        [
            ("421@mail.example", R.PLANNED, "421 4.7.1"),
            ("451@mail.example", R.PLANNED, "451 4.7.1"),
            ("550@mail.example", R.FAILED, "550 5.7.1"),
            ("554@mail.example", R.FAILED, "554 5.7.1"),
            ("cut@mail.example", R.PLANNED, "SMTPServerDisconnected"),
        ],
    )
    def test_misbehaviour(self, reminder, mail_sink, address, status, answer):
        wish(reminder.patient, email=address)
        deliver(reminder)
        assert (reminder.status, reminder.provider_answer) == (status, answer)
        assert reminder.patient.email not in reminder.provider_answer

    def test_cut_after_the_message_repeats_with_the_same_id(self, reminder, mail_sink):
        wish(reminder.patient, email="cut@mail.example")
        deliver(reminder)
        wish(reminder.patient, email="fine@mail.example")
        assert deliver(reminder, at=reminder.next_try_at).status == R.SENT
        assert list(mail_sink.count.values()) == [2]

    def test_slow(self, reminder, settings):
        settings.EMAIL_TIMEOUT = 0.2
        with MailSink(delay=0.6) as sink:
            settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
            settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
            assert deliver(reminder).status == R.PLANNED
        assert reminder.provider_answer in {"TimeoutError", "SMTPServerDisconnected"}

    def test_refused_waits_longer_each_time_and_ends_after_five(self, reminder, mail_sink, settings):
        settings.EMAIL_PORT = free_port()
        at, waits = DUE, []
        while deliver(reminder, at=at).status == R.PLANNED:
            waits.append(reminder.next_try_at - at)
            assert sweep(at=reminder.next_try_at - timedelta(seconds=1)) == []
            at = reminder.next_try_at
        assert [wait.total_seconds() / 60 for wait in waits] == [1, 5, 15, 60]
        assert (reminder.status, reminder.why, reminder.attempts) == (R.FAILED, Why.TOO_MANY_TRIES, 5)

    def test_poison_stops_nobody(self, many_visits, mail_sink):
        visits = many_visits(100)
        plan_reminders(at=NOW)
        wish(visits[3].patient, email="broken\nBcc: all@mail.example")
        wish(visits[7].patient, email="550@mail.example")
        at = DUE + timedelta(days=3)
        for hour in range(6):
            sweep(at=at + timedelta(hours=2 * hour))
        assert len(mail_sink.messages) == 98
        assert Reminder.objects.filter(status=R.FAILED).count() == 2


def test_a_text_that_is_missing_parks_the_message(reminder):
    MessageText.objects.filter(kind="stop_self_bought").update(kind="unknown")
    assert (deliver(reminder).status, reminder.why) == (R.FAILED, Why.NOT_WRITTEN)


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_a_database_that_is_away_while_writing_parks_nothing(visit, channel, monkeypatch, mailoutbox):
    """Links are made there. Nothing was sent, so a text message waits as well."""
    wish(visit.patient, channel=channel)
    plan_reminders(at=NOW)
    row = Reminder.objects.get()

    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr("treatments.reminders.services.addresses.issue_link", away)
        assert (deliver(row).status, row.why, mailoutbox) == (R.PLANNED, "", [])
    assert row.next_try_at > DUE and not row.tries.exists()
    assert deliver(row, at=row.next_try_at).status == R.SENT


class TestDeadSender:
    """The worker died between claim and end: the row is CLAIMED and nobody works on it."""

    def claim(self, reminder):
        Reminder.objects.filter(pk=reminder.pk).update(status=R.CLAIMED, claimed_at=DUE, attempts=1)

    def test_the_lease_is_kept(self, reminder):
        self.claim(reminder)
        assert sweep(at=DUE + rules.LEASE) == []

    def test_email_goes_out_again(self, reminder):
        self.claim(reminder)
        sweep(at=DUE + rules.LEASE + timedelta(seconds=1))
        reminder.refresh_from_db()
        assert (reminder.status, reminder.attempts, len(mail.outbox)) == (R.SENT, 2, 1)

    def test_email_that_kills_its_sender_every_time_is_parked(self, reminder):
        at = DUE
        for _ in range(9):
            Reminder.objects.filter(pk=reminder.pk, status=R.PLANNED).update(
                status=R.CLAIMED, claimed_at=at, attempts=reminder.attempts + 1
            )
            at += rules.LEASE + timedelta(seconds=1)
            sweep_reminders(publish=lambda pks: None, at=at)
            reminder.refresh_from_db()
        assert (reminder.status, reminder.attempts) == (R.FAILED, 5)

    def test_sms_is_left_to_a_person(self, sms_reminder):
        self.claim(sms_reminder)
        sweep(at=DUE + rules.LEASE + timedelta(seconds=1))
        sms_reminder.refresh_from_db()
        assert (sms_reminder.status, sms_reminder.why) == (R.UNKNOWN, Why.NO_ANSWER)

    def test_a_sender_whose_lease_ran_out_changes_nothing(self, reminder, monkeypatch):
        """It comes back to life while another one has the message."""
        later = DUE + timedelta(minutes=5)

        def slow(message):
            sweep_reminders(publish=lambda pks: None, at=later)
            Reminder.objects.filter(status=R.PLANNED).update(status=R.CLAIMED, claimed_at=later)
            return transports.Answer(transports.Outcome.REFUSED, "550")

        monkeypatch.setattr(transports, "send_email", slow)
        assert (deliver(reminder).status, reminder.claimed_at) == (R.CLAIMED, later)


class TestQueueAway:
    def test_the_rows_stay_and_are_found_again(self, many_visits):
        many_visits(3)
        plan_reminders(at=NOW)
        at = DUE + timedelta(days=1)

        def away(pks):
            raise ConnectionRefusedError

        assert sweep_reminders(publish=away, at=at) == 0
        assert Heartbeat.objects.get(name="sweeper").at == at
        assert len(sweep(at=at)) == 3
        assert len(mail.outbox) == 3

    def test_handed_over_twice_is_sent_once(self, reminder):
        ids = []
        for _ in range(2):
            sweep_reminders(publish=ids.extend, at=DUE)
        for pk in ids:
            deliver_reminder(reminder_id=pk, at=DUE)
        assert (len(ids), len(mail.outbox)) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_row_is_claimed_by_one_of_eight(visit, settings, tmp_path):
    settings.SMS_FILE_PATH = tmp_path
    wish(visit.patient, channel="sms")
    plan_reminders(at=NOW)
    pk = Reminder.objects.get().pk
    barrier = threading.Barrier(8)
    results = []

    def work():
        barrier.wait()
        results.append(deliver_reminder(reminder_id=pk, at=DUE))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == [None] * 7 + [R.SENT]
    assert len(list(tmp_path.iterdir())) == 1


def test_no_web_request_talks_to_the_queue():
    """Only the clockwork publishes: nothing that a page calls imports the tasks."""
    import ast
    from pathlib import Path

    for wing in ("clinic", "patients", "treatments"):
        for path in Path(wing).rglob("*.py"):
            if path.name == "tasks.py" or {"migrations", "bench"} & set(path.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                assert not [name for name in names if name.startswith("treatments.reminders.tasks")], path


def test_appointments_of_one_patient_on_one_day_are_each_announced(visit):
    AppointmentFactory(patient=visit.patient, starts_at=VISIT + timedelta(hours=2))
    plan_reminders(at=NOW)
    assert Reminder.objects.count() == 2
