"""The whole clinic on this machine: database, demo people, web server, queue worker and clock."""

import fcntl
import http.client
import io
import os
import socket
import sys

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from clinic.bootstrap import add_start_options, step
from clinic.core.processes import Child, Household, VitalChildEnded

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds that the web server may take until it answers


class Command(BaseCommand):
    help = "Prepare the database and a demo clinic, then run web server, queue worker and clock until Ctrl-C."

    def add_arguments(self, parser):
        add_start_options(parser)

    def handle(self, *, port, no_demo, **options):
        os.umask(0o077)  # patient data: for the owner's eyes
        try:
            with claim(settings.DATA_DIR):
                refuse_taken(port)
                people = self.prepare(demo=not no_demo)
                self.run(port, people)
        except KeyboardInterrupt:
            sys.exit("\nStopped.")

    def prepare(self, *, demo: bool) -> str:
        """Bring the database up to date; return who may sign in."""
        with step("database", sys.stdout):
            migrate()
        with step("static files", sys.stdout):
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        people = io.StringIO()
        if demo:
            with step("demo clinic", sys.stdout):
                call_command("demo", stdout=people)
        connections.close_all()
        return people.getvalue()

    def run(self, port: int, people: str) -> None:
        with Household(children(port), say=self.stdout.write) as house:
            try:
                with step("web server", sys.stdout):
                    answers = house.wait_for(lambda: is_answering(port), seconds=PATIENCE)
                if answers:
                    self.welcome(port, people)
                    house.keep()
            except VitalChildEnded as ended:
                raise CommandError(f"The web server ended. Its log says:\n{ended.child.last_lines()}") from None
            if not house.ending:
                raise CommandError(f"The web server did not answer in {PATIENCE:.0f} s. See {settings.DATA_DIR}/log.")
            self.stdout.write("\nStopping.")
        self.stdout.write("Stopped.")

    def welcome(self, port: int, people: str) -> None:
        data = settings.DATA_DIR
        self.stdout.write(f"\nNappage is ready: http://localhost:{port}\n")
        if people:
            self.stdout.write(people)
        self.stdout.write(
            f"E-mails it sends are in {data}/mail, text messages in {data}/sms, logs in {data}/log.\n"
            "Ctrl-C stops everything; what was entered stays."
        )
        self.stdout.flush()


def claim(data):
    """A lock on the data folder: two workers on one embedded queue would take each other's messages."""
    lock = (data / "start.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(
            f"Nappage is already running with the data in {data}.\n"
            "Stop it first, or give this one a folder of its own: --data FOLDER --port 8001"
        ) from None
    return lock


def refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror.lower()}).\n"
                f"Choose another one: python3 manage.py start --port {port + 1 if port < 65535 else 8001}"
            ) from None


def migrate() -> None:
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise CommandError(
            f"The database cannot be used: {error}\n"
            "Check that it is running and that DATABASE_URL is right; without DATABASE_URL SQLite is used."
        ) from None


def children(port: int) -> list[Child]:
    """Web server, queue worker and clock, each a process of its own."""
    log = settings.DATA_DIR / "log"
    log.mkdir(exist_ok=True)

    def child(name, *command, vital=False):
        path = log / f"{name}.log"
        if path.exists():
            path.replace(log / f"{name}.previous.log")
        return Child(name, [sys.executable, "-m", *command], log=path, vital=vital)

    web = ["gunicorn", "clinic.wsgi:application", f"--bind={HOST}:{port}", "--worker-class=gthread", "--threads=8"]
    celery = ["celery", "-A", "clinic"]
    return [
        child("web", *web, "--graceful-timeout=3", "--no-control-socket", vital=True),
        child("worker", *celery, "worker", "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle"),
        child("beat", *celery, "beat", "--pidfile="),
    ]


def is_answering(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
