"""What the safety rules said is signed with the session: with reasons, asked anew, recorded, and never changed."""

import json
import random

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import guards
from patients.history.models import NoneKnown
from tests.charting.drafts import WHEN
from tests.charting.test_safety import earlier, first, limit, set_first, set_rule
from tests.charting.test_signing import flipped
from tests.charting.test_views import signature, url
from tests.factories.patients import AllergenFactory, PatientAllergyFactory, PatientConditionFactory, take_back
from treatments.catalogue.models import FormulationVersion, IngredientAllergen
from treatments.charting import safety
from treatments.charting.models import SafetyAnswer, SafetyRule, SessionDraft, TreatmentSession
from treatments.charting.safety_settings import load_safety_rules
from treatments.charting.services import AnswersChanged, Incomplete, sign_session, verify_signature

REASONS = {"allergen": "Skin test negative on 1 March.", "not_asked": "Asked now: none."}


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


@pytest.fixture
def allergic(kit):
    """A stop: an allergy against the first ingredient."""
    allergen = AllergenFactory(key="amide", name="Amide anaesthetic")
    IngredientAllergen.objects.create(key="x", ingredient=first(kit), allergen=allergen, effect="stop", note="Ask.")
    PatientAllergyFactory(patient=kit.patient, allergen=allergen)
    return f"allergen.{first(kit).key}-amide"


def paths(refusal):
    return [problem.path for problem in refusal.value.problems]


def test_a_stop_and_a_reason_keep_from_signing_until_they_are_answered(kit, allergic):
    take_back(NoneKnown.objects.filter(topic__in=["allergies", "medicines"]))
    with pytest.raises(Incomplete) as refusal:
        kit.signed()
    slug = allergic.replace(".", "-")
    assert paths(refusal) == [f"reasons.{slug}", "reasons.not_asked-medicines"]
    assert [problem.anchor for problem in refusal.value.problems] == [f"reasons-{slug}", "reasons-not_asked-medicines"]
    assert not SafetyAnswer.objects.exists() and TreatmentSession.objects.get().status == "draft"


@pytest.mark.parametrize("reason", ["", "   ", "\u202e"])
def test_an_empty_reason_is_none(kit, allergic, reason):
    with pytest.raises(Incomplete):
        kit.signed(kit.content(reasons={allergic: reason}))


def test_a_reason_too_long_for_the_record_says_so_and_is_kept(kit, allergic):
    session = kit.start(kit.content(reasons={allergic: "x" * 301}))
    with pytest.raises(Incomplete) as refusal:
        kit.sign(session)
    assert paths(refusal) == [f"reasons.{allergic.replace('.', '-')}"]
    assert SessionDraft.objects.get().content["reasons"][allergic] == "x" * 301


def test_what_was_said_is_recorded_with_the_reason_and_the_trail_names_the_rules_only(kit, allergic):
    PatientConditionFactory(patient=kit.patient, condition__effect="note", condition__key="lupus")
    session = kit.signed(kit.content(reasons={allergic: REASONS["allergen"], "gone.away": "unused"}))
    rows = list(session.safety_answers.values_list("rule", "about", "effect", "reason"))
    assert rows == [
        ("allergen", f"{first(kit).key}-amide", "stop", REASONS["allergen"]),
        ("condition", "lupus", "note", ""),
    ]
    (event,) = AuditEvent.objects.filter(action="override")
    assert (event.fields, event.patient_id) == (["allergen"], kit.patient.pk)
    assert verify_signature(TreatmentSession.objects.get())


def test_a_session_of_which_nothing_is_said_leaves_no_override(kit):
    kit.signed()
    assert not AuditEvent.objects.filter(action="override").exists()


@pytest.mark.parametrize("spoil", ["recipe", "lot", "no lot"])
def test_no_reason_helps_a_recipe_or_lot_that_must_not_be_used(kit, spoil):
    content = kit.content()
    if spoil == "recipe":
        FormulationVersion.objects.filter(pk=kit.version.pk).update(
            status="retired", retired_at="2026-01-01T00:00Z", retire_reason="replaced"
        )
    elif spoil == "lot":
        type(kit.lots[0]).objects.filter(pk=kit.lots[0].pk).update(quarantined=True)
    else:
        content["preparations"][0]["lots"] = {}
    session = kit.start(content)
    reasons = {answer.key: "all the same" for answer in safety.answers_for_draft(content, session)}
    SessionDraft.objects.update(content=content | {"reasons": reasons})
    with pytest.raises(Incomplete):
        kit.sign(session)


# asked again when it is signed ---


