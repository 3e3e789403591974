"""Out of one clinic and into another: equal to the byte, on whichever engine the tests run."""

import io
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.audit.models import AuditEvent
from clinic.core.text import clean, clean_line
from tests.catalogue.exchange import LATER, empty_clinic, restore, rows_here, write_catalogue
from tests.factories.people import AdministratorFactory
from treatments.catalogue.exchange import services, yamltext
from treatments.catalogue.exchange.layout import KIND_OF, LEFT_OUT
from treatments.catalogue.models import Formulation, FormulationVersion, Ingredient, Product, RecipeLine

# Models of the app that are no part of the catalogue itself
NOT_EXCHANGED = {"ExchangeFile", "KnownKey"}


def test_every_field_of_the_catalogue_is_written_or_left_out_on_purpose():
    for model in apps.get_app_config("catalogue").get_models():
        assert model in KIND_OF or model.__name__ in NOT_EXCHANGED, model
    for model, kind in KIND_OF.items():
        fields = {field.name for field in [*model._meta.concrete_fields, *model._meta.many_to_many]} - {"id"}
        left_out = LEFT_OUT.get(model, set())
        assert left_out <= fields, model
        assert set(kind.fields) | left_out == fields, model
        assert not set(kind.fields) & left_out, model


def test_a_whole_catalogue_comes_back_equal_to_the_byte(administrator):
    write_catalogue()
    before, counts = services.export_catalogue(by=administrator), rows_here()
    empty_clinic()
    assert sum(rows_here()) == 0
    restore(before, administrator)
    assert services.export_catalogue(by=administrator) == before
    assert rows_here() == counts


def test_the_catalogue_that_ships_comes_back_equal_to_the_byte(catalogue, administrator):
    before = services.export_catalogue(by=administrator)
    empty_clinic()
    restore(before, administrator)
    assert services.export_catalogue(by=administrator) == before
    assert Ingredient.objects.count() == before.decode().count("\n    ingredient_class: ")


def test_the_bytes_do_not_depend_on_the_order_in_which_rows_came(administrator):
    write_catalogue()
    before = services.export_catalogue(by=administrator)
    with connection.cursor() as cursor:  # a row that is written again may move within its table
        cursor.execute("UPDATE catalogue_ingredient SET name = name")
    assert services.export_catalogue(by=administrator) == before


def test_what_was_approved_stays_approved_with_the_name_of_who_did_it(administrator):
    write_catalogue()
    content = services.export_catalogue(by=administrator)
    empty_clinic()
    restore(content, administrator)
    retired, approved, draft = FormulationVersion.objects.order_by("number")
    assert [approved.status, retired.status, draft.status] == ["approved", "retired", "draft"]
    assert (approved.approver, approved.approved_by, approved.approved_elsewhere) == (
        "Dr Ana Ruiz",
        None,
        "Dr Ana Ruiz",
    )
    assert (approved.author, approved.created_by) == ("Dr Ana Ruiz", administrator)
    assert draft.approver == ""


def test_a_restored_recipe_is_guarded_like_one_that_was_approved_here(administrator):
    write_catalogue()
    content = services.export_catalogue(by=administrator)
    empty_clinic()
    restore(content, administrator)
    approved = FormulationVersion.objects.get(status="approved")
    for change in ({"approved_elsewhere": "Dr No"}, {"created_elsewhere": "x"}, {"total_volume_ml": 9}):
        for retiring in ({}, {"status": "retired", "retired_at": LATER, "retire_reason": "Old."}):
            with pytest.raises(IntegrityError), transaction.atomic():
                FormulationVersion.objects.filter(pk=approved.pk).update(**change, **retiring)
    with pytest.raises(IntegrityError), transaction.atomic():
        RecipeLine.objects.filter(version=approved).update(volume_ml=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "values",
    [
        {"approved_elsewhere": "Dr X"},
        {"status": "approved", "approved_at": "2026-01-02T00:00Z"},
    ],
)
def test_an_approval_from_elsewhere_has_a_name_and_a_moment(values):
    formulation = write_catalogue()
    draft = formulation.versions.get(status="draft")
    with pytest.raises(IntegrityError):
        FormulationVersion.objects.filter(pk=draft.pk).update(**values)


