"""The reference data as it is shipped: keys, references, sources, and the facts nobody may lose by an edit."""

import re
import tomllib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "treatments/catalogue/data"
HISTORY = ROOT / "patients/history/data"

# file: (table, required fields, optional fields); every row may also say contested or confirm
FILES = {
    CATALOGUE / "areas.toml": (
        "area",
        "name laterality diagrams mission",
        "parent region_code skin_code left_code right_code treatable note",
    ),
    CATALOGUE / "indications.toml": ("indication", "code name areas evidence outcome_scales", ""),
    CATALOGUE / "techniques.toml": (
        "technique",
        "name",
        "depth_min_mm depth_max_mm needle needle_gauge needle_length_mm angle"
        " spacing_min_mm spacing_max_mm volume_min_ml volume_max_ml",
    ),
    CATALOGUE / "ingredient_classes.toml": ("ingredient_class", "code name flags enabled", ""),
    CATALOGUE / "ingredients.toml": (
        "ingredient",
        "name class unit vehicle bleeding_risk evidence",
        "salt_or_base base_fraction typical_concentration storage cold_chain opened_shelf_life_hours legal limits note "
        "before_care after_care",
    ),
    CATALOGUE / "products.toml": (
        "ingredient_product",
        "name ingredient",
        "maker concentration container_ml gtin opened_shelf_life_hours licensed_areas",
    ),
    CATALOGUE / "ingredient_allergens.toml": ("ingredient_allergen", "ingredient allergen effect", "note"),
    CATALOGUE / "ingredient_conditions.toml": ("ingredient_condition", "ingredient condition effect", "note"),
    CATALOGUE / "incompatibilities.toml": ("incompatibility", "a b effect note", "diluent"),
    HISTORY / "allergens.toml": ("allergen", "name kind synonyms", "note"),
    HISTORY / "conditions.toml": ("condition", "code name question effect", "wait_days"),
    HISTORY / "medicines.toml": (
        "medicine",
        "name group otc never_auto_stop bleeding_risk",
        "brands stop_days note",
    ),
    HISTORY / "products.toml": ("product", "name contains ambiguous", "ask country"),
}
EVERY_ROW = {"key", "source", "contested", "confirm"}
DIAGRAMS = {
    "body_front", "body_back", "face_front", "face_left", "face_right",
    "scalp_top", "scalp_front", "scalp_back", "scalp_left", "scalp_right",
    "hand_dorsal_left", "hand_dorsal_right",
}  # fmt: skip
SCALES = {
    "GAIS", "CIRC", "SKINF", "US-FAT", "NM", "CSS", "DIMP", "FITZ", "GLOG", "WSRS", "MASI", "mMASI",
    "SALT", "AGA-M", "AGA-F", "PULL", "DENS", "WASH", "NRS", "VAS", "SAT",
}  # fmt: skip
# Rows without a source claim nothing and say so: the clinic confirms or retires them. The list may only shrink.
SAYS_SO = "No source was found|Not named by the sources|Shown on the drawing"
WITHOUT_CLAIM = {
    "area": {"foot", "nose", "ear"},
}


def read(path):
    table = FILES[path][0]
    with path.open("rb") as file:
        content = tomllib.load(file)
    assert list(content) == [table]
    return content[table]


DATA = {FILES[path][0]: read(path) for path in FILES}
BY_KEY = {table: {row["key"]: row for row in rows} for table, rows in DATA.items()}
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def rows_of(path):
    return DATA[FILES[path][0]]


