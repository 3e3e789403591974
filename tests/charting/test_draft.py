"""The two readings of a draft: whatever was typed is stored, and only exact amounts are read."""

import json
from decimal import Decimal

import pytest

from treatments.charting import draft
from treatments.charting.draft import Malformed, checked, read_chart
from treatments.charting.editing import added_group, added_syringe, removed

pytestmark = pytest.mark.once

GROUP = {
    "id": "i1",
    "preparation": "p1",
    "area": "thigh_front",
    "side": "left",
    "diagram": "",
    "technique": "nappage",
    "needle": "",
    "depth_mm": "3",
    "volume_ml": "0.05",
    "count": "12",
}
SYRINGE = {"id": "p1", "version_id": 1, "volume_ml": "5", "lots": {"1": 1}}


def content(*, group=None, syringe=None):
    return {"preparations": [SYRINGE | (syringe or {})], "injections": [GROUP | (group or {})]}


def problems_of(**changes):
    return [problem.path for problem in read_chart(content(**changes))[1]]


@pytest.mark.parametrize(
    "unfinished",
    [
        {},
        {"note": "half a sen"},
        {"injections": [{"id": "i1"}], "preparations": [{"id": "p1"}]},
        {"preparations": [{"id": "p1", "volume_ml": "five", "version_id": None, "lots": {"3": None}}]},
        content(group={"depth_mm": "1e2", "volume_ml": ",,", "count": "a dozen"}),
        content(group={"points": [[0, 1], [0.5, 0.25]]}),
        {"note": "“¡Ánimo!” 皮膚 👩🏽‍⚕️"},
    ],
)
def test_whatever_was_typed_is_stored(unfinished):
    assert checked(unfinished) == unfinished


@pytest.mark.parametrize(
    "foreign",
    [
        None,
        [],
        "text",
        {"notes": "no such field"},
        {"note": 7},
        {"note": "x" * 20_001},
        {"note": "NUL \0"},
        {"note": "half a pair \ud800"},
        {"injections": {}},
        {"injections": [{}]},
        {"injections": [{"id": ""}]},
        {"injections": [{"id": "i1"}, {"id": "i1"}]},
        {"injections": [{"id": "i1", "depth_mm": 3}]},
        {"injections": [{"id": "i1", "points": [[0.5]]}]},
        {"injections": [{"id": "i1", "points": [[0.5, 1.01]]}]},
        {"injections": [{"id": "i1", "points": [[float("nan"), 0.5]]}]},
        {"injections": [{"id": "i1", "points": [["0.5", "0.5"]]}]},
        {"injections": [{"id": "i1", "points": [[True, 0]]}]},
        {"injections": [{"id": f"i{n}"} for n in range(1001)]},
        {"injections": [{"id": "i1", "points": [[0.5, 0.5]] * 2001}]},
        {"preparations": [{"id": f"p{n}"} for n in range(21)]},
        {"preparations": [{"id": "p1", "version_id": "1"}]},
        {"preparations": [{"id": "p1", "version_id": 10**18}]},
        {"preparations": [{"id": "p1", "lots": {"a": 1}}]},
        {"preparations": [{"id": "p1", "lots": {"1": "2"}}]},
        {"preparations": [{"id": "p1", "amounts": {"1": 2}}]},
        {"preparations": [{"id": "p1", "amounts": {"one": "2"}}]},
        {"preparations": [{"id": "first"}]},
        {"preparations": [{"id": "p1000"}]},
        {"preparations": [], "drawn_up": -1},
        {"preparations": [], "drawn_up": True},
        {"injections": [{"id": f"i{n}", "points": [[0.1234567, 0.1234567]] * 2000} for n in range(50)]},
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_draft_is_refused(foreign):
    with pytest.raises(Malformed):
        checked(foreign)


def test_a_complete_chart_reads_exactly():
    chart, problems = read_chart(content(group={"volume_ml": "0,05", "depth_mm": "3.5"}))
    assert problems == []
    (group,) = chart.injections
    assert (group.volume_ml, group.depth_mm, group.count) == (Decimal("0.05"), Decimal("3.5"), 12)
    assert group.total_ml == Decimal("0.60")
    assert chart.preparations[0].lots == {1: 1}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1e2",
        "1_000",
        "٠.٥",
        "１",
        "-0",
        "-1",
        "+1",
        "1,250",
        ".5",
        "5.",
        "1 000",
        "NaN",
        "Infinity",
        "0",
        "0.0005",
        "11",
    ],
)
def test_amounts_that_could_mean_another_dose_are_not_read(typed):
    assert problems_of(group={"volume_ml": typed}) == ["injections.i1.volume_ml"]


@pytest.mark.parametrize(("typed", "ml"), [("0.05", "0.05"), ("0,05", "0.05"), ("0.125", "0.125"), ("10", "10")])
def test_one_separator_comma_or_point(typed, ml):
    chart, problems = read_chart(content(group={"volume_ml": typed}))
    assert problems == [] and chart.injections[0].volume_ml == Decimal(ml)