def test_a_note_that_is_new_is_shown_before_it_is_signed(kit):
    session = kit.start(kit.content())
    seen = safety.digest(safety.answers_for_draft(session.draft.content or kit.content(), session))
    PatientConditionFactory(patient=kit.patient, condition__effect="note")
    form = {"session_id": session.pk, "version": 0, "password": "a long enough passphrase", "by": kit.practitioner}
    with pytest.raises(AnswersChanged):
        sign_session(**form, seen=seen, at=WHEN)
    assert SessionDraft.objects.get().version == 0


def test_what_changed_since_the_page_was_opened_is_shown_and_nothing_is_lost(kit, desk):
    session = kit.start(kit.content(note="Long note."))
    read = signature(desk, session)
    PatientConditionFactory(patient=kit.patient, condition__effect="note", condition__name="Lupus")
    response = desk.post(url("sign", session), read)
    page = response.content.decode()
    assert "Read it again before you sign" in page and "On record: Lupus." in page and "Long note." in page
    assert TreatmentSession.objects.get().status == "draft"
    again = response.context["form"].initial | {"password": read["password"]}
    assert desk.post(url("sign", session), again).status_code == 302
    assert SafetyAnswer.objects.get().rule == "condition"


def test_a_rule_that_an_administrator_sharpened_meanwhile_asks_for_its_reason(kit, desk):
    set_first(kit, limits=[limit("session", "0.1")])
    set_rule("dose_session", effect="note")
    session = kit.start(kit.content())
    read = signature(desk, session)
    SafetyRule.objects.filter(key="dose_session").update(effect="stop")
    page = desk.post(url("sign", session), read).content.decode()
    assert f"#reasons-dose_session-{first(kit).key}" in page
    assert TreatmentSession.objects.get().status == "draft"


def test_a_colleagues_session_of_the_same_day_counts_when_it_is_signed(kit, desk):
    set_first(kit, limits=[limit("session", "0.6")])
    session = kit.start(kit.content())
    read = signature(desk, session)
    earlier(kit, hours=1)
    page = desk.post(url("sign", session), read).content.decode()
    assert "with earlier sessions" in page and TreatmentSession.objects.get(pk=session.pk).status == "draft"


def test_a_forged_or_missing_digest_signs_nothing(kit, desk):
    session = kit.start(kit.content())
    for seen in ("", "0" * 64, "ñ" * 64):
        desk.post(url("sign", session), signature(desk, session, seen=seen))
    assert TreatmentSession.objects.get().status == "draft"


# as it stands in the record ---


def signed(kit, allergic):
    PatientConditionFactory(patient=kit.patient, condition__effect="note")
    return kit.signed(kit.content(reasons={allergic: REASONS["allergen"]}))


def test_the_record_shows_what_was_said_and_why_it_was_gone_on(kit, allergic, desk):
    page = desk.get(url("session", signed(kit, allergic))).content.decode()
    assert "an allergy to Amide anaesthetic is on record" in page and REASONS["allergen"] in page


def test_an_older_record_without_answers_is_still_what_was_signed(kit):
    """As sessions were signed before the rules were asked."""
    session = kit.signed()
    assert not session.safety_answers.exists() and verify_signature(TreatmentSession.objects.get())