@every_file
def test_keys_are_unique_snake_case(path):
    keys = Counter(row["key"] for row in rows_of(path))
    assert [key for key, count in keys.items() if count > 1] == []
    assert [key for key in keys if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", key)] == []


@every_file
def test_rows_have_their_fields_and_no_others(path):
    _, required, optional = FILES[path]
    required, known = set(required.split()), set((required + " " + optional).split()) | EVERY_ROW
    for row in rows_of(path):
        assert required <= set(row) <= known, row["key"]


@every_file
def test_every_row_has_a_source_or_asks_for_one(path):
    missing = set()
    for row in rows_of(path):
        for url in row["source"]:
            assert urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc, (row["key"], url)
        assert bool(row["source"]) != row.get("confirm", False), row["key"]
        if not row["source"]:
            missing.add(row["key"])
            assert re.search(SAYS_SO, row["note"]), row["key"]
    assert missing == WITHOUT_CLAIM.get(FILES[path][0], set())


@every_file
def test_file_says_how_to_change_it(path):
    head = path.read_text(encoding="utf-8").split("[[")[0]
    assert "never renamed" in head and all(line.startswith("#") for line in head.split("\n") if line)


@pytest.mark.parametrize(
    ("table", "field", "target"),
    [
        ("area", "parent", "area"),
        ("indication", "areas", "area"),
        ("ingredient", "class", "ingredient_class"),
        ("ingredient_allergen", "ingredient", "ingredient"),
        ("ingredient_allergen", "allergen", "allergen"),
        ("ingredient_condition", "ingredient", "ingredient"),
        ("ingredient_condition", "condition", "condition"),
        ("incompatibility", "a", "ingredient"),
        ("incompatibility", "b", "ingredient"),
        ("incompatibility", "diluent", "ingredient"),
        ("product", "contains", "medicine"),
        ("ingredient_product", "ingredient", "ingredient"),
        ("ingredient_product", "licensed_areas", "area"),
    ],
)
def test_references_resolve(table, field, target):
    for row in DATA[table]:
        value = row.get(field, [])
        for key in [value] if isinstance(value, str) else value:
            assert key in BY_KEY[target], (row["key"], key)


@pytest.mark.parametrize(
    ("table", "field", "values"),
    [
        ("area", "laterality", {"sided", "midline", "fixed"}),
        ("area", "diagrams", DIAGRAMS),
        ("indication", "outcome_scales", SCALES),
        ("ingredient", "unit", {"mg", "mcg", "IU", "U", "mL"}),
        ("ingredient", "vehicle", {"aqueous", "oil", "alcohol", "gel", "own_blood", "unknown"}),
        ("ingredient", "evidence", {"A", "B", "C", "D"}),
        ("ingredient_allergen", "effect", {"stop", "reason"}),
        ("ingredient_condition", "effect", {"stop", "reason", "wait", "note"}),
        ("incompatibility", "effect", {"stop", "reason", "note"}),
        ("allergen", "kind", {"substance", "material", "condition"}),
        ("condition", "effect", {"stop", "reason", "wait", "note"}),
        ("medicine", "otc", {"yes", "no", "varies"}),
        (
            "medicine",
            "group",
            {"nsaid", "aspirin", "salicylate", "anticoagulant", "antiplatelet", "paracetamol", "supplement", "other"},
        ),
    ],
)
def test_choices(table, field, values):
    for row in DATA[table]:
        value = row[field]
        assert ({value} if isinstance(value, str) else set(value)) <= values, row["key"]


@pytest.mark.parametrize("table", ["indication", "ingredient_class", "condition"])
def test_codes_are_unique(table):
    codes = [row["code"] for row in DATA[table]]
    assert len(codes) == len(set(codes))


# Areas


def test_areas_form_a_tree():
    for area in DATA["area"]:
        seen, key = set(), area["key"]
        while key:
            assert key not in seen, area["key"]
            seen.add(key)
            key = BY_KEY["area"][key].get("parent")


def test_the_areas_of_the_mission_and_those_never_treated():
    mission = {area["key"] for area in DATA["area"] if area["mission"]}
    assert {"abdomen", "thigh", "buttock", "hip", "leg", "arm", "face"} <= mission
    assert {area["key"] for area in DATA["area"] if not area.get("treatable", True)} == {"ear", "groin"}


def test_snomed_codes_have_a_correct_check_digit_and_stand_once():
    codes = [
        (area["key"], area[field])
        for area in DATA["area"]
        for field in ("region_code", "skin_code", "left_code", "right_code")
        if field in area
    ]
    assert len({code for _, code in codes}) == len(codes)
    assert [pair for pair in codes if not verhoeff(pair[1])] == []


def test_organs_joints_and_cavities_are_not_mistaken_for_areas():
    used = {area.get("region_code") for area in DATA["area"]}
    assert used.isdisjoint({"69695003", "24136001", "70258002", "43799004", "27949001"})


def test_side_codes_come_in_pairs_and_only_for_sided_areas():
    for area in DATA["area"]:
        assert ("left_code" in area) == ("right_code" in area), area["key"]
        assert "left_code" not in area or area["laterality"] == "sided", area["key"]


def test_every_region_drawn_is_an_area_of_that_diagram_with_the_same_sides():
    for path in sorted((ROOT / "templates/diagrams").glob("*.svg")):
        svg = path.read_text(encoding="utf-8")
        name = re.search(r'data-diagram="([^"]+)"', svg)[1]
        for element in re.findall(r"<[^>]*\bdata-area=[^>]*>", svg):
            key = re.search(r'data-area="([^"]+)"', element)[1]
            side = re.search(r'data-side="([^"]+)"', element)
            assert key in BY_KEY["area"], (path.name, key)
            area = BY_KEY["area"][key]
            assert name in area["diagrams"], (path.name, key)
            sided = bool(side) and side[1] in ("left", "right")
            assert area["laterality"] == "fixed" or sided == (area["laterality"] == "sided"), (path.name, key)


# Ingredients


def test_classes_of_the_mission_all_have_an_ingredient():
    filled = Counter(ingredient["class"] for ingredient in DATA["ingredient"])
    assert {"vasodilator", "antibiotic", "hormone", "enzyme", "herbal", "vitamin", "mineral"} <= set(filled)
    assert set(filled) == set(BY_KEY["ingredient_class"])


def test_there_are_enough_ingredients_and_those_of_the_mission():
    assert len(DATA["ingredient"]) >= 60
    assert {"calcitonin", "thyroxine", "collagenase", "hyaluronidase", "saline_09"} <= set(BY_KEY["ingredient"])


def test_hormones_and_antibiotics_are_off_until_a_doctor_switches_them_on():
    off = {row["key"] for row in DATA["ingredient_class"] if not row["enabled"]}
    assert off == {"hormone", "antibiotic"}


def test_no_limit_without_a_source():
    for ingredient in DATA["ingredient"]:
        for limit in ingredient.get("limits", []):
            assert set(limit) <= {"per", "max", "unit", "note", "source"}, ingredient["key"]
            assert limit["per"] in {"session", "point", "area", "interval_days"}, ingredient["key"]
            assert urlsplit(limit["source"]).netloc, ingredient["key"]
            assert Decimal(limit["max"]) > 0
        for law in ingredient.get("legal", []):
            assert set(law) == {"country", "status", "source"}
            assert re.fullmatch("[A-Z]{2}", law["country"]) and urlsplit(law["source"]).netloc, ingredient["key"]


def test_limits_known_from_labels():
    def limits(key):
        return {limit["per"]: (limit["max"], limit["unit"]) for limit in BY_KEY["ingredient"][key]["limits"]}

    deoxycholic_acid = {"session": ("100", "mg"), "point": ("2", "mg"), "interval_days": ("30", "day")}
    assert limits("deoxycholic_acid") == deoxycholic_acid
    assert limits("lidocaine") == {"session": ("300", "mg")}
    assert limits("collagenase")["interval_days"] == ("21", "day")


def test_numbers_of_techniques_are_exact_decimals_in_order():
    for technique in DATA["technique"]:
        numbers = {name: Decimal(value) for name, value in technique.items() if name.endswith(("_mm", "_ml", "_gauge"))}
        for name, value in numbers.items():
            assert str(value) == technique[name], technique["key"]
            upper = numbers.get(name.replace("_min_", "_max_"), value)
            assert 0 <= value <= upper, technique["key"]


@pytest.mark.parametrize(
    ("allergen", "ingredient", "effect"),
    [
        ("soy", "phosphatidylcholine", "stop"),
        ("insect_sting", "hyaluronidase", "reason"),
        ("fish", "polynucleotides", "reason"),
        ("ester_anaesthetic", "procaine", "stop"),
        ("amide_anaesthetic", "lidocaine", "stop"),
        ("sulfite", "adrenaline", "reason"),
        ("paraben", "methylparaben", "reason"),
        ("benzyl_alcohol", "deoxycholic_acid", "stop"),
        ("aspirin_nsaid", "ketorolac", "stop"),
        ("xanthine", "aminophylline", "stop"),
        ("asteraceae", "artichoke", "reason"),
        ("collagenase", "collagenase", "stop"),
        ("g6pd_deficiency", "vitamin_c", "stop"),
    ],
)
def test_allergies_that_must_be_caught(allergen, ingredient, effect):
    rows = DATA["ingredient_allergen"]
    assert effect in [r["effect"] for r in rows if (r["allergen"], r["ingredient"]) == (allergen, ingredient)]


# Patient's allergy: what the strongest rule asks for, and every ingredient that it is asked of
CROSS_CHECK = {
    "soy": ("stop", "phosphatidylcholine"),
    "insect_sting": ("reason", "hyaluronidase"),
    "beef_protein": ("reason", "hyaluronidase"),
    "thimerosal": ("reason", "hyaluronidase"),
    "fish": ("reason", "polynucleotides calcitonin"),
    "ester_anaesthetic": ("stop", "procaine tetracaine"),
    "amide_anaesthetic": ("stop", "lidocaine mepivacaine bupivacaine levobupivacaine ropivacaine"),
    "sulfite": ("reason", "adrenaline sodium_metabisulfite"),
    "paraben": ("reason", "lidocaine mepivacaine bupivacaine procaine methylparaben"),
    "benzyl_alcohol": ("stop", "deoxycholic_acid phosphatidylcholine benzyl_alcohol"),
    "aspirin_nsaid": ("stop", "diclofenac ketorolac piroxicam ketoprofen"),
    "xanthine": ("stop", "aminophylline theophylline caffeine pentoxifylline"),
    "asteraceae": ("reason", "artichoke sunflower_liposomes"),
    "collagenase": ("stop", "collagenase"),
    "g6pd_deficiency": ("stop", "vitamin_c"),
}


@pytest.mark.parametrize(("allergen", "found"), CROSS_CHECK.items(), ids=CROSS_CHECK)
def test_the_whole_cross_check_is_shipped(allergen, found):
    effect, ingredients = found
    rows = [row for row in DATA["ingredient_allergen"] if row["allergen"] == allergen]
    assert {row["ingredient"] for row in rows} == set(ingredients.split())
    assert {row["effect"] for row in rows} == {effect}


def test_what_touches_the_skin_is_an_allergy_of_its_own():
    """Needles, gloves and what cleans the skin are no ingredients: the allergy itself asks for a reason."""
    kinds = {row["key"]: row["kind"] for row in DATA["allergen"]}
    assert {kinds[key] for key in ("nickel", "latex", "chlorhexidine", "iodine")} == {"material"}


def test_products_hold_exact_amounts_and_what_the_label_licenses():
    for row in DATA["ingredient_product"]:
        unit = BY_KEY["ingredient"][row["ingredient"]]["unit"]
        assert ("concentration" in row) == (unit != "mL"), row["key"]
        assert all(Decimal(row[name]) > 0 for name in ("concentration", "container_ml") if name in row)
    assert BY_KEY["ingredient_product"]["kybella"]["licensed_areas"] == ["submental"]


@pytest.mark.parametrize(
    ("condition", "ingredient"),
    [("clots", "tranexamic_acid"), ("g6pd", "vitamin_c"), ("could_become_pregnant", "dutasteride")],
)
def test_conditions_that_must_stop_an_ingredient(condition, ingredient):
    rows = DATA["ingredient_condition"]
    assert "stop" in [r["effect"] for r in rows if (r["condition"], r["ingredient"]) == (condition, ingredient)]


@pytest.mark.parametrize("table", ["ingredient_allergen", "ingredient_condition", "incompatibility"])
def test_pairs_stand_once(table):
    pairs = Counter(
        (frozenset((row["a"], row["b"])), row.get("diluent"))
        if table == "incompatibility"
        else (row["ingredient"], row.get("allergen") or row.get("condition"))
        for row in DATA[table]
    )
    assert [pair for pair, count in pairs.items() if count > 1] == []


# What patients have and take


def test_pregnancy_stops_and_waits_have_positive_days():
    assert BY_KEY["condition"]["pregnancy"]["effect"] == "stop"
    for condition in DATA["condition"]:
        if "wait_days" in condition:
            assert condition["effect"] == "wait" and condition["wait_days"] > 0, condition["key"]


def test_prescribed_blood_thinners_are_never_stopped_by_the_app():
    thinners = [row for row in DATA["medicine"] if row["group"] in ("anticoagulant", "antiplatelet")]
    assert {"warfarin", "apixaban", "dabigatran", "clopidogrel", "heparin"} <= {row["key"] for row in thinners}
    for medicine in thinners:
        assert medicine["never_auto_stop"] and "stop_days" not in medicine, medicine["key"]
    assert {row["key"] for row in DATA["medicine"] if row["never_auto_stop"]} == {row["key"] for row in thinners}


@pytest.mark.parametrize(("medicine", "days"), [("aspirin", 7), ("ibuprofen", 7), ("piroxicam", 10)])
def test_house_rule_for_painkillers(medicine, days):
    assert BY_KEY["medicine"][medicine]["stop_days"] == days


def test_every_painkiller_to_avoid_has_its_days_and_paracetamol_has_none():
    for medicine in DATA["medicine"]:
        if medicine["group"] in ("nsaid", "aspirin", "salicylate"):
            assert medicine["stop_days"] > 0, medicine["key"]
    assert "stop_days" not in BY_KEY["medicine"]["paracetamol"]


@pytest.mark.parametrize(
    ("product", "contains"),
    [
        ("alka_seltzer", "aspirin"),
        ("excedrin_migraine", "aspirin"),
        ("pepto_bismol", "bismuth_subsalicylate"),
        ("nuromol", "ibuprofen"),
        ("aleve_pm", "naproxen"),
    ],
)
def test_products_that_hide_a_painkiller(product, contains):
    assert contains in BY_KEY["product"][product]["contains"]


def test_an_ambiguous_product_has_a_question_and_only_that_one():
    for product in DATA["product"]:
        assert product["ambiguous"] == ("ask" in product), product["key"]
    for key in ("midol", "anadin", "alka_seltzer", "excedrin"):
        assert BY_KEY["product"][key]["ambiguous"], key


def test_a_brand_belongs_to_one_medicine_and_bufferin_is_aspirin():
    assert "Bufferin" in BY_KEY["medicine"]["aspirin"]["brands"]
    brands = Counter(brand.lower() for row in DATA["medicine"] for brand in row.get("brands", []))
    assert [brand for brand, count in brands.items() if count > 1] == []


def verhoeff(code):
    """Whether a SNOMED CT identifier ends in its right check digit."""
    multiply = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 0, 6, 7, 8, 9, 5], [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7], [4, 0, 1, 2, 3, 9, 5, 6, 7, 8], [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2], [7, 6, 5, 9, 8, 2, 1, 0, 4, 3], [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ]  # fmt: skip
    step = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]
    permute = [list(range(10))]
    for _ in range(7):
        permute.append([step[digit] for digit in permute[-1]])
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = multiply[check][permute[place % 8][int(digit)]]
    return check == 0
