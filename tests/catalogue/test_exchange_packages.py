"""Packages of recipes: signed, checked to the last byte, and always to be approved again."""

import io
import random

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from clinic.staff.models import ClinicProfile
from tests.catalogue.exchange import LATER, WHEN, empty_clinic, problems_of, rows_here, write_catalogue, write_version
from tests.database import undone
from tests.factories.people import AdministratorFactory
from treatments.catalogue.exchange import packages, queries, services
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.plan import make_plan
from treatments.catalogue.exchange.yamltext import Broken
from treatments.catalogue.models import (
    Formulation,
    FormulationVersion,
    Ingredient,
    IngredientClass,
    Product,
    RecipeLine,
)

pytestmark = [pytest.mark.usefixtures("clinic_row"), pytest.mark.once]
THERE = override_settings(PACKAGE_KEY="the key of another clinic")


@pytest.fixture(scope="module")
def package(django_db_setup, django_db_blocker) -> bytes:
    """Made by another clinic, whose rows are gone again."""
    with django_db_blocker.unblock(), undone(), THERE:
        ClinicProfile.objects.create(pk=1, name="Clínica Aurora")
        approved = write_catalogue().versions.get(status="approved")
        return services.export_recipes(version_ids=[approved.pk], by=AdministratorFactory(), at=LATER)


def bring_in(content: bytes, by, **options):
    return services.import_file(upload=services.open_file(content), flow=Flow.PACKAGE, by=by, at=LATER, **options)


def sealed(body: str) -> bytes:
    """Whatever somebody chose to sign."""
    with THERE:
        return packages.sign(body)


def body_of(package: bytes) -> str:
    return package[: package.index(b"signature:\n")].decode()


def test_a_package_holds_what_its_recipe_needs_and_nothing_else(package):
    file = services.open_file(package).file
    held = {name: [row.values.get("key") or row.values["name"] for row in rows] for name, rows in file.rows.items()}
    assert held == {
        "allergens": ["soy"],
        "conditions": ["epilepsy"],
        "areas": ["leg", "thigh"],
        "indications": ["cellulite"],
        "techniques": ["papule"],
        "classes": ["anaesthetics"],
        "ingredients": ["lidocaine", "saline"],
        "allergen_rules": ["lidocaine_soy"],
        "condition_rules": ["x1"],
        "incompatibilities": ["pair2"],
        "formulations": ["Thigh mix"],
    }
    assert [version.values["number"] for version in file.rows["formulations"][0].parts] == [2]
    assert (file.clinic, file.made_at) == ("Clínica Aurora", "2026-03-04T09:30:05+00:00")


def test_a_recipe_from_elsewhere_is_a_draft_that_nobody_here_has_approved(package, administrator):
    bring_in(package, administrator)
    version = FormulationVersion.objects.get()
    assert (version.status, version.number, version.approved_at, version.approver) == ("draft", 1, None, "")
    assert version.author == "Dr Ana Ruiz, Clínica Aurora"
    assert [line.ingredient.key for line in version.lines.all()] == ["lidocaine", "saline"]
    assert Ingredient.objects.get(key="lidocaine").allergen_rules.get().sources
    assert Formulation.objects.get().areas.get().parent.key == "leg"
    assert not IngredientClass.objects.get().enabled, "what is turned on is each clinic's own to say"
    assert Product.objects.count() == 0


def test_a_second_time_nothing_is_added(package, administrator):
    bring_in(package, administrator)
    before = rows_here()
    plan = bring_in(package, administrator, taken=None)
    assert {step.state for step in plan.steps} == {State.SAME}
    assert rows_here() == before


@pytest.mark.parametrize("seed", range(100))
def test_every_changed_byte_is_noticed(package, administrator, seed):
    """100 of 100; the whole file is drawn from, and its signature in particular."""
    chance = random.Random(seed)
    end = package.index(b"signature:\n")
    at = chance.randrange(len(package)) if seed % 2 else chance.randrange(end, len(package))
    other = chance.choice([byte for byte in range(256) if byte != package[at]])
    broken = package[:at] + bytes([other]) + package[at + 1 :]
    ((line, _message),) = problems_of(broken, administrator)
    assert line >= package.count(b"\n", 0, end) + 1


