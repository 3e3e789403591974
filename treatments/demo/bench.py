"""Times the pages that matter at the size of a large clinic, through the whole of Django, one client at a time."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time as wall
from datetime import timedelta
from decimal import Decimal
from itertools import count, cycle
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Max, Min
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.core import clock
from clinic.staff import services as staff
from clinic.staff.models import User
from clinic.staff.permissions import Role
from patients.registry.models import Patient
from treatments.catalogue.models import FormulationVersion
from treatments.charting import services as charting
from treatments.demo import bulk
from treatments.demo import clinic as demo
from treatments.demo import injections as more
from treatments.demo.people import CLINIC, PASSWORD
from treatments.demo.sessions import GRIDS, content_for, with_reasons
from treatments.recall.receipts import find_subject
from treatments.recall.services import open_case
from treatments.reminders.models import Reminder
from treatments.reminders.services import plan_reminders, sweep_reminders
from treatments.reminders.tasks import deliver_reminder
from treatments.scheduling import hours
from treatments.scheduling import services as scheduling
from treatments.scheduling.models import Room, VisitType
from treatments.scheduling.queries import free_times
from treatments.stock import services as stock
from treatments.stock.models import Lot

PRACTITIONERS = 8
PLENTY = Decimal(100_000)  # mL: no repetition empties a lot
QUICK_HASHER = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@dataclass(frozen=True)
class Figure:
    """Milliseconds of the repetitions of one operation, and the queries of one of them."""

    name: str
    times: list[float]
    queries: int
    size: int

    @property
    def p50(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.times, n=20)[-1] if len(self.times) > 1 else self.times[0]


def prepare(*, patients: int, visits: int, injections: int = 0) -> None:
    """A clinic with the given number of patients and visits, and of further injections, in an empty database."""
    settings.PASSWORD_HASHERS = QUICK_HASHER  # a fifth of a second a password is meant to be slow, and not ours to time
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("load_reference", verbosity=0)
    staff.update_clinic(by=None, **CLINIC)
    people = _people()
    demo.stock_shelves(people)
    for lot in Lot.objects.all():
        stock.receive_more(lot=lot, volume_ml=PLENTY, by=people["luis"])
    versions = demo.write_recipes(people)
    demo.furnish(people)
    doctors = list(User.objects.practitioners())
    rooms = [scheduling.add_room(name=f"Bench room {n}", by=people["luis"]) for n in range(PRACTITIONERS)]
    for doctor in doctors:
        week = [(day, wall(7), wall(22)) for day in range(7)]
        hours.set_working_hours(practitioner=doctor, hours=week, by=people["luis"])
    version = versions["Thigh cellulite mix"]
    bulk.fill(patients=patients, visits=visits, practitioners=doctors, rooms=rooms, version=version)
    if injections:
        more.fill(injections=injections, version=version, doctors=doctors)


def _people() -> dict[str, User]:
    def add(key, *roles):
        return staff.add_person(
            email=f"{key}@bench.example", full_name=f"Bench {key}", roles=roles, password=PASSWORD, by=None
        )

    people = {"ana": add("ana", Role.PRACTITIONER), "jonas": add("jonas", Role.PRACTITIONER)}
    people |= {"marta": add("marta", Role.FRONT_DESK), "luis": add("luis", Role.ADMINISTRATOR)}
    for number in range(PRACTITIONERS - 2):
        add(f"doctor{number}", Role.PRACTITIONER)
    return people


def measure(*, repetitions: int) -> list[Figure]:
    """Every operation, warmed up once. An operation prepares what it needs and returns the work to be timed."""
    desk, doctor = _client("marta"), _client("ana")
    someone = cycle(Patient.objects.order_by("pk").values_list("pk", flat=True)[100:400:7])
    typed = cycle(["garcia", "kowal", "nguyen t", "o brien", "strasse", "lefe", "soren", "ana mu"])
    operations = {
        "search by name": _post(desk, "registry:patients", lambda: {"q": next(typed)}),
        "patient page, details": _get(desk, "registry:details_tab", lambda: [next(someone)]),
        "patient page, sessions": _get(doctor, "charting:tab", lambda: [next(someone)]),
        "patient page, history": _get(doctor, "history:tab", lambda: [next(someone)]),
        "day page, 8 practitioners": _get(desk, "scheduling:day", lambda: [clock.today()]),
        "week page, 8 practitioners": _get(desk, "scheduling:week", lambda: [clock.today()]),
        "free times, 30 days, 8 practitioners": _searching,
        "book a visit": _booking(desk, someone),
        "autosave 40 points": _autosave(doctor, someone),
        "sign a session, 40 points": _signing(someone),
    }
    if bad := Lot.objects.filter(number=more.BAD_LOT).first():
        operations |= _recalls(doctor, bad)
    figures = [_figure(name, operation, repetitions) for name, operation in operations.items()]
    return [*figures, _figure("plan 10,000 reminders", _planning, 0)]


def _figure(name: str, operation: Callable[[], Callable], repetitions: int) -> Figure:
    if repetitions:
        operation()()
    times = [_timed(operation())[0] for _repetition in range(repetitions)]
    with CaptureQueriesContext(connection) as captured:
        took, size = _timed(operation())
    return Figure(name, times or [took], len(captured), size)


def _timed(work: Callable) -> tuple[float, int]:
    begun = time.perf_counter()
    answer = work()
    return (time.perf_counter() - begun) * 1000, len(getattr(answer, "content", b""))


def _client(key: str) -> Client:
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.get(email=f"{key}@bench.example"))
    return client


def _checked(response):
    if response.status_code >= 400:
        raise RuntimeError(f"{response.request['PATH_INFO']} answered {response.status_code}.")
    return response


def _get(client: Client, view: str, arguments: Callable[[], list]) -> Callable:
    def operation():
        address = reverse(view, args=arguments())
        return lambda: _checked(client.get(address))

    return operation


def _post(client: Client, view: str, data: Callable[[], dict]) -> Callable:
    def operation():
        sent = data()
        return lambda: _checked(client.post(reverse(view), sent))

    return operation


def _booking(client: Client, someone) -> Callable:
    """The last step of a booking: the chosen time is sent, checked, booked and answered."""
    visit_type = VisitType.objects.get(kind="follow_up")
    doctor, room = User.objects.get(email="ana@bench.example"), Room.objects.get(name="Bench room 0")
    free = (clock.now().replace(hour=9, minute=0, second=0) + timedelta(days=90 + n) for n in count())

    def operation():
        address = f"{reverse('scheduling:book')}?patient={next(someone)}&type={visit_type.pk}"
        slot = f"{next(free):%Y-%m-%dT%H:%M}Z.{doctor.pk}.{room.pk}"

        def work():
            response = _checked(client.post(address, {"slot": slot, "submission": uuid4()}))
            if response.status_code != 302:
                raise RuntimeError("The booking was refused.")
            return response

        return work

    return operation


def _searching() -> Callable:
    visit_type = VisitType.objects.get(kind="follow_up")
    return lambda: list(free_times(visit_type=visit_type, from_day=clock.today(), days=30))


def _forty_points() -> tuple[dict, User]:
    version = FormulationVersion.objects.get(formulation__name="Thigh cellulite mix")
    lots = dict(Lot.objects.values_list("ingredient_id", "pk"))
    content = content_for(version, lots)
    content["injections"] = [
        {**content["injections"][0], "id": f"i{n}", "points": (GRIDS["thigh left"]["points"] * 2)[:10]}
        for n in range(4)
    ]
    return content, User.objects.get(email="ana@bench.example")


def _autosave(client: Client, someone) -> Callable:
    content, doctor = _forty_points()

    def operation():
        session = charting.start_session(patient=Patient.objects.get(pk=next(someone)), practitioner=doctor, by=doctor)
        body = {"version": session.draft.version, "content": content}
        address = reverse("charting:save", args=[session.pk])
        return lambda: _checked(client.post(address, body, content_type="application/json"))

    return operation


def _signing(someone) -> Callable:
    content, doctor = _forty_points()
    content["preparations"][0]["volume_ml"] = "10"

    def operation():
        session = charting.start_session(patient=Patient.objects.get(pk=next(someone)), practitioner=doctor, by=doctor)
        answered = with_reasons(content, session)
        draft = charting.save_draft(session_id=session.pk, version=session.draft.version, content=answered, by=doctor)
        return lambda: charting.sign_session(session_id=session.pk, version=draft.version, password=PASSWORD, by=doctor)

    return operation


def _recalls(doctor: Client, bad: Lot) -> dict[str, Callable]:
    """Who received a lot, an ingredient, a version; and the page of the lot's recall."""
    version = bad.uses.select_related("preparation").first().preparation.version_id
    subjects = {"lot": bad.pk, "ingredient": bad.ingredient_id, "version": version}
    pages = {
        f"who received the {kind}": _get(doctor, "recall:received", lambda kind=kind, pk=pk: [kind, pk])
        for kind, pk in subjects.items()
    }
    begun = time.perf_counter()
    subject = find_subject("lot", bad.pk)
    case = open_case(subject=subject, reason="Bench", tell="Bench", by=User.objects.get(email="luis@bench.example"))
    took = time.perf_counter() - begun
    people = case.entries.count()
    return pages | {f"recall of {people:,} (opened in {took:.1f} s)": _get(doctor, "recall:case", lambda: [case.pk])}


def _planning() -> Callable:
    return plan_reminders


def deliveries(mails: int) -> float:
    """E-mails a second that one worker of eight processes, which mostly wait, sends to EMAIL_HOST: first to last."""
    now = clock.now()
    some = Reminder.objects.filter(status="planned").order_by("pk")[:mails].values("pk")
    Reminder.objects.filter(pk__in=list(some.values_list("pk", flat=True))).update(next_try_at=now, due_at=now)
    worker = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "clinic",
        "worker",
        "-c",
        "8",
        "--without-gossip",
        "--without-mingle",
    ]
    process = subprocess.Popen(worker, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        sweep_reminders(publish=deliver_reminder.delay)
        while Reminder.objects.filter(status="sent").count() < mails:
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    sent = Reminder.objects.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    return mails / (sent["last"] - sent["first"]).total_seconds()
