"""Writes files from the catalogue, and the catalogue from files: all of a file, or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from django.db import IntegrityError, models, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.text import clean_line
from clinic.staff.queries import clinic_profile
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.exchange import packages, queries, yamltext
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.layout import CATALOGUE, FORMAT, KIND_OF, KINDS, LINES, RECIPES, VERSIONS, Kind
from treatments.catalogue.exchange.packages import Seal
from treatments.catalogue.exchange.plan import Plan, Step, make_plan
from treatments.catalogue.exchange.reading import File, Row, read_file
from treatments.catalogue.exchange.rows import catalogue_rows, recipe_rows, written
from treatments.catalogue.exchange.yamltext import Broken, Problem
from treatments.catalogue.models import ExchangeFile, Formulation, FormulationVersion, KnownKey, RecipeLine

CATALOGUE_COMMENT = """A clinic's catalogue as one file. Rows point at each other by key, amounts are exact texts.
What is empty is left out; comments are not kept."""
RECIPES_COMMENT = """Recipes of a clinic, with all that they need and what is known of it, signed below.
Any change breaks the signature."""


@transaction.atomic
def export_catalogue(*, by, at=None) -> bytes:
    """The whole catalogue. The same catalogue gives the same bytes."""
    content = {"nappage": CATALOGUE, "format": int(FORMAT)} | _lists(catalogue_rows())
    record(by=by, action=Action.EXPORT, subject=Formulation._meta.label, fields=["catalogue"], at=at)
    return yamltext.write(content, comment=CATALOGUE_COMMENT).encode()


@transaction.atomic
def export_recipes(*, version_ids: Iterable[int], by, at=None) -> bytes:
    """A signed package of approved versions with everything that they speak of."""
    at = at or clock.now()
    versions = FormulationVersion.objects.filter(pk__in=version_ids, status=VersionStatus.APPROVED)
    if not versions:
        raise Refused(_("Only approved recipes can be packed."))
    rows = recipe_rows([version.pk for version in versions])
    head = {"nappage": RECIPES, "format": int(FORMAT), "clinic": clean_line(clinic_profile().name) or "Nappage"}
    head["made_at"] = at.astimezone(UTC).isoformat(timespec="seconds")
    for version in versions:
        record(by=by, action=Action.EXPORT, subject=version, at=at)
    return packages.sign(yamltext.write(head | _lists(rows), comment=RECIPES_COMMENT))


def _lists(rows: dict[str, list[dict]]) -> dict:
    return {name: [written(KINDS[name], row) for row in found] for name, found in rows.items() if found}


@dataclass(frozen=True)
class Upload:
    """A file as it was read; packages carry the seal that was verified."""

    file: File
    seal: Seal | None = None

    def flows(self) -> list[Flow]:
        """What may be done with it here."""
        if self.seal:
            return [Flow.PACKAGE]
        return [Flow.TAKE_OVER] if Formulation.objects.exists() else [Flow.RESTORE, Flow.TAKE_OVER]


def open_file(content: bytes) -> Upload:
    """Reads a catalogue or a package; the signature of a package is looked at before anything else. Raises Broken."""
    if len(content) <= yamltext.LARGEST_BYTES and packages.is_package(content):
        body, seal = packages.unseal(content)
        file = read_file(body)
        if file.what != RECIPES:
            raise Broken([Problem(1, _("Only packages of recipes are signed."))])
        if queries.is_distrusted(seal):
            raise Broken([Problem(1, _("The key that signed this package is no longer trusted here."))])
        return Upload(file, seal)
    return Upload(read_file(content))


@transaction.atomic
def keep_file(*, content: bytes, file_name: str, by, at=None) -> ExchangeFile:
    """Keeps a file that can be read until it is decided upon; an earlier one of the same person is let go."""
    ExchangeFile.objects.filter(uploaded_by=by, imported_at=None).update(content=b"")
    name = clean_line(file_name)[:200] or "file"
    return ExchangeFile.objects.create(file_name=name, content=content, uploaded_by=by, uploaded_at=at or clock.now())


@transaction.atomic
def import_file(
    *,
    upload: Upload,
    flow: Flow,
    taken: set[str] | None = frozenset(),
    seen: str | None = None,
    kept: ExchangeFile | None = None,
    by,
    at=None,
) -> Plan:
    """Carries out the plan of a file in one transaction. Raises Broken, and then nothing is stored.

    `taken`: the choices in which their row replaces ours; None takes every one. `seen`: the digest of the plan that
    was shown; when something changed here since then, Conflict is raised.
    """
    if flow not in upload.flows():
        raise Refused(_("This is not possible with this file."))
    plan = make_plan(upload.file, flow)
    if seen is not None and plan.digest != seen:
        raise Conflict(_("The catalogue was changed meanwhile. Look at the differences again before you import."))
    _Import(plan, by=by, at=at or clock.now()).run(taken)
    if kept is not None:
        moved = ExchangeFile.objects.filter(pk=kept.pk, imported_at=None)
        if not moved.update(imported_at=at or clock.now(), content=b""):
            raise Conflict(_("This file is imported already."))
    return plan


@transaction.atomic
def name_key(*, public_key: str, name: str, by, at=None) -> KnownKey:
    """Says whose key it is, after comparing its fingerprint with that clinic."""
    try:
        with transaction.atomic():
            known = KnownKey.objects.create(public_key=public_key, name=name, named_by=by, named_at=at or clock.now())
    except IntegrityError as error:
        raise Refused(_("This key is on the list already."), field="name") from error
    record(by=by, action=Action.CREATE, subject=known, fields=["name"], at=at)
    return known


@transaction.atomic
def retire_key(*, known_key: KnownKey, reason: str, by, at=None) -> None:
    """Trusts a key no longer: its packages are refused from now on."""
    current = KnownKey.objects.current().filter(pk=known_key.pk)
    if not current.update(retired_at=at or clock.now(), retire_reason=given(reason)):
        raise Conflict
    record(by=by, action=Action.RETIRE, subject=known_key, at=at)


class _Import:
    """Writes the steps of a plan, list by list, so that what a row points at is there before it."""

    def __init__(self, plan: Plan, *, by, at):
        self.plan, self.by, self.at = plan, by, at
        self.keys: dict[str, dict[str, int]] = {}

    def run(self, taken: set[str] | None) -> None:
        for kind in KINDS.values():
            steps = [step for step in self.plan.steps if step.row.kind is kind and self._is_written(step, taken)]
            for step in steps:
                self._write(step)
            if "key" in kind.fields:
                self.keys[kind.name] = dict(kind.model._default_manager.values_list("key", "pk"))
            for step in steps:
                self._point(step)
        record(by=self.by, action=Action.IMPORT, subject=Formulation._meta.label, fields=[self.plan.flow], at=self.at)

    def _is_written(self, step: Step, taken: set[str] | None) -> bool:
        chosen = taken is None or step.choice in taken
        return step.state == State.NEW or (step.state == State.DIFFERS and chosen)

    def _write(self, step: Step) -> None:
        """The row itself; what it points at within its own list, and lists of other rows, come afterwards."""
        kind, row = step.row.kind, step.row
        names = [d.name for d in step.differences if d.name in kind.fields] if step.pk else list(kind.fields)
        values = {}
        for name in names:
            field = kind.fields[name].field
            if field.is_relation and not field.many_to_many and field.related_model is not kind.model:
                values[field.attname] = self._pk(kind, name, row.values[name])
            elif not field.is_relation:
                values[name] = kind.fields[name].store(row.values[name])
        if self.plan.flow == Flow.PACKAGE and "enabled" in values:
            values["enabled"] = False  # what is turned on is each clinic's own to say
        with _refusing(row):
            if step.pk is None:
                values |= {} if kind.identity else {"pk": 1}
                step.pk = kind.model._default_manager.create(**values).pk
            elif values:
                kind.model._default_manager.filter(pk=step.pk).update(**values)
        subject = kind.model(pk=step.pk)
        record(by=self.by, action=Action.IMPORT, subject=subject, fields=names, at=self.at)

    def _point(self, step: Step) -> None:
        kind, row = step.row.kind, step.row
        changed = {d.name for d in step.differences} or set(kind.fields)
        instance = kind.model(pk=step.pk)
        for name in changed & set(kind.lists()):
            related = KIND_OF[kind.fields[name].field.related_model]
            getattr(instance, name).set([self.keys[related.name][key] for key in row.values[name]])
        for name in changed & set(kind.related()):
            if kind.fields[name].field.related_model is kind.model and (row.values[name] or step.differences):
                pk = self._pk(kind, name, row.values[name])
                kind.model._default_manager.filter(pk=step.pk).update(**{name: pk})
        if kind.parts is VERSIONS:
            self._versions(step)

    def _pk(self, kind: Kind, name: str, key: str | None) -> int | None:
        return None if key is None else self.keys[KIND_OF[kind.fields[name].field.related_model].name][key]

    def _versions(self, step: Step) -> None:
        if self.plan.flow == Flow.RESTORE:
            drafts_last = sorted(step.row.parts, key=lambda part: part.values["status"] == VersionStatus.DRAFT)
            for version in drafts_last:
                self._restore(step.pk, version)
        elif step.state == State.NEW or "versions" in {difference.name for difference in step.differences}:
            self._draft(step.pk, step.version)

    def _restore(self, formulation_id: int, row: Row) -> None:
        """A version as it was, with the names of those who wrote and approved it; it begins as a draft, as all do."""
        values = {name: VERSIONS.fields[name].store(value) for name, value in row.values.items()}
        moved = {"approved_at", "retired_at", "retire_reason", "status", "approved_by"}
        started = {name: value for name, value in values.items() if name not in moved | {"created_by"}}
        with _refusing(row):
            version = FormulationVersion.objects.create(
                formulation_id=formulation_id, created_by=self.by, created_elsewhere=values["created_by"], **started
            )
            self._lines(version, row)
            if values["status"] != VersionStatus.DRAFT:
                FormulationVersion.objects.filter(pk=version.pk).update(
                    approved_elsewhere=values["approved_by"],
                    **{name: values[name] for name in moved - {"approved_by"}},
                )
        record(by=self.by, action=Action.IMPORT, subject=version, fields=["lines"], at=self.at)

    def _draft(self, formulation_id: int, row: Row) -> None:
        """A recipe from elsewhere, to be approved here: whoever approved it there says nothing about it here."""
        last = FormulationVersion.objects.filter(formulation=formulation_id).aggregate(last=Max("number"))["last"]
        author = ", ".join(filter(None, [row.values["approved_by"] or row.values["created_by"], self.plan.file.clinic]))
        with _refusing(row):
            version = FormulationVersion.objects.create(
                formulation_id=formulation_id,
                number=(last or 0) + 1,
                total_volume_ml=VERSIONS.fields["total_volume_ml"].store(row.values["total_volume_ml"]),
                notes=row.values["notes"],
                change_note=row.values["change_note"],
                created_by=self.by,
                created_elsewhere=author[:200],
                created_at=self.at,
            )
            self._lines(version, row)
        record(by=self.by, action=Action.IMPORT, subject=version, fields=["lines"], at=self.at)

    def _lines(self, version: FormulationVersion, row: Row) -> None:
        RecipeLine.objects.bulk_create(
            RecipeLine(
                version=version,
                position=position,
                ingredient_id=self.keys["ingredients"][line.values["ingredient"]],
                **{name: LINES.fields[name].store(line.values[name]) for name in ("concentration", "volume_ml")},
            )
            for position, line in enumerate(row.parts)
        )


class _refusing:  # noqa: N801 -- reads as a word
    """Turns the database's objection to a row into a sentence with its line."""

    def __init__(self, row: Row):
        self.row = row

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, IntegrityError | models.ProtectedError):
            message = _("This cannot stand beside what is here already, or contradicts itself.")
            raise Broken([Problem(self.row.line, message)]) from error
        return False