def test_it_is_in_the_trail_who_took_a_catalogue_out_and_in(administrator):
    write_catalogue()
    content = services.export_catalogue(by=administrator)
    assert AuditEvent.objects.filter(action="export", actor_id=administrator.pk).count() == 1
    empty_clinic()
    restore(content, administrator)
    events = AuditEvent.objects.filter(action="import", actor_id=administrator.pk)
    assert events.filter(subject_type="catalogue.FormulationVersion").count() == 3
    assert events.filter(subject_type="catalogue.Ingredient").count() == 3
    assert events.filter(subject_type="catalogue.Formulation", fields=["restore"]).count() == 1


def test_the_commands_take_it_out_and_bring_it_in(administrator, tmp_path):
    write_catalogue()
    file, again = tmp_path / "one.yaml", tmp_path / "two.yaml"
    call_command("export_catalogue", str(file), stdout=io.StringIO())
    empty_clinic()
    said = io.StringIO()
    call_command("import_catalogue", str(file), "--dry-run", stdout=said)
    assert "dry run" in said.getvalue() and "Ingredients: 3 will be added" in said.getvalue()
    assert sum(rows_here()) == 0
    call_command("import_catalogue", str(file), stdout=said)
    call_command("export_catalogue", str(again), stdout=io.StringIO())
    assert file.read_bytes() == again.read_bytes()
    call_command("import_catalogue", str(file), stdout=said)  # what is here already is left alone
    assert FormulationVersion.objects.count() == 3


def test_the_command_says_line_by_line_what_is_wrong(administrator, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("nappage: catalogue\nformat: 1\ntechniques:\n  - key: a b\n    name: x\n")
    with pytest.raises(CommandError, match=r"bad\.yaml:4: key: A key has letters"):
        call_command("import_catalogue", str(file))
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_catalogue", str(tmp_path / "none.yaml"))


ODD = ["no", "1e2", "2026-01-02", "0042", "~", "null", "a: b", "a #b", "- x", "'", '"', "\\", "日本", "😀", "=", "<<"]
ODD += ["& < >", "*x", "!x", "%x", "@x", "{a}", "[a]", "0x1F", "12:30:45", "é", "ﬁ", "a\u2028b", "%YAML", "---", "..."]
LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
NAMES = (st.sampled_from(ODD) | st.text(LETTERS, min_size=1, max_size=40)).map(clean_line).filter(bool)
NOTES = st.text(LETTERS | st.sampled_from("\n \t:#-\"'"), max_size=120).map(clean)


@pytest.mark.once
@settings(max_examples=1000, deadline=None)
@given(value=st.text(LETTERS | st.sampled_from("\n\n  \t\r:#-\"'"), max_size=60))
@example(value=" \n")
@example(value="a\n\n  b\n")
@example(value="\ta\n b")
def test_any_text_is_read_as_it_was_written(value):
    written = yamltext.write({"a": value, "b": [value, {"c": value, "d": [value]}], "e": ""}, comment="c")
    read = yamltext.read(written.encode()).fields()
    assert read["a"].value == value
    first, second = read["b"].items()
    assert (first.value, second.value["c"].value, second.value["d"].value[0].value) == (value, value, value)


class OddNames(TestCase):
    """Names as people may type them come back as they were typed."""

    @settings(max_examples=20, deadline=None)
    @given(name=NAMES, note=NOTES, amount=st.decimals("0.0001", "9999999", places=4))
    @example(name="no", note="1e2\n\n 0042", amount=Decimal("0.1000"))
    def test_odd_names_come_back(self, name, note, amount):
        administrator = AdministratorFactory(full_name=name)
        write_catalogue(name=name, note=note, person=administrator)
        Product.objects.filter(name="Twin").update(concentration=amount, maker=name)
        before = services.export_catalogue(by=administrator)
        empty_clinic()
        restore(before, administrator)
        assert services.export_catalogue(by=administrator) == before
        assert Formulation.objects.get().name == name
        assert Ingredient.objects.get(key="lidocaine").note == note
