"""The pages and acts that matter, through the whole of Django, one client at a time."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count, cycle
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from clinic.core import clock
from clinic.staff.models import User
from patients.registry.models import Patient
from treatments.catalogue.models import FormulationVersion
from treatments.charting import services as charting
from treatments.charting.models import TreatmentSession
from treatments.demo.bench.figures import Figure, checked, client_of, figure, getting, person, posting
from treatments.demo.bench.injections import BAD_LOT
from treatments.demo.bench.visits import REGULAR
from treatments.demo.people import PASSWORD
from treatments.demo.sessions import GRIDS, content_for, review, with_reasons
from treatments.recall.receipts import find_subject
from treatments.recall.services import open_case
from treatments.scheduling.free_times import free_times
from treatments.scheduling.models import Room, VisitType
from treatments.stock.models import Lot


def measure(*, repetitions: int) -> Iterator[Figure]:
    """Every operation, warmed up once. An operation prepares what it needs and returns the work to be timed."""
    desk, doctor = client_of("marta"), client_of("ana")
    someone = cycle(Patient.objects.order_by("pk").values_list("pk", flat=True)[30:330:7])
    regular = Patient.objects.order_by("-pk").values_list("pk", flat=True)[0]
    typed = cycle(["garcia", "kowal", "nguyen t", "o brien", "strasse", "lefe", "soren", "ana mu"])
    operations = {
        "search by name": posting(desk, "registry:patients", lambda: {"q": next(typed)}),
        "patient page, details": getting(desk, "registry:details_tab", lambda: [next(someone)]),
        "patient page, sessions": getting(doctor, "charting:tab", lambda: [next(someone)]),
        f"patient page, {REGULAR} sessions": getting(doctor, "charting:tab", lambda: [regular]),
        "patient page, history": getting(doctor, "history:tab", lambda: [next(someone)]),
        "day page, 8 practitioners": getting(desk, "scheduling:day", lambda: [clock.today()]),
        "week page, 8 practitioners": getting(desk, "scheduling:week", lambda: [clock.today()]),
        "free times, 30 days, 8 practitioners": _searching,
        "book a visit": _booking(desk, someone),
        f"charting page, 40 points, {REGULAR} sessions": _charting(doctor, regular),
        "autosave 40 points": _autosave(doctor, someone, 40),
        "autosave 300 points": _autosave(doctor, someone, 300),
        "sign a session, 40 points": _signing(someone),
    }
    if bad := Lot.objects.filter(number=BAD_LOT).first():
        operations |= _recalls(doctor, bad)
    for name, operation in operations.items():
        yield figure(name, operation, repetitions)


def _booking(client: Client, someone) -> Callable:
    """The last step of a booking: the chosen time is sent, checked, booked and answered."""
    visit_type = VisitType.objects.get(kind="follow_up")
    doctor, room = person("ana"), Room.objects.get(name="Bench room 0")
    free = (clock.now().replace(hour=9, minute=0, second=0) + timedelta(days=90 + n) for n in count())

    def operation():
        address = f"{reverse('scheduling:book')}?patient={next(someone)}&type={visit_type.pk}"
        slot = f"{next(free):%Y-%m-%dT%H:%M}Z.{doctor.pk}.{room.pk}"
        client.cookies.pop("messages", None)  # the page that a desk sees next has shown them

        def work():
            response = checked(client.post(address, {"slot": slot, "submission": uuid4()}))
            if response.status_code != 302:
                raise RuntimeError("The booking was refused.")
            return response

        return work

    return operation


def _searching() -> Callable:
    visit_type = VisitType.objects.get(kind="follow_up")
    return lambda: list(free_times(visit_type=visit_type, from_day=clock.today(), days=30))


def _charted(points: int) -> tuple[dict, User]:
    version = FormulationVersion.objects.get(formulation__name="Thigh cellulite mix")
    lots = dict(Lot.objects.values_list("ingredient_id", "pk"))
    content = content_for(version, lots)
    content["injections"] = [
        {**content["injections"][0], "id": f"i{n}", "points": (GRIDS["thigh left"]["points"] * 2)[:10]}
        for n in range(points // 10)
    ]
    return content, person("ana")


def _charting(client: Client, patient_id: int) -> Callable:
    content, doctor = _charted(40)

    def operation():
        session = _opened(patient_id, doctor)
        if not session.draft.version:
            version = review(session, doctor)
            charting.save_draft(session_id=session.pk, version=version, content=content, by=doctor)
        return lambda: checked(client.get(reverse("charting:chart", args=[session.pk])))

    return operation


def _opened(patient_id: int, doctor: User) -> TreatmentSession:
    """Today's draft of the patient."""
    return charting.start_session(patient=Patient.objects.get(pk=patient_id), practitioner=doctor, by=doctor)


def _autosave(client: Client, someone, points: int) -> Callable:
    """A point is elsewhere each time: what changes nothing of the chart is saved without asking the safety rules."""
    content, doctor = _charted(points)
    first, *others = content["injections"]
    places = ([round(0.6 + n / 10_000, 4), 0.52] for n in count())

    def operation():
        session = _opened(next(someone), doctor)
        moved = content | {"injections": [first | {"points": [next(places), *first["points"][1:]]}, *others]}
        body = {"version": session.draft.version, "content": moved}
        address = reverse("charting:save", args=[session.pk])
        return lambda: checked(client.post(address, body, content_type="application/json"))

    return operation


def _signing(someone) -> Callable:
    content, doctor = _charted(40)
    content["preparations"][0]["volume_ml"] = "10"

    def operation():
        session = _opened(next(someone), doctor)
        answered, version = with_reasons(content, session), review(session, doctor)
        draft = charting.save_draft(session_id=session.pk, version=version, content=answered, by=doctor)
        return lambda: charting.sign_session(session_id=session.pk, version=draft.version, password=PASSWORD, by=doctor)

    return operation


def _recalls(doctor: Client, bad: Lot) -> dict[str, Callable]:
    """Who received a lot, an ingredient, a version; and the page of the lot's recall."""
    version = bad.uses.select_related("preparation").first().preparation.version_id
    subjects = {"lot": bad.pk, "ingredient": bad.ingredient_id, "version": version}
    pages = {
        f"who received the {kind}": getting(doctor, "recall:received", lambda kind=kind, pk=pk: [kind, pk])
        for kind, pk in subjects.items()
    }
    begun = time.perf_counter()
    subject = find_subject("lot", bad.pk)
    case = open_case(subject=subject, reason="Bench", tell="Bench", by=person("luis"))
    took = time.perf_counter() - begun
    people = case.entries.count()
    return pages | {f"recall of {people:,} (opened in {took:.1f} s)": getting(doctor, "recall:case", lambda: [case.pk])}
