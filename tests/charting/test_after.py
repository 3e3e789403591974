"""The page after a session: care explained, the next visit asked for, what went from the shelf."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from tests.factories.people import PASSWORD
from tests.factories.treatments import PlanFactory
from treatments.charting.closings import close_session
from treatments.charting.models import CloseOut
from treatments.charting.services import verify_signature, void_session


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


def url(session):
    return reverse("charting:after", args=[session.pk])


def closed(session, by, **changes):
    values = {"care": "Ice.", "next_visit": "none", "submission": uuid4()} | changes
    return close_session(session_id=session.pk, **values, by=by, at=WHEN)


def test_signing_leads_there_and_it_shows_what_was_taken(kit, desk):
    session = kit.start(kit.content())
    sign = reverse("charting:sign", args=[session.pk])
    form = desk.get(sign).context["form"].initial | {"password": PASSWORD}
    assert desk.post(sign, form)["Location"] == url(session)
    page = desk.get(url(session)).content.decode()
    for lot in kit.lots:
        assert lot.number in page
    assert "mL" in page.partition("Taken from the stock")[2]


def test_care_follows_the_ingredients_and_is_kept_as_it_was_said(kit, desk):
    ingredient = kit.lines[0].ingredient
    ingredient.after_care = "No sun for a week."
    ingredient.save()
    session = kit.signed()
    care = desk.get(url(session)).context["form"].care
    assert list(care.values()) == [f"{ingredient.name}: No sun for a week."]
    answer = {"texts": list(care), "own_words": "Ring us <b>.", "next_visit": "none", "submission": uuid4()}
    assert desk.post(url(session), answer)["Location"] == url(session)
    row = CloseOut.objects.get()
    assert row.care == f"{ingredient.name}: No sun for a week.\nRing us <b>."
    ingredient.after_care = "Changed."
    ingredient.save()
    assert "No sun for a week.\nRing us &lt;b&gt;." in desk.get(url(session)).content.decode()
    assert AuditEvent.objects.filter(subject_type="charting.CloseOut", patient_id=kit.patient.pk).exists()
    assert verify_signature(session), "closing is not part of what was signed"


def test_a_text_that_was_changed_meanwhile_is_not_taken_for_what_was_read(kit, desk):
    ingredient = kit.lines[0].ingredient
    ingredient.after_care = "No sun for a week."
    ingredient.save()
    session = kit.signed()
    answer = {"texts": list(desk.get(url(session)).context["form"].care), "next_visit": "none", "submission": uuid4()}
    ingredient.after_care = "No sun for a month."
    ingredient.save()
    page = desk.post(url(session), answer | {"own_words": "Kept."}).content.decode()
    assert "Look at it again" in page and "No sun for a month." in page and "Kept." in page
    assert not CloseOut.objects.exists()


def test_a_form_that_is_sent_twice_closes_once(kit, desk):
    session = kit.signed()
    answer = {"next_visit": "none", "submission": str(desk.get(url(session)).context["form"]["submission"].value())}
    assert [desk.post(url(session), answer).status_code for _ in range(2)] == [302, 302]
    assert CloseOut.objects.count() == AuditEvent.objects.filter(subject_type="charting.CloseOut").count() == 1
    with pytest.raises(Http404):  # one session's form says nothing about another's
        closed(kit.signed(), kit.practitioner, submission=answer["submission"])


def test_the_next_visit_is_handed_to_booking_with_what_is_known(kit, desk):
    plan = PlanFactory(patient=kit.patient, version=kit.version, weeks=[0, 2, 4], made_by=kit.practitioner)
    session = kit.signed()
    assert session.plan_id == plan.pk
    initial = desk.get(url(session)).context["form"].initial
    assert initial["next_visit"] == "wanted"
    wish = {"next_visit": "wanted", "submission": uuid4()}
    refused = desk.post(url(session), wish | {"own_words": "Kept."}).content.decode()
    assert "Say from which day on." in refused and "Kept." in refused and not CloseOut.objects.exists()
    desk.post(url(session), wish | {"next_from": "2099-03-16"})
    page = desk.get(url(session)).content.decode()
    wish = f"?patient={kit.patient.pk}&amp;practitioner={kit.practitioner.pk}&amp;start=2099-03-16"
    assert reverse("scheduling:book") + wish in page


def test_an_unsigned_or_voided_session_is_not_closed(kit, desk):
    draft = kit.start(kit.content())
    assert desk.get(url(draft)).status_code == 302
    with pytest.raises(Refused):
        closed(draft, kit.practitioner)
    session = kit.sign(draft)
    void_session(session_id=session.pk, reason="mistake", password=PASSWORD, by=kit.practitioner, at=WHEN)
    with pytest.raises(Refused):
        closed(session, kit.practitioner)


@pytest.mark.parametrize(
    ("changes", "field"), [({"next_visit": "soon"}, "next_visit"), ({"next_visit": "wanted"}, "next_from")]
)
def test_what_cannot_be_is_refused(kit, changes, field):
    with pytest.raises(Refused) as refusal:
        closed(kit.signed(), kit.practitioner, **changes)
    assert refusal.value.field == field


def test_the_newest_counts_and_the_older_ones_stay(kit, desk):
    session = kit.signed()
    closed(session, kit.practitioner)
    closed(session, kit.practitioner, next_visit="wanted", next_from=date(2026, 3, 16), care="Cool it.")
    page = desk.get(reverse("charting:session", args=[session.pk])).content.decode()
    assert "Cool it." in page and "Ice." not in page
    assert CloseOut.objects.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        CloseOut.objects.update(care="")
