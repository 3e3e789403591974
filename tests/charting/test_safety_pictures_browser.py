"""Every safety rule on the pages, all at once: said in full, fit to be read at any width, and pictured for people."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from patients.history.enums import AllergenKind, MedicineGroup
from patients.history.models import NoneKnown, PregnancyAnswer
from tests.charting.drafts import Kit
from tests.charting.test_safety import earlier, limit, set_first, set_rule
from tests.factories.patients import (
    LONG_AGO,
    AllergenFactory,
    ConditionFactory,
    MedicineFactory,
    PatientAllergyFactory,
    PatientMedicineFactory,
    take_back,
)
from tests.factories.people import PractitionerFactory
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import (
    FormulationVersion,
    Incompatibility,
    Ingredient,
    IngredientAllergen,
    IngredientCondition,
    Product,
)
from treatments.charting import safety

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
SHOTS = Path("screenshots")
TALL = 5000  # pixels, so that nothing that stays in view lies over the picture
SOURCE = ["https://example.org/label"]


@pytest.fixture
def kit(live_server, clinic_row, madrid, monkeypatch):
    """A patient and a recipe of which every rule has something to say."""
    kit = Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))
    earlier(kit, days=10)
    monkeypatch.setattr("treatments.charting.safety.facts._calendars", [lambda *about: False])
    spoil_the_patient(kit)
    spoil_the_recipe(kit)
    for rule, value in {
        "interval_area": 30,
        "volume_session": "0.05",
        "volume_area": "0.05",
        "volume_point": "0.01",
    }.items():
        set_rule(rule, value=Decimal(value))
    return kit


def spoil_the_patient(kit):
    amide = AllergenFactory(key="amide", name="Amide anaesthetic")
    latex = AllergenFactory(key="latex", name="Latex", kind=AllergenKind.MATERIAL)
    for allergy in ({"allergen": amide}, {"allergen": latex}, {"allergen": None, "as_told": "the dentist's injection"}):
        PatientAllergyFactory(patient=kit.patient, **allergy)
    for group in (MedicineGroup.NSAID, MedicineGroup.ANTICOAGULANT):
        PatientMedicineFactory(patient=kit.patient, medicine=MedicineFactory(group=group, stop_days=None))
    take_back(NoneKnown.objects.filter(topic="conditions"))
    asked_again = LONG_AGO + timedelta(days=1)
    by = {"recorded_by": kit.practitioner, "recorded_at": asked_again}
    PregnancyAnswer.objects.create(patient=kit.patient, state="pregnant", **by)
    against = {"ingredient": kit.lines[0].ingredient, "sources": SOURCE}
    IngredientAllergen.objects.create(key="a", allergen=amide, effect="stop", note="Ask which one.", **against)
    term = ConditionFactory(key="pregnancy", name="Pregnancy", effect="stop")
    IngredientCondition.objects.create(key="c", condition=term, effect="stop", **against)


def spoil_the_recipe(kit):
    one, two = (line.ingredient for line in kit.lines)
    limits = [limit("interval_days", "21", "day"), *(limit(per, "0.1") for per in ("session", "area", "point"))]
    set_first(kit, name="Lidocaine", bleeding_risk=True, limits=limits, sources=SOURCE)
    Ingredient.objects.filter(pk=two.pk).update(vehicle="oil", limits=[limit("session", "24")])
    Incompatibility.objects.create(key="pair", first=one, second=two, effect="reason", sources=SOURCE)
    product = Product.objects.create(name="Fatgone", ingredient=one, sources=SOURCE)
    product.licensed_areas.add(kit.abdomen)
    kit.version.formulation.areas.add(kit.abdomen)
    kit.technique.volume_max_ml = Decimal("0.02")
    kit.technique.save()
    kit.lots[0].quarantined = True
    kit.lots[0].save()
    retired = {"status": VersionStatus.RETIRED, "retired_at": "2026-01-01T00:00Z", "retire_reason": "replaced"}
    FormulationVersion.objects.filter(pk=kit.version.pk).update(**retired)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_every_rule_is_said_on_the_chart_and_before_the_signature(clean_page, live_server, sign_in, kit, axe_clean):
    content = kit.content(groups=[kit.group(depth_mm="9")])
    session = kit.start(content)
    answers = safety.answers_for_draft(content, session)
    assert {answer.rule for answer in answers} == set(safety.CHECKS)
    sign_in(kit.practitioner)
    SHOTS.mkdir(exist_ok=True)
    page = clean_page
    for name, place in {"chart": "#safety", "sign": ".safety"}.items():
        page.goto(f"{live_server.url}/sessions/{session.pk}/{name}/")
        said = flat(page.locator(place).inner_text())
        assert [answer.rule for answer in answers if flat(answer.message) not in said] == []
        for width in (1280, 820, 360):
            page.set_viewport_size({"width": width, "height": TALL})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.locator(place).screenshot(path=SHOTS / f"safety-{name}-{width}.png")
        page.set_viewport_size({"width": 360, "height": 800})
        axe_clean(page)
