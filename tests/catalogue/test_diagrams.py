"""The drawings that points are placed on: well formed, inert, complete, and with left and right where they belong."""

import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.once

FOLDER = Path(__file__).resolve().parents[2] / "templates" / "diagrams"
KEYS = {
    "body_front", "body_back", "face_front", "face_left", "face_right", "scalp_top", "scalp_front", "scalp_back",
    "scalp_left", "scalp_right", "hand_dorsal_left", "hand_dorsal_right",
}  # fmt: skip
SIZE_LIMIT = 14 * 1024
SEEN_FROM_THE_FRONT = {"body_front", "face_front", "scalp_front"}
SEEN_FROM_BEHIND = {"body_back", "scalp_back", "scalp_top"}
MISSION_AREAS = {
    "stomach": {"abdomen_upper", "abdomen_lower", "periumbilical"},
    "thighs": {"thigh_front", "thigh_inner", "thigh_outer", "thigh_back"},
    "buttocks": {"buttock"},
    "hips": {"hip"},
    "legs": {"lower_leg", "calf", "knee", "ankle"},
    "arms": {"upper_arm", "forearm"},
    "face": {"forehead", "cheek", "chin", "temple"},
    "scalp": {"scalp_vertex", "scalp_frontal", "scalp_posterior", "scalp_left", "scalp_right"},
}
SVG = "{http://www.w3.org/2000/svg}"


@cache
def root(key):
    return ElementTree.parse(FOLDER / f"{key}.svg").getroot()


def size(key):
    return [float(number) for number in root(key).get("viewBox").split()[2:]]


def regions(key):
    return [element for element in root(key).iter() if "region" in element.get("class", "").split()]


def sides(key):
    found = {}
    for region in regions(key):
        found.setdefault(region.get("data-area"), set()).add(region.get("data-side"))
    return found


@cache
def outlines(key):
    """Each region as (area, side, rings), its curves flattened to points."""
    return [(r.get("data-area"), r.get("data-side"), flatten(r.get("d"))) for r in regions(key)]


def flatten(path):
    """The rings of a path made of M, l, c and z only."""
    tokens = re.findall(r"[a-zA-Z]|-?(?:\d+\.\d+|\.\d+|\d+)", path)
    rings, command, position = [], None, 0
    while position < len(tokens):
        if tokens[position].isalpha():
            command = tokens[position]
            position += 1
            if command == "z":
                continue
        width = {"M": 2, "l": 2, "c": 6}[command]
        numbers = [float(token) for token in tokens[position : position + width]]
        position += width
        if command == "M":
            rings.append([tuple(numbers)])
            continue
        x, y = rings[-1][-1]
        points = [(x + dx, y + dy) for dx, dy in zip(numbers[::2], numbers[1::2], strict=True)]
        rings[-1] += points if command == "l" else curve((x, y), *points)
    return rings


