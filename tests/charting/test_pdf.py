"""The signed record on paper says what was signed, no more and no less."""

import hashlib
import io
import json
import re
from xml.etree import ElementTree

import pytest
from django.urls import reverse
from pypdf import PdfReader

from clinic.audit.models import AuditEvent
from clinic.core import guards
from tests.charting.test_signing import amend
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting.models import TreatmentSession


@pytest.fixture
def opened(kit, client):
    """opened(session): the PDF as a practitioner gets it who has just typed the password."""

    def get(session, *, by=None):
        client.force_login(by or kit.practitioner)
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        response = client.get(reverse("charting:pdf", args=[session.pk]))
        assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
        return PdfReader(io.BytesIO(response.content))

    return get


def text_of(reader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def flat(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.fixture
def session(kit):
    syringe = kit.syringe(variation="half of the first", variation_reason="thin skin")
    groups = [
        kit.group(),
        kit.group(id="i2", side="right", points=[], count="40"),
        *(kit.group(id=f"g{n}", side="right", points=[[0.4, 0.5 + n / 200]], needle=f"needle {n}") for n in range(30)),
    ]
    texts = {"note": "Łukasz, Ελένη, Ёлка: <b>well</b> tolerated.", "reactions": "none", "advice": "Keep it dry."}
    return kit.signed(kit.content(syringes=[syringe], groups=groups, **texts))


def test_the_pdf_says_what_is_stored(session, kit, opened):
    colleague = PractitionerFactory(full_name="Dr Pau Soler")
    addendum = amend(session, by=colleague, text="Swelling on day 2.")
    text = flat(text_of(opened(session, by=colleague)))
    preparation = session.preparations.get()
    said = [
        kit.patient.full_name, kit.patient.number, "Clínica Aurora", session.note, session.reactions, session.advice,
        session.signed_name, session.signed_role, "2 March 2026, 10:00", session.content_hash, session.signature,
        "I carried out this treatment, and this record of it is complete and correct.",
        "half of the first (thin skin)", preparation.number, addendum.text, addendum.written_name, addendum.signature,
        *(lot.number for lot in kit.lots), *(line.ingredient.name for line in kit.lines),
        "unchanged since it was signed", "Points: 72",
    ]  # fmt: skip
    assert [words for words in said if flat(words) not in text] == []
    for row in session.injections.select_related("area", "technique"):
        cells = [row.area.name, row.technique.name, row.needle, f"{row.count}"]
        assert all(flat(cell) in text for cell in cells)


def test_every_page_is_numbered_and_names_the_patient(session, kit, opened):
    reader = opened(session)
    assert len(reader.pages) > 1
    for number, page in enumerate(reader.pages, 1):
        text = page.extract_text()
        assert f"Page {number} of {len(reader.pages)}" in text
        assert kit.patient.number in text and session.content_hash[:16] in text


def test_the_drawings_are_there_whatever_else_writes_svg(session, opened, monkeypatch):
    """The QR code of the second factor gives the namespace a prefix, for the whole process."""
    monkeypatch.setitem(ElementTree._namespace_map, "http://www.w3.org/2000/svg", "svg")
    assert "Points: 72" in text_of(opened(session))


def test_what_is_attached_is_what_was_signed(session, opened):
    (content,) = opened(session).attachments["signed-content.json"]
    assert hashlib.sha256(content).hexdigest() == session.content_hash
    assert len(json.loads(content)["injections"]) == session.injections.count()


@pytest.mark.django_db(transaction=True)
def test_a_record_that_was_tampered_with_says_so_on_paper(session, opened):
    guards.remove_triggers()
    TreatmentSession.objects.filter(pk=session.pk).update(note="Something else.")
    text = text_of(opened(session))
    assert "not what was signed" in text and "unchanged since it was signed" not in text


def test_a_copy_needs_the_password_again_and_is_in_the_trail(session, kit, client, opened):
    client.force_login(kit.practitioner)
    response = client.get(reverse("charting:pdf", args=[session.pk]))
    assert response.status_code == 302 and "reauthenticate" in response["Location"]
    assert not AuditEvent.objects.filter(action="export").exists()
    opened(session)
    event = AuditEvent.objects.get(action="export")
    assert (event.patient_id, event.subject_id, event.actor_id) == (
        kit.patient.pk,
        str(session.pk),
        kit.practitioner.pk,
    )


def test_a_draft_has_no_paper(kit, client):
    session = kit.start()
    client.force_login(kit.practitioner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("charting:pdf", args=[session.pk])).status_code == 302
    client.force_login(PractitionerFactory())
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("charting:pdf", args=[session.pk])).status_code == 404
