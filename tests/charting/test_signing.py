"""Signing: complete or refused with every reason, once, by its author's password, and provable afterwards."""

import json
import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http import Http404

from clinic.audit.models import AuditEvent
from clinic.core import guards
from clinic.core.errors import Conflict, Refused
from tests.charting.drafts import WHEN
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting import signing
from treatments.charting.enums import SessionStatus
from treatments.charting.models import Addendum, Injection, Preparation, PreparationLot, TreatmentSession
from treatments.charting.queries import signed_rows
from treatments.charting.services import (
    DraftConflict,
    Incomplete,
    add_addendum,
    verify_addendum,
    verify_signature,
    void_session,
)


def test_signing_writes_the_rows_and_the_signature(kit):
    session = kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right", points=[], count="40")]))
    session.refresh_from_db()
    assert (session.status, session.signed_name, session.signed_role) == ("signed", "Dr Ana Ruiz", "MD")
    assert (session.signed_at, session.signed_by, session.note) == (WHEN, kit.practitioner, "Well tolerated.")
    assert list(session.injections.values_list("side", "count", "points")) == [
        ("left", 2, [[0.6, 0.6], [0.61, 0.62]]),
        ("right", 40, []),
    ]
    assert [lot.lot for lot in session.preparations.get().lots.order_by("line__position")] == kit.lots
    assert verify_signature(session)
    assert AuditEvent.objects.filter(action="sign", patient_id=kit.patient.pk).count() == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kit: {},
        lambda kit: kit.content(groups=[]),
        lambda kit: kit.content(groups=[kit.group(volume_ml="1e2")]),
        lambda kit: kit.content(groups=[kit.group(area="groin")]),
        lambda kit: kit.content(syringes=[kit.syringe(lots={})]),
        lambda kit: kit.content(syringes=[kit.syringe(volume_ml="0.05")]),
        lambda kit: kit.content(syringes=[kit.syringe(variation="half the procaine")]),
    ],
)
def test_an_incomplete_chart_is_refused_and_nothing_is_written(kit, spoil):
    session = kit.start(spoil(kit))
    with pytest.raises(Incomplete) as refusal:
        kit.sign(session)
    assert refusal.value.problems
    session.refresh_from_db()
    assert (session.status, session.draft.version) == (SessionStatus.DRAFT, 0)
    assert not Injection.objects.exists() and not Preparation.objects.exists()


def test_a_wrong_password_signs_nothing(kit):
    session = kit.start(kit.content())
    with pytest.raises(Refused) as refusal:
        kit.sign(session, password="not my password")
    assert refusal.value.field == "password"
    assert TreatmentSession.objects.get().status == SessionStatus.DRAFT
    assert AuditEvent.objects.filter(subject_type="password", actor_id=kit.practitioner.pk).count() == 1


def test_ten_wrong_passwords_and_then_not_even_the_right_one(kit):
    session = kit.start(kit.content())
    for _ in range(10):
        with pytest.raises(Refused):
            kit.sign(session, password="guess")
    with pytest.raises(Refused, match="Too many"):
        kit.sign(session)
    cache.clear()  # a quarter of an hour later
    assert kit.sign(session).status == SessionStatus.SIGNED


def test_right_passwords_are_not_counted(kit):
    for _ in range(12):
        session = kit.start(kit.content())
        kit.sign(session)
    assert TreatmentSession.objects.filter(status="signed").count() == 12


def test_only_the_author_signs(kit):
    session = kit.start(kit.content())
    with pytest.raises(Http404):
        kit.sign(session, by=PractitionerFactory())


def test_a_draft_that_moved_on_is_not_signed_unseen(kit):
    session = kit.start(kit.content())
    with pytest.raises(DraftConflict):
        kit.sign(session, version=3)
    assert TreatmentSession.objects.get().status == SessionStatus.DRAFT


