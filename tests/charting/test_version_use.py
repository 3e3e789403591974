"""The panel that says where a version of a recipe is used."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests.factories.patients import LONG_AGO, PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import ApprovedVersionFactory, SessionFactory
from treatments.catalogue.models import Indication
from treatments.charting.models import Preparation, SessionDraft, TreatmentPlan, TreatmentSession
from treatments.charting.version_use import use_of

pytestmark = pytest.mark.usefixtures("clinic_row")


def signed(version, patient, at):
    """A session that was signed, written past the services."""
    session = SessionFactory(patient=patient, started_at=at)
    Preparation.objects.create(session=session, position=1, version=version, volume_ml=1)
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="signed", signed_at=at, signed_by=session.practitioner, signed_name="x", content_hash="x", signature="x"
    )
    return session


def drafted(version, practitioner):
    session = SessionFactory(practitioner=practitioner)
    content = {"preparations": [{"id": "p1", "version_id": version.pk}]}
    SessionDraft.objects.filter(session=session).update(content=content)
    return session


def planned(version, **more):
    said = {"indication": Indication.objects.get_or_create(key="x", name="X")[0], "made_by": version.created_by}
    return TreatmentPlan.objects.create(patient=PatientFactory(), version=version, made_at=LONG_AGO, **said, **more)


def test_signed_sessions_and_what_still_points_to_it_are_counted(practitioner):
    version, other = ApprovedVersionFactory(), ApprovedVersionFactory()
    once, twice = PatientFactory(), PatientFactory()
    for days, patient in enumerate([once, twice, twice]):
        signed(version, patient, LONG_AGO + timedelta(days=days))
    signed(other, once, LONG_AGO)
    mine, _theirs = drafted(version, practitioner), drafted(other, practitioner)
    planned(version)
    planned(version, status="finished", ended_at=LONG_AGO, ended_by=practitioner)
    use = use_of(version)
    assert (use.sessions, use.patients, use.first, use.last) == (3, 2, LONG_AGO, LONG_AGO + timedelta(days=2))
    assert [draft.session_id for draft in use.drafts] == [mine.pk] and use.plans == 1


def test_a_version_whose_number_begins_alike_is_another(practitioner):
    version = ApprovedVersionFactory(pk=7)
    drafted(ApprovedVersionFactory(pk=71), practitioner)
    assert use_of(version).drafts == []


def test_who_reads_charts_sees_whose_and_others_only_how_many(client_of, practitioner, administrator):
    version = ApprovedVersionFactory()
    plan, mine = planned(version), drafted(version, practitioner)
    theirs = drafted(version, PractitionerFactory())
    address = reverse("charting:version_use", args=[version.pk])
    page = client_of(practitioner).get(address).text
    assert plan.patient.full_name in page and reverse("charting:chart", args=[mine.pk]) in page
    assert reverse("charting:chart", args=[theirs.pk]) not in page and "2 unsigned sessions" in page
    office = client_of(administrator).get(address).text
    assert "2 unsigned sessions" in office and "1 active plan" in office
    assert plan.patient.full_name not in office and "/chart/" not in office


def test_an_old_version_says_that_there_is_a_newer_one(client_of, practitioner):
    version = ApprovedVersionFactory()
    drafted(version, practitioner)
    address = reverse("charting:version_use", args=[version.pk])
    assert "newer" not in client_of(practitioner).get(address).text
    ApprovedVersionFactory(formulation=version.formulation, number=2)
    assert "Version 2 is newer" in client_of(practitioner).get(address, headers={"HX-Request": "true"}).text


def test_the_version_s_page_loads_the_panel(client_of, practitioner):
    version = ApprovedVersionFactory()
    page = client_of(practitioner).get(reverse("catalogue:version", args=[version.pk])).text
    assert f'hx-get="{reverse("charting:version_use", args=[version.pk])}"' in page
