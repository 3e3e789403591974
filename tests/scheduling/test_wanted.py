"""The desk's list of next visits that were asked for after a session and are not booked yet."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.charting.drafts import WHEN, Kit
from tests.factories.patients import PatientFactory, asked
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory
from treatments.charting.closings import close_session
from treatments.scheduling.wanted import visits_to_book


@pytest.fixture
def kit(db, clinic_row, practitioner, madrid):
    return Kit(practitioner)


def wanted(kit, patient=None, *, next_visit="wanted", by=None, at=WHEN):
    by = by or kit.practitioner
    session = kit.sign(kit.start(kit.content(), patient=patient, by=by), by=by)
    wish = {"next_visit": next_visit, "next_from": date(2026, 3, 16) if next_visit == "wanted" else None}
    close_session(session_id=session.pk, care="", **wish, submission=uuid4(), by=by, at=at)
    return session


def visit(kit, *, days, **details):
    return AppointmentFactory(patient=kit.patient, starts_at=WHEN + timedelta(days=days), **details)


def test_who_is_to_be_booked_until_a_visit_is_ahead(kit, front_desk, client_of):
    wanted(kit)
    (row,) = visits_to_book()
    assert (row.patient, row.practitioner, row.from_day) == (kit.patient, kit.practitioner, date(2026, 3, 16))
    page = client_of(front_desk).get(reverse("scheduling:wanted_panel")).content.decode()
    assert kit.patient.full_name in page and f"patient={kit.patient.pk}&amp;practitioner={kit.practitioner.pk}" in page
    assert kit.version.formulation.name not in page and "Thigh" not in page, "nothing clinical for the desk"
    visit(kit, days=14)
    assert visits_to_book() == []


@pytest.mark.parametrize("status", ["arrived", "in_session", "done"])
def test_a_wish_that_came_about_does_not_come_back(kit, status):
    wanted(kit)
    visit(kit, days=14, status=status)
    assert visits_to_book() == []


@pytest.mark.parametrize("status", ["cancelled", "no_show"])
def test_a_visit_that_did_not_take_place_is_no_answer(kit, status):
    wanted(kit)
    visit(kit, days=14, status=status, cancel_reason="Ill.")
    assert len(visits_to_book()) == 1


def test_neither_are_an_earlier_visit_and_the_sessions_own(kit):
    session = wanted(kit)
    visit(kit, days=-1, practitioner=kit.practitioner)
    visit(kit, days=1 / 24, practitioner=kit.practitioner, session=session, status="done")  # they came before time
    assert len(visits_to_book()) == 1


def test_a_colleague_answers_for_nobody_else(kit):
    colleague = PractitionerFactory()
    wanted(kit)
    wanted(kit, by=colleague, next_visit="none", at=WHEN + timedelta(hours=1))
    visit(kit, days=1, practitioner=colleague)
    assert [row.practitioner for row in visits_to_book()] == [kit.practitioner]
    visit(kit, days=2, practitioner=kit.practitioner)
    assert visits_to_book() == []


def test_the_last_session_counts(kit):
    wanted(kit)
    wanted(kit, next_visit="none", at=WHEN + timedelta(hours=1))
    assert visits_to_book() == []


def test_many_cost_as_much_as_one(kit):
    def asked_for() -> int:
        with CaptureQueriesContext(connection) as queries:
            visits_to_book()
        return len(queries)

    wanted(kit)
    assert asked_for() == 2
    for _ in range(3):
        wanted(kit, asked(PatientFactory()))
    assert len(visits_to_book()) == 4 and asked_for() == 2
