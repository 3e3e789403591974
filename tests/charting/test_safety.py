"""The safety rules, one table a rule: what is known and charted, and what the rule says of it."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.history.enums import AllergenKind, Effect, MedicineGroup, Pregnancy, Topic
from patients.history.models import NoneKnown, PregnancyAnswer
from tests.charting.drafts import WHEN
from tests.factories.patients import (
    LONG_AGO,
    AllergenFactory,
    ConditionFactory,
    MedicineFactory,
    PatientAllergyFactory,
    PatientConditionFactory,
    PatientFactory,
    PatientMedicineFactory,
    asked,
    take_back,
)
from tests.factories.people import PASSWORD
from tests.factories.treatments import REVIEWED, ApprovedVersionFactory, AreaFactory, TechniqueFactory
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
from treatments.charting.enums import RuleEffect
from treatments.charting.models import SafetyRule, TreatmentSession
from treatments.charting.safety.facts import shipped_rules
from treatments.charting.safety.texts import TEXTS
from treatments.charting.safety_settings import load_safety_rules
from treatments.charting.services import sign_session
from treatments.charting.units import converted

SOURCE = "https://example.org/label"


def said(kit, content=None, **start):
    session = kit.start(content or kit.content(), **start)
    return safety.answers_for_draft(session.draft.content if content is None else content, session)


def of(rule, answers):
    return [(answer.about, str(answer.effect)) for answer in answers if answer.rule == rule]


def set_rule(key, **values):
    load_safety_rules()
    SafetyRule.objects.filter(key=key).update(**values)


def first(kit) -> Ingredient:
    return kit.lines[0].ingredient


def set_first(kit, **values):
    Ingredient.objects.filter(pk=first(kit).pk).update(**values)


def limit(per, most, unit="mg", **other):
    return {"per": per, "max": most, "unit": unit, "source": SOURCE} | other


def earlier(kit, *, days=0, hours=0, content=None):
    """A signed session of the same patient before WHEN."""
    at = WHEN - timedelta(days=days, hours=hours)
    session = TreatmentSession.objects.create(
        patient=kit.patient, practitioner=kit.practitioner, started_at=at, review=REVIEWED
    )
    from treatments.charting.models import SessionDraft

    content = content or kit.content()
    reasons = {a.key: "as agreed" for a in safety.answers_for_draft(content, session) if a.needs_reason}
    SessionDraft.objects.create(session=session, content=content | {"reasons": reasons}, saved_at=at)
    return sign_session(session_id=session.pk, version=0, password=PASSWORD, by=kit.practitioner, at=at)


# the frame ---


def test_nothing_is_said_of_a_plain_session_of_a_patient_who_was_asked(kit):
    assert said(kit, kit.content()) == []


def test_every_rule_is_asked_named_and_shipped():
    assert list(safety.CHECKS) == list(TEXTS) == list(shipped_rules())


# What has no source of its own: fixed, set by the clinic alone, or with sources on each row that it reads.
FIXED = {"version", "lot", "consultation", "not_asked", "ingredient"}
OWN = {"interval_area", "volume_session", "volume_area", "volume_point", "suitable", "allergy_in_words"}
ON_ROWS = {
    *("allergen", "allergy_material", "condition", "pregnancy", "ingredient_condition", "bleeding", "mixing"),
    *("interval_ingredient", "dose_session", "dose_area", "dose_point", "dose_drawn", "technique_volume", "licensed"),
}


def test_every_rule_has_a_source_or_reads_rows_that_have():
    without = {key for key, rule in shipped_rules().items() if not rule.sources}
    assert without == FIXED | OWN | ON_ROWS
    assert all(rule.unit for key, rule in shipped_rules().items() if key in OWN - {"suitable", "allergy_in_words"})


def test_loading_adds_what_is_missing_and_leaves_what_the_clinic_set(kit):
    load_safety_rules()
    SafetyRule.objects.filter(key="not_asked").update(effect=RuleEffect.NOTE)
    SafetyRule.objects.filter(key="lot").delete()
    load_safety_rules()
    assert SafetyRule.objects.count() == len(shipped_rules())
    assert SafetyRule.objects.get(key="not_asked").effect == RuleEffect.NOTE


def test_a_rule_whose_row_was_never_loaded_speaks_as_shipped(kit):
    take_back(NoneKnown.objects.all())
    assert not SafetyRule.objects.exists()
    assert of("not_asked", said(kit, kit.content()))[0] == ("allergies", "reason")


def test_the_strongest_come_first(kit):
    PatientConditionFactory(patient=kit.patient, condition__effect=Effect.NOTE)
    PatientConditionFactory(patient=kit.patient, condition__effect=Effect.STOP)
    PatientConditionFactory(patient=kit.patient, condition__effect=Effect.REASON)
    assert [answer.effect for answer in said(kit, kit.content())] == ["stop", "reason", "note"]


# allergies ---


@pytest.mark.parametrize("effect", ["stop", "reason", "note"])
def test_an_allergy_against_an_ingredient(kit, effect):
    rule = AllergenFactory(key="amide", name="Amide anaesthetic", synonyms=["lidocaine"])
    IngredientAllergen.objects.create(
        key="x", ingredient=first(kit), allergen=rule, effect=effect, note="Ask which one.", sources=[SOURCE]
    )
    assert of("allergen", said(kit, kit.content())) == []
    PatientAllergyFactory(patient=kit.patient, allergen=rule)
    (answer,) = said(kit, kit.content())
    assert (answer.rule, answer.effect, answer.sources) == ("allergen", effect, (SOURCE,))
    assert answer.message == f"{first(kit)}: an allergy to Amide anaesthetic is on record. Ask which one."
    assert answer.marks == ("preparations.p1",)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Lidocaine", True),
        ("the dentist's LIDOCAÏNE", True),
        ("amide anaesthetic", True),
        ("peanuts", False),
        ("", False),
    ],
)
def test_an_allergy_in_the_patients_words_is_found_by_name_and_synonym(kit, words, found):
    rule = AllergenFactory(name="Amide anaesthetic", synonyms=["lidocaine"])
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    if words:
        PatientAllergyFactory(patient=kit.patient, allergen=None, as_told=words)
    answers = said(kit, kit.content())
    assert bool(of("allergen", answers)) == found
    assert bool(of("allergy_in_words", answers)) == bool(words)


@pytest.mark.parametrize(
    ("ingredient", "allergy", "found"),
    [
        ("Vitamin C", {"name": "Vitamin C"}, True),
        ("Calcitonin (salmon)", {"name": "Fish", "synonyms": ["salmon"]}, True),
        ("Lidocaine", {"name": "Lido"}, False),
        ("Lidocaine", {"name": "Latex"}, False),
    ],
)
def test_an_allergy_that_is_named_like_an_ingredient_needs_a_reason(kit, ingredient, allergy, found):
    set_first(kit, name=ingredient)
    PatientAllergyFactory(patient=kit.patient, allergen=AllergenFactory(**allergy))
    assert [effect for _about, effect in of("allergen", said(kit, kit.content()))] == ["reason"] * found


def test_an_allergy_taken_back_says_nothing(kit):
    rule = AllergenFactory()
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    PatientAllergyFactory(
        patient=kit.patient, allergen=rule, voided_at=WHEN, voided_by=kit.practitioner, void_reason="mistake"
    )
    assert of("allergen", said(kit, kit.content())) == []


def test_what_was_left_out_for_this_patient_is_not_in_the_syringe(kit):
    rule = AllergenFactory()
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    PatientAllergyFactory(patient=kit.patient, allergen=rule)
    without = kit.syringe(amounts={str(kit.lines[0].pk): "0"}, variation_reason="allergy")
    assert of("allergen", said(kit, kit.content(syringes=[without]))) == []


def test_the_syringe_speaks_as_soon_as_it_is_chosen_whatever_else_is_missing(kit):
    rule = AllergenFactory()
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    PatientAllergyFactory(patient=kit.patient, allergen=rule)
    chosen = {"id": "p1", "version_id": kit.version.pk, "volume_ml": "fiv", "lots": {}}
    assert len(of("allergen", said(kit, {"preparations": [chosen]}))) == 1


@pytest.mark.parametrize(("kind", "count"), [(AllergenKind.MATERIAL, 1), (AllergenKind.SUBSTANCE, 0)])
def test_what_touches_the_skin_is_noted(kit, kind, count):
    PatientAllergyFactory(patient=kit.patient, allergen=AllergenFactory(key="latex", name="Latex", kind=kind))
    assert of("allergy_material", said(kit, kit.content())) == [("latex", "note")] * count


# the patient ---


@pytest.mark.parametrize(
    ("term", "row", "effect", "words"),
    [
        ({"effect": "stop"}, {}, "stop", "On record: Lupus."),
        ({"effect": "reason"}, {}, "reason", "On record: Lupus."),
        ({"effect": "note"}, {}, "note", "On record: Lupus."),
        ({"effect": "wait"}, {}, "wait", "On record: Lupus. Wait until it is over."),
        ({"effect": "wait", "wait_days": 7}, {"since": date(2026, 3, 1)}, "wait", "Wait until 8 March 2026."),
        ({"effect": "wait", "wait_days": 7}, {"since": date(2026, 2, 23)}, "note", "The wait ended on 2 March 2026."),
        ({"effect": "stop"}, {"until": date(2026, 3, 1)}, None, ""),
    ],
)
def test_conditions_speak_as_their_list_says(kit, term, row, effect, words):
    PatientConditionFactory(patient=kit.patient, condition=ConditionFactory(key="lupus", name="Lupus", **term), **row)
    answers = [answer for answer in said(kit, kit.content()) if answer.rule == "condition"]
    assert [answer.effect for answer in answers] == ([effect] if effect else [])
    assert all(words in answer.message for answer in answers)


@pytest.mark.parametrize(
    ("born", "key", "effect"),
    [(date(2015, 1, 1), "under_18", "stop"), (date(1930, 1, 1), "over_75", "reason"), (date(1990, 1, 1), None, None)],
)
def test_age(kit, born, key, effect):
    kit.patient = asked(PatientFactory(birth_date=born))
    assert of("condition", said(kit, kit.content(), patient=kit.patient)) == ([(key, effect)] if key else [])


@pytest.mark.parametrize(
    ("state", "about", "effect"),
    [
        (Pregnancy.PREGNANT, "pregnancy", "stop"),
        (Pregnancy.TRYING, "pregnancy", "stop"),
        (Pregnancy.RECENT_BIRTH, "pregnancy", "stop"),
        (Pregnancy.BREASTFEEDING, "breast_feeding", "stop"),
        (Pregnancy.NO, None, None),
    ],
)
def test_pregnancy_and_breast_feeding(kit, state, about, effect):
    PregnancyAnswer.objects.create(
        patient=kit.patient, state=state, recorded_by=kit.practitioner, recorded_at=LONG_AGO + timedelta(days=1)
    )
    assert of("pregnancy", said(kit, kit.content())) == ([(about, effect)] if about else [])


def test_the_clinics_word_on_breast_feeding_counts(kit):
    ConditionFactory(key="breast_feeding", effect="reason", sources=[SOURCE])
    PregnancyAnswer.objects.create(
        patient=kit.patient,
        state="breastfeeding",
        recorded_by=kit.practitioner,
        recorded_at=LONG_AGO + timedelta(days=1),
    )
    (answer,) = said(kit, kit.content())
    assert (answer.effect, answer.sources) == ("reason", (SOURCE,))


@pytest.mark.parametrize("topic", [*Topic, "pregnancy"])
def test_a_question_that_was_never_asked(kit, topic):
    if topic == "pregnancy":
        take_back(PregnancyAnswer.objects.all())
    else:
        take_back(NoneKnown.objects.filter(topic=topic))
    assert of("not_asked", said(kit, kit.content())) == [(topic, "reason")]


def test_men_are_not_asked_about_pregnancy(kit):
    kit.patient = asked(PatientFactory(sex="male"))
    take_back(PregnancyAnswer.objects.all())
    assert of("not_asked", said(kit, kit.content(), patient=kit.patient)) == []


@pytest.mark.parametrize(
    ("medicine", "rule", "about"),
    [
        ({"medicine": None, "as_told": "the white ones"}, "medicine", "row"),
        ({}, "medicine", "row"),
        ({"medicine": {"group": MedicineGroup.ANTICOAGULANT, "stop_days": None}}, "condition", "anticoagulant"),
        ({"medicine": {"group": MedicineGroup.PARACETAMOL, "bleeding_risk": False}}, None, None),
    ],
)
def test_medicines(kit, medicine, rule, about):
    if isinstance(medicine.get("medicine"), dict):
        medicine = {"medicine": MedicineFactory(**medicine["medicine"])}
    PatientMedicineFactory(patient=kit.patient, **medicine)
    answers = said(kit, kit.content())
    assert [(a.rule, a.effect) for a in answers] == ([(rule, "reason")] if rule else [])
    assert all(answer.about.startswith(about) for answer in answers)


@pytest.mark.parametrize(
    ("risky", "group", "count"),
    [
        (True, MedicineGroup.ANTICOAGULANT, 1),
        (True, MedicineGroup.NSAID, 1),
        (False, MedicineGroup.ANTICOAGULANT, 0),
        (True, None, 0),
    ],
)
def test_an_ingredient_that_raises_bleeding_with_a_medicine_that_does(kit, risky, group, count):
    set_first(kit, bleeding_risk=risky, sources=[SOURCE])
    if group:
        PatientMedicineFactory(patient=kit.patient, medicine=MedicineFactory(group=group))
    answers = said(kit, kit.content())
    assert of("bleeding", answers) == [(first(kit).key, "reason")] * count


@pytest.mark.parametrize("effect", ["stop", "reason", "note"])
def test_a_condition_against_an_ingredient(kit, effect):
    term = ConditionFactory(key="epilepsy", name="Epilepsy", effect="note")
    IngredientCondition.objects.create(key="x", ingredient=first(kit), condition=term, effect=effect, sources=[SOURCE])
    PatientConditionFactory(patient=kit.patient, condition=term)
    answers = said(kit, kit.content())
    assert of("ingredient_condition", answers) == [(f"{first(kit).key}-epilepsy", effect)]


def test_a_condition_that_follows_from_an_answer_counts_against_an_ingredient_too(kit):
    term = ConditionFactory(key="pregnancy", effect="note")
    IngredientCondition.objects.create(key="x", ingredient=first(kit), condition=term, effect="stop")
    PregnancyAnswer.objects.create(
        patient=kit.patient, state="trying", recorded_by=kit.practitioner, recorded_at=LONG_AGO + timedelta(days=1)
    )
    assert of("ingredient_condition", said(kit, kit.content())) == [(f"{first(kit).key}-pregnancy", "stop")]


# intervals ---


@pytest.mark.parametrize(("days", "count"), [(0, 1), (1, 1), (20, 1), (21, 0), (400, 0)])
def test_days_since_the_same_ingredient(kit, days, count):
    set_first(kit, limits=[limit("interval_days", "21", "day", note="three visits")])
    earlier(kit, days=days, hours=1)
    answers = said(kit, kit.content())
    assert of("interval_ingredient", answers) == [(first(kit).key, "reason")] * count


def test_days_are_the_clinics_and_not_of_24_hours(kit):
    """20 days and 23 hours are 21 days of the calendar."""
    set_first(kit, limits=[limit("interval_days", "1", "day")])
    earlier(kit, hours=11)  # 23:00 in Madrid, the evening before
    assert of("interval_ingredient", said(kit, kit.content())) == []


@pytest.mark.parametrize(
    ("value", "area", "side", "count"),
    [
        (None, "thigh_front", "left", 0),
        ("7", "thigh_front", "left", 1),
        ("7", "thigh_front", "right", 0),
        ("7", "thigh", "left", 1),
        ("7", "thigh_inner", "left", 1),
        ("7", "abdomen_upper", "none", 0),
        ("6", "thigh_front", "left", 0),
    ],
)
def test_days_since_the_same_area_its_parts_and_what_it_is_part_of(kit, value, area, side, count):
    """The last session was on the left thigh, six days ago."""
    thigh = AreaFactory(key="thigh", name="Thigh")
    AreaFactory(key="thigh_inner", name="Inner part of the front", parent=kit.thigh)
    type(kit.thigh).objects.filter(pk=kit.thigh.pk).update(parent=thigh)
    earlier(kit, days=6)
    set_rule("interval_area", value=value and Decimal(value))
    content = kit.content(groups=[kit.group(area=area, side=side, points=[], count="3", diagram="")])
    assert of("interval_area", said(kit, content)) == [("2026-02-24", "reason")] * count


def test_voided_sessions_and_drafts_are_no_past(kit):
    set_first(kit, limits=[limit("interval_days", "21", "day"), limit("session", "1")])
    session = earlier(kit, days=1)
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="voided", voided_at=WHEN, voided_by=kit.practitioner, void_reason="wrong patient"
    )
    TreatmentSession.objects.create(patient=kit.patient, practitioner=kit.practitioner, started_at=WHEN)
    assert of("interval_ingredient", said(kit, kit.content())) == []


# doses: each line is 10 mg/mL, half of the mixture, so 5 mg in each mL ---


def test_one_unit_in_another():
    for amount, unit, to, wanted in [
        (Fraction(1), "mg", "mcg", 1000),
        (Fraction(250), "mcg", "mg", Fraction(1, 4)),
        (Fraction(1, 2), "g", "mg", 500),
        (Fraction(3), "IU", "IU", 3),
        (Fraction(3), "mL", "mL", 3),
        (Fraction(3), "IU", "mg", None),
        (Fraction(3), "U", "IU", None),
        (Fraction(3), "mg", "mL", None),
    ]:
        assert converted(amount, unit, to) == wanted


@pytest.mark.parametrize(
    ("per", "most", "unit", "count"),
    [
        # 2 points of 0.05 mL: 0.5 mg in all, 0.25 mg a point, 0.05 mL of the ingredient's own solution
        ("session", "0.5", "mg", 0),
        ("session", "0.4999", "mg", 1),
        ("session", "500", "mcg", 0),
        ("session", "499", "mcg", 1),
        ("session", "0.05", "mL", 0),
        ("session", "0.049", "mL", 1),
        ("session", "9999", "IU", 1),  # cannot be compared, and says so
        ("session", "plenty", "mg", 1),
        ("area", "0.5", "mg", 0),
        ("area", "0.49", "mg", 1),
        ("point", "0.25", "mg", 0),
        ("point", "0.24", "mg", 1),
    ],
)
def test_an_ingredient_against_its_limits(kit, per, most, unit, count):
    set_first(kit, limits=[limit(per, most, unit)])
    answers = [answer for answer in said(kit, kit.content()) if answer.rule == f"dose_{per}"]
    assert [answer.effect for answer in answers] == ["reason"] * count
    assert all(answer.sources == (SOURCE,) for answer in answers)


def test_the_dose_is_summed_over_all_syringes_and_sessions_of_the_day(kit):
    set_first(kit, limits=[limit("session", "1.4", note="a study")])
    assert of("dose_session", said(kit, kit.content())) == []
    earlier(kit, hours=1)
    assert of("dose_session", said(kit, kit.content())) == []  # 1 mg
    second = kit.syringe(id="p2")
    content = kit.content(
        syringes=[kit.syringe(), second], groups=[kit.group(), kit.group(id="i2", preparation="p2", side="right")]
    )
    (answer,) = [answer for answer in said(kit, content) if answer.rule == "dose_session"]
    words = answer.message.replace("\N{NO-BREAK SPACE}", " ")
    assert words == f"{first(kit)}: 1.5 mg today with earlier sessions, more than 1.4 mg a session. (a study)"
    assert answer.marks == ("injections.i1", "injections.i2")


def test_yesterday_is_another_day(kit):
    set_first(kit, limits=[limit("session", "0.6")])
    earlier(kit, hours=11)
    assert of("dose_session", said(kit, kit.content())) == []


def test_what_was_varied_counts_as_it_was_drawn_up(kit):
    """Half of the first component instead of the recipe's share: 1.25 of 3.75 mL, a third of it, 10/3 mg a mL."""
    set_first(kit, limits=[limit("point", "0.17")])
    assert len(of("dose_point", said(kit, kit.content()))) == 1
    less = kit.syringe(amounts={str(kit.lines[0].pk): "1.25"}, variation_reason="first time")
    assert of("dose_point", said(kit, kit.content(syringes=[less]))) == []


