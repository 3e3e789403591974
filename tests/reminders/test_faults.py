"""What goes wrong around the outbox, each with its figure: clocks, queues, databases, senders killed by the dozen."""

import random
import socket
import threading
from collections import Counter
from datetime import timedelta

import psutil
import pytest
from django.core import mail
from django.urls import reverse

from clinic.celery import app
from tests.reminders.conftest import NOW
from tests.reminders.test_planning import change
from tests.reminders.test_sending import DUE, sweep
from tests.reminders.test_worker import clinic_of_processes, crew  # noqa: F401 -- fixtures
from treatments.reminders.enums import ReminderStatus
from treatments.reminders.models import Reminder
from treatments.reminders.services import deliver_reminders, plan_reminders, sending, sweep_reminders

R = ReminderStatus
GROWN = pytest.mark.parametrize("clinic_of_processes", ["grown"], indirect=True)
HOUR = timedelta(hours=1)


@pytest.mark.django_db
class TestOneRunOfMany:
    """Several ids go to one task; each is looked at right before it is sent."""

    def test_cancelled_while_the_first_is_sent(self, many_visits, monkeypatch):
        visits = many_visits(25)
        plan_reminders(at=NOW)
        real = sending._send

        def send(*about):
            for visit in visits[1:]:
                change(visit, status="cancelled", cancel_reason="x")
            return real(*about)

        monkeypatch.setattr(sending, "_send", send)
        ends = deliver_reminders(reminder_ids=list(self.ids()), at=DUE + timedelta(days=1))
        assert len(mail.outbox) == 1
        assert Counter(ends.values()) == {R.SENT: 1, R.CANCELLED: 24}

    def test_what_there_is_no_time_for_waits(self, many_visits, monkeypatch):
        """A slow server: the run begins nothing more, and nothing is left claimed."""
        many_visits(5)
        plan_reminders(at=NOW)
        monkeypatch.setattr(sending, "RUN", -1)
        assert deliver_reminders(reminder_ids=list(self.ids()), at=DUE + timedelta(days=1)) == {}
        assert set(Reminder.objects.values_list("status", flat=True)) == {R.PLANNED}

    def test_one_claimed_at_a_time(self, many_visits, monkeypatch):
        """A sender that dies leaves one in doubt, not the whole run."""
        many_visits(10)
        plan_reminders(at=NOW)
        seen = []
        real = sending._send
        monkeypatch.setattr(
            sending,
            "_send",
            lambda *about: seen.append(Reminder.objects.filter(status=R.CLAIMED).count()) or real(*about),
        )
        deliver_reminders(reminder_ids=list(self.ids()), at=DUE + timedelta(days=1))
        assert seen == [1] * 10

    def ids(self):
        return Reminder.objects.order_by("pk").values_list("pk", flat=True)


@pytest.mark.django_db
def test_few_are_shared_out_and_many_go_together(many_visits):
    many_visits(100)
    plan_reminders(at=NOW)
    handed = []
    assert sweep_reminders(publish=handed.append, at=DUE + timedelta(days=3)) == 100
    assert sorted(pk for some in handed for pk in some) == list(
        Reminder.objects.order_by("pk").values_list("pk", flat=True)
    )
    assert max(map(len, handed)) == 100 // 16


@pytest.mark.django_db
def test_the_clock_is_moved_two_hours_either_way(many_visits):
    """The machine's clock jumps while messages are due: none is missed, none doubled."""
    many_visits(20)
    plan_reminders(at=NOW)
    jumps, at = random.Random(7), DUE - 3 * HOUR
    for _ in range(60):
        at += timedelta(minutes=15) + jumps.choice([0, 0, 0, 2, -2]) * HOUR
        plan_reminders(at=at)
        sweep(at=at)
    for _ in range(8):
        at = max(at, DUE + 10 * HOUR) + HOUR
        sweep(at=at)
    seen = Counter(message.extra_headers["Message-ID"] for message in mail.outbox)
    print(f"\nclock moved: missed {20 - len(seen)}, doubled {sum(seen.values()) - len(seen)} of 20")
    assert len(seen) == 20
    assert set(seen.values()) == {1}


@pytest.mark.django_db
def test_the_queue_is_away_for_an_hour(many_visits):
    many_visits(30)
    plan_reminders(at=NOW)
    at = DUE + timedelta(days=1)

    def away(pks):
        raise ConnectionError

    for minute in range(60):
        sweep_reminders(publish=away, at=at + timedelta(minutes=minute))
    assert mail.outbox == []
    assert len(sweep(at=at + HOUR)) == 30
    assert len(mail.outbox) == 30
    assert sweep(at=at + 2 * HOUR) == []


