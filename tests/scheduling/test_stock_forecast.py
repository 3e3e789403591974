"""Is there enough for everybody who is booked: from plans, from last sessions, and from what is in date that day."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.patients import PatientFactory
from tests.factories.treatments import (
    AppointmentFactory,
    ApprovedVersionFactory,
    LotFactory,
    PlanFactory,
    SessionFactory,
    VisitTypeFactory,
)
from treatments.charting.models import Preparation, PreparationLot, TreatmentSession
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.stock_forecast import forecast

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
NOW = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)  # a Monday, 7:00 in Madrid
TUESDAY = datetime(2027, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def recipe():
    """5 mL: 2.5 mL each of two ingredients."""
    return ApprovedVersionFactory()


def ingredients(recipe):
    return [line.ingredient for line in recipe.lines.all()]


def book(patient=None, starts_at=TUESDAY, **changes):
    patient = patient or PatientFactory()
    return AppointmentFactory(patient=patient, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), **changes)


def planned(recipe, **visit):
    """A visit of a patient who has an active plan."""
    return book(PlanFactory(version=recipe).patient, **visit)


def treated(recipe, volumes=(None, None)):
    """A patient whose last session used 2 mL of the recipe; `volumes` were drawn up, None: not written down."""
    session = SessionFactory()
    preparation = Preparation.objects.create(session=session, position=1, version=recipe, volume_ml=Decimal(2))
    for line, volume_ml in zip(recipe.lines.all(), volumes, strict=True):
        lot = LotFactory(ingredient=line.ingredient, quarantined=True)
        PreparationLot.objects.create(preparation=preparation, line=line, lot=lot, volume_ml=volume_ml)
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="signed",
        signed_at=NOW - timedelta(days=20),
        signed_by=session.practitioner,
        signed_name="Dr Ana Ruiz",
        content_hash="x",
        signature="x",
    )
    return session.patient


def needs() -> dict[str, tuple]:
    return {need.ingredient.pk: (need.wanted_ml, need.left_ml, need.missing_ml) for need in forecast(NOW).needs}


def test_plans_and_last_sessions_say_what_is_needed(recipe):
    one, two = ingredients(recipe)
    LotFactory(ingredient=one, balance_ml=Decimal(4))
    LotFactory(ingredient=one, balance_ml=Decimal(50), quarantined=True)
    LotFactory(ingredient=two, balance_ml=None)
    planned(recipe)
    planned(recipe, starts_at=TUESDAY + timedelta(days=6))
    book(treated(recipe, (Decimal("1.25"), Decimal("0.75"))))
    book(treated(recipe))
    book()
    found = forecast(NOW)
    assert (found.visits, found.unknown) == (5, 1)
    assert needs() == {one.pk: (Decimal("7.25"), 4, Decimal("3.25")), two.pk: (Decimal("6.75"), None, 0)}
    assert [need.ingredient for need in found.needs] == [one, two]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": VisitStatus.CANCELLED, "cancel_reason": "Ill"},
        {"status": VisitStatus.DONE},
        {"status": VisitStatus.NO_SHOW},
        {"starts_at": NOW - timedelta(hours=1)},
        {"starts_at": datetime(2027, 3, 8, 23, 0, tzinfo=UTC)},  # midnight in Madrid: the eighth day
        {"kind": VisitKind.CONSULTATION},
    ],
)
def test_others_do_not_count(recipe, changes):
    if kind := changes.pop("kind", None):
        changes["visit_type"] = VisitTypeFactory(kind=kind)
    planned(recipe, **changes)
    assert forecast(NOW).visits == 0


def test_a_plan_that_ended_gives_way_to_the_last_session(recipe):
    patient = treated(recipe, (Decimal("1"), Decimal("1")))
    plan = PlanFactory(patient=patient, version=ApprovedVersionFactory())
    type(plan).objects.filter(pk=plan.pk).update(status="finished", ended_at=NOW, ended_by=plan.made_by)
    book(patient)
    assert {row[0] for row in needs().values()} == {1} and needs().keys() == {row.pk for row in ingredients(recipe)}


def test_each_visit_draws_from_what_is_in_date_on_its_day(recipe):
    one, two = ingredients(recipe)
    for ingredient in (one, two):
        LotFactory(ingredient=ingredient, balance_ml=Decimal(100), expires_on=TUESDAY.date())
    LotFactory(ingredient=two, balance_ml=Decimal(1), expires_on=TUESDAY.date() + timedelta(days=1))
    planned(recipe)
    planned(recipe, starts_at=TUESDAY + timedelta(days=1))
    assert needs() == {one.pk: (5, 100, Decimal("2.5")), two.pk: (5, 101, Decimal("1.5"))}


def test_the_panel_says_what_is_missing_and_asks_no_more_for_thirty(recipe, client_of, administrator, front_desk):
    client = client_of(administrator)

    def asked():
        with CaptureQueriesContext(connection) as found:
            text = client.get(reverse("scheduling:stock_forecast"), headers={"HX-Request": "true"}).text
        return len(found), text

    from clinic.core import clock

    tomorrow = clock.now() + timedelta(days=1)
    planned(recipe, starts_at=tomorrow)
    asked()
    few, text = asked()
    assert "2.5\N{NO-BREAK SPACE}mL missing" in text
    for _more in range(29):
        planned(ApprovedVersionFactory(), starts_at=tomorrow)
    assert asked()[0] == few
    assert client_of(front_desk).get(reverse("scheduling:stock_forecast")).status_code == 403
    assert reverse("scheduling:stock_forecast") in client.get(reverse("stock:to_do")).text
