"""The bench, with a few rows: every operation still runs, and what it fills in are whole visits and sessions."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models import F

from clinic.bootstrap import BASE
from clinic.core import guards
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import (
    ApprovedVersionFactory,
    AreaFactory,
    LotFactory,
    RoomFactory,
    TechniqueFactory,
    VisitTypeFactory,
)
from treatments.charting.models import Injection, TreatmentSession
from treatments.demo.bench import bulk, visits
from treatments.scheduling.models import Appointment

EVENING = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_the_visits_are_full_days_up_to_eighty_days_ahead(clinic_row, monkeypatch):
    monkeypatch.setattr(bulk, "BATCH", 700)
    people, rooms = PractitionerFactory.create_batch(2), RoomFactory.create_batch(2)
    version = ApprovedVersionFactory()
    VisitTypeFactory(kind="session")
    AreaFactory(key="thigh_front")
    TechniqueFactory(key="nappage")
    for line in version.lines.all():
        LotFactory(ingredient=line.ingredient)
    with time_machine.travel(EVENING, tick=False):
        visits.fill(patients=50, visits=3200, practitioners=people, rooms=rooms, version=version, say=print)
    booked = Appointment.objects.filter(status="booked")
    past = Appointment.objects.filter(status="done")
    assert (booked.count(), past.count()) == (32 * 81, 3200 - 32 * 81)
    assert Appointment.objects.exclude(ends_at=F("starts_at") + timedelta(minutes=30)).count() == 0
    assert past.filter(session__patient=F("patient"), session__started_at=F("starts_at")).count() == past.count()
    sessions = TreatmentSession.objects.filter(status="signed")
    assert sessions.count() == past.count() + visits.REGULAR == Injection.objects.count() / 2
    assert guards.missing() == []


@pytest.mark.slow
def test_every_operation_of_the_bench_runs():
    """In a process and a database of its own, as it is called."""
    sizes = ["--patients=60", "--visits=1500", "--injections=80", "--repetitions=1", "--desks=2"]
    command = [sys.executable, "manage.py", "bench", "--engine=sqlite", *sizes]
    env = {name: value for name, value in os.environ.items() if not name.startswith("NAPPAGE_")}
    done = subprocess.run(command, cwd=BASE, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    for name in ("book a visit", "free times", "sign a session", "recall of", "plan", "2 desks at once"):
        assert name in done.stdout