@pytest.mark.parametrize(
    "change",
    [
        lambda package: package[:-1],
        lambda package: package + b"\n",
        lambda package: package + b" ",
        lambda package: b"\n" + package,
        lambda package: package.replace(b"\n", b"\r\n"),
        lambda package: b"\xef\xbb\xbf" + package,
        lambda package: package[: package.index(b"signature:\n")],
        lambda package: package[: len(package) // 2],
        lambda package: package + package,
        lambda package: package.replace(b"key: ", b"key:  ", 1),
        lambda package: package[:-130] + package[-130:].upper(),
    ],
    ids=["end", "line", "space", "before", "crlf", "bom", "unsigned", "half", "twice", "spaces", "capitals"],
)
def test_what_was_cut_or_added_is_noticed(package, administrator, change):
    assert problems_of(change(package), administrator)


def test_a_signature_of_another_package_does_not_fit(package, administrator):
    other = sealed(body_of(package).replace("Thigh mix", "Arm mix"))
    mixed = package[: package.index(b"signature:\n")] + other[other.index(b"signature:\n") :]
    ((_line, message),) = problems_of(mixed, administrator)
    assert "not what was signed" in message


def test_the_hash_alone_is_not_enough(package, administrator):
    """Somebody may write a new hash below a changed text, but not a new signature of the same key."""
    old, new = package, sealed(body_of(package).replace("Thigh mix", "Arm mix"))
    key = old[old.index(b"  key: ") :][: len("  key: ") + 64]
    assert key in new  # the same key signed both
    forged = new[: new.rindex(b"  ed25519")] + old[old.rindex(b"  ed25519") :]
    ((_line, message),) = problems_of(forged, administrator)
    assert "do not trust" in message


# Signed by somebody who means harm, or errs: (old, new, a word of the message)
SIGNED = [
    ("format: 1", "format: 2", "another format"),
    ("nappage: recipes", "nappage: catalogue", "“clinic” is not known"),
    ("clinic: Clínica Aurora\n", "", "“clinic” is missing"),
    ("clinic: Clínica Aurora", 'clinic: "<b>Aurora</b>"', "HTML"),
    ("        status: approved", "        status: draft", "approved versions only"),
    ("vehicle: aqueous", "vehicle: oil", "oil or alcohol"),
    ("vehicle: aqueous", "vehicle: alcohol", "oil or alcohol"),
    ("  - key: saline", "  - key: other", "“saline” is not among the ingredients"),
    ("  - key: soy", "  - key: bee", "“soy” is not among the allergens"),
    ('volume_ml: "2.5"', 'volume_ml: "250"', "do not add up"),
    ('concentration: "20"', 'concentration: "20000"', "check the unit"),
    ("name: Soy", 'name: "<img src=x onerror=alert(1)>"', "HTML"),
    ("As on the label.", "<script>alert(1)</script>", "HTML"),
    ("formulations:", "formulations: []\nx:", "“x” is not known"),
    ("formulations:", "products:\n  - name: x\n    ingredient: saline\nformulations:", "“products” is not known"),
    ("formulations:", "signature:\n  key: x\nformulations:", "“signature” is not known"),
    ("made_at:", "made_at: !!python/name:os.system\nx:", "Tags"),
]


@pytest.mark.parametrize(("old", "new", "word"), SIGNED)
def test_a_signature_excuses_nothing(package, administrator, old, new, word):
    body = body_of(package)
    assert old in body
    problems = problems_of(sealed(body.replace(old, new, 1)), administrator)
    assert [message for _line, message in problems if word in message], problems


def test_a_package_cannot_turn_a_class_on(package, administrator):
    bring_in(sealed(body_of(package).replace("    code: ANA", "    code: ANA\n    enabled: true")), administrator)
    assert not IngredientClass.objects.get().enabled


def test_ours_stays_where_it_differs_unless_theirs_is_taken(package, administrator):
    bring_in(package, administrator)
    Ingredient.objects.filter(key="lidocaine").update(storage="Below 25 °C", name="Lidocaine here")
    plan = bring_in(package, administrator)
    (step,) = plan.of(State.DIFFERS)
    assert {d.name: (d.ours, d.theirs) for d in step.differences} == {
        "name": ("Lidocaine here", "Lidocaine: plain"),
        "storage": ("Below 25 °C", ""),
    }
    assert Ingredient.objects.get(key="lidocaine").storage == "Below 25 °C"
    bring_in(package, administrator, taken={step.choice})
    assert Ingredient.objects.get(key="lidocaine").storage == ""
    event = AuditEvent.objects.filter(subject_type="catalogue.Ingredient").latest("pk")
    assert (event.action, event.fields) == ("import", ["name", "storage"])


def test_another_recipe_of_the_same_name_becomes_the_next_draft_when_it_is_taken(package, administrator, practitioner):
    bring_in(package, administrator)
    formulation = Formulation.objects.get()
    FormulationVersion.objects.update(status="approved", approved_by=practitioner, approved_at=WHEN)
    other = sealed(body_of(package).replace('concentration: "20"', 'concentration: "5"'))
    bring_in(other, administrator)
    assert formulation.versions.count() == 1
    bring_in(other, administrator, taken=None)
    draft = formulation.versions.get(status="draft")
    assert (draft.number, draft.lines.get(position=0).concentration) == (2, 5)
    third = services.open_file(sealed(body_of(package).replace('concentration: "20"', 'concentration: "7"')))
    (step,) = make_plan(third.file, Flow.PACKAGE).of(State.STAYS)
    assert "draft" in step.reason
    assert RecipeLine.objects.count() == 4


def test_a_formulation_that_is_retired_here_stays_so(package, administrator):
    bring_in(package, administrator)
    Formulation.objects.update(retired_at=WHEN, retire_reason="No.", purpose="Something else")
    plan = bring_in(package, administrator, taken=None)
    (step,) = plan.of(State.STAYS)
    assert "retired here" in step.reason


def test_what_changed_since_it_was_looked_at_is_looked_at_again(package, administrator):
    upload = services.open_file(package)
    seen = make_plan(upload.file, Flow.PACKAGE).digest
    IngredientClass.objects.create(key="anaesthetics", name="Ours", code="X")
    before = rows_here()
    with pytest.raises(Conflict):
        bring_in(package, administrator, seen=seen)
    assert rows_here() == before


def test_the_signer_is_our_own_known_or_new(package, administrator):
    seal = services.open_file(package).seal
    signer = queries.signer_of(seal)
    assert (signer.own, signer.known, signer.name) == (False, False, "")
    assert len(signer.fingerprint.replace(" ", "")) == 32
    known = services.name_key(public_key=seal.public_key, name="Clínica Sur", by=administrator)
    assert queries.signer_of(seal).name == "Clínica Sur"
    with pytest.raises(Refused):
        services.name_key(public_key=seal.public_key, name="Again", by=administrator)
    services.retire_key(known_key=known, reason="Lost their computer.", by=administrator)
    assert "no longer trusted" in problems_of(package, administrator)[0][1]
    with THERE:
        assert queries.signer_of(seal).own


def test_only_approved_versions_are_packed(administrator):
    formulation = write_catalogue()
    ids = [version.pk for version in formulation.versions.exclude(status="approved")]
    with pytest.raises(Refused):
        services.export_recipes(version_ids=ids, by=administrator)


def test_two_recipes_go_into_one_package(administrator, practitioner):
    one = write_catalogue()
    other = Formulation.objects.create(name="Saline alone")
    saline = Ingredient.objects.get(key="saline")
    version = write_version(other, 1, "approved", [(saline, None)], practitioner)
    ids = [one.versions.get(status="approved").pk, version.pk]
    content = services.export_recipes(version_ids=ids, by=administrator, at=LATER)
    assert content == services.export_recipes(version_ids=ids[::-1], by=administrator, at=LATER)
    assert [row.values["name"] for row in services.open_file(content).file.rows["formulations"]] == [
        "Saline alone",
        "Thigh mix",
    ]
    assert AuditEvent.objects.filter(action="export", subject_id=str(version.pk)).count() == 2


def test_the_key_is_not_in_the_database_and_stays_the_same():
    assert packages.public_key() == packages.public_key()
    with THERE:
        other = packages.public_key()
    assert other != packages.public_key()
    assert len(bytes.fromhex(other)) == 32


def test_the_command_asks_for_the_fingerprint_of_a_key_that_is_not_known(package, administrator, tmp_path):
    file, said = tmp_path / "recipes.yaml", io.StringIO()
    file.write_bytes(package)
    call_command("import_catalogue", str(file), "--dry-run", stdout=said)
    with pytest.raises(CommandError, match="not known here"):
        call_command("import_catalogue", str(file), stdout=said)
    assert sum(rows_here()) == 0
    fingerprint = services.open_file(package).seal.fingerprint
    assert fingerprint in said.getvalue()
    call_command("import_catalogue", str(file), "--fingerprint", fingerprint, stdout=said)
    assert FormulationVersion.objects.get().status == "draft"


def test_a_whole_catalogue_of_another_clinic_arrives_as_drafts(administrator):
    write_catalogue()
    content = services.export_catalogue(by=administrator)
    empty_clinic()
    services.import_file(upload=services.open_file(content), flow=Flow.TAKE_OVER, by=administrator, at=LATER)
    version = FormulationVersion.objects.get()
    assert (version.status, version.author, version.lines.get(position=0).concentration) == ("draft", "Dr Ana Ruiz", 20)
    assert Product.objects.count() == 3


def test_an_unsigned_package_is_refused(package, administrator):
    with pytest.raises(Broken):
        services.open_file(body_of(package).encode())