@pytest.mark.parametrize("typed", ["3.55", "40.1", "0", "three"])
def test_depth_has_one_decimal_and_ends_at_40_mm(typed):
    assert problems_of(group={"depth_mm": typed}) == ["injections.i1.depth_mm"]


@pytest.mark.parametrize("typed", ["7.55", "100.1", "0", "ten"])
def test_the_spacing_of_a_grid_has_one_decimal_and_ends_at_100_mm(typed):
    grid = {"points": [[0.1, 0.1]], "diagram": "body_front", "spacing_mm": typed}
    assert problems_of(group=grid) == ["injections.i1.spacing_mm"]


@pytest.mark.parametrize("typed", ["", "0", "2001", "1.5", "-3", "१२", "1e1"])
def test_counts_are_whole_numbers(typed):
    assert problems_of(group={"count": typed}) == ["injections.i1.count"]


def test_points_are_counted_and_rounded():
    chart, problems = read_chart(content(group={"points": [[0.123456, 1]], "diagram": "body_front", "count": "99"}))
    assert problems == []
    assert chart.injections[0].count == 1
    assert chart.injections[0].points == ((0.1235, 1),)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"group": {"preparation": "p9"}}, "injections.i1.preparation"),
        ({"group": {"area": ""}}, "injections.i1.area"),
        ({"group": {"side": "both"}}, "injections.i1.side"),
        ({"group": {"technique": ""}}, "injections.i1.technique"),
        ({"group": {"needle": "x" * 61}}, "injections.i1.needle"),
        ({"group": {"points": [[0.5, 0.5]]}}, "injections.i1.diagram"),
        ({"syringe": {"version_id": None}}, "preparations.p1.version_id"),
        ({"syringe": {"volume_ml": "five"}}, "preparations.p1.volume_ml"),
        ({"syringe": {"variation": "less procaine"}}, "preparations.p1.variation_reason"),
        ({"syringe": {"variation": "v" * 301, "variation_reason": "r"}}, "preparations.p1.variation"),
    ],
)
def test_a_problem_leads_to_its_field(change, path):
    assert problems_of(**change) == [path]


def test_an_anchor_is_the_card_or_field_on_the_page():
    assert draft.Problem("injections.i3.depth_mm", "").anchor == "injections-i3"
    assert draft.Problem("note", "").anchor == "note"
    assert draft.Problem("", "").anchor == "chart"


def test_direction_marks_are_cleaned_out_of_what_is_signed():
    chart, _ = read_chart({"note": " calm \u202epu\n still "})
    assert chart.note == "calm pu\n still"


def test_entries_are_added_with_ids_of_their_own_and_removed_with_what_hangs_on_them():
    kept = added_syringe(added_syringe({}, {}), {})
    assert [p["id"] for p in kept["preparations"]] == ["p1", "p2"]
    kept = added_group(added_group(kept, {"preparation": "p1"}), {"preparation": "p2"})
    kept = removed(kept, "preparations", "p1")
    assert [(i["id"], i["preparation"]) for i in kept["injections"]] == [("i2", "p2")]
    assert [i["id"] for i in added_group(kept, {})["injections"]] == ["i2", "i1"]
    assert checked(kept) == kept
    json.dumps(kept)


def test_the_place_of_a_syringe_is_given_out_once():
    """Its label may be printed: the next one has another number, also in drafts that did not count yet."""
    kept = removed(added_syringe(added_syringe({}, {}), {}), "preparations", "p2")
    assert [p["id"] for p in added_syringe(kept, {})["preparations"]] == ["p1", "p3"]
    older = {"preparations": [{"id": "p4"}]}
    assert added_syringe(older, {})["drawn_up"] == 5


def test_amounts_are_read_exactly_and_zero_is_left_out():
    chart, problems = read_chart(content(syringe={"amounts": {"1": "0,5", "2": "0", "3": " ", "4": "1.25"}}))
    assert problems == [] and chart.preparations[0].amounts == {
        1: Decimal("0.5"),
        2: Decimal(0),
        4: Decimal("1.25"),
    }


@pytest.mark.parametrize("typed", ["-1", "1e2", "½", "1,250", "0.0005", "1001", "half"])
def test_an_amount_that_could_mean_another_dose_is_told_at_its_line(typed):
    assert problems_of(syringe={"amounts": {"7": typed}}) == ["preparations.p1.amounts.7"]


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-03-02", "2026-03-02T10:00:00", "9999"])
def test_a_time_that_cannot_be_read_is_none(moment):
    assert read_chart(content(syringe={"drawn_at": moment}))[0].preparations[0].drawn_at is None


def test_a_syringe_of_a_session_has_its_number():
    assert read_chart(content())[0].preparations[0].number == ""
    assert read_chart(content(), 1042)[0].preparations[0].number == "M-1042-01-R"
