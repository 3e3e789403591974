"""Real workers on both kinds of queue and database: killed, cut off from the queue, and still nothing lost."""

import json
import os
import signal
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError
from kombu.transport import filesystem

from clinic.core import fsbroker
from tests.reminders.crew import Crew
from tests.reminders.servers import MailSink, SmsSink
from tests.services import private_postgres, private_valkey

KILLS = 4
CONCURRENCY = 2


@pytest.fixture(scope="session", params=["embedded", "grown"])
def clinic_of_processes(request, tmp_path_factory):
    """On SQLite and files, and on PostgreSQL and Valkey, whatever database the tests run on."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        sinks = {"mails": stack.enter_context(MailSink(delay=0.01)), "texts": stack.enter_context(SmsSink(delay=0.01))}
        if request.param == "embedded":
            yield stack.enter_context(Crew(folder, **sinks))
            return
        postgres, valkey = stack.enter_context(private_postgres()), stack.enter_context(private_valkey())
        crew = stack.enter_context(Crew(folder, database=postgres.url, queue=valkey.url, **sinks))
        crew.valkey = valkey
        yield crew


@pytest.fixture
def crew(clinic_of_processes):
    yield clinic_of_processes
    clinic_of_processes.forget()


@pytest.mark.once
@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost(crew):
    """kill -9 of the whole worker, several times during 200 messages."""
    crew.seed(100, "email")
    crew.seed(100, "sms")
    for _kill in range(KILLS):
        worker = crew.worker(CONCURRENCY)
        crew.sweep()
        before = len(crew.mails.messages) + len(crew.texts.received)
        crew.wait_until(lambda before=before: len(crew.mails.messages) + len(crew.texts.received) >= before + 25)
        crew.kill(worker)
        crew.let_leases_run_out()
    crew.worker(CONCURRENCY)
    crew.sweep_until(lambda: not {("email", "planned"), ("sms", "planned")} & crew.states().keys())
    crew.let_leases_run_out()
    crew.sweep_until(lambda: not {status for _channel, status in crew.states()} & {"planned", "claimed"})

    states = crew.states()
    unknown = states.get(("sms", "unknown"), 0)
    assert states[("email", "sent")] == len(crew.mails.count) == 100
    assert sum(crew.mails.count.values()) - 100 <= KILLS * CONCURRENCY
    assert states[("sms", "sent")] + unknown == 100
    assert set(crew.texts.count.values()) == {1}
    assert 100 - len(crew.texts.count) <= unknown <= KILLS * CONCURRENCY


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("clinic_of_processes", ["embedded"], indirect=True)
def test_beat_and_worker_deliver_what_is_due(crew):
    """No hand helps: a visit is there, the clock plans and sweeps, the message arrives."""
    crew.worker(CONCURRENCY)
    crew.beat()
    crew.seed(3, "email")
    crew.wait_until(lambda: len(crew.mails.messages) == 3)
    crew.wait_until(lambda: crew.states() == {("email", "sent"): 3})


@pytest.mark.once
@pytest.mark.slow
@pytest.mark.parametrize("clinic_of_processes", ["grown"], indirect=True)
def test_the_queue_goes_away_and_comes_back(crew):
    """Valkey killed, emptied and started again; then hung and let go: each time the clock's sweep finds the rows."""
    crew.worker(CONCURRENCY)
    crew.beat()
    crew.seed(2, "email")
    crew.valkey.kill()
    for file in Path(crew.valkey.folder).glob("appendonlydir/*"):
        file.unlink()
    crew.valkey.start()
    crew.wait_until(lambda: crew.states() == {("email", "sent"): 2})

    os.kill(crew.valkey.pid, signal.SIGSTOP)
    crew.seed(2, "sms")
    with pytest.raises(OperationalError):
        crew.sweep()
    os.kill(crew.valkey.pid, signal.SIGCONT)
    crew.wait_until(lambda: crew.states() == {("email", "sent"): 2, ("sms", "sent"): 2})
    assert set(crew.mails.count.values()) == set(crew.texts.count.values()) == {1}


class TestFileQueue:
    """The embedded queue: a message file is whole from the moment it can be seen."""

    def seen_while_writing(self, channel_class, module, folder, monkeypatch):
        seen = []

        class Channel(channel_class):
            data_folder_out = str(folder)
            data_folder_in = str(folder)

            def __init__(self):
                pass

        def watched(payload):
            seen.extend(path.read_text() for path in folder.glob("*.msg"))
            return json.dumps(payload)

        monkeypatch.setattr(module, "dumps", watched)
        Channel()._put("celery", {"body": "x" * 100_000})
        return seen, [json.loads(path.read_text()) for path in folder.glob("*.msg")]

    def test_ours(self, tmp_path, monkeypatch):
        seen, after = self.seen_while_writing(fsbroker.Channel, fsbroker, tmp_path, monkeypatch)
        assert (seen, len(after)) == ([], 1)

    def test_the_stock_one_shows_an_empty_file(self, tmp_path, monkeypatch):
        """The control: without our transport a second worker would read nothing, and die of it."""
        seen, after = self.seen_while_writing(filesystem.Channel, filesystem, tmp_path, monkeypatch)
        assert (Counter(seen), len(after)) == (Counter([""]), 1)
