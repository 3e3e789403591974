"""The review before a session: what is asked, what stands in the way, and that it is kept and signed."""

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from clinic.core.gates import Gap
from tests.charting.drafts import WHEN
from tests.factories.patients import ConditionFactory, PatientConditionFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import REVIEWED, PlanFactory
from treatments.charting.models import SafetyAnswer, SessionDraft, TreatmentSession
from treatments.charting.reviews import Unanswered, review_session
from treatments.charting.services import Incomplete, verify_signature


def reviewed(session, *, by, nsaid="no", reasons=(), **answers):
    return review_session(session_id=session.pk, nsaid=nsaid, reasons=dict(reasons), by=by, at=WHEN, **answers)


@pytest.fixture
def ill(kit):
    """The patient has something that stops a treatment."""
    term = ConditionFactory(key="epilepsy", name="Epilepsy", effect="stop")
    PatientConditionFactory(patient=kit.patient, condition=term)
    return "condition.epilepsy"


def test_nothing_in_the_way_and_a_no(kit):
    session = kit.start(review=None)
    reviewed(session, by=kit.practitioner)
    review = TreatmentSession.objects.get().review
    assert review == {"at": "2026-03-02T09:00:00+00:00", "by": "Dr Ana Ruiz", "nsaid": "no", "what": "", "gaps": []}
    assert AuditEvent.objects.filter(action="change", subject_id=str(session.pk)).exists()


def test_the_question_has_to_be_answered_and_a_yes_said_and_reasoned(kit):
    session = kit.start(review=None)
    for answer, field in [({"nsaid": ""}, "nsaid"), ({"nsaid": "maybe"}, "nsaid"), ({"nsaid": "yes"}, "what")]:
        with pytest.raises(Refused) as refusal:
            reviewed(session, by=kit.practitioner, **answer)
        assert refusal.value.field == field
    with pytest.raises(Unanswered) as refusal:
        reviewed(session, by=kit.practitioner, nsaid="yes", what="ibuprofen, Tuesday")
    assert refusal.value.keys == ["nsaid"] and TreatmentSession.objects.get().review is None
    reasons = {"nsaid": "one tablet; small area"}
    reviewed(session, by=kit.practitioner, nsaid="yes", what="ibuprofen, Tuesday", reasons=reasons)
    review = TreatmentSession.objects.get().review
    assert review["what"] == "ibuprofen, Tuesday" and review["gaps"][0][2] == "one tablet; small area"
    assert AuditEvent.objects.get(action="override").fields == ["nsaid"]


def test_what_the_rules_say_needs_a_reason_which_then_stands_in_the_chart(kit, ill):
    session = kit.start(kit.content(), review=None)
    with pytest.raises(Unanswered) as refusal:
        reviewed(session, by=kit.practitioner)
    assert refusal.value.keys == [ill]
    reviewed(session, by=kit.practitioner, reasons={ill: " no fit for ten years "})
    draft = SessionDraft.objects.get()
    assert draft.content["reasons"] == {ill: "no fit for ten years"} and draft.version == 1
    kit.sign(session, version=1)
    assert SafetyAnswer.objects.get(rule="condition").reason == "no fit for ten years"


def test_gates_of_other_apps_are_asked_too(kit, settings, monkeypatch):
    monkeypatch.setattr("clinic.core.gates.no_consent", lambda start: [Gap("consent", "No consent.")], raising=False)
    settings.SESSION_GATES = ["clinic.core.gates.no_consent"]
    session = kit.start(review=None)
    with pytest.raises(Unanswered):
        reviewed(session, by=kit.practitioner)
    reviewed(session, by=kit.practitioner, reasons={"consent": "signed on paper"})
    assert TreatmentSession.objects.get().review["gaps"] == [["consent", "No consent.", "signed on paper"]]
    assert SessionDraft.objects.get().content.get("reasons") == {}


def test_it_is_part_of_what_is_signed(kit):
    session = kit.start(kit.content(), review=None)
    with pytest.raises(Incomplete) as refusal:
        kit.sign(session)
    assert [problem.path for problem in refusal.value.problems] == ["review"]
    reviewed(session, by=kit.practitioner)
    signed = kit.sign(session, version=1)
    assert verify_signature(TreatmentSession.objects.get())
    signed.review = signed.review | {"nsaid": "yes"}
    assert not verify_signature(signed)


def test_only_the_author_of_an_open_session_reviews_it(kit):
    with pytest.raises(Http404):
        reviewed(kit.start(review=None), by=PractitionerFactory())
    with pytest.raises(Http404):
        reviewed(kit.signed(), by=kit.practitioner)


def test_a_page_that_signs_meanwhile_is_told(kit):
    """The review moves the draft on, so that nothing is signed of which only half was read."""
    session = kit.start(kit.content())
    reviewed(session, by=kit.practitioner)
    with pytest.raises(Refused):
        kit.sign(session, version=0)


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


def test_a_session_opens_with_its_review_and_goes_on_to_the_chart(kit, desk, ill):
    chart = desk.post(reverse("charting:start", args=[kit.patient.pk])).url
    review = desk.get(chart).url
    page = desk.get(review).content.decode()
    assert "On record: Epilepsy." in page and "in the last 7 days?" in page and "None known on" in page
    kept = {"nsaid": "yes", "what": "aspirin <b>", "gap-condition-epilepsy": ""}
    refused = desk.post(review, kept).content.decode()
    assert refused.count("Write why you go on, or close this gap first.") >= 2 and "aspirin &lt;b&gt;" in refused
    answer = desk.post(review, kept | {"why": "once", "gap-condition-epilepsy": "treated"})
    assert answer.url == chart and desk.get(chart).status_code == 200
    assert "aspirin &lt;b&gt;" in desk.get(review).content.decode(), "it can be done again"


def test_a_draft_from_before_there_were_reviews_opens_and_says_so(kit, desk):
    session = kit.start(kit.content(), review=None)
    page = desk.get(reverse("charting:chart", args=[session.pk])).content.decode()
    assert reverse("charting:review", args=[session.pk]) in page


def test_the_plan_the_last_session_and_its_areas_are_in_view(kit, desk):
    kit.signed(kit.content(reactions="Two bruises."))
    PlanFactory(patient=kit.patient, areas=[["thigh_front", "left"]], version=kit.version, weeks=[0, 2, 4])
    review = desk.get(desk.post(reverse("charting:start", args=[kit.patient.pk])).url).url
    page = desk.get(review).content.decode()
    assert "Session 1 of 3" in page and "Two bruises." in page and "planned" in page


def test_one_session_or_many_the_review_asks_as_often(kit, desk):
    def asked() -> int:
        review = reverse("charting:review", args=[kit.start(review=None).pk])
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(review).status_code == 200
        return len(queries)

    kit.signed()
    asked()
    once = asked()
    session = TreatmentSession.objects.get(status="draft")
    SessionDraft.objects.filter(pk=session.pk).update(content=kit.content())
    TreatmentSession.objects.filter(pk=session.pk).update(review=REVIEWED)
    kit.sign(session)
    for _ in range(5):
        kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right")]))
    assert asked() == once
