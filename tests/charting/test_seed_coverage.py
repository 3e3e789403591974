"""Each class of substances and each substance that mesotherapy is described with: into a recipe, approved, injected."""

from decimal import Decimal

import pytest
from django.core.management import call_command

from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from tests.factories.people import PASSWORD
from tests.factories.treatments import AreaFactory
from treatments.catalogue import queries
from treatments.catalogue import services as recipes
from treatments.catalogue.models import Ingredient
from treatments.charting import safety
from treatments.charting.models import Preparation, SessionDraft
from treatments.charting.services import verify_signature

# What the mission names: the ingredient, its strength per mL, and what fills it up (None: it is never mixed)
SUBSTANCES = {
    "vasodilators": ("pentoxifylline", "20", "saline_09"),
    "antibiotics": ("antibiotic_unspecified", None, "saline_09"),
    "calcitonin": ("calcitonin", "200", "saline_09"),
    "thyroxin": ("thyroxine", "10", "saline_09"),
    "collagenase": ("collagenase", "0.23", None),
    "hyaluronidase": ("hyaluronidase", "150", "saline_09"),
    "herbal extracts": ("artichoke", None, "saline_09"),
    "vitamins": ("vitamin_c", "100", "saline_09"),
    "minerals": ("zinc", "1", "saline_09"),
}


@pytest.fixture
def shipped(db):
    call_command("load_vocabulary")
    call_command("load_catalogue")
    return lambda key: Ingredient.objects.select_related("ingredient_class").get(key=key)


@pytest.mark.parametrize(("key", "strength", "diluent"), SUBSTANCES.values(), ids=SUBSTANCES)
def test_it_can_be_prepared_approved_charted_and_signed(key, strength, diluent, shipped, kit, administrator):
    ingredient = shipped(key)
    if ingredient.unit != "mL" and strength is None:
        strength = "1"
    version = recipes.create_formulation(name="Mix", total_volume_ml=Decimal(5), by=administrator)
    lines = [recipes.Line(ingredient, strength and Decimal(strength), Decimal(1 if diluent else 5))]
    if diluent:
        lines.append(recipes.Line(shipped(diluent), None, Decimal(4)))
    draft = {"version": version, "edits": 0, "total_volume_ml": Decimal(5), "lines": lines, "by": administrator}
    kind = ingredient.ingredient_class
    if not kind.enabled:
        with pytest.raises(Refused, match="not turned on"):
            recipes.save_draft(**draft)
        recipes.switch_class(ingredient_class=kind, enabled=True, by=administrator)
        ingredient.ingredient_class.enabled = True
    version = recipes.save_draft(**draft)
    recipes.approve_version(version=version, edits=1, password=PASSWORD, reason="Agreed.", by=kit.practitioner)
    kit.use(queries.get_version(version.pk))
    AreaFactory(key="thigh_front")
    session = kit.start(kit.content())
    reasons = {
        answer.key: "Agreed." for answer in safety.answers_for_draft(kit.content(), session) if answer.needs_reason
    }
    SessionDraft.objects.filter(session=session).update(content=kit.content(reasons=reasons))
    kit.sign(session)
    session.refresh_from_db()
    assert session.status == "signed" and session.signed_at == WHEN and verify_signature(session)
    assert Preparation.objects.get(session=session).version_id == version.pk


def test_the_mission_s_classes_are_those_of_the_substances(shipped):
    kinds = {shipped(key).ingredient_class.key for key, _strength, _diluent in SUBSTANCES.values()}
    assert kinds == {"vasodilator", "antibiotic", "hormone", "enzyme", "herbal", "vitamin", "mineral"}