@pytest.fixture
def hung_queue():
    """Takes connections and never says a word; counts them."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept():
            while True:
                try:
                    taken.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        before = app.conf.broker_url
        app.conf.broker_url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        app.pool.force_close_all()
        yield taken
        app.conf.broker_url = before
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.django_db
def test_no_page_waits_for_a_queue_that_hangs(hung_queue, visit, client_of, front_desk):
    """Pages of the desk, and what it does, go on as if nothing were: they never ask the queue."""
    client = client_of(front_desk)
    plan_reminders(at=NOW)
    Reminder.objects.update(status=R.FAILED)
    row = Reminder.objects.get()
    answers = [
        client.get(reverse("home")),
        client.get(reverse("reminders:outbox")),
        client.get(reverse("reminders:failed_panel")),
        client.post(reverse("reminders:resend", args=[row.pk])),
        client.post(reverse("reminders:told", args=[row.pk])),
        client.get(reverse("scheduling:day")),
    ]
    assert [answer.status_code for answer in answers if answer.status_code >= 400] == []
    assert hung_queue == []


@pytest.mark.once
@pytest.mark.slow
@GROWN
def test_twenty_kills_in_500(crew):  # noqa: F811
    """kill -9 of senders, and twice of the whole worker, while 250 e-mails and 250 text messages go out."""
    kills, concurrency = 20, 2
    for channel in ("email", "sms"):
        crew.seed(250, channel)
    worker = crew.worker(concurrency)

    def arrived():
        return len(crew.mails.messages) + len(crew.texts.received)

    for kill in range(kills):
        before = arrived()
        crew.sweep_until(lambda before=before: arrived() >= before + 15)
        if kill in {6, 13}:
            crew.kill(worker)
            worker = crew.worker(concurrency)
        else:
            senders = psutil.Process(worker.pid).children()
            senders[kill % len(senders)].kill()
    crew.kill(worker)
    crew.worker(concurrency)
    crew.let_leases_run_out()
    crew.sweep_until(lambda: not {status for _channel, status in crew.states()} & {"planned", "claimed"})

    states, mails, texts = crew.states(), crew.mails.count, crew.texts.count
    unknown = states.get(("sms", "unknown"), 0)
    doubled = sum(mails.values()) - 250
    lost = 500 - states[("email", "sent")] - states[("sms", "sent")] - unknown
    print(f"\n{kills} kills in 500: lost {lost}, e-mails doubled {doubled}, texts doubled ", end="")
    print(f"{sum(texts.values()) - len(texts)}, texts of which nobody knows {unknown}")
    assert (lost, len(mails), set(texts.values())) == (0, 250, {1})
    assert max(doubled, unknown) <= (kills + 1) * concurrency


@pytest.mark.once
@pytest.mark.slow
@GROWN
def test_two_of_everything(crew):  # noqa: F811
    """Two workers, two clocks: every planner and sweeper runs twice, and nothing is doubled."""
    for _ in range(2):
        crew.worker(2)
        crew.beat()
    for channel in ("email", "sms"):
        crew.seed(40, channel)
    crew.wait_until(lambda: crew.states() == {("email", "sent"): 40, ("sms", "sent"): 40})
    print(
        f"\ntwo of everything: {sum(crew.mails.count.values())} e-mails, {sum(crew.texts.count.values())} texts of 40"
    )
    assert set(crew.mails.count.values()) == set(crew.texts.count.values()) == {1}


@pytest.mark.once
@pytest.mark.slow
@GROWN
def test_connections_are_kept_and_heal(crew):  # noqa: F811
    """A worker keeps its database connection from task to task; one that the server dropped is made anew."""
    crew.worker(1)

    def run() -> set[int]:
        crew.sql("UPDATE reminders_heartbeat SET at = now() - interval '1 day'")
        crew.sweep()
        crew.wait_until(lambda: crew.sql("SELECT 1 FROM reminders_heartbeat WHERE at > now() - interval '1 hour'"))
        others = "datname = 'nappage' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        return {pid for (pid,) in crew.sql(f"SELECT pid FROM pg_stat_activity WHERE {others}")}

    crew.sql("INSERT INTO reminders_heartbeat (name, at) VALUES ('sweeper', now()) ON CONFLICT DO NOTHING")
    first = run()
    assert [run() for _ in range(4)] == [first] * 4
    assert len(first) == 1
    crew.sql(f"SELECT pg_terminate_backend({first.pop()})")
    crew.wait_until(lambda: len(run()) == 1)
