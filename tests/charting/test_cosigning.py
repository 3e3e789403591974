"""A supervisor signs too, or asks; nobody else does, nothing is edited, and it can be proved afterwards."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import guards
from clinic.core.errors import Conflict, Refused
from tests.charting.drafts import WHEN
from tests.charting.test_signing import flipped, void
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting.cosign_queries import asked_about, to_cosign
from treatments.charting.cosigning import ask_about_session, cosign_session, verify_cosignature
from treatments.charting.models import CoSignature, TreatmentSession
from treatments.charting.services import verify_signature


@pytest.fixture
def supervisor(db):
    return PractitionerFactory(full_name="Dr Pau Soler", qualification="MD, consultant")


@pytest.fixture
def waiting(kit):
    kit.practitioner.needs_cosignature = True
    kit.practitioner.save()
    return kit.signed()


def cosign(session, by, *, password=PASSWORD, submission=None):
    return cosign_session(
        session_id=session.pk, password=password, submission=submission or uuid4(), by=by, at=WHEN + timedelta(hours=1)
    )


def ask(session, by, text="Why so deep?", submission=None):
    return ask_about_session(session_id=session.pk, text=text, submission=submission or uuid4(), by=by, at=WHEN)


def test_a_supervisor_signs_and_the_session_waits_no_more(waiting, supervisor, kit):
    before = TreatmentSession.objects.values().get()
    assert waiting.cosignature_needed and to_cosign(supervisor) == [waiting] and to_cosign(kit.practitioner) == []
    row = cosign(waiting, supervisor)
    assert (row.by_name, row.by_role, row.kind) == ("Dr Pau Soler", "MD, consultant", "signed")
    assert to_cosign(supervisor) == []
    assert TreatmentSession.objects.values().get() == before
    assert verify_cosignature(CoSignature.objects.get()) and verify_signature(TreatmentSession.objects.get())
    assert AuditEvent.objects.filter(action="sign", actor_id=supervisor.pk, patient_id=kit.patient.pk).count() == 1


def test_who_may_not_is_refused_and_nothing_is_written(waiting, supervisor, kit):
    with pytest.raises(Refused):
        cosign(waiting, kit.practitioner)
    with pytest.raises(Refused):
        cosign(waiting, PractitionerFactory(needs_cosignature=True))
    with pytest.raises(Refused) as refusal:
        cosign(waiting, supervisor, password="guess")
    assert refusal.value.field == "password"
    assert not CoSignature.objects.exists()


def test_only_what_waits_is_cosigned(kit, supervisor):
    session = kit.signed()
    assert not session.cosignature_needed
    with pytest.raises(Refused):
        cosign(session, supervisor)


def test_a_voided_session_waits_for_nobody(waiting, supervisor, kit):
    void(waiting, kit)
    assert to_cosign(supervisor) == []
    with pytest.raises(Refused):
        cosign(waiting, supervisor)


def test_once_whoever_is_first(waiting, supervisor):
    submission = uuid4()
    first = cosign(waiting, supervisor, submission=submission)
    assert cosign(waiting, supervisor, submission=submission) == first
    with pytest.raises((Refused, Conflict)):
        cosign(waiting, PractitionerFactory())
    assert CoSignature.objects.count() == 1


def test_a_question_reaches_the_author_and_the_session_goes_on_waiting(waiting, supervisor, kit):
    ask(waiting, supervisor)
    assert to_cosign(supervisor) == [waiting]
    (session,) = asked_about(kit.practitioner)
    assert [question.text for question in session.questions] == ["Why so deep?"]
    cosign(waiting, supervisor)
    assert asked_about(kit.practitioner) == []
    with pytest.raises(Refused):
        ask(waiting, supervisor, text=" ")


def test_the_pages_lead_from_today_to_the_signature(waiting, supervisor, kit, client):
    client.force_login(supervisor)
    panel = client.get(reverse("charting:to_cosign_panel")).content.decode()
    address = reverse("charting:cosign", args=[waiting.pk])
    assert address in panel and kit.patient.full_name in panel
    page = client.get(address).content.decode()
    assert "Well tolerated." in page and "I supervise the person who signed this record" in page
    client.post(address, {"do": "ask", "text": "Why so deep?", "submission": uuid4()})
    wrong = client.post(address, {"password": "guess", "submission": uuid4()}).content.decode()
    assert "This is not your password." in wrong
    client.post(address, {"password": PASSWORD, "submission": uuid4()})
    record = client.get(reverse("charting:session", args=[waiting.pk])).content.decode()
    assert "Why so deep?" in record and "MD, consultant" in record
    assert client.get(address).status_code == 302
    client.force_login(kit.practitioner)
    assert client.get(address).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_what_is_changed_behind_our_back_is_noticed(waiting, supervisor):
    ask(waiting, supervisor)
    cosign(waiting, supervisor)
    call_command("verify_sessions")
    for change in ({"text": "Why?"}, {"by_name": "Dr Nobody"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CoSignature.objects.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        TreatmentSession.objects.update(cosignature_needed=False)
    guards.remove_triggers()
    for name in ("text", "by_name", "by_role", "at", "by_id", "signature"):
        row = CoSignature.objects.order_by("pk").first()
        setattr(row, name, flipped(getattr(row, name), random.Random(1)))
        assert not verify_cosignature(row)
    TreatmentSession.objects.update(cosignature_needed=False)
    assert not verify_signature(TreatmentSession.objects.get())
    CoSignature.objects.filter(kind="asked").update(text="Why?")
    with pytest.raises(CommandError, match="session .*co-signature"):
        call_command("verify_sessions")