def curve(start, first, second, end, steps=6):
    corners = (start, first, second, end)
    for step in range(1, steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield tuple(sum(w * corner[axis] for w, corner in zip(weights, corners, strict=True)) for axis in (0, 1))


def contains(rings, x, y):
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise([*ring, ring[0]]):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                inside = not inside
    return inside


def centre(rings):
    xs = [x for ring in rings for x, _ in ring]
    return (min(xs) + max(xs)) / 2


def hits(key, x, y):
    return [(area, side) for area, side, rings in outlines(key) if contains(rings, x, y)]


def test_there_is_a_file_for_every_diagram_and_no_other():
    assert {path.stem for path in FOLDER.glob("*.svg")} == KEYS


@pytest.mark.parametrize("key", sorted(KEYS))
class TestEveryDiagram:
    def test_root_names_the_diagram(self, key):
        svg = root(key)
        assert svg.tag == f"{SVG}svg"
        assert (svg.get("class"), svg.get("data-diagram"), svg.get("role")) == ("diagram", key, "img")
        assert svg.get("aria-label")
        assert [group.get("class") for group in svg] == ["figure", "regions", "guides"]
        assert svg[2].get("aria-hidden") == "true"

    def test_nothing_in_it_runs_or_carries_style(self, key):
        for element in root(key).iter():
            assert element.tag.removeprefix(SVG) in {"svg", "g", "path", "title"}
            names = set(element.attrib)
            assert not [name for name in names if name == "style" or name.startswith("on") or "href" in name]
            assert element.get("id", f"{key}-").startswith(f"{key}-")

    def test_it_is_safe_inside_a_page(self, key):
        text = (FOLDER / f"{key}.svg").read_text(encoding="utf-8")
        assert text.startswith("<svg ")
        assert "{" not in text
        assert len(text.encode()) <= SIZE_LIMIT

    def test_regions_are_named_and_drawn_once(self, key):
        drawn = Counter()
        for region in regions(key):
            assert region.get("data-area")
            assert region.get("data-side") in {"left", "right", "none"}
            assert region.get("tabindex") == "-1"
            assert region.find(f"{SVG}title").text
            drawn[region.get("data-area"), region.get("data-side")] += 1
        assert [pair for pair, times in drawn.items() if times > 1] == []

    def test_regions_stay_inside_the_drawing(self, key):
        width, height = size(key)
        for area, _, rings in outlines(key):
            for x, y in (point for ring in rings for point in ring):
                assert -1 <= x <= width + 1, area
                assert -1 <= y <= height + 1, area

    def test_regions_do_not_overlap(self, key):
        width, height = size(key)
        found = [hits(key, x + 0.37, y + 0.41) for x in range(0, int(width), 8) for y in range(0, int(height), 8)]
        inside = [pairs for pairs in found if pairs]
        doubled = [pairs for pairs in inside if len(pairs) > 1]
        assert len(doubled) <= len(inside) * 0.01, doubled

    def test_do_not_treat_is_marked(self, key):
        for region in regions(key):
            blocked = "blocked" in region.get("class").split()
            assert blocked == (region.get("data-area") in {"groin", "ear"})


@pytest.mark.parametrize("key", sorted(SEEN_FROM_THE_FRONT | SEEN_FROM_BEHIND))
class TestLeftAndRight:
    def test_a_sided_area_has_both_sides(self, key):
        for area, found in sides(key).items():
            if area not in {"scalp_left", "scalp_right"}:
                assert found in ({"none"}, {"left", "right"}), area

    def test_left_is_the_patients_left(self, key):
        middle = size(key)[0] / 2
        for area, side, rings in outlines(key):
            if side != "none":
                seen_right_of_middle = centre(rings) > middle
                assert seen_right_of_middle == ((side == "left") == (key in SEEN_FROM_THE_FRONT)), area

    def test_both_sides_are_mirror_images(self, key):
        width, height = size(key)
        swap = {"left": "right", "right": "left", "none": "none"}
        twin = {"scalp_left": "scalp_right", "scalp_right": "scalp_left"}
        points = [(x + 0.37, y + 0.41) for x in range(0, int(width) // 2, 16) for y in range(0, int(height), 16)]
        odd = [
            (x, y)
            for x, y in points
            if {(twin.get(area, area), swap[side]) for area, side in hits(key, x, y)} != set(hits(key, width - x, y))
        ]
        assert len(odd) <= len(points) * 0.01, odd


def test_one_sided_views_show_one_side():
    for key in KEYS - SEEN_FROM_THE_FRONT - SEEN_FROM_BEHIND:
        own = key.rsplit("_", 1)[1]
        assert set().union(*sides(key).values()) <= {own, "none"}


def test_right_views_mirror_left_views():
    for stem in ("face", "scalp", "hand_dorsal"):
        left, right = (Counter(area for area, _, _ in outlines(f"{stem}_{side}")) for side in ("left", "right"))
        assert left.total() == right.total()
        assert set(left) ^ set(right) <= {"scalp_left", "scalp_right"}


@pytest.mark.parametrize("wanted", MISSION_AREAS.values(), ids=MISSION_AREAS)
def test_every_area_of_the_mission_is_drawn(wanted):
    drawn = {area for key in KEYS for area in sides(key)}
    assert wanted <= drawn


def test_face_carries_the_masi_zones():
    zones = {region.get("data-masi") for region in regions("face_front")} - {None}
    assert zones == {"forehead", "malar_left", "malar_right", "chin"}


def test_scalp_carries_the_salt_zones():
    zones = {region.get("data-salt") for region in regions("scalp_top")} - {None}
    assert zones == {"top", "back", "left", "right"}


@pytest.mark.parametrize(
    ("key", "x", "y", "area", "side"),
    [
        ("body_front", 200, 230, "chest", "none"),
        ("body_front", 200, 315, "abdomen_upper", "none"),
        ("body_front", 200, 360, "periumbilical", "none"),
        ("body_front", 245, 540, "thigh_front", "left"),
        ("body_front", 155, 740, "lower_leg", "right"),
        ("body_back", 165, 450, "buttock", "left"),
        ("body_back", 245, 740, "calf", "right"),
        ("face_front", 290, 290, "cheek", "left"),
        ("face_front", 200, 150, "forehead", "none"),
        ("scalp_top", 200, 250, "scalp_vertex", "none"),
        ("scalp_left", 240, 150, "scalp_left", "left"),
        ("hand_dorsal_right", 170, 300, "hand", "right"),
    ],
)
def test_a_tap_lands_where_a_clinician_would_say(key, x, y, area, side):
    assert hits(key, x, y) == [(area, side)]


def test_an_eye_cannot_be_tapped():
    assert hits("face_front", 254, 223) == []
    assert hits("face_front", 146, 223) == []
