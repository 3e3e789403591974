"""A version's life: the moves it may make, who may make them, and what the database refuses."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import LONG_AGO
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.treatments import (
    ApprovedVersionFactory,
    DraftVersionFactory,
    FormulationFactory,
    IngredientClassFactory,
    IngredientFactory,
)
from treatments.catalogue import queries, services
from treatments.catalogue.enums import VERSION_MOVES, VersionStatus
from treatments.catalogue.models import Formulation, FormulationVersion, Incompatibility, RecipeLine
from treatments.catalogue.services import Line

pytestmark = pytest.mark.django_db
ML5 = Decimal("5")


def line(ingredient=None, concentration="10", volume="5"):
    return Line(ingredient or IngredientFactory(), concentration and Decimal(concentration), Decimal(volume))


def saved(lines, by, total=ML5, **kwargs):
    version = services.create_formulation(name=kwargs.pop("name", "Mix"), total_volume_ml=total, by=by)
    return services.save_draft(version=version, edits=0, total_volume_ml=total, lines=lines, by=by, **kwargs)


def approve(version, by, password=PASSWORD, **kwargs):
    return services.approve_version(version=version, edits=version.edits, password=password, by=by, **kwargs)


def pair(first, second, effect, diluent=None):
    return Incompatibility.objects.create(
        key=f"{first.key}_{second.key}", first=first, second=second, diluent=diluent, effect=effect, note="Turns milky."
    )


def version_in(status):
    if status == VersionStatus.DRAFT:
        return DraftVersionFactory()
    version = ApprovedVersionFactory()
    if status == VersionStatus.RETIRED:
        services.retire_version(version=version, reason="old", by=version.created_by)
        version.refresh_from_db()
    return version


def moved_to(version, to, by):
    if to == VersionStatus.APPROVED:
        return approve(version, by)
    if to == VersionStatus.RETIRED:
        return services.retire_version(version=version, reason="why not", by=by)
    return services.save_draft(version=version, edits=version.edits, total_volume_ml=ML5, lines=[line()], by=by)


@pytest.mark.parametrize("to", VersionStatus)
@pytest.mark.parametrize("here", VersionStatus)
def test_only_the_declared_moves_happen(here, to, practitioner):
    version = version_in(here)
    allowed = to in VERSION_MOVES[here] or here == to == VersionStatus.DRAFT
    if allowed:
        moved_to(version, to, practitioner)
    else:
        with pytest.raises(Conflict):
            moved_to(version, to, practitioner)
    version.refresh_from_db()
    assert version.status == (to if allowed else here)


def test_from_the_first_line_to_approval(practitioner, administrator):
    version = saved([line(volume="2"), line(volume="3")], administrator, notes="Slowly.")
    assert (version.number, version.edits, version.status) == (1, 1, "draft")
    approved = approve(version, practitioner)
    assert (approved.approved_by, approved.status) == (practitioner, "approved")
    assert list(queries.approved_versions()) == [approved]
    acts = list(AuditEvent.objects.order_by("pk").values_list("action", "subject_type"))
    assert acts == [
        ("create", "catalogue.Formulation"),
        ("create", "catalogue.FormulationVersion"),
        ("change", "catalogue.FormulationVersion"),
        ("approve", "catalogue.FormulationVersion"),
    ]


def test_the_next_version_starts_from_the_last(practitioner, administrator):
    first = approve(saved([line(), line(volume="1")], administrator, total=Decimal("6")), practitioner)
    second = services.add_draft_version(formulation=first.formulation, copy_of=first, by=administrator)
    copied = [(row.ingredient_id, row.concentration, row.volume_ml) for row in second.lines.all()]
    assert copied == [(row.ingredient_id, row.concentration, row.volume_ml) for row in first.lines.all()]
    assert (second.number, second.total_volume_ml) == (2, Decimal("6"))
    with pytest.raises(Conflict):
        services.add_draft_version(formulation=first.formulation, copy_of=first, by=administrator)
    approve(second, practitioner, replaces=True)
    first.refresh_from_db()
    assert first.status == "retired" and first.retire_reason == "Replaced by version 2."
    assert [row.number for row in queries.approved_versions()] == [2]


def test_both_versions_stay_in_use_unless_one_is_replaced(practitioner, administrator):
    first = approve(saved([line()], administrator), practitioner)
    second = services.add_draft_version(formulation=first.formulation, copy_of=first, by=administrator)
    approve(second, practitioner)
    assert [row.number for row in queries.approved_versions()] == [2, 1]


def test_approval_needs_the_role_and_the_password(practitioner, administrator, front_desk):
    version = saved([line()], administrator)
    for person in (administrator, front_desk):
        with pytest.raises(Refused, match="practitioner"):
            approve(version, person)
    with pytest.raises(Refused) as refusal:
        approve(version, practitioner, password="something else")
    assert refusal.value.field == "password"
    version.refresh_from_db()
    assert version.status == "draft"


def test_what_was_not_seen_is_not_approved(practitioner, administrator):
    version = saved([line()], administrator)
    seen = version.edits
    services.save_draft(version=version, edits=seen, total_volume_ml=ML5, lines=[line()], by=administrator)
    with pytest.raises(Conflict):
        services.approve_version(version=version, edits=seen, password=PASSWORD, by=practitioner)


def test_the_second_of_two_tabs_is_told(administrator):
    version = saved([line()], administrator)
    ours, theirs = line(volume="5"), line(volume="4")
    services.save_draft(version=version, edits=1, total_volume_ml=ML5, lines=[theirs], by=administrator)
    with pytest.raises(Conflict):
        services.save_draft(version=version, edits=1, total_volume_ml=ML5, lines=[ours], by=administrator)
    assert [row.volume_ml for row in version.lines.all()] == [Decimal("4")]


@pytest.mark.parametrize(
    ("volumes", "total", "words"),
    [([], "5", "no ingredient"), (["2", "2.5"], "5", "fill it up"), (["3", "2.001"], "5", "0.001 mL more")],
)
def test_the_lines_must_add_up(volumes, total, words, practitioner, administrator):
    version = saved([line(volume=volume) for volume in volumes], administrator, total=Decimal(total))
    with pytest.raises(Refused, match=words):
        approve(version, practitioner)


def refused_ingredients():
    return [
        (lambda: IngredientFactory(ingredient_class=IngredientClassFactory(key="hormone", enabled=False)), "turned on"),
        (lambda: IngredientFactory(vehicle="oil"), "oil"),
        (lambda: IngredientFactory(vehicle="alcohol"), "alcohol"),
        (lambda: IngredientFactory(retired_at=LONG_AGO), "retired"),
    ]


@pytest.mark.parametrize(("make", "words"), refused_ingredients())
def test_some_ingredients_never_get_in(make, words, administrator):
    with pytest.raises(Refused, match=words):
        saved([line(make())], administrator)
    assert not RecipeLine.objects.exists() and not FormulationVersion.objects.filter(edits__gt=0).exists()


def test_a_class_that_is_turned_off_later_stops_the_approval(practitioner, administrator):
    version = saved([line()], administrator)
    kind = version.lines.get().ingredient.ingredient_class
    services.switch_class(ingredient_class=kind, enabled=False, by=administrator)
    with pytest.raises(Refused, match="not turned on"):
        approve(version, practitioner)
    services.switch_class(ingredient_class=kind, enabled=True, by=administrator)
    approve(version, practitioner)


@pytest.mark.parametrize(
    ("unit", "concentration", "words"),
    [("mg", None, "How strong"), ("mL", "5", "measured in mL"), ("mg", "2000.1", "check the unit"), ("IU", None, "IU")],
)
def test_a_strength_belongs_to_its_unit(unit, concentration, words, administrator):
    with pytest.raises(Refused, match=words):
        saved([line(IngredientFactory(unit=unit), concentration)], administrator)


def test_an_ingredient_is_in_one_line(administrator):
    ingredient = IngredientFactory()
    with pytest.raises(Refused, match="twice"):
        saved([line(ingredient, volume="2"), line(ingredient, volume="3")], administrator)


def test_a_pair_that_stops_is_not_approved(practitioner, administrator):
    a, b = IngredientFactory(), IngredientFactory()
    pair(b, a, "stop")
    version = saved([line(a, volume="2"), line(b, volume="3")], administrator)
    with pytest.raises(Refused, match="milky"):
        approve(version, practitioner, reason="I insist")


def test_a_pair_that_asks_for_a_reason_gets_one(practitioner, administrator):
    a, b = IngredientFactory(), IngredientFactory()
    pair(a, b, "reason")
    version = saved([line(a, volume="2"), line(b, volume="3")], administrator)
    for reason in ("", "   "):
        with pytest.raises(Refused) as refusal:
            approve(version, practitioner, reason=reason)
        assert refusal.value.field == "reason"
    assert approve(version, practitioner, reason="Tested here.").mix_reason == "Tested here."
    assert AuditEvent.objects.filter(action=Action.OVERRIDE, subject_id=str(version.pk)).exists()


def test_a_pair_in_a_diluent_counts_in_that_diluent_only(practitioner, administrator):
    a, b, water, saline = (IngredientFactory(unit=unit) for unit in ("mg", "mg", "mL", "mL"))
    pair(a, b, "stop", diluent=water)
    parts = [line(a, volume="1"), line(b, volume="1")]
    approve(saved([*parts, line(saline, None, "3")], administrator, name="In saline"), practitioner)
    with pytest.raises(Refused):
        approve(saved([*parts, line(water, None, "3")], administrator, name="In water"), practitioner)


def test_the_shipped_pairs_speak(catalogue, practitioner, administrator):
    lines = [line(catalogue("deoxycholic_acid"), "10", "2"), line(catalogue("saline_09"), None, "3")]
    with pytest.raises(Refused):
        approve(saved(lines, administrator), practitioner)


def test_a_retired_formulation_takes_its_versions_along(practitioner, administrator):
    version = approve(saved([line()], administrator), practitioner)
    services.add_draft_version(formulation=version.formulation, copy_of=version, by=administrator)
    with pytest.raises(Refused):
        services.retire_formulation(formulation=version.formulation, reason=" ", by=administrator)
    services.retire_formulation(formulation=version.formulation, reason="No longer offered", by=administrator)
    assert set(FormulationVersion.objects.values_list("status", flat=True)) == {"retired"}
    assert not queries.approved_versions().exists() and not queries.drafts().exists()
    with pytest.raises(Conflict):
        services.retire_formulation(formulation=version.formulation, reason="Again", by=administrator)
    with pytest.raises(Refused):
        services.add_draft_version(formulation=version.formulation, copy_of=version, by=administrator)


def test_a_name_is_taken_once(administrator):
    services.create_formulation(name="Glow", total_volume_ml=ML5, by=administrator)
    for name in ("Glow", "gLOW"):
        with pytest.raises(Refused) as refusal:
            services.create_formulation(name=name, total_volume_ml=ML5, by=administrator)
        assert refusal.value.field == "name"
    assert Formulation.objects.count() == 1


# What the database refuses, whatever path a statement takes ------------------------------------------------------


@pytest.fixture(params=[VersionStatus.APPROVED, VersionStatus.RETIRED])
def settled(request):
    return version_in(request.param)


def refuses():
    return pytest.raises(IntegrityError)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("notes", "other"),
        ("total_volume_ml", Decimal("6")),
        ("number", 9),
        ("mix_reason", "other"),
        ("change_note", "other"),
        ("edits", 99),
        ("status", "draft"),
        ("approved_at", LONG_AGO + timedelta(days=1)),
        ("retire_reason", "other"),
    ],
)
def test_a_settled_version_stays(settled, field, value):
    with refuses(), transaction.atomic():
        FormulationVersion.objects.filter(pk=settled.pk).update(**{field: value})
    setattr(settled, field, value)
    with refuses(), transaction.atomic():
        settled.save()


def test_a_settled_version_s_lines_stay(settled):
    row = settled.lines.first()
    other = DraftVersionFactory()
    with refuses(), transaction.atomic():
        settled.lines.update(volume_ml=1)
    row.volume_ml = Decimal("1")
    with refuses(), transaction.atomic():
        row.save()
    with refuses(), transaction.atomic():
        row.delete()
    with refuses(), transaction.atomic():
        RecipeLine.objects.create(version=settled, ingredient=IngredientFactory(), volume_ml=1)
    with refuses(), transaction.atomic():
        other.lines.update(version=settled)
    with refuses(), transaction.atomic():
        settled.delete()
    for statement in (
        "UPDATE catalogue_recipeline SET concentration = 99 WHERE version_id = %s",
        "DELETE FROM catalogue_recipeline WHERE version_id = %s",
        "UPDATE catalogue_formulationversion SET total_volume_ml = 99 WHERE id = %s",
        "UPDATE catalogue_formulationversion SET status = 'draft' WHERE id = %s",
    ):
        with refuses(), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [settled.pk])


def test_the_unit_of_an_ingredient_in_use_stays(settled):
    ingredient = settled.lines.first().ingredient
    with refuses(), transaction.atomic():
        type(ingredient).objects.filter(pk=ingredient.pk).update(unit="mcg")
    with pytest.raises(Refused):
        services.edit_term(term=ingredient, values={"unit": "mcg"}, by=PractitionerFactory())


def test_a_formulation_has_one_draft():
    version = DraftVersionFactory()
    with refuses(), transaction.atomic():
        DraftVersionFactory(formulation=version.formulation, number=2)


# Lists fetch all they show, however long they are ------------------------------------------------------------------


def test_the_lists_ask_as_much_for_thirty_rows_as_for_one(django_assert_num_queries):
    def walk():
        for version in queries.approved_versions():
            assert all(row.ingredient.ingredient_class.name for row in version.lines.all())
            assert queries.final_concentrations(version) and version.formulation.name

    def browse():
        for row in queries.formulations():
            assert [version.approved_by for version in row.versions.all()]

    ApprovedVersionFactory()
    with django_assert_num_queries(2):
        walk()
    with django_assert_num_queries(3):
        browse()
    for formulation in FormulationFactory.create_batch(29):
        ApprovedVersionFactory(formulation=formulation)
    with django_assert_num_queries(2):
        walk()
    with django_assert_num_queries(3):
        browse()
