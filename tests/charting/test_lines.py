"""Charting by typing a line: what is understood, in which languages, and what is said of the rest."""

import json

import pytest
from django.urls import reverse
from django.utils import translation

from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AreaFactory, TechniqueFactory
from treatments.catalogue.enums import Laterality
from treatments.charting.draft import read_chart
from treatments.charting.lines import Misread, read_line
from treatments.charting.models import SessionDraft

TOOL = {"preparation": "p1", "technique": "papule", "needle": "", "depth_mm": "3", "volume_ml": "0.1"}
SYRINGES = ["p1", "p4"]
AREAS = {
    "thigh": ("Thigh", Laterality.SIDED),
    "thigh_outer": ("Outer thigh", Laterality.SIDED),
    "thigh_inner": ("Inner thigh", Laterality.SIDED),
    "abdomen": ("Stomach (abdominal wall)", Laterality.MIDLINE),
    "scalp_left": ("Scalp: left side", Laterality.FIXED),
}
TECHNIQUES = {"nappage": "Nappage", "superficial_nappage": "Superficial nappage", "papule": "Papule"}


@pytest.fixture
def words(db):
    areas = [AreaFactory(key=key, name=name, laterality=side) for key, (name, side) in AREAS.items()]
    areas.append(AreaFactory(key="groin", name="Groin", treatable=False))
    return {"areas": areas, "techniques": [TechniqueFactory(key=key, name=name) for key, name in TECHNIQUES.items()]}


def read(line, words):
    return read_line(line, **words, tool=TOOL | {"syringes": SYRINGES})


def shown(groups):
    names = ("area", "side", "technique", "count", "volume_ml", "depth_mm", "preparation", "needle")
    return [tuple(group[name] for name in names) for group in groups]


def test_the_line_of_the_manual(words):
    assert shown(read("thigh L outer, nappage, 40 x 0.02 mL, 2 mm", words)) == [
        ("thigh_outer", "left", "nappage", "40", "0.02", "2", "p1", "")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "40x0,02ml; 2 mm; outer thigh left; nappage",
        "NAPPAGE, thigh outer l, 40 × 0,02 mL, 2mm",
        "out thi left, 40 points, nappage, depth 2 mm, 0.02 ml",
        "thigh outer left,nappage,40 * 0,02 mL,2 mm",
    ],
)
def test_parts_come_in_any_order_and_with_either_decimal_mark(line, words):
    (group,) = shown(read(line, words))
    assert group in [("thigh_outer", "left", "nappage", "40", volume, "2", "p1", "") for volume in ("0.02", "0,02")]


def test_what_is_left_out_is_what_was_used_last(words):
    assert shown(read("stomach, 12 points", words)) == [("abdomen", "none", "papule", "12", "0.1", "3", "p1", "")]


def test_syringe_needle_and_both_sides(words):
    groups = read("inner thigh both, 10 x 0.05, syringe 2, 4 mm 30 G", words)
    assert shown(groups) == [
        ("thigh_inner", side, "papule", "10", "0.05", "3", "p4", "4 mm 30 G") for side in ("left", "right")
    ]


def test_an_area_named_for_its_side_is_no_side(words):
    assert shown(read("scalp left side, 5 points", words))[0][:2] == ("scalp_left", "none")


@pytest.mark.parametrize(
    ("language", "line", "side"),
    [("de", "thigh outer links, 5 x 0,05", "left"), ("es", "outer thigh D, 5 x 0,05", "right")],
)
def test_sides_are_understood_in_the_pages_language(language, line, side, words):
    with translation.override(language):
        assert read(line, words)[0]["side"] == side


@pytest.mark.parametrize(
    ("line", "said", "part", "options"),
    [
        ("", "Write the area", "", []),
        ("thihg L, 5 points", "was not understood", "thihg L", ["Thigh", "Outer thigh", "Inner thigh"]),
        ("er thigh L, 5 points", "was not understood", "er thigh L", ["Thigh", "Outer thigh", "Inner thigh"]),
        ("outer thigh, 5 points", "left or right?", "", ["Outer thigh left", "Outer thigh right"]),
        ("stomach L, 5 points", "has no side", "", ["Stomach (abdominal wall)"]),
        ("groin, 5 points", "was not understood", "groin", []),
        ("thigh L", "number of points", "", []),
        ("thigh L, 0 points", "number of points", "", []),
        ("thigh L, 5000 points", "number of points", "", []),
        ("thigh L, 5 x 40 mL", "Volume of a point", "40", []),
        ("thigh L, 5 points, 90 mm", "Depth", "90", []),
        ("thigh L, 5 points, 6 points", "said twice", "6 points", []),
        ("thigh L, 5 points, syringe 3", "no syringe 3", "syringe 3", []),
        ("thigh L, inner thigh L, 5 points", "one area a line", "inner thigh L", []),
        ("thigh L, 5 points, super", "", None, None),
        ("x" * 300, "shorter", "", []),
    ],
)
def test_what_is_not_understood_is_said_with_what_it_may_have_meant(line, said, part, options, words):
    if part is None:
        assert read(line, words)[0]["technique"] == "superficial_nappage"
        return
    with pytest.raises(Misread) as wrong:
        read(line, words)
    assert said in wrong.value.message
    assert wrong.value.part == part
    assert wrong.value.options == options


def post(client, session, **sent):
    return client.post(reverse("charting:line", args=[session.pk]), json.dumps(sent), content_type="application/json")


def test_the_server_reads_a_line_for_the_page_and_stores_nothing(client, kit):
    session = kit.start({"preparations": [kit.syringe()]})
    client.force_login(kit.practitioner)
    answer = post(client, session, line="thigh front R, nappage, 3 x 0,05 mL, 2 mm", preparation="p1", syringes=["p1"])
    (group,) = answer.json()["groups"]
    chart, problems = read_chart({"preparations": [kit.syringe()], "injections": [{"id": "i1", **group}]})
    assert problems == []
    assert (chart.injections[0].side, chart.injections[0].count) == ("right", 3)
    assert SessionDraft.objects.get(pk=session.pk).version == 0
    assert post(client, session, line="thigh", preparation="p1").status_code == 422
    assert post(client, session, line=["thigh"], preparation=7, syringes="p1").status_code == 422


def test_a_line_is_read_for_the_drafts_author_only(client, kit):
    session = kit.start({"preparations": [kit.syringe()]})
    client.force_login(PractitionerFactory())
    assert post(client, session, line="thigh front R, 3 points").status_code == 404


def test_a_line_works_without_the_script(client, kit):
    session = kit.start({"preparations": [kit.syringe()]})
    client.force_login(kit.practitioner)
    url = reverse("charting:chart", args=[session.pk])
    said = client.post(url, {"do": "type-line", "version": 0, "line": "thigh fornt L, nappage, 3 x 0.05 mL, 2 mm"})
    assert "was not understood" in said.content.decode()
    assert 'value="thigh fornt L, nappage, 3 x 0.05 mL, 2 mm"' in said.content.decode()
    client.post(url, {"do": "type-line", "version": 0, "line": "thigh front L, nappage, 3 x 0.05 mL, 2 mm"})
    (group,) = SessionDraft.objects.get(pk=session.pk).content["injections"]
    assert (group["id"], group["side"], group["count"]) == ("i1", "left", "3")
