"""How fast messages are planned, and how fast they leave."""

import subprocess
import sys
import time

from django.db.models import Max, Min

from clinic.core import clock
from clinic.staff.models import ClinicProfile
from treatments.demo.bench.figures import Figure, figure
from treatments.reminders.models import Reminder
from treatments.reminders.services import plan_reminders, sweep_reminders
from treatments.reminders.tasks import deliver_reminders


def planning() -> Figure:
    """Everything that the visits ahead ask for, at once, as after a rule was changed."""
    before = Reminder.objects.count()
    found = figure("plan", lambda: plan_reminders, 0)
    return Figure(f"plan {Reminder.objects.count() - before:,} messages", found.times, found.queries, found.size)


def deliveries(mails: int, processes: int) -> tuple[int, float]:
    """How many e-mails, and how many a second, a worker of so many processes sends to EMAIL_HOST: from the first to
    the last.
    """
    ClinicProfile.objects.update(quiet_from=None, quiet_until=None)  # whatever the hour, they leave
    now = clock.now()
    some = list(Reminder.objects.filter(status="planned", channel="email").order_by("pk")[:mails].values_list("pk"))
    waiting = [pk for (pk,) in some]
    Reminder.objects.filter(pk__in=waiting).update(next_try_at=now, due_at=now)
    worker = [sys.executable, "-m", "celery", "-A", "clinic", "worker", "--without-gossip", "--without-mingle"]
    worker += ["--concurrency", str(processes)]
    process = subprocess.Popen(worker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        sweep_reminders(publish=deliver_reminders.delay)
        sent = Reminder.objects.filter(pk__in=waiting, sent_at__isnull=False)
        _wait_until(lambda: sent.count() == len(waiting))
    finally:
        process.terminate()
        process.wait()
    times = sent.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    return len(waiting), len(waiting) / (times["last"] - times["first"]).total_seconds()


def _wait_until(done) -> None:
    deadline = time.monotonic() + 600
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError("The e-mails did not leave within ten minutes.")
        time.sleep(1)  # each look is work for the database that is measured