def test_each_side_is_an_area_of_its_own(kit):
    set_first(kit, limits=[limit("area", "0.9")])
    groups = [kit.group(), kit.group(id="i2", side="right")]
    assert of("dose_area", said(kit, kit.content(groups=groups))) == []
    groups = [kit.group(), kit.group(id="i2", depth_mm="4")]
    assert of("dose_area", said(kit, kit.content(groups=groups))) == [(f"{first(kit).key}-thigh_front-left", "reason")]


def test_what_is_drawn_up_is_noted_before_it_is_injected(kit):
    """5 mL hold 25 mg."""
    set_first(kit, limits=[limit("session", "24")])
    assert of("dose_drawn", said(kit, kit.content(groups=[]))) == [(first(kit).key, "note")]
    many = kit.group(points=[], count="98", diagram="")
    answers = said(kit, kit.content(groups=[many]))
    assert of("dose_drawn", answers) == [] and len(of("dose_session", answers)) == 1


def test_two_limits_of_one_kind_are_told_apart(kit):
    set_first(kit, limits=[limit("session", "0.1"), limit("session", "0.2")])
    key = first(kit).key
    assert of("dose_session", said(kit, kit.content())) == [(key, "reason"), (f"{key}-2", "reason")]


@pytest.mark.parametrize(
    ("rule", "value", "count"),
    [
        ("volume_session", "0.1", 0),
        ("volume_session", "0.099", 1),
        ("volume_area", "0.1", 0),
        ("volume_area", "0.099", 1),
        ("volume_point", "0.05", 0),
        ("volume_point", "0.049", 1),
        ("volume_session", None, 0),
    ],
)
def test_the_clinics_own_volumes(kit, rule, value, count):
    set_rule(rule, value=value and Decimal(value), effect="stop")
    assert [effect for _about, effect in of(rule, said(kit, kit.content()))] == ["stop"] * count


