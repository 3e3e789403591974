"""A session that begins as a copy of the last one: the map and the amounts come along, the lots do not."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse

from clinic.core.fields import format_amount
from tests.charting.drafts import WHEN
from tests.factories.people import PractitionerFactory
from treatments.charting import queries, rules, services
from treatments.charting.copying import copied
from treatments.charting.draft import read_chart
from treatments.charting.models import SessionDraft, TreatmentSession
from treatments.charting.page import version_name
from treatments.charting.printout import sections_of
from treatments.charting.services import Incomplete
from treatments.charting.since_copy import since_copy


@pytest.fixture
def last(kit):
    """Signed: one component varied, some points by count."""
    line = kit.lines[0]
    syringe = kit.syringe(amounts={str(line.pk): "0.5"}, variation_reason="Sensitive skin.")
    by_count = kit.group(id="i2", points=[], diagram="", count="12", side="right")
    return kit.signed(kit.content(syringes=[syringe], groups=[kit.group(), by_count]))


def copy(client, session):
    client.post(reverse("charting:chart", args=[session.pk]), {"do": "copy-last", "version": session.draft.version})
    return SessionDraft.objects.get(pk=session.pk).content


def test_points_recipe_and_amounts_come_along_and_lots_and_reasons_do_not(client, kit, last):
    session = kit.start({})
    client.force_login(kit.practitioner)
    content = copy(client, session)
    assert content["copied_from"] == last.pk
    (syringe,) = content["preparations"]
    assert set(syringe["lots"].values()) == {None}
    assert (syringe["id"], syringe["version_id"], syringe["variation_reason"]) == ("p1", kit.version.pk, "")
    assert syringe["amounts"][str(kit.lines[0].pk)] == "0.5"
    drawn, counted = content["injections"]
    assert drawn["points"] == kit.group()["points"]
    assert (counted["count"], counted["side"], counted["points"]) == ("12", "right", [])
    assert content.get("note", "") == ""


def test_a_varied_syringe_is_measured_by_its_recipe_not_by_what_was_in_it(client, kit):
    """One component left out of "5,0" mL: the others followed the recipe, and do so in the copy."""
    left_out = str(kit.lines[0].pk)
    syringe = kit.syringe(volume_ml="5,0", amounts={left_out: "0"}, variation_reason="Allergic.")
    signed = kit.signed(kit.content(syringes=[kit.syringe(), syringe | {"id": "p2"}]))
    assert signed.preparations.last().volume_ml < 5
    session = kit.start({})
    client.force_login(kit.practitioner)
    followed, varied = copy(client, session)["preparations"]
    assert (followed["volume_ml"], followed["amounts"]) == ("5", {})
    assert (varied["volume_ml"], varied["amounts"]) == ("5", {left_out: "0"})


def test_a_record_whose_draft_is_empty_is_copied_by_what_was_in_the_syringe(kit):
    """Records that were brought in have no draft to speak of."""
    signed = kit.signed()
    signed.draft.content = {}
    (syringe,) = copied({}, signed, WHEN)["preparations"]
    assert (syringe["volume_ml"], syringe["amounts"]) == ("5", {})


def test_it_cannot_be_signed_before_lots_are_chosen_anew_and_then_says_what_it_was_copied_from(client, kit, last):
    session = kit.start({})
    client.force_login(kit.practitioner)
    content = copy(client, session)
    with pytest.raises(Incomplete) as problems:
        kit.sign(session, version=1)
    assert any(".lots." in problem.path for problem in problems.value.problems)
    content["preparations"][0] |= {"lots": kit.syringe()["lots"], "variation_reason": "As before."}
    SessionDraft.objects.filter(pk=session.pk).update(content=content | {"findings": kit.content()["findings"]})
    kit.sign(session, version=1)
    signed = TreatmentSession.objects.get(pk=session.pk)
    assert signed.copied_from_id == last.pk
    assert [i.count for i in signed.injections.all()] == [2, 12]
    assert signed.preparations.get().lots.get(line=kit.lines[0]).volume_ml == Decimal("0.5")
    assert services.verify_signature(signed)
    signed.copied_from_id = None
    assert not services.verify_signature(signed)


@pytest.fixture
def changed(kit, last):
    """A copy of `last` with deeper points on the left, those on the right put one by one, others new, less drawn up."""
    syringe = kit.syringe(amounts={str(kit.lines[0].pk): "0.4"}, variation_reason="Sensitive skin.")
    groups = [
        kit.group(depth_mm="4", needle="13 mm, 30 G"),
        kit.group(id="i2", area="abdomen_upper", side="none", points=[[0.5, 0.35]], spacing_mm="10"),
        kit.group(id="i3", side="right", points=[[0.4, 0.6]]),
    ]
    return kit.start(kit.content(syringes=[syringe], groups=groups) | {"copied_from": last.pk})


def test_the_signing_page_the_record_and_the_pdf_say_what_became_of_the_copy(client, kit, last, changed):
    client.force_login(kit.practitioner)
    then = last.preparations.get()
    said = [
        ("Syringe 1", f"then {version_name(kit.version)}, {format_amount(then.volume_ml)} mL ({then.variation})"),
        ("Thigh, front, left", "then 3 mm deep, 4 mm, 30 G"),
        ("Upper stomach", "not then"),
        ("Thigh, front, right", "then 12 points of 0.05 mL, by count"),
    ]
    page = client.get(reverse("charting:sign", args=[changed.pk])).content.decode()
    kit.practitioner.needs_cosignature = True
    kit.practitioner.save()
    session = kit.sign(changed)
    record = client.get(reverse("charting:session", args=[session.pk])).content.decode()
    client.force_login(PractitionerFactory())
    to_cosign = client.get(reverse("charting:cosign", args=[session.pk])).content.decode()
    for shown in (page, record, to_cosign):
        assert f'<a href="/sessions/{last.pk}/">the session of 2 Mar 2026</a>' in shown
        assert re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", shown.partition('id="since-copy"')[2])[:4] == said
        assert "Nothing is as it was then." in shown
    chart = queries.chart_of(session, *queries.signed_rows(session))
    reference = queries.reference_of(chart)
    sections = sections_of(session, chart, reference, rules.totals_of(chart, reference), [])
    (copied_from,) = [section.facts for section in sections if section.title == "Copied from an earlier session"]
    assert copied_from == [("Session", f"2 March 2026, 10:00 ({last.pk})"), *said, ("Lots", "chosen anew")]


def test_what_is_as_it_was_is_said_to_be(client, kit, last):
    """The syringe by what was in it, the points by where they are; a lot that was chosen anew is no change."""
    session = kit.start({})
    client.force_login(kit.practitioner)
    copy(client, session)
    session.refresh_from_db()
    chart, _problems = read_chart(SessionDraft.objects.get(pk=session.pk).content)
    since = since_copy(TreatmentSession.objects.get(pk=session.pk), chart, queries.reference_of(chart))
    assert (since.source, since.changed, len(since.same)) == (last, [], 3)
    moved = replace(chart, injections=(replace(chart.injections[0], points=((0.6, 0.6), (0.62, 0.62))),))
    (change, gone) = since_copy(session, moved, queries.reference_of(moved)).changed
    assert (change.what, gone.what) == ("points placed differently", "no longer there")


def test_a_chart_of_its_own_is_compared_with_nothing(client, kit, last):
    session = kit.start(kit.content())
    client.force_login(kit.practitioner)
    assert "since-copy" not in client.get(reverse("charting:sign", args=[session.pk])).content.decode()


def test_nothing_that_is_charted_is_covered_up(client, kit, last):
    session = kit.start({"preparations": [kit.syringe()]})
    client.force_login(kit.practitioner)
    assert "copied_from" not in copy(client, session)


def test_another_patients_session_is_no_source(client, kit, last):
    from tests.factories.patients import PatientFactory, asked

    session = kit.start(kit.content() | {"copied_from": last.pk}, patient=asked(PatientFactory()))
    kit.sign(session)
    assert TreatmentSession.objects.get(pk=session.pk).copied_from_id is None