def test_the_database_keeps_the_answers_as_they_were_signed(kit, allergic):
    session = signed(kit, allergic)
    for change in (
        lambda: SafetyAnswer.objects.update(reason="another"),
        lambda: SafetyAnswer.objects.all()._raw_delete("default"),
        lambda: SafetyAnswer.objects.create(session=session, rule="late", effect="note", message="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_database_wants_a_reason_for_each_override(kit):
    session = kit.start(kit.content())
    for effect in ("stop", "reason"):
        with pytest.raises(IntegrityError), transaction.atomic():
            SafetyAnswer.objects.create(session=session, rule="x", effect=effect, message="x")


@pytest.mark.django_db(transaction=True)
def test_every_change_of_an_answer_is_noticed(kit, allergic):
    session = signed(kit, allergic)
    guards.remove_triggers()
    chance = random.Random(6)
    for name in ["rule", "about", "message", "reason"] * 5:
        row = SafetyAnswer.objects.first()
        with transaction.atomic():
            SafetyAnswer.objects.filter(pk=row.pk).update(**{name: flipped(getattr(row, name), chance)})
            assert not verify_signature(TreatmentSession.objects.get(pk=session.pk))
            transaction.set_rollback(True)
    for change in (
        lambda: SafetyAnswer.objects.filter(effect="note").update(effect="wait"),
        lambda: SafetyAnswer.objects.filter(effect="note").update(sources=["https://example.org"]),
        lambda: SafetyAnswer.objects.filter(effect="note").delete(),
        lambda: SafetyAnswer.objects.all().delete(),
        lambda: SafetyAnswer.objects.create(session=session, rule="late", effect="note", message="x"),
    ):
        with transaction.atomic():
            change()
            assert not verify_signature(TreatmentSession.objects.get(pk=session.pk))
            transaction.set_rollback(True)
    assert verify_signature(TreatmentSession.objects.get(pk=session.pk))


# the charting page ---


def save(desk, session, content, version=0):
    body = json.dumps({"version": version, "content": content})
    return desk.post(url("save", session), body, content_type="application/json")


def test_the_autosave_answers_with_what_the_rules_say(kit, allergic, desk):
    session = kit.start({})
    assert "answers" not in save(desk, session, {}).json(), "what was not charted anew is not asked about anew"
    (answer,) = save(desk, session, {"preparations": [kit.syringe()]}, 1).json()["answers"]
    assert (answer["key"], answer["effect"], answer["needsReason"]) == (allergic, "stop", True)
    assert answer["marks"] == ["preparations-p1"]


@pytest.mark.parametrize("reasons", [[], {"a": 1}, {"a": None}, {"a" * 201: ""}, {"a": "x" * 1001}, {"a": "\0"}, 3])
def test_reasons_of_another_shape_are_refused_and_store_nothing(kit, desk, reasons):
    session = kit.start(kit.content())
    assert save(desk, session, {"reasons": reasons}).status_code == 400
    assert SessionDraft.objects.get().version == 0


def test_reasons_without_the_script(kit, allergic, desk):
    session = kit.start(kit.content(reasons={"older.one": "kept"}))
    page = desk.get(url("chart", session)).content.decode()
    assert f'name="reason.{allergic}"' in page and "Why it was done all the same" in page
    form = {"do": "reasons", "version": 0, f"reason.{allergic}": "Skin test negative."}
    assert desk.post(url("chart", session), form).status_code == 302
    assert SessionDraft.objects.get().content["reasons"] == {"older.one": "kept", allergic: "Skin test negative."}
    assert desk.post(url("sign", session), signature(desk, session)).status_code == 302


def test_the_list_of_what_is_missing_leads_to_the_field(kit, allergic, desk):
    session = kit.start(kit.content())
    page = desk.get(url("sign", session)).content.decode()
    assert f"{url('chart', session)}#reasons-{allergic.replace('.', '-')}" in page


# what a clinic sets ---


@pytest.fixture
def admin(administrator, client_of):
    load_safety_rules()
    return client_of(administrator)


def rule_url(key):
    return reverse("charting:edit_safety_rule", args=[SafetyRule.objects.get(key=key).pk])


def test_an_administrator_changes_a_rule_with_the_reason(kit, admin, administrator):
    form = {"effect": "note", "value": "14", "why": "Agreed by our doctors"}
    assert admin.post(rule_url("interval_area"), form).status_code == 302
    rule = SafetyRule.objects.get(key="interval_area")
    assert (rule.effect, rule.value, rule.why, rule.changed_by) == ("note", 14, "Agreed by our doctors", administrator)
    assert AuditEvent.objects.get(subject_type="charting.SafetyRule").fields == ["effect", "value"]
    page = admin.get(reverse("charting:safety_rules")).content.decode()
    assert "Agreed by our doctors" in page and "14\N{NO-BREAK SPACE}days" in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"why": ""}, "why"),
        ({"effect": "listed"}, "effect"),
        ({"value": "-1"}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "1e2"}, "value"),
        ({"value": "½"}, "value"),
        ({"value": "99999"}, "value"),
        ({"value": "1.5"}, "value"),
    ],
)
def test_a_change_that_cannot_be_right_is_refused_and_kept_on_the_page(admin, change, field):
    form = {"effect": "reason", "value": "7", "why": "Because"} | change
    response = admin.post(rule_url("interval_area"), form)
    assert list(response.context["form"].errors) == [field]
    assert SafetyRule.objects.get(key="interval_area").changed_at is None


def test_what_is_fixed_or_kept_in_the_catalogue_cannot_be_changed_here(admin):
    for key in ("lot", "version", "allergen", "condition"):
        assert admin.get(rule_url(key)).status_code == 404


def test_every_shipped_rule_can_be_read_by_practitioners(kit, desk):
    load_safety_rules()
    page = desk.get(reverse("charting:safety_rules")).content.decode()
    assert page.count("<tr>") == 1 + SafetyRule.objects.count() and "/edit" not in page
    assert desk.get(rule_url("not_asked")).status_code == 403