@pytest.mark.parametrize(
    ("rule", "field", "amount", "count"),
    [
        ("technique_depth", "depth_mm", "1.9", 1),
        ("technique_depth", "depth_mm", "2", 0),
        ("technique_depth", "depth_mm", "4", 0),
        ("technique_depth", "depth_mm", "4.1", 1),
        ("technique_volume", "volume_ml", "0.019", 1),
        ("technique_volume", "volume_ml", "0.02", 0),
        ("technique_volume", "volume_ml", "0.1", 0),
        ("technique_volume", "volume_ml", "0.11", 1),
    ],
)
def test_what_is_usual_for_a_technique(kit, rule, field, amount, count):
    TechniqueFactory._meta.model.objects.filter(key="nappage").update(
        depth_min_mm=2, depth_max_mm=4, volume_min_ml=Decimal("0.02"), volume_max_ml=Decimal("0.1")
    )
    answers = said(kit, kit.content(groups=[kit.group(**{field: amount})]))
    assert [effect for _about, effect in of(rule, answers)] == ["note"] * count


# the syringe's papers ---


def test_a_recipe_that_is_not_approved_stops_and_no_reason_helps(kit):
    FormulationVersion.objects.filter(pk=kit.version.pk).update(
        status=VersionStatus.RETIRED, retired_at="2026-01-01T00:00Z", retire_reason="replaced"
    )
    (answer,) = [answer for answer in said(kit, kit.content()) if answer.rule == "version"]
    assert (answer.effect, answer.is_hard, answer.needs_reason) == ("stop", True, False)


