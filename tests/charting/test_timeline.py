"""A patient's sessions in time: the strip, every point on one map, two sessions side by side."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN
from tests.factories.patients import PatientFactory, asked
from tests.factories.people import PASSWORD
from tests.factories.treatments import ApprovedVersionFactory
from treatments.charting import past
from treatments.charting.models import TreatmentSession
from treatments.charting.queries import sessions_of
from treatments.charting.services import void_session
from treatments.charting.timeline import heat_of, strip_of, sums_of


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


@pytest.fixture
def two(kit):
    """The left thigh, then both thighs with twice as much."""
    groups = [kit.group(volume_ml="0.1"), kit.group(id="i2", side="right", points=[], count="4")]
    return [kit.signed(), kit.signed(kit.content(groups=groups))]


def url(name, patient, query=""):
    return reverse(f"charting:{name}", args=[patient.pk]) + query


def test_the_strip_says_when_how_much_and_how_long_after(kit, two):
    first, second = two
    moved = WHEN - timedelta(days=14)
    sessions = sessions_of(kit.patient.pk, kit.practitioner)
    sessions[1].started_at = moved
    stops = strip_of(sessions)
    assert [(stop.session, str(stop.volume_ml), stop.points, stop.days) for stop in stops] == [
        (second, "0.400", 6, 14),
        (first, "0.100", 2, None),
    ]
    assert (stops[0].bar, stops[1].bar) == (44, 11)
    assert (stops[0].points_text, stops[0].days_text, stops[1].days_text) == ("6 points", "14 days", "")


def test_all_points_ever_by_area_and_ingredient(kit, two):
    def points(**wanted):
        return [(m.drawing.key, m.points) for m in heat_of(past.injections_of(kit.patient.pk, **wanted))]

    assert points() == [("body_front", 4)]
    heat = heat_of(past.injections_of(kit.patient.pk))[0]
    assert sorted((spot.count, spot.level) for spot in heat.spots)[-1] == (2, 5), "the same point twice is hottest"
    assert points(area="abdomen_upper") == [] and points(area="thigh_front") == [("body_front", 4)]
    given, other = kit.lines[0].ingredient, ApprovedVersionFactory().lines.first().ingredient
    assert points(ingredient=given.pk) == [("body_front", 4)] and points(ingredient=other.pk) == []
    assert given in past.ingredients_received(kit.patient.pk) and other not in past.ingredients_received(kit.patient.pk)
    sums = sums_of(past.injections_of(kit.patient.pk))
    assert [(s.name, s.side, s.points, str(s.volume_ml), len(s.sessions)) for s in sums] == [
        ("Thigh, front", "left", 4, "0.300", 2),
        ("Thigh, front", "right", 4, "0.200", 1),
    ]


def test_what_was_left_out_was_not_received(kit):
    left_out = kit.lines[0]
    syringe = kit.syringe(amounts={str(left_out.pk): "0"}, variation_reason="allergic")
    kit.signed(kit.content(syringes=[syringe]))
    assert past.injections_of(kit.patient.pk, ingredient=left_out.ingredient_id) == []
    assert len(past.injections_of(kit.patient.pk, ingredient=kit.lines[1].ingredient_id)) == 1


def test_a_voided_session_and_another_patients_are_not_on_the_map(kit, two):
    void_session(session_id=two[1].pk, reason="wrong patient", password=PASSWORD, by=kit.practitioner, at=WHEN)
    kit.signed(patient=asked(PatientFactory()))
    assert len(past.injections_of(kit.patient.pk)) == 1


def test_the_pages_show_it_and_the_filters_are_in_the_address(kit, desk, two):
    assert b"Compare two" in desk.get(url("tab", kit.patient)).content
    page = desk.get(url("points", kit.patient)).content.decode()
    assert page.count("<circle") >= 2 and "Thigh, front, right" in page
    unknown = desk.get(url("points", kit.patient, "?area=nowhere&ingredient=x"))
    assert b"Thigh, front, left" in unknown.content, "what cannot be chosen shows all"
    compared = desk.get(url("compare", kit.patient)).content.decode()
    assert "0.1\u00a0mL" in compared and "0.4\u00a0mL" in compared and "4 × · 0.2\u00a0mL" in compared
    assert AuditEvent.objects.filter(patient_id=kit.patient.pk, fields=["charting:compare"]).exists()


def test_only_this_patients_signed_sessions_can_be_compared(kit, desk, two):
    theirs = kit.signed(patient=asked(PatientFactory()))
    page = desk.get(url("compare", kit.patient, f"?one={theirs.pk}&other={two[0].pk}"))
    assert page.status_code == 200 and "sides" not in page.context
    assert TreatmentSession.objects.filter(status="signed").count() == 3


@pytest.mark.parametrize("page", ["tab", "points", "compare"])
def test_one_session_or_many_cost_the_same(kit, desk, two, page):
    def asked_for() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(url(page, kit.patient)).status_code == 200
        return len(queries)

    asked_for()
    few = asked_for()
    for _ in range(4):
        kit.signed()
    assert asked_for() == few
