"""Rows of the database in the plain form of the files, in an order that depends on nothing but their content."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.exchange.layout import KINDS, VERSIONS, Kind
from treatments.catalogue.models import FormulationVersion, RecipeLine

RULES = ("allergen_rules", "condition_rules", "incompatibilities")
MODELS = {kind.model: kind.name for kind in KINDS.values()}


def plain(kind: Kind, row) -> dict:
    """All fields of a row, with its parts."""
    found = {name: value.of(row) for name, value in kind.fields.items()}
    if kind.parts:
        found[kind.parts.name] = [plain(kind.parts, part) for part in getattr(row, kind.parts.name).all()]
    return found


def written(kind: Kind, row: dict) -> dict:
    """The same without what is empty."""
    found = {name: row[name] for name, value in kind.fields.items() if not is_empty(row[name])}
    if kind.parts:
        found[kind.parts.name] = [written(kind.parts, part) for part in row[kind.parts.name]]
    return found


def is_empty(value) -> bool:
    return value is None or value is False or value in ("", [])


def objects_of(kind: Kind) -> QuerySet:
    rows = kind.model._default_manager.select_related(*kind.related()).prefetch_related(*kind.lists())
    if kind.parts is not VERSIONS:
        return rows
    lines = RecipeLine.objects.select_related("ingredient").order_by("position", "pk")
    versions = FormulationVersion.objects.select_related("created_by", "approved_by").order_by("number")
    return rows.prefetch_related(Prefetch("versions", versions.prefetch_related(Prefetch("lines", lines))))


def sort_key(kind: Kind):
    """Sorts by what names a row, then by everything: two rows that are alike may change places unseen."""
    names = [*kind.identity, *kind.fields]
    return lambda row: [("" if row[name] is None else str(row[name])) for name in names]


def catalogue_rows() -> dict[str, list[dict]]:
    """The whole catalogue: of the allergens and conditions only those that its rules speak of."""
    found = {kind.name: [plain(kind, row) for row in objects_of(kind)] for kind in KINDS.values()}
    for words, rules, side in [
        ("allergens", "allergen_rules", "allergen"),
        ("conditions", "condition_rules", "condition"),
    ]:
        spoken_of = {rule[side] for rule in found[rules]}
        found[words] = [row for row in found[words] if row["key"] in spoken_of]
    return {name: sorted(rows, key=sort_key(KINDS[name])) for name, rows in found.items()}


def recipe_rows(version_ids: Iterable[int]) -> dict[str, list[dict]]:
    """The formulations of these versions with these alone, and everything that they speak of, near or far."""
    everything = {kind.name: objects_of(kind) for kind in KINDS.values() if kind.packed}
    versions = FormulationVersion.objects.filter(pk__in=version_ids, status=VersionStatus.APPROVED)
    chosen = {version.formulation_id: version.number for version in versions}
    rows = {name: [plain(KINDS[name], row) for row in found] for name, found in everything.items()}
    formulations = KINDS["formulations"].model.objects.filter(pk__in=chosen)
    numbers = {row.name: chosen[row.pk] for row in formulations}
    rows["formulations"] = [
        row | {"versions": [part for part in row["versions"] if part["number"] == numbers[row["name"]]]}
        for row in rows["formulations"]
        if row["name"] in numbers
    ]
    for row in rows["classes"]:
        row["enabled"] = False  # what is turned on is each clinic's own to say
    return {name: sorted(kept, key=sort_key(KINDS[name])) for name, kept in _needed(rows).items()}


def _needed(rows: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """What the formulations need: rows they point at, what those point at, and rules between ingredients of theirs."""
    by_key = {(name, row["key"]): row for name, found in rows.items() for row in found if "key" in row}
    wanted: set[tuple[str, str]] = set()
    _follow([target for row in rows["formulations"] for target in targets(KINDS["formulations"], row)], by_key, wanted)
    rules = [(name, row["key"]) for name in RULES for row in rows[name] if wanted.issuperset(_ingredients(name, row))]
    _follow(rules, by_key, wanted)
    return {
        name: found if name == "formulations" else [row for row in found if (name, row["key"]) in wanted]
        for name, found in rows.items()
    }


def _follow(waiting: list[tuple[str, str]], by_key: dict, wanted: set) -> None:
    while waiting:
        target = waiting.pop()
        if target not in wanted:
            wanted.add(target)
            waiting += targets(KINDS[target[0]], by_key[target])


def _ingredients(name: str, row: dict) -> list[tuple[str, str]]:
    return [target for target in targets(KINDS[name], row) if target[0] == "ingredients"]


def targets(kind: Kind, row: dict) -> list[tuple[str, str]]:
    """The rows that a row points at, with its parts: (list, key)."""
    found = []
    for name, value in kind.fields.items():
        if value.field.is_relation and value.field.related_model in MODELS:
            keys = row[name] if isinstance(row[name], list) else [row[name]]
            found += [(MODELS[value.field.related_model], key) for key in keys if key]
    if kind.parts:
        found += [target for part in row[kind.parts.name] for target in targets(kind.parts, part)]
    return found
