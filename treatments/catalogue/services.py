"""The only writers of the catalogue."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.models import Retirable
from clinic.staff.permissions import Permission
from clinic.staff.services import check_password_again
from patients.history.models import Term
from patients.history.vocabulary import check_name
from treatments.catalogue import rules
from treatments.catalogue.clashes import refusing
from treatments.catalogue.enums import VERSION_MOVES, VersionStatus
from treatments.catalogue.models import (
    Formulation,
    FormulationVersion,
    Ingredient,
    IngredientClass,
    MixingRules,
    RecipeLine,
)

NAME_TAKEN = gettext_lazy("There is a formulation of this name already.")


@dataclass(frozen=True)
class Line:
    """A line as it is typed: `volume_ml` mL of a solution with `concentration` of the ingredient's units per mL."""

    ingredient: Ingredient
    concentration: Decimal | None
    volume_ml: Decimal


@transaction.atomic
def create_formulation(*, name: str, total_volume_ml: Decimal, purpose: str = "", by, at=None) -> FormulationVersion:
    """A new formulation with the empty draft of its first version, which is returned."""
    formulation = _create(name=name, purpose=purpose, by=by, at=at)
    return _start_draft(formulation, total_volume_ml=total_volume_ml, by=by, at=at)


@transaction.atomic
def duplicate_version(*, version: FormulationVersion, name: str, by, at=None) -> FormulationVersion:
    """Another formulation that begins with this version's recipe, as a draft, which is returned."""
    source = version.formulation
    copied = {field: getattr(source, field) for field in ("purpose", "before_care", "after_care")}
    formulation = _create(name=name, **copied, by=by, at=at)
    for field in Formulation._meta.many_to_many:
        getattr(formulation, field.name).set(getattr(source, field.name).all())
    draft = _start_draft(formulation, total_volume_ml=version.total_volume_ml, notes=version.notes, by=by, at=at)
    _write_lines(draft, version.lines.select_related("ingredient"))
    return draft


@transaction.atomic
def edit_formulation(*, formulation: Formulation, values: dict, by, at=None) -> list[str]:
    """Writes what a formulation is called, what it suits and its care texts, and answers which fields differ."""
    if Formulation.objects.filter(name__iexact=values["name"]).exclude(pk=formulation.pk).exists():
        raise Refused(NAME_TAKEN, field="name")
    with refusing(NAME_TAKEN, field="name"):
        return edit_term(term=formulation, values=values, by=by, at=at)


@transaction.atomic
def add_draft_version(
    *, formulation: Formulation, copy_of: FormulationVersion | None = None, total_volume_ml=None, by, at=None
) -> FormulationVersion:
    """The draft of the next version, with the recipe of `copy_of` where one is given.

    A formulation has one draft at a time.
    """
    if copy_of and copy_of.formulation_id != formulation.pk:
        raise Refused(_("That version belongs to another formulation."))
    formulation = Formulation.objects.select_for_update().get(pk=formulation.pk)
    if formulation.retired_at:
        raise Refused(_("This formulation is retired."))
    if FormulationVersion.objects.filter(formulation=formulation, status=VersionStatus.DRAFT).exists():
        raise Conflict(_("There is a draft already: change that one, or discard it first."))
    draft = _start_draft(
        formulation,
        total_volume_ml=copy_of.total_volume_ml if copy_of else total_volume_ml,
        notes=copy_of.notes if copy_of else "",
        by=by,
        at=at,
    )
    if copy_of:
        _write_lines(draft, copy_of.lines.select_related("ingredient"))
    return draft


@transaction.atomic
def save_draft(
    *,
    version: FormulationVersion,
    edits: int,
    total_volume_ml: Decimal,
    lines: Sequence[Line],
    notes: str = "",
    change_note: str = "",
    by,
    at=None,
) -> FormulationVersion:
    """Replaces a draft's recipe. `edits` is the count that the page showed: whoever is second gets Conflict."""
    _refuse_impossible(lines)
    saved = FormulationVersion.objects.filter(pk=version.pk, status=VersionStatus.DRAFT, edits=edits).update(
        edits=F("edits") + 1, total_volume_ml=total_volume_ml, notes=notes, change_note=change_note
    )
    if not saved:
        raise _overtaken(version)
    RecipeLine.objects.filter(version=version).delete()
    _write_lines(version, lines)
    fields = ["total_volume_ml", "notes", "change_note", "lines"]
    record(by=by, action=Action.CHANGE, subject=version, fields=fields, at=at)
    version.refresh_from_db()
    return version