@pytest.mark.parametrize("spoil", ["expired", "quarantined"])
def test_a_lot_that_cannot_be_used_stops_and_no_reason_helps(kit, spoil):
    lot = kit.lots[0]
    setattr(lot, *{"expired": ("expires_on", date(2026, 3, 1)), "quarantined": ("quarantined", True)}[spoil])
    lot.save()
    (answer,) = [answer for answer in said(kit, kit.content()) if answer.rule == "lot"]
    assert (answer.effect, answer.is_hard, answer.marks) == ("stop", True, ("preparations.p1",))
    assert lot.number in answer.message


@pytest.mark.parametrize(("licensed", "count"), [([], 0), (["thigh_front"], 0), (["thigh"], 0), (["abdomen_upper"], 1)])
def test_a_product_against_the_areas_that_it_is_licensed_for(kit, licensed, count):
    thigh = AreaFactory(key="thigh", name="Thigh")
    type(kit.thigh).objects.filter(pk=kit.thigh.pk).update(parent=thigh)
    product = Product.objects.create(name="Fatgone", ingredient=first(kit), sources=[SOURCE])
    product.licensed_areas.set([AreaFactory(key=key) for key in licensed])
    answers = said(kit, kit.content())
    assert of("licensed", answers) == [(f"product{product.pk}", "reason")] * count


