"""Files that are broken or mean harm: said line by line, and nothing of them is stored."""

import time
from itertools import pairwise

import pytest

from tests.catalogue.exchange import SOURCE, problems_of, restore, write_catalogue
from tests.database import undone
from tests.factories.people import AdministratorFactory
from treatments.catalogue.exchange import services, yamltext
from treatments.catalogue.exchange.enums import Flow
from treatments.catalogue.models import FormulationVersion, Ingredient

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def content(django_db_setup, django_db_blocker) -> str:
    """A whole catalogue as text, of a clinic that is gone again."""
    with django_db_blocker.unblock(), undone():
        write_catalogue()
        return services.export_catalogue(by=AdministratorFactory()).decode()


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def changed(text: str, old: str, new: str) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


LATER_ON = '"2026-03-04T09:30:05.123456+00:00"'
HEAD = "nappage: catalogue\nformat: 1\n"
BOMB = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}]\n" for a, b in pairwise("abcdefghi"))

# What is wrong as a file, whatever it holds: (name, bytes, line, a word of the message)
UNREADABLE = [
    ("nothing", b"", 1, "empty"),
    ("only a comment", b"# hello\n", 1, "empty"),
    ("not text", b"nappage: catalogue\nformat: \xff\xfe\n", 2, "UTF-8"),
    ("utf-16", HEAD.encode("utf-16"), 1, "UTF-8"),
    ("a NUL", b"nappage: catalogue\nformat: 1\n\0", 3, "U+0000"),
    ("a written NUL", (HEAD + 'mixing_rules:\n  - most_ingredients: 1\n    too_many: "a\\0"\n').encode(), 5, "one of"),
    ("a bell", b"nappage: catalogue\nformat: \x071\n", 2, "U+0007"),
    ("a zip", b"PK\x03\x04\x14\0", 1, "U+0003"),
    ("a page", b"<html><body>\n<b>x</b>", 1, "names with values"),
    ("json", b'{"nappage": "catalogue", "format": 1, "areas": {}}', 1, "a list"),
    ("a list", b"- nappage: catalogue\n", 1, "names with values"),
    ("open quote", (HEAD + 'areas: "\n').encode(), 3, "cannot be read"),
    ("indentation", (HEAD + "areas:\n  - key: a\n   name: b\n").encode(), 5, "cannot be read"),
    ("a tab", (HEAD + "areas:\n\t- key: a\n").encode(), 4, "cannot be read"),
    ("billion laughs", BOMB.encode(), 1, "Anchors"),
    ("alias", (HEAD + "areas: *x\n").encode(), 3, "Anchors"),
    ("merge key", (HEAD + "<<: {a: b}\n").encode(), 3, "“<<” is not known"),
    ("python object", (HEAD + "areas: !!python/object/apply:os.system [ls]\n").encode(), 3, "Tags"),
    ("any tag", (HEAD + "areas: !x y\n").encode(), 3, "Tags"),
    ("tag of a text", b"nappage: !!str catalogue\nformat: 1\n", 1, "Tags"),
    ("directive", b"%YAML 1.1\n---\nnappage: catalogue\n", 1, "directives"),
    ("two documents", (HEAD + "---\nformat: 1\n").encode(), 3, "one document"),
    ("key twice", (HEAD + "format: 1\n").encode(), 3, "second time"),
    ("key that is a list", (HEAD + "? [a]\n: b\n").encode(), 3, "one value"),
    ("too deep", b"[" * 50, 1, "nested too deeply"),
    ("deep and long", b"[" * 1_000_000, 1, "nested too deeply"),
    ("too large", b"#" * (yamltext.LARGEST_BYTES + 1), 1, "larger than 4 MB"),
    ("too many values", b"a: [" + b"x," * 300_000 + b"]", 1, "more than any catalogue"),
    ("another file", b"name: value\n", 1, "neither a catalogue"),
    ("another kind", b"nappage: patients\nformat: 1\n", 1, "neither a catalogue"),
    ("no format", b"nappage: catalogue\n", 1, "another format"),
    ("a later format", b"nappage: catalogue\nformat: 2\n", 2, "another format"),
    ("unknown list", (HEAD + "patients: []\n").encode(), 3, "“patients” is not known"),
    ("list of lists", (HEAD + "areas:\n  - - a\n").encode(), 4, "names with values"),
    ("a text for a list", (HEAD + "areas: all\n").encode(), 3, "a list"),
]


