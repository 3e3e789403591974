"""The safety rules at booking: practitioners read them, the desk learns only that somebody is to be asked."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.core import clock
from tests.factories.patients import ConditionFactory, PatientConditionFactory, PatientFactory, asked
from tests.factories.treatments import AppointmentFactory, SessionFactory, VisitTypeFactory
from treatments.charting.safety.facts import consulted
from treatments.scheduling.enums import VisitKind

ASK = "Ask the practitioner before booking."
CANARY = "zqkanarie"


@pytest.fixture
def patient(clinic_row, madrid):
    return asked(PatientFactory())


def booking(client, patient, **wish):
    visit_type = wish.pop("type", None) or VisitTypeFactory(kind=VisitKind.SESSION)
    page = client.get(reverse("scheduling:book"), {"patient": patient.pk, "type": visit_type.pk} | wish)
    assert page.status_code == 200
    return page.content.decode()


@pytest.mark.parametrize(("effect", "asks"), [("stop", True), ("reason", True), ("wait", True), ("note", False)])
def test_the_desk_learns_to_ask_and_never_why(patient, client_of, front_desk, practitioner, effect, asks):
    PatientConditionFactory(patient=patient, condition=ConditionFactory(name=CANARY, effect=effect), note=CANARY)
    shown = booking(client_of(front_desk), patient)
    assert (ASK in shown) == asks and CANARY not in shown and "On record" not in shown
    shown = booking(client_of(practitioner), patient)
    assert f"On record: {CANARY}." in shown and ASK not in shown


def test_nobody_is_asked_about_a_patient_against_whom_nothing_speaks(patient, client_of, front_desk):
    assert ASK not in booking(client_of(front_desk), patient)


def test_what_is_asked_at_the_visit_anyway_is_no_reason_to_ask_before_it(clinic_row, madrid, client_of, front_desk):
    assert ASK not in booking(client_of(front_desk), PatientFactory())


def test_a_consultation_is_booked_without_asking(patient, client_of, front_desk):
    PatientConditionFactory(patient=patient, condition__effect="stop")
    assert ASK not in booking(client_of(front_desk), patient, type=VisitTypeFactory(kind=VisitKind.CONSULTATION))


def test_the_visits_page_tells_the_practitioner_and_nobody_else(patient, client_of, front_desk, practitioner):
    PatientConditionFactory(patient=patient, condition=ConditionFactory(name=CANARY, effect="stop"))
    url = reverse("scheduling:visit", args=[AppointmentFactory(patient=patient).pk])
    assert f"On record: {CANARY}." in client_of(practitioner).get(url).content.decode()
    shown = client_of(front_desk).get(url).content.decode()
    assert CANARY not in shown and ASK not in shown


def a_consultation(patient, **changes):
    at = clock.now() - timedelta(days=10)
    kind = VisitTypeFactory(kind=VisitKind.CONSULTATION)
    times = {"starts_at": at, "ends_at": at + timedelta(minutes=30), "status": "done"} | changes
    return AppointmentFactory(patient=patient, visit_type=kind, **times)


@pytest.mark.parametrize(
    ("within", "done", "state"), [(None, False, None), (30, False, False), (30, True, True), (5, True, False)]
)
def test_whether_a_charted_session_had_its_consultation(patient, within, done, state):
    session = SessionFactory(patient=patient, started_at=clock.now())
    AppointmentFactory(patient=patient, visit_type=VisitTypeFactory(consultation_within_days=within), session=session)
    if done:
        a_consultation(patient)
    assert consulted(patient, session.started_at, session.pk) is state


def test_a_visit_that_was_booked_without_one_for_a_reason_is_not_asked_again(patient):
    session = SessionFactory(patient=patient, started_at=clock.now())
    kind = VisitTypeFactory(consultation_within_days=30)
    AppointmentFactory(patient=patient, visit_type=kind, session=session, override_reason="Seen elsewhere")
    assert consulted(patient, session.started_at, session.pk) is None


def test_a_chart_without_a_visit_needs_what_every_kind_of_session_needs(patient):
    session = SessionFactory(patient=patient, started_at=clock.now())
    VisitTypeFactory(consultation_within_days=30)
    assert consulted(patient, session.started_at, session.pk) is False
    VisitTypeFactory(consultation_within_days=None)
    assert consulted(patient, session.started_at, session.pk) is None