def test_of_two_products_the_chosen_lots_own_counts(kit):
    products = [Product.objects.create(name=name, ingredient=first(kit)) for name in ("One", "Two")]
    products[1].licensed_areas.add(kit.abdomen)
    assert of("licensed", said(kit, kit.content())) == []
    kit.lots[0].product = products[1]
    kit.lots[0].save()
    assert len(of("licensed", said(kit, kit.content()))) == 1


def test_a_recipe_that_is_meant_for_other_areas_and_techniques(kit):
    kit.version.formulation.areas.add(kit.abdomen)
    kit.version.formulation.techniques.add(TechniqueFactory(key="papule"))
    assert [effect for _about, effect in of("suitable", said(kit, kit.content()))] == ["note"]
    kit.version.formulation.areas.add(kit.thigh)
    kit.version.formulation.techniques.add(kit.technique)
    assert of("suitable", said(kit, kit.content())) == []


def test_an_ingredient_that_went_out_of_use_after_the_recipe_was_approved(kit):
    set_first(kit, vehicle="oil")
    assert of("ingredient", said(kit, kit.content())) == [(first(kit).key, "reason")]


@pytest.mark.parametrize(
    ("effect", "mix_reason", "wanted"),
    [("stop", "", "stop"), ("stop", "tried", "stop"), ("reason", "", "reason"), ("reason", "tried", "note")],
)
def test_pairs_that_do_not_belong_together(kit, effect, mix_reason, wanted):
    kit.use(ApprovedVersionFactory(mix_reason=mix_reason))
    one, two = (line.ingredient for line in kit.lines)
    Incompatibility.objects.create(key="pair", first=one, second=two, effect=effect, sources=[SOURCE])
    assert of("mixing", said(kit, kit.content())) == [("pair", wanted)]


