"""Opening a chart, autosave and signing ask the database as often for a long chart as for a short one."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.core import clock
from tests.charting.drafts import WHEN
from tests.factories.patients import PatientFactory, asked
from tests.factories.treatments import FormulationFactory, IngredientFactory
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import FormulationVersion, RecipeLine
from treatments.charting import safety
from treatments.charting.models import PreparationLot, SafetyAnswer
from treatments.stock import services as stock
from treatments.stock.models import Lot, Movement

# Any chart is over this dose, and after a break that no chart keeps: each ingredient is asked everything.
LIMITS = [{"per": "session", "max": "0.0001", "unit": "mg"}, {"per": "interval_days", "max": "7", "unit": "days"}]


def recipe(kit, lines: int) -> FormulationVersion:
    """An approved version of that many lines, each of an ingredient with a limit that any chart exceeds."""
    version = FormulationVersion.objects.create(
        formulation=FormulationFactory(), number=1, total_volume_ml=lines, created_by=kit.practitioner, created_at=WHEN
    )
    RecipeLine.objects.bulk_create(
        RecipeLine(version=version, position=n, ingredient=ingredient, concentration=10, volume_ml=1)
        for n, ingredient in enumerate(IngredientFactory.create_batch(lines, limits=LIMITS))
    )
    version.status, version.approved_by, version.approved_at = VersionStatus.APPROVED, kit.practitioner, WHEN
    version.save()
    return version


def chart_with(kit, *, lines: int, syringes: int, points: int) -> dict:
    """A chart of a recipe with that many counted lots, so many syringes of it, and points from each of them."""
    kit.use(recipe(kit, lines))
    for lot in kit.lots:
        stock.count_lot(lot=lot, counted_ml=100, seen_ml=lot.balance_ml, reason="counted", by=kit.practitioner)
    places = range(1, syringes + 1)
    at = [[0.5, 0.5 + n / 1000] for n in range(points)]
    return kit.content(
        syringes=[kit.syringe(id=f"p{n}") for n in places],
        groups=[kit.group(id=f"i{n}", preparation=f"p{n}", points=at) for n in places],
    )


SHORT, LONG = {"lines": 2, "syringes": 1, "points": 1}, {"lines": 6, "syringes": 3, "points": 100}


def gone_on(content: dict, session) -> dict:
    told = safety.answers_for_draft(content, session)
    return content | {"reasons": {answer.key: "as planned" for answer in told if answer.needs_reason}}


@pytest.fixture
def saved(kit, client, monkeypatch):
    """Saves a chart as the page does, and answers the number of queries and the answer."""
    monkeypatch.setattr(clock, "now", lambda: WHEN)
    client.force_login(kit.practitioner)

    def save(session, version, content):
        body = json.dumps({"version": version, "content": content})
        with CaptureQueriesContext(connection) as captured:
            response = client.post(reverse("charting:save", args=[session.pk]), body, content_type="application/json")
        assert response.status_code == 200
        return len(captured), response.json()

    return save


def test_opening_a_chart_fetches_what_may_be_chosen_and_what_is_charted_once(kit, client):
    client.force_login(kit.practitioner)

    def queries(**size):
        session = kit.start(chart_with(kit, **size), patient=asked(PatientFactory()))
        with CaptureQueriesContext(connection) as captured:
            response = client.get(reverse("charting:chart", args=[session.pk]))
        assert response.status_code == 200
        for table in "formulationversion", "recipeline", "area", "technique", "indication":
            assert sum(f'FROM "catalogue_{table}"' in query["sql"] for query in captured) <= 1, table
        return len(captured)

    assert queries(**LONG) == queries(**SHORT) <= 29


def test_autosave(kit, saved):
    def queries(**size):
        content = chart_with(kit, **size)
        session = kit.start(patient=asked(PatientFactory()))
        saved(session, 0, {})
        count, answer = saved(session, 1, content)
        assert len(answer["lots"]) == size["lines"]
        return count

    assert queries(**LONG) == queries(**SHORT) <= 25


def test_typing_is_saved_without_asking_the_rules_again(kit, saved):
    content, session = kit.content(), kit.start()
    _count, judged = saved(session, 0, content)
    count, answer = saved(session, 1, content | {"note": "Well tolerated, no bleeding."})
    assert "answers" in judged and "answers" not in answer
    assert count <= 8
    _count, judged = saved(session, 2, content | {"injections": []})
    assert "answers" in judged


def test_signing(kit):
    def queries(**size):
        content = chart_with(kit, **size)
        session = kit.start({})
        session.draft.content = gone_on(content, session)
        session.draft.save()
        with CaptureQueriesContext(connection) as captured:
            kit.sign(session)
        lines = size["lines"]
        assert SafetyAnswer.objects.filter(session=session).exclude(reason="").count() >= lines
        assert PreparationLot.objects.filter(preparation__session=session).count() == lines * size["syringes"]
        assert Movement.objects.filter(session_id=session.pk).count() == lines * size["syringes"]
        return len(captured)

    queries(**SHORT)  # from here on each has an earlier session of the same day to look at
    assert queries(**LONG) == queries(**SHORT) <= 51


def test_each_lot_gives_what_all_syringes_took_of_it(kit):
    content = chart_with(kit, **LONG)
    session = kit.start({})
    session.draft.content = gone_on(content, session)
    session.draft.save()
    kit.sign(session)
    left = set(Lot.objects.filter(pk__in=[lot.pk for lot in kit.lots]).values_list("balance_ml", flat=True))
    assert left == {100 - sum(-m.volume_ml for m in Movement.objects.filter(session_id=session.pk, lot=kit.lots[0]))}
