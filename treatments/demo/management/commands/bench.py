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


class Command(BaseCommand):
    help = "Fills databases of its own, on both engines, and prints how long the pages that matter take."

    def add_arguments(self, parser):
        parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this one (default: on both)")
        parser.add_argument("--patients", type=int, default=100_000)
        parser.add_argument("--visits", type=int, default=500_000)
        parser.add_argument("--injections", type=int, default=0, help="this many more, and a lot with 3,000 patients")
        parser.add_argument("--repetitions", type=int, default=60)
        parser.add_argument("--here", action="store_true", help="in the configured database, which must be empty")

    def handle(self, *, engine, here, **options):
        if here:
            self.run(**options)
            return
        for name in engine or ENGINES:
            self.run_apart(name, options)

    def run_apart(self, engine: str, options: dict) -> None:
        """In a process and a database of its own, that are gone afterwards."""
        from tests.reminders.servers import MailSink
        from tests.services import private_postgres, private_valkey

        sizes = [f"--{name}={options[name]}" for name in ("patients", "visits", "injections", "repetitions")]
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
                env["NAPPAGE_SMTP_PORT"] = str(stack.enter_context(MailSink()).port)
            subprocess.run([sys.executable, sys.argv[0], "bench", "--here", *sizes], env=env, check=True)  # noqa: S603

    def run(self, *, patients, visits, injections, repetitions, **options):
        from treatments.demo import bench

        begun = time.perf_counter()
        bench.prepare(patients=patients, visits=visits, injections=injections)
        filled = time.perf_counter() - begun
        rows = f"{patients:,} patients, {visits:,} visits, {injections:,} more injections"
        self.stdout.write(f"\n{connection.vendor}: {rows}, filled in {filled:.0f} s")
        self.stdout.write(f"{'':<40}{'p50 ms':>9}{'p95 ms':>9}{'queries':>9}{'bytes':>10}")
        for figure in bench.measure(repetitions=repetitions):
            self.stdout.write(
                f"{figure.name:<40}{figure.p50:>9.1f}{figure.p95:>9.1f}{figure.queries:>9}{figure.size:>10,}"
            )
        if settings.EMAIL_HOST:
            mails = min(3000, visits // 50)
            self.stdout.write(f"{mails:,} e-mails by one worker: {bench.deliveries(mails):.0f} a second")