@pytest.mark.parametrize(("state", "count"), [(True, 0), (None, 0), (False, 1)])
def test_a_consultation_that_is_missing(kit, state, count, monkeypatch):
    monkeypatch.setattr("treatments.charting.safety.facts._calendars", [lambda *about: state])
    assert of("consultation", said(kit, kit.content())) == [("", "reason")] * count


# what a clinic sets ---


@pytest.mark.parametrize("effect", ["stop", "reason", "note"])
def test_the_effect_is_the_clinics(kit, effect):
    take_back(NoneKnown.objects.filter(topic="allergies"))
    set_rule("not_asked", effect=effect)
    assert of("not_asked", said(kit, kit.content())) == [("allergies", effect)]


# booking ---


def test_the_same_words_when_a_visit_is_booked(kit):
    """Whatever does not need points is said beforehand, in the same sentence."""
    rule = AllergenFactory()
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    PatientAllergyFactory(patient=kit.patient, allergen=rule)
    PatientConditionFactory(patient=kit.patient)
    set_first(kit, limits=[limit("interval_days", "30", "day")])
    set_rule("interval_area", value=Decimal(30))
    earlier(kit, days=10)
    charted = said(kit, kit.content())
    booked = safety.answers_for_booking(kit.patient, WHEN, areas=[("thigh_front", "none")], version=kit.version)
    assert {a.message for a in booked if a.rule != "interval_area"} == {
        a.message for a in charted if a.rule != "interval_area"
    }
    assert [a.rule for a in booked] == ["allergen", "condition", "interval_ingredient", "interval_area"]