@pytest.mark.parametrize(("file", "line", "word"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_what_is_no_catalogue_is_refused_with_its_line(db, administrator, file, line, word):
    begun = time.monotonic()
    (problem, *_others) = problems_of(file, administrator)
    assert problem[0] == line
    assert word in problem[1]
    assert time.monotonic() - begun < 20  # no file makes it work without end


# What is wrong in a catalogue that is otherwise right: (name, old, new, a line of the new text, a word of the message)
WRONG = [
    ("unknown field", "unit: mg", "unit: mg\n    colour: red", "colour: red", "“colour” is not known"),
    ("missing field", "    unit: mg\n", "", "- key: lidocaine", "“unit” is missing"),
    ("unknown choice", "unit: mg", "unit: kg", "unit: kg", "Write one of: mg"),
    ("wrong type", "unit: mg", "unit: [mg]", "unit: [mg]", "one value"),
    ("not yes or no", "treatable: true", "treatable: yes", "treatable: yes", "Write one of: true, false"),
    ("list for text", "needle: ", "needle:\n      - ", "- ", None),
    ("text for list", "flags:\n      - allergy", "flags: allergy", "flags: allergy", "a list"),
    ("negative", 'volume_ml: "2.5"', 'volume_ml: "-2.5"', 'volume_ml: "-2.5"', "digits with a point"),
    ("comma", 'volume_ml: "2.5"', 'volume_ml: "2,5"', 'volume_ml: "2,5"', "digits with a point"),
    ("exponent", 'volume_ml: "2.5"', 'volume_ml: "1e2"', 'volume_ml: "1e2"', "digits with a point"),
    ("fraction", 'volume_ml: "2.5"', 'volume_ml: "½"', 'volume_ml: "½"', "digits with a point"),
    ("not a number", 'volume_ml: "2.5"', "volume_ml: NaN", "volume_ml: NaN", "digits with a point"),
    ("other digits", 'volume_ml: "2.5"', 'volume_ml: "٢"', 'volume_ml: "٢"', "digits with a point"),
    ("nothing", 'volume_ml: "2.5"', 'volume_ml: "0"', 'volume_ml: "0"', "more than zero"),
    ("absurd", 'volume_ml: "2.5"', 'volume_ml: "50000"', 'volume_ml: "50000"', "at most 500"),
    ("endless", 'volume_ml: "2.5"', f'volume_ml: "{"9" * 5000}"', 'volume_ml: "9', "digits with a point"),
    ("too exact", 'volume_ml: "2.5"', 'volume_ml: "2.50001"', 'volume_ml: "2.50001"', "at most 3 digits"),
    ("absurd limit", 'max: "200"', 'max: "9999999999"', 'max: "9999999999"', "at most 9999999"),
    ("limit in words", 'max: "200"', "max: much", "max: much", "digits with a point"),
    ("limit of nothing known", "- per: session", "- per: year", "- per: year", "Write one of: point"),
    ("limit without a name", "- per: session\n        max", "- max", "- max", "“per” is missing"),
    ("limit that nobody answers for", f"\n        source: {SOURCE}", "", "- per: session", "Who says so"),
    ("limit with more", "- per: session", "- colour: red\n        per: session", "- colour", "“colour” is not known"),
    ("country", "- country: ", '- country: "norway" #', "- country", "two letters"),
    (
        "day of a decision",
        'decided_on: "2026-01-02"',
        "decided_on: 2996-01-02",
        "decided_on: 2996",
        "day that has come",
    ),
    ("drawing", "- body_front", "- ../../settings", "- ../../settings", "Write one of: body_front"),
    ("code of an area", "0068367000", "68367x", "68367x", "6 to 18 digits"),
    ("rule that waits", "    effect: reason", "    effect: wait", "    effect: wait\n    note", "Write one of: stop"),
    ("whole number", "wait_days: 30", "wait_days: 30.5", "wait_days: 30.5", "whole number"),
    ("large number", "wait_days: 30", "wait_days: 99999", "wait_days: 99999", "whole number"),
    ("script address", f"- {SOURCE}", "- javascript:alert(1)", "- javascript:alert(1)", "web address"),
    ("data address", f"- {SOURCE}", "- data:text/html;base64,AA", "- data:", "web address"),
    ("address with markup", f"- {SOURCE}", '- "https://x.example/\\">"', '- "https://x', "web address"),
    ("written NUL", "needle: ", 'angle: "a\\0b"\n    needle: ', 'angle: "a', "NUL"),
    ("surrogate", "needle: ", 'angle: "\\ud800"\n    needle: ', 'angle: "', None),
    ("line break in a name", "name: Papule", 'name: "Pap\\nule"', 'name: "Pap', "cannot be seen"),
    ("text turned round", "name: Papule", 'name: "Pap\\u202eule"', 'name: "Pap', "cannot be seen"),
    ("empty name", "name: Papule", 'name: ""', 'name: ""', "must not be empty"),
    ("long name", "name: Papule", f"name: {'x' * 121}", "name: xxx", "longer than 120"),
    ("spaces in a key", "- key: papule", "- key: pap ule", "- key: pap ule", "A key has letters"),
    ("points at nothing", "parent: leg", "parent: arm", "parent: arm", "“arm” is not among the areas"),
    ("list points at nothing", "- thigh", "- arm", "- arm", "“arm” is not among the areas"),
    (
        "line points at nothing",
        "- ingredient: saline",
        "- ingredient: water",
        "- ingredient: water",
        "not among the ingr",
    ),
    ("circle", "diagrams:\n      - body_front\n      - body_back", "parent: thigh", "parent: thigh", "part of itself"),
    ("key twice", "- key: thigh", "- key: leg", "- key: leg\n    name: Thigh", "already, in line"),
    ("version twice", "- number: 2", "- number: 1", None, "already, in line"),
    ("version nought", "- number: 2", "- number: 0", "- number: 0", "from 1"),
    ("two drafts", "        status: approved", "        status: draft", "status: draft", "draft is not approved"),
    ("nobody approved", "        approved_by: Dr Ana Ruiz\n", "", None, "belong together"),
    ("retired when", f"        retired_at: {LATER_ON}\n", "", None, "retired_at"),
    ("day that is none", LATER_ON, '"2026-02-30T09:30:00+00:00"', '"2026-02-30', "Write the moment"),
    ("day without time", LATER_ON, "2026-03-04", "retired_at: 2026-03-04", "Write the moment"),
    ("day to come", LATER_ON, '"2996-03-04T09:30:00+00:00"', '"2996', "has not come yet"),
    ("code on a box", "00012345678905", "1234", 'gtin: "1234"', "14 digits"),
    ("code misread", "00012345678905", "00012345678904", 'gtin: "00012345678904"', "checks the others"),
    ("pair of one", "second: oil", "second: lidocaine", "second: lidocaine", "with itself"),
    ("range", 'depth_min_mm: "1.5"', 'depth_min_mm: "4.5"', 'depth_max_mm: "4"', "less than where it starts"),
    ("days without waiting", "effect: wait", "effect: note", "wait_days: 30", "“wait” only"),
    (
        "retired without day",
        '    retired_at: "2026-01-02T09:30:00+00:00"\n',
        "",
        "retire_reason: Tested.",
        "“retired_at” is missing",
    ),
    ("signature", "mixing_rules:", "signature:\n  key: x\nmixing_rules:", None, "signature is missing or damaged"),
]


@pytest.mark.parametrize(("old", "new", "at", "word"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_must_not_come_in_is_refused_with_its_line(content, administrator, old, new, at, word):
    bad = changed(content, old, new)
    problems = problems_of(bad.encode(), administrator, Flow.RESTORE)
    assert problems
    if word:
        lines = [line for line, message in problems if word in message]
        assert lines and (at is None or line_of(bad, at) in lines), problems


RULE = """  - key: other
    ingredient: lidocaine
    allergen: soy
    effect: stop
condition_rules:"""
# The same in the draft, which is the last of the file: (name, old, new, a line of the new text, a word)
WRONG_RECIPES = [
    ("twice", "- ingredient: saline", "- ingredient: lidocaine", "- ingredient: lidocaine", "already, in line"),
    ("oil", "- ingredient: saline", "- ingredient: oil", "- ingredient: oil", "oil or alcohol"),
    ("no strength", '            concentration: "30"\n', "", "- ingredient: lidocaine", "How strong is"),
    ("too strong", '"30"', '"30000"', "- ingredient: lidocaine", "check the unit"),
    ("strength of mL", "saline\n", 'saline\n            concentration: "1"\n', "- ingredient: saline", "leave the str"),
    ("not a draft", "status: draft", "status: approved", "status: approved", "who approved it"),
    ("absurd", 'total_volume_ml: "5"', 'total_volume_ml: "501"', 'total_volume_ml: "501"', "at most 500"),
]


@pytest.mark.parametrize(
    ("old", "new", "at", "word"), [row[1:] for row in WRONG_RECIPES], ids=[row[0] for row in WRONG_RECIPES]
)
def test_a_recipe_that_would_harm_is_refused_with_its_line(content, administrator, old, new, at, word):
    before, draft = content.split("- number: 3")
    assert old in draft
    bad = before + "- number: 3" + new.join(draft.rsplit(old, 1))
    lines = [line for line, message in problems_of(bad.encode(), administrator, Flow.RESTORE) if word in message]
    assert lines == [bad[: bad.rindex(at)].count("\n") + 1]


def test_an_approved_recipe_must_add_up(content, administrator):
    second = content.index("- number: 2")
    bad = content[:second] + content[second:].replace('total_volume_ml: "5"', 'total_volume_ml: "6"', 1)
    ((line, message),) = problems_of(bad.encode(), administrator, Flow.RESTORE)
    assert (line, "add up" in message) == (line_of(bad, 'total_volume_ml: "6"'), True)


def test_a_rule_stands_once(content, administrator):
    bad = changed(content, "condition_rules:", RULE)
    ((line, message),) = problems_of(bad.encode(), administrator)
    assert (line, f"line {line_of(bad, '- key: lidocaine_soy')}" in message) == (line_of(bad, "- key: other"), True)


def test_all_that_is_wrong_is_said_at_once(content, administrator):
    bad = changed(content, "unit: mg", "unit: kg").replace("treatable: true", "treatable: 7").replace("X", "Y")
    problems = problems_of(bad.encode(), administrator)
    assert len(problems) == 1 + content.count("treatable: true")
    assert problems == sorted(problems)


def test_markup_is_refused_from_elsewhere_and_is_mere_text_in_our_own_catalogue(content, administrator):
    bad = changed(content, "name: Papule", 'name: "<script>alert(1)</script>"')
    ((line, message),) = problems_of(bad.encode(), administrator, Flow.TAKE_OVER)
    assert (line, "HTML" in message) == (line_of(bad, "<script>"), True)
    fine = changed(content, "name: Papule", 'name: "pH < 7 and > 5"')
    assert problems_of(fine.encode(), administrator, Flow.TAKE_OVER) == []


def test_our_own_words_may_hold_anything_that_the_forms_let_in(content, administrator):
    fine = changed(content, "name: Papule", 'name: "<b>Papule</b>"')
    assert problems_of(fine.encode(), administrator, Flow.RESTORE) == []
    assert fine == services.export_catalogue(by=administrator).decode()


def test_a_clinic_with_formulations_cannot_be_restored(content, administrator):
    restore(content.encode(), administrator)
    upload = services.open_file(content.encode())
    assert upload.flows() == [Flow.TAKE_OVER]
    with pytest.raises(Exception, match="not possible"):
        services.import_file(upload=upload, flow=Flow.RESTORE, by=administrator)


def test_a_unit_never_changes(content, administrator):
    restore(content.encode(), administrator)
    bad = changed(content, "unit: IU", "unit: mg")
    ((line, message),) = problems_of(bad.encode(), administrator)
    assert (line, "never changes" in message) == (line_of(bad, "key: oil") + 3, True)


def test_oil_is_refused_by_what_this_clinic_knows_of_it(content, administrator):
    restore(content.encode(), administrator)
    Ingredient.objects.filter(key="saline").update(vehicle="oil")
    problems = problems_of(content.encode(), administrator)
    assert problems and all("oil or alcohol" in message for _line, message in problems)


def test_a_retired_version_may_hold_what_nobody_may_inject_any_more(content, administrator):
    """It says what was done in its time; nothing can be drawn up from it."""
    first = content.index("- number: 1")
    old = content[first : content.index("- number: 2")]
    fine = content.replace(
        old, old.replace("- ingredient: saline", '- ingredient: oil\n            concentration: "1"')
    )
    restore(fine.encode(), administrator)
    assert FormulationVersion.objects.get(number=1).lines.get(position=1).ingredient.key == "oil"
