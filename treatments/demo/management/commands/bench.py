import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

ENGINES = ("sqlite", "postgresql")
SIZES = ("patients", "visits", "injections", "repetitions", "desks")


class Command(BaseCommand):
    help = "Fills databases of its own, on both engines, and prints how long the pages that matter take."

    def add_arguments(self, parser):
        parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this one (default: on both)")
        parser.add_argument("--patients", type=int, default=100_000)
        parser.add_argument("--visits", type=int, default=500_000)
        parser.add_argument("--injections", type=int, default=0, help="this many more, and a lot with 3,000 patients")
        parser.add_argument("--repetitions", type=int, default=60)
        parser.add_argument("--desks", type=int, default=8, help="how many ask at once, over HTTP")
        parser.add_argument("--here", action="store_true", help="in the configured database, which must be empty")

    def handle(self, *, engine, here, **options):
        if here:
            self.run(**options)
            return
        for name in engine or ENGINES:
            self.run_apart(name, options)

    def run_apart(self, engine: str, options: dict) -> None:
        """In a process and a database of its own, that are gone afterwards."""
        from tests.services import private_postgres, private_valkey
        from treatments.demo.bench.sink import mail_sink

        sizes = [f"--{name}={options[name]}" for name in SIZES]
        with ExitStack() as stack:
            env = os.environ | {
                "NAPPAGE_DATA_DIR": stack.enter_context(tempfile.TemporaryDirectory(prefix="nappage-bench-")),
                "NAPPAGE_HTTPS": "false",
                "NAPPAGE_REQUIRE_SECOND_FACTOR": "false",
                "DATABASE_URL": "",
                "REDIS_URL": "",
            }
            if engine == "postgresql":
                env["DATABASE_URL"] = stack.enter_context(private_postgres(durable=True)).url
                env["REDIS_URL"] = stack.enter_context(private_valkey(appendfsync="everysec")).url
                env["NAPPAGE_SMTP_HOST"] = "127.0.0.1"
                env["NAPPAGE_SMTP_PORT"] = str(stack.enter_context(mail_sink()))
            subprocess.run([sys.executable, sys.argv[0], "bench", "--here", *sizes], env=env, check=True)  # noqa: S603

    def run(self, *, patients, visits, injections, repetitions, desks, **options):
        from treatments.demo.bench import crowd, house, machine, mails, pages

        self.stdout.write(f"\n{machine.described(settings.DATA_DIR)}")
        begun = time.perf_counter()

        def say(what: str) -> None:
            self.stdout.write(f"  {time.perf_counter() - begun:7.0f} s  {what}")
            self.stdout.flush()

        self.stdout.write(f"\n{connection.vendor}: filling")
        house.prepare(patients=patients, visits=visits, injections=injections, say=say)
        filled = time.perf_counter() - begun
        rows = f"{patients:,} patients, {visits:,} visits, {injections:,} more injections"
        self.stdout.write(f"{connection.vendor}: {rows}, filled in {filled:.0f} s")
        self.stdout.write(f"\n{'one desk':<40}{'p50 ms':>9}{'p95 ms':>9}{'queries':>9}{'bytes':>10}")
        for figure in pages.measure(repetitions=repetitions):
            self.show(figure)
        self.show(mails.planning())
        self.stdout.write(f"\n{f'{desks} desks at once':<40}{'p50 ms':>9}{'p95 ms':>9}{'a second':>9}")
        for rush in crowd.rushes(desks=desks, requests=4 * repetitions):
            self.stdout.write(f"{rush.name:<40}{rush.p50:>9.1f}{rush.p95:>9.1f}{rush.a_second:>9.1f}")
        if settings.EMAIL_HOST:
            for processes in (1, 2):
                sent, a_second = mails.deliveries(min(3000, max(20, visits // 50)), processes)
                self.stdout.write(f"\n{sent:,} e-mails by a worker of {processes}: {a_second:.0f} a second")

    def show(self, figure) -> None:
        row = f"{figure.name:<40}{figure.p50:>9.1f}{figure.p95:>9.1f}{figure.queries:>9}{figure.size:>10,}"
        self.stdout.write(row)
        self.stdout.flush()