def test_the_same_form_signs_once(kit):
    session = kit.start(kit.content())
    first = kit.sign(session)
    assert all(kit.sign(session) == first for _ in range(5))
    assert AuditEvent.objects.filter(action="sign").count() == 1
    assert Injection.objects.count() == 1


FLIPPED = [
    (TreatmentSession, ["patient_id", "practitioner_id", "started_at", "note", "reactions", "advice", "signed_at"]),
    (TreatmentSession, ["signed_by_id", "signed_name", "signed_role", "content_hash", "signature"]),
    (TreatmentSession, ["review", "findings", "cosignature_needed"]),
    (Preparation, ["version_id", "volume_ml", "variation", "variation_reason", "number", "drawn_at"]),
    (PreparationLot, ["line_id", "lot_id", "volume_ml"]),
    (Injection, ["preparation_id", "area_id", "side", "diagram", "technique_id", "needle", "depth_mm", "volume_ml"]),
    (Injection, ["count", "points", "spacing_mm"]),
]


def flipped(value, chance):
    """The value with one digit, character or bit of it changed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, dict):
        name = chance.choice([name for name in value if value[name]])
        return value | {name: flipped(value[name], chance)}
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(2, 5))
    if isinstance(value, list):
        spoilt = [list(point) for point in value]
        point = chance.choice(spoilt)
        point[chance.randrange(2)] += chance.choice([-0.0001, 0.0001])
        return spoilt
    if hasattr(value, "isoformat"):
        return value + timedelta(microseconds=1 << chance.randrange(20))
    if not isinstance(value, str):
        return value + value.__class__(1) / 10
    place = chance.randrange(len(value))
    return value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]


@pytest.mark.django_db(transaction=True)
def test_a_hundred_random_changes_of_a_byte_are_all_noticed(kit):
    """By somebody with the database in their hands and the guards switched off."""
    chance = random.Random(20260302)
    syringe = kit.syringe(variation="half", variation_reason="first time")
    groups = [kit.group(spacing_mm="7.5")]
    session = kit.signed(kit.content(syringes=[syringe], groups=groups, reactions="none", advice="ice"))
    guards.remove_triggers()
    noticed = 0
    for _ in range(100):
        model, fields = chance.choice(FLIPPED)
        name = chance.choice(fields)
        row = model.objects.order_by("?").first()
        before = getattr(row, name)
        with transaction.atomic():
            model.objects.filter(pk=row.pk).update(**{name: flipped(before, chance)})
            noticed += not verify_signature(TreatmentSession.objects.get(pk=session.pk))
            transaction.set_rollback(True)
    assert verify_signature(TreatmentSession.objects.get(pk=session.pk))
    assert noticed == 100


def test_points_of_no_grid_are_signed_as_they_were_before_grids_were_recorded(kit):
    """Else no older record would verify any more."""
    session = kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right", spacing_mm="7,5")]))
    rows = signed_rows(session)
    single, grid = json.loads(signing.canonical_content(session, *rows))["injections"]
    assert single[-2:] == [2, [["0.6000", "0.6000"], ["0.6100", "0.6200"]]]
    assert grid == [*single[:2], "right", *single[3:], "7.5"]


@pytest.mark.django_db(transaction=True)
def test_rows_added_taken_away_or_moved_to_another_session_are_noticed(kit):
    one, other = kit.signed(), kit.signed(kit.content(note="Another day."))
    guards.remove_triggers()
    for field in ("content_hash", "signature"):
        before = getattr(one, field)
        TreatmentSession.objects.filter(pk=one.pk).update(**{field: getattr(other, field)})
        assert not verify_signature(TreatmentSession.objects.get(pk=one.pk))
        TreatmentSession.objects.filter(pk=one.pk).update(**{field: before})
    assert verify_signature(TreatmentSession.objects.get(pk=one.pk))
    injection = one.injections.get()
    injection.pk = None
    injection.save()
    assert not verify_signature(one)
    one.injections.all().delete()
    assert not verify_signature(one)


@pytest.mark.django_db(transaction=True)
def test_nobody_can_sign_again_without_the_key(kit, settings):
    """Somebody who changed a row and made its hash anew has the code and the database, and still no signature."""
    session = kit.signed()
    guards.remove_triggers()
    session.note = "Changed."
    session.content_hash = signing.content_hash(session, *signed_rows(session))
    key, settings.SIGNATURE_KEY = settings.SIGNATURE_KEY, "another key"
    forged = [session.signature, session.content_hash, signing.session_signature(session)]
    settings.SIGNATURE_KEY = key
    for signature in forged:
        session.signature = signature
        session.save()
        assert not verify_signature(TreatmentSession.objects.get(pk=session.pk))


def test_an_addendum_is_dated_signed_and_leaves_the_original_as_it_was(kit):
    session = kit.signed()
    before = TreatmentSession.objects.values().get()
    colleague = PractitionerFactory(full_name="Dr Pau Soler")
    addendum = amend(session, by=colleague, text=" Swelling on day 2. ")
    assert (addendum.text, addendum.written_name, addendum.written_at) == ("Swelling on day 2.", "Dr Pau Soler", WHEN)
    assert TreatmentSession.objects.values().get() == before
    assert verify_addendum(Addendum.objects.get()) and verify_signature(session)
    assert AuditEvent.objects.get(action="amend").patient_id == kit.patient.pk


def amend(session, *, by, text="More.", password=PASSWORD, submission=None):
    return add_addendum(
        session_id=session.pk, text=text, password=password, submission=submission or uuid4(), by=by, at=WHEN
    )


def test_the_same_addendum_form_adds_once(kit):
    session, submission = kit.signed(), uuid4()
    first = amend(session, by=kit.practitioner, submission=submission)
    assert amend(session, by=kit.practitioner, submission=submission) == first
    assert Addendum.objects.count() == 1


def test_addenda_need_text_a_password_and_a_signed_session(kit):
    session = kit.signed()
    with pytest.raises(Refused):
        amend(session, by=kit.practitioner, text=" \u200b ")
    with pytest.raises(Refused):
        amend(session, by=kit.practitioner, password="guess")
    with pytest.raises(Refused):
        amend(kit.start(), by=kit.practitioner)
    with pytest.raises(Http404):
        amend(kit.start(), by=PractitionerFactory())


def test_an_addendum_changed_behind_our_back_is_noticed(kit):
    addendum = amend(kit.signed(), by=kit.practitioner)
    for field, value in [("text", "Less."), ("written_name", "Somebody"), ("written_at", WHEN + timedelta(seconds=1))]:
        spoilt = Addendum.objects.get(pk=addendum.pk)
        setattr(spoilt, field, value)
        assert not verify_addendum(spoilt)


def void(session, kit, *, by=None, reason="Charted for the wrong patient", password=PASSWORD):
    return void_session(session_id=session.pk, reason=reason, password=password, by=by or kit.practitioner, at=WHEN)


def test_a_voided_session_keeps_standing_with_who_when_and_why(kit):
    session = void(kit.signed(), kit)
    assert (session.status, session.voided_by, session.voided_at) == ("voided", kit.practitioner, WHEN)
    assert session.injections.count() == 1 and verify_signature(session)
    with pytest.raises(Conflict):
        void(session, kit)


def test_voiding_needs_a_reason_and_a_password(kit):
    session = kit.signed()
    for wrong in ({"reason": "  "}, {"password": "guess"}):
        with pytest.raises(Refused):
            void(session, kit, **wrong)
    assert TreatmentSession.objects.get().status == "signed"


def test_a_draft_is_voided_by_its_author_only(kit):
    session = kit.start(kit.content())
    with pytest.raises(Http404):
        void(session, kit, by=PractitionerFactory())
    assert void(session, kit).status == "voided"
    with pytest.raises(DraftConflict):
        kit.sign(session)