def approve_version(
    *,
    version: FormulationVersion,
    edits: int,
    password: str,
    reason: str = "",
    replaces: bool = False,
    by,
    at=None,
) -> FormulationVersion:
    """Approves a draft as it was shown (`edits`), with the practitioner's password once more.

    `reason` says why pairs that ask for one are mixed all the same. `replaces` retires the versions that were in
    use until now.
    """
    if not by.may(Permission.APPROVE_FORMULATIONS):
        raise Refused(_("Only a practitioner can approve a recipe."))
    check_password_again(user=by, password=password)
    return _approve(version=version, edits=edits, reason=reason.strip(), replaces=replaces, by=by, at=at or clock.now())


@transaction.atomic
def _approve(*, version, edits, reason, replaces, by, at) -> FormulationVersion:
    formulation = Formulation.objects.select_for_update().get(pk=version.formulation_id)
    version = FormulationVersion.objects.select_for_update().get(pk=version.pk)
    if version.status == VersionStatus.DRAFT and version.edits != edits:
        raise _overtaken(version)
    if formulation.retired_at:
        raise Refused(_("This formulation is retired."))
    lines = version.lines.select_related("ingredient__ingredient_class")
    problems = rules.problems_in(list(lines), version.total_volume_ml)
    if stopped := rules.stops(problems):
        raise Refused(" ".join(problem.message for problem in stopped))
    asked = rules.needs_reason(problems)
    if asked and not reason:
        raise Refused(_("Write why these are mixed all the same."), field="reason")
    _move(version, VersionStatus.APPROVED, approved_by=by, approved_at=at, mix_reason=reason if asked else "")
    record(by=by, action=Action.APPROVE, subject=version, at=at)
    if asked:
        record(by=by, action=Action.OVERRIDE, subject=version, fields=["mix_reason"], at=at)
    if replaces:
        note = _("Replaced by version %(number)s.") % {"number": version.number}
        for earlier in formulation.versions.filter(status=VersionStatus.APPROVED).exclude(pk=version.pk):
            _retire(earlier, reason=note, by=by, at=at)
    return version


@transaction.atomic
def retire_version(*, version: FormulationVersion, reason: str, by, at=None) -> FormulationVersion:
    """Takes a version out of use, or discards a draft; sessions that used it keep it."""
    version = FormulationVersion.objects.select_for_update().get(pk=version.pk)
    return _retire(version, reason=given(reason), by=by, at=at or clock.now())


@transaction.atomic
def retire_formulation(*, formulation: Formulation, reason: str, by, at=None) -> None:
    """Takes a formulation out of use with all its versions."""
    at, reason = at or clock.now(), given(reason)
    retired = Formulation.objects.current().filter(pk=formulation.pk).update(retired_at=at, retire_reason=reason)
    if not retired:
        raise Conflict(_("This formulation is retired already."))
    for version in FormulationVersion.objects.filter(formulation=formulation).exclude(status=VersionStatus.RETIRED):
        _retire(version, reason=reason, by=by, at=at)
    record(by=by, action=Action.RETIRE, subject=formulation, at=at)


@transaction.atomic
def edit_term(*, term: Retirable, values: dict, by, at=None) -> list[str]:
    """Writes the values of a row of the catalogue that differ, and answers which did.

    Lists of other rows are given as querysets. An ingredient's unit is not among them: recipes are counted in it.
    """
    many = {field.name for field in term._meta.many_to_many}
    if values.get("unit", getattr(term, "unit", None)) != getattr(term, "unit", None):
        raise Refused(_("An ingredient's unit never changes: add another ingredient."), field="unit")
    if isinstance(term, Term) and "name" in values:
        check_name(type(term), values["name"], besides=term)
    changed = save_changes(
        row=term, values={name: value for name, value in values.items() if name not in many}, by=by, at=at
    )
    lists = [name for name in many & values.keys() if set(getattr(term, name).all()) != set(values[name])]
    for name in lists:
        getattr(term, name).set(values[name])
    if lists:
        record(by=by, action=Action.CHANGE, subject=term, fields=lists, at=at)
    return changed + lists


