"""A whole clinic of processes for fault tests: its own database, its own queue, and a real worker that may be killed.

Run as a module it is the hand inside that clinic: `10 email` gives ten patients with e-mail a visit tomorrow.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from celery import Celery

from clinic.core import fsbroker  # noqa: F401 -- registers its transport
from tests.reminders.servers import MailSink, SmsSink

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds, on a machine that has much else to do


class Crew:
    """`database` and `queue` are URLs, or empty for the embedded ones in `folder`."""

    def __init__(self, folder: Path, *, database="", queue="", mails: MailSink, texts: SmsSink):
        self.folder, self.database, self.queue = folder, database, queue
        self.mails, self.texts = mails, texts
        self.processes = []
        self.environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"} | {
            "NAPPAGE_DATA_DIR": str(folder),
            "DATABASE_URL": database,
            "REDIS_URL": queue,
            "NAPPAGE_HTTPS": "false",
            "NAPPAGE_SMTP_HOST": "127.0.0.1",
            "NAPPAGE_SMTP_PORT": str(mails.port),
            "NAPPAGE_SMS_URL": texts.url,
            "NAPPAGE_SMS_TOKEN": "secret",
        }

    def __enter__(self):
        self.run("manage.py", "migrate", "--verbosity=0")
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            self.kill(process)

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def seed(self, count: int, channel: str) -> None:
        """So many visits tomorrow, whose messages are due now."""
        self.run("-m", "tests.reminders.crew", str(count), channel)

    def sweep(self) -> None:
        """Asks the worker to look what is due, as the clock does."""
        with Celery(broker=self.queue or "safefs://") as app:
            app.conf.task_publish_retry_policy = {"max_retries": 1, "interval_start": 0}
            app.conf.broker_transport_options = self._queue_options()
            app.send_task("treatments.reminders.tasks.sweep_reminders")

    def _queue_options(self) -> dict:
        if self.queue:
            return {"socket_timeout": 1, "socket_connect_timeout": 1}
        folder = str(self.folder / "queue" / "waiting")
        return {
            "data_folder_in": folder,
            "data_folder_out": folder,
            "control_folder": str(self.folder / "queue" / "control"),
        }

    def worker(self, concurrency: int = 2):
        pool = "prefork" if self.queue else "threads"
        return self.start("worker", "-P", pool, "-c", str(concurrency), "--without-gossip", "--without-mingle")

    def beat(self):
        return self.start("beat", "--pidfile=")

    def start(self, *command: str):
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "clinic", *command],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def forget(self) -> None:
        """Nobody is at work, no visit is ahead and nothing was sent."""
        for process in self.processes:
            self.kill(process)
        self.processes.clear()
        self.sql("UPDATE scheduling_appointment SET status = 'cancelled', cancel_reason = 'over'")
        self.sql("DELETE FROM reminders_attempt")
        self.sql("DELETE FROM reminders_reminder")
        self.mails.messages.clear()
        self.texts.received.clear()

    def kill(self, process) -> None:
        """The whole group at once, as a power cut would."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self) -> str:
        return "".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))

    def wait_until(self, is_so) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def sweep_until(self, is_so) -> None:
        """Sweeps again and again, as the clock does every minute: a row that a hiccup left behind is found again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.sweep()
            again = time.monotonic() + 5
            while time.monotonic() < again:
                if is_so():
                    return
                time.sleep(0.05)
            assert time.monotonic() < deadline, self.log()

    def states(self) -> dict[tuple[str, str], int]:
        rows = self.sql("SELECT channel, status, count(*) FROM reminders_reminder GROUP BY channel, status")
        return {(channel, status): count for channel, status, count in rows}

    def let_leases_run_out(self) -> None:
        past = "now() - interval '3 minutes'" if self.database else "datetime('now', '-3 minutes')"
        self.sql(f"UPDATE reminders_reminder SET claimed_at = {past} WHERE status = 'claimed'")

    def sql(self, statement: str) -> list:
        with self.connection() as connection:
            cursor = connection.cursor()
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
            return rows

    @contextmanager
    def connection(self):
        if self.database:
            connection = psycopg2.connect(self.database)
        else:
            connection = sqlite3.connect(self.folder / "db.sqlite3", timeout=20)
        try:
            yield connection
        finally:
            connection.close()


def seed(count: int, channel: str) -> None:
    from datetime import timedelta

    from clinic.core import clock
    from clinic.staff.models import ClinicProfile
    from patients.registry.models import Patient
    from tests.factories.patients import LONG_AGO, PatientFactory
    from tests.factories.people import PractitionerFactory
    from tests.factories.treatments import AppointmentFactory, VisitTypeFactory
    from treatments.reminders import services
    from treatments.reminders.models import ReminderRule
    from treatments.scheduling.models import Appointment

    own = {"name": "Clínica Aurora", "phone": "+34 910 000 000", "quiet_from": None, "quiet_until": None}
    ClinicProfile.objects.get_or_create(pk=1, defaults=own)
    services.load_default_rules_and_texts(at=LONG_AGO)
    ReminderRule.objects.exclude(key="nsaid_week").update(active=False)  # one message for each visit
    have = Patient.objects.count()
    practitioner = PractitionerFactory(email=f"{channel}{have}@clinic.example")
    visit_type = VisitTypeFactory(name=f"{channel} {have}")
    patients = [PatientFactory.build(number=f"T{have + n:07d}", channel=channel) for n in range(count)]
    visits = [
        AppointmentFactory.build(
            patient=patient,
            practitioner=practitioner,
            booked_by=practitioner,
            visit_type=visit_type,
            starts_at=clock.now() + timedelta(days=1, minutes=number),
            ends_at=clock.now() + timedelta(days=1, minutes=number, seconds=50),
        )
        for number, patient in enumerate(Patient.objects.bulk_create(patients))
    ]
    Appointment.objects.bulk_create(visits)
    services.plan_reminders()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    import django

    django.setup()
    seed(int(sys.argv[1]), sys.argv[2])
