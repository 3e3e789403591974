"""May it be signed, what is worth a second look, how much is it in all."""

from datetime import date
from decimal import Decimal

import pytest

from tests.charting.drafts import WHEN
from tests.factories.treatments import IngredientFactory, LotFactory
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import FormulationVersion
from treatments.charting.draft import read_chart
from treatments.charting.queries import reference_of
from treatments.charting.rules import notes_on, problems_in, totals_of

DAY = date(2026, 3, 2)  # of WHEN


def judge(content):
    chart, problems = read_chart(content)
    return [p.path for p in problems + problems_in(chart, reference_of(chart), WHEN)]


def test_a_complete_chart_has_no_problems(kit):
    assert judge(kit.content()) == []
    assert judge(kit.content(groups=[kit.group(area="abdomen_upper", side="none")])) == []


def test_nothing_charted(kit):
    assert judge({}) == ["", "findings.reaction"]
    assert judge(kit.content(groups=[])) == [""]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"area": "no_such_area"}, "injections.i1.area"),
        ({"area": "groin"}, "injections.i1.area"),
        ({"side": "none"}, "injections.i1.side"),
        ({"area": "abdomen_upper", "side": "left"}, "injections.i1.side"),
        ({"diagram": "face_front"}, "injections.i1.diagram"),
        ({"technique": "no_such_technique"}, "injections.i1.technique"),
    ],
)
def test_areas_sides_drawings_and_techniques_are_of_the_catalogue(kit, change, path):
    assert judge(kit.content(groups=[kit.group(**change)])) == [path]


def test_an_indication_is_of_the_catalogue(kit):
    assert judge(kit.content(indication="no_such")) == ["indication"]


def test_each_recipe_line_has_its_lot(kit):
    first, second = (line.pk for line in kit.lines)
    syringe = kit.syringe(lots={str(first): kit.lots[0].pk})
    assert judge(kit.content(syringes=[syringe])) == [f"preparations.p1.lots.{second}"]


@pytest.mark.parametrize("spoil", ["expired", "quarantined", "retired", "other", "gone"])
def test_a_lot_must_be_usable_on_the_day_of_the_session(kit, spoil, django_db_blocker):
    line, lot = kit.lines[0], kit.lots[0]
    if spoil == "expired":
        lot.expires_on = date(2026, 3, 1)
    elif spoil == "quarantined":
        lot.quarantined = True
    elif spoil == "retired":
        lot.retired_at = "2026-01-01T00:00Z"
    lot.save()
    chosen = {"other": LotFactory(ingredient=IngredientFactory()).pk, "gone": 10**9}.get(spoil, lot.pk)
    lots = {str(line.pk): chosen, str(kit.lines[1].pk): kit.lots[1].pk}
    assert judge(kit.content(syringes=[kit.syringe(lots=lots)])) == [f"preparations.p1.lots.{line.pk}"]


def test_a_lot_may_be_used_on_its_last_day(kit):
    kit.lots[0].expires_on = DAY
    kit.lots[0].save()
    assert judge(kit.content()) == []


def test_only_an_approved_recipe(kit):
    FormulationVersion.objects.filter(pk=kit.version.pk).update(
        status=VersionStatus.RETIRED, retired_at="2026-01-01T00:00Z", retire_reason="replaced"
    )
    assert judge(kit.content()) == ["preparations.p1.version_id"]


def test_no_more_is_injected_than_was_drawn_up(kit):
    groups = [kit.group(volume_ml="0.05", points=[[0.6, 0.6]] * 60)]
    assert judge(kit.content(syringes=[kit.syringe(volume_ml="3")], groups=groups)) == []
    assert judge(kit.content(syringes=[kit.syringe(volume_ml="2.999")], groups=groups)) == ["preparations.p1.volume_ml"]


def test_a_syringe_from_which_nothing_was_injected_is_noted_and_does_not_stand_in_the_way(kit):
    content = kit.content(syringes=[kit.syringe(), kit.syringe(id="p2")])
    chart, _ = read_chart(content)
    assert [note.path for note in notes_on(chart)] == ["preparations.p2"]
    assert judge(content) == []


def test_totals_are_exact(kit):
    groups = [
        kit.group(),
        kit.group(id="i2", side="right", points=[], count="57", volume_ml="0.1", diagram=""),
        kit.group(id="i3", area="abdomen_upper", side="none", volume_ml="0.333", points=[], count="3", diagram=""),
    ]
    chart, problems = read_chart(kit.content(syringes=[kit.syringe(volume_ml="10")], groups=groups))
    totals = totals_of(chart, reference_of(chart))
    assert problems == []
    assert (totals.points, totals.volume_ml) == (62, Decimal("6.799"))
    assert [(a.key, a.side, a.points, a.volume_ml) for a in totals.areas] == [
        ("thigh_front", "left", 2, Decimal("0.10")),
        ("thigh_front", "right", 57, Decimal("5.7")),
        ("abdomen_upper", "none", 3, Decimal("0.999")),
    ]
    (syringe,) = totals.syringes
    assert (syringe.injected_ml, syringe.left_ml) == (Decimal("6.799"), Decimal("3.201"))
    # each line: 10 mg/mL, 2.5 mL of it in 5 mL of mixture, so 5 mg/mL
    assert [(i.amount, i.unit) for i in totals.ingredients] == [(Decimal("33.995"), "mg")] * 2