@transaction.atomic
def set_mixing_rules(*, values: dict, by, at=None) -> None:
    """Writes how many ingredients are too many here, and what more of them ask for."""
    row, _created = MixingRules.objects.get_or_create(pk=1)
    save_changes(row=row, values=values, by=by, at=at)


@transaction.atomic
def switch_class(*, ingredient_class: IngredientClass, enabled: bool, by, at=None) -> None:
    """Turns a class of ingredients on or off. Versions that are approved already stay as they are."""
    IngredientClass.objects.filter(pk=ingredient_class.pk).update(enabled=enabled)
    record(by=by, action=Action.CHANGE, subject=ingredient_class, fields=["enabled"], at=at)


def _create(*, name: str, by, at, **values) -> Formulation:
    if Formulation.objects.filter(name__iexact=name).exists():
        raise Refused(NAME_TAKEN, field="name")
    with refusing(NAME_TAKEN, field="name"):
        formulation = Formulation.objects.create(name=name, **values)
    record(by=by, action=Action.CREATE, subject=formulation, fields=["name", *values], at=at)
    return formulation


def _start_draft(formulation, *, total_volume_ml, notes="", by, at) -> FormulationVersion:
    last = FormulationVersion.objects.filter(formulation=formulation).aggregate(last=Max("number"))["last"]
    draft = FormulationVersion.objects.create(
        formulation=formulation,
        number=(last or 0) + 1,
        total_volume_ml=total_volume_ml,
        notes=notes,
        created_by=by,
        created_at=at or clock.now(),
    )
    record(by=by, action=Action.CREATE, subject=draft, at=at)
    return draft


def _write_lines(version: FormulationVersion, lines) -> None:
    RecipeLine.objects.bulk_create(
        RecipeLine(
            version=version,
            position=position,
            ingredient=line.ingredient,
            concentration=line.concentration,
            volume_ml=line.volume_ml,
        )
        for position, line in enumerate(lines)
    )


def _refuse_impossible(lines: Sequence[Line]) -> None:
    """What not even a draft may hold: it would never be approved."""
    if len(lines) > rules.MOST_LINES:
        raise Refused(_("A recipe has at most %(most)s lines.") % {"most": rules.MOST_LINES})
    if len({line.ingredient.pk for line in lines}) < len(lines):
        raise Refused(_("An ingredient is in this recipe twice: put it in one line."))
    for line in lines:
        message = rules.ingredient_refusal(line.ingredient)
        if message := message or rules.concentration_refusal(line.ingredient, line.concentration):
            raise Refused(message)


def _move(version: FormulationVersion, to: VersionStatus, **values) -> None:
    """Makes one of the moves that VERSION_MOVES allows, if the version is still where it was read."""
    here = VersionStatus(version.status)
    if to not in VERSION_MOVES[here]:
        words = {"here": here.label, "to": to.label}
        raise Conflict(_("This version is “%(here)s” and cannot become “%(to)s”.") % words)
    unmoved = FormulationVersion.objects.filter(pk=version.pk, status=here, edits=version.edits)
    if not unmoved.update(status=to, **values):
        raise _overtaken(version)
    version.refresh_from_db()


def _retire(version: FormulationVersion, *, reason: str, by, at) -> FormulationVersion:
    _move(version, VersionStatus.RETIRED, retired_at=at, retire_reason=reason)
    record(by=by, action=Action.RETIRE, subject=version, at=at)
    return version


def _overtaken(version: FormulationVersion) -> Conflict:
    status = FormulationVersion.objects.values_list("status", flat=True).get(pk=version.pk)
    if status == VersionStatus.DRAFT:
        return Conflict()
    return Conflict(_("This version is no longer a draft: it was approved or retired meanwhile."))
