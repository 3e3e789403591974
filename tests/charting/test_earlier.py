"""Earlier sessions on the charting page: where the points were, and how long ago."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from treatments.charting.diagrams import drawings
from treatments.charting.earlier import MOST_EARLIER, earlier_data, earlier_sessions
from treatments.charting.zones import ZONES

pytestmark = pytest.mark.django_db


def asked(kit):
    with CaptureQueriesContext(connection) as queries:
        data = earlier_data(earlier_sessions(kit.patient.pk), date(2026, 3, 12))
    return len(queries), data


def test_places_amounts_and_days_in_as_many_questions_for_one_session_as_for_many(kit):
    kit.signed()
    before, (data,) = asked(kit)
    assert (data["ago"], data["what"], data["areas"]) == ("10 days ago", "2 points, 0.1 mL", [("thigh_front", "left")])
    assert data["groups"][0]["points"] == kit.group()["points"]
    for _ in range(MOST_EARLIER):
        kit.signed()
    after, many = asked(kit)
    assert (after, len(many)) == (before, MOST_EARLIER)


def test_drafts_and_other_patients_are_not_among_them(kit):
    kit.start(kit.content())
    assert earlier_sessions(kit.patient.pk) == []


def test_every_drawing_has_a_scale_and_every_zone_a_source():
    for drawing in drawings():
        assert 100 < drawing.size_mm["width"] < 1000
    assert all(zone.sources and zone.why and zone.shapes for zone in ZONES)