def test_without_areas_the_last_sessions_are_meant(kit):
    set_rule("interval_area", value=Decimal(30))
    earlier(kit, days=10)
    assert of("interval_area", safety.answers_for_booking(kit.patient, WHEN)) == [("2026-02-20", "reason")]
    assert of("interval_area", safety.answers_for_booking(kit.patient, WHEN, areas=[])) == []


def test_a_wait_is_counted_to_the_day_of_the_visit(kit):
    term = ConditionFactory(effect="wait", wait_days=10)
    PatientConditionFactory(patient=kit.patient, condition=term, since=WHEN.date())
    for days, effect in [(0, "wait"), (9, "wait"), (10, "note")]:
        (answer,) = safety.answers_for_booking(kit.patient, WHEN + timedelta(days=days))
        assert answer.effect == effect


# constant queries ---


def test_the_number_of_queries_does_not_grow(kit):
    def asked_queries(content):
        session = kit.start(content)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            safety.answers_for_draft(content, session)
        return len(queries)

    little = asked_queries(kit.content())
    earlier(kit, days=30)
    for number in range(3):
        earlier(kit, hours=number / 4)
        PatientAllergyFactory(patient=kit.patient)
        PatientConditionFactory(patient=kit.patient)
        PatientMedicineFactory(patient=kit.patient)
    many = kit.content(
        syringes=[kit.syringe(id=f"p{n}") for n in range(1, 9)],
        groups=[kit.group(id=f"i{n}", preparation=f"p{n % 8 + 1}") for n in range(40)],
    )
    much = asked_queries(many)
    assert much - little <= 8, (little, much)


def test_a_recipe_speaks_before_it_is_added(kit, client_of):
    rule = AllergenFactory(name="Amide anaesthetic")
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=rule, effect="stop")
    PatientAllergyFactory(patient=kit.patient, allergen=rule)
    PatientConditionFactory(patient=kit.patient)
    session = kit.start({})
    assert [a.rule for a in safety.answers_for_recipe({}, session, kit.version.pk)] == ["allergen"]
    own, page = client_of(kit.practitioner), reverse("charting:recipe", args=[session.pk])
    assert "Amide anaesthetic" in own.get(page, {"new-version_id": kit.version.pk}).content.decode()
    for strange in ("", "x", "999999", "-1", "9" * 30):
        answer = own.get(page, {"new-version_id": strange})
        assert answer.status_code == 200 and "Amide" not in answer.content.decode()
