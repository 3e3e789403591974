"""The note: what was used and seen, the sentence that is written from the drawing, and the clinic's phrases."""

import pytest
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from treatments.charting import phrases
from treatments.charting.draft import Malformed, checked, read_chart
from treatments.charting.models import SessionDraft, Snippet, TreatmentSession
from treatments.charting.queries import reference_of
from treatments.charting.sentence import outdated, sentence_of, with_sentence
from treatments.charting.services import Incomplete, verify_signature

SEEN = {"device": "gun", "erythema": "1", "pain": "10", "tolerance": "fair", "reaction": "seen"}


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


def test_findings_are_read_exactly_signed_and_shown(kit, desk):
    session = kit.signed(kit.content(findings=SEEN, reactions="Hives on the left thigh."))
    session.refresh_from_db()
    assert session.findings == {"device": "gun", "erythema": 1, "pain": 10, "tolerance": "fair", "reaction": "seen"}
    assert verify_signature(session)
    page = desk.get(reverse("charting:session", args=[session.pk])).content.decode()
    for text in ["injector gun", "slight", "10 of 10", "fair", "Hives on the left thigh."]:
        assert text in page
    session.findings = session.findings | {"pain": 1}
    assert not verify_signature(session)


def test_a_record_from_before_is_still_what_was_signed(kit):
    """Without review and findings the content is what it was before there were any."""
    from treatments.charting import signing
    from treatments.charting.queries import signed_answers, signed_rows

    session = kit.signed()
    session.review = session.findings = None
    plain = signing.content_hash(session, *signed_rows(session), signed_answers(session))
    session.review, session.findings = {}, {}
    assert signing.content_hash(session, *signed_rows(session), signed_answers(session)) == plain


@pytest.mark.parametrize(
    ("findings", "path"),
    [
        ({}, "findings.reaction"),
        ({"reaction": ""}, "findings.reaction"),
        ({"reaction": "seen"}, "reactions"),
        ({"reaction": "none", "pain": "11"}, "findings.pain"),
        ({"reaction": "none", "erythema": "1e0"}, "findings.erythema"),
    ],
)
def test_what_was_not_said_or_cannot_be_keeps_from_signing(kit, findings, path):
    with pytest.raises(Incomplete) as refusal:
        kit.signed(kit.content(findings=findings))
    assert [problem.path for problem in refusal.value.problems] == [path]


@pytest.mark.parametrize("findings", [[], {"mood": "good"}, {"pain": 3}, {"pain": "3" * 21}])
def test_only_the_shape_of_findings_is_stored(findings):
    with pytest.raises(Malformed):
        checked({"findings": findings})


def read(content):
    chart, _problems = read_chart(content)
    return chart, reference_of(chart)


def test_the_sentence_says_what_is_on_the_drawing(kit):
    recipe = f"{kit.version.formulation.name}, version {kit.version.number}"
    groups = [kit.group(), kit.group(id="i2", side="right"), kit.group(id="i3", points=[], count="40", depth_mm="2")]
    assert sentence_of(*read(kit.content(groups=groups[:1]))) == (
        f"Nappage, 2 points of 0.05 mL, 3 mm deep, 4 mm, 30 G: Thigh, front, left ({recipe})."
    )
    assert sentence_of(*read(kit.content(groups=groups))).splitlines() == [
        f"Nappage, 4 points of 0.05 mL, 3 mm deep, 4 mm, 30 G: Thigh, front, left and right ({recipe}).",
        f"Nappage, 40 points of 0.05 mL, 2 mm deep, 4 mm, 30 G: Thigh, front, left ({recipe}).",
        "In all 44 points, 2.2 mL.",
    ]
    grid = kit.group(id="i4", spacing_mm="7,5")
    assert sentence_of(*read(kit.content(groups=[groups[0], grid]))).splitlines()[1] == (
        f"Nappage, 2 points of 0.05 mL, 3 mm deep, grid of 7.5 mm, 4 mm, 30 G: Thigh, front, left ({recipe})."
    )
    assert sentence_of(*read({})) == ""


def test_written_anew_it_takes_its_own_place_and_leaves_what_was_typed():
    once = with_sentence({"note": "No pain."}, "Two points.")
    assert once["note"] == "Two points.\nNo pain."
    again = with_sentence(once | {"note": "Two points.\nNo pain, no bruise."}, "Three points.")
    assert again["note"] == "Three points.\nNo pain, no bruise."
    edited = with_sentence(again | {"note": "About three points."}, "Four points.")
    assert edited["note"] == "Four points.\nAbout three points."


def test_a_sentence_that_the_drawing_does_not_say_any_more_is_pointed_out(kit):
    content = with_sentence(kit.content(), sentence_of(*read(kit.content())))
    assert outdated(*read(content)) == []
    moved = content | {"injections": [kit.group(points=[[0.6, 0.6]])]}
    assert [problem.path for problem in outdated(*read(moved))] == ["note"]
    assert outdated(*read(moved | {"note": "Two points, one left out."})) == []


def test_the_note_works_without_the_script(kit, desk):
    session = kit.start(kit.content(note="No pain.", findings={}))
    chart = reverse("charting:chart", args=[session.pk])
    typed = {"note": "No pain.", "findings-pain": "2", "findings-reaction": "none", "reactions": "", "advice": "Ice."}
    assert desk.post(chart, typed | {"do": "sentence", "version": 0}).status_code == 302
    content = SessionDraft.objects.get().content
    assert content["note"].startswith("Nappage, 2 points of 0.05 mL") and content["note"].endswith("\nNo pain.")
    assert content["findings"] == {"pain": "2", "reaction": "none"} and content["advice"] == "Ice."
    assert desk.get(reverse("charting:sentence", args=[session.pk])).json()["sentence"] == content["sentence"]
    assert 'value="2" data-finding="pain" checked>' in desk.get(chart).content.decode()


def test_phrases_are_kept_by_the_clinic_and_offered_in_the_note(kit, desk):
    address = reverse("charting:phrases")
    assert desk.post(address, {"code": "ice", "text": "Cool for 10 minutes <b>."}).status_code == 302
    refused = desk.post(address, {"code": "ice", "text": "Another."}).content.decode()
    assert "Another phrase has this code." in refused and "Another." in refused
    assert "small letters" in desk.post(address, {"code": "Ice!", "text": "x"}).content.decode()
    page = desk.get(reverse("charting:chart", args=[kit.start(kit.content()).pk])).content.decode()
    assert 'data-phrase="Cool for 10 minutes &lt;b&gt;." data-code="ice"' in page
    phrase = Snippet.objects.get()
    phrases.retire_phrase(phrase=phrase, reason="old", by=kit.practitioner, at=WHEN)
    assert desk.get(reverse("charting:edit_phrase", args=[phrase.pk])).status_code == 404
    phrases.add_phrase(code="ice", text="Cool.", by=kit.practitioner)
    with pytest.raises(Refused):
        phrases.add_phrase(code="ice", text="Cool.", by=kit.practitioner)
    assert AuditEvent.objects.filter(subject_type="charting.Snippet").count() == 3
    assert TreatmentSession.objects.filter(note="").exists()
