"""What a file that can be read must not say: things that point at nothing, stand twice or contradict themselves,
and recipes that would harm."""

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from patients.history.enums import Effect
from treatments.catalogue import rules
from treatments.catalogue.enums import Unit, Vehicle, VersionStatus
from treatments.catalogue.exchange.layout import RECIPES
from treatments.catalogue.exchange.reading import File, Row
from treatments.catalogue.exchange.rows import MODELS
from treatments.catalogue.exchange.values import has_markup
from treatments.catalogue.exchange.yamltext import Broken, Problem
from treatments.catalogue.gtin import gtin14
from treatments.catalogue.models import Ingredient

HARMFUL = {Vehicle.OIL, Vehicle.ALCOHOL}


def refuse_nonsense(file: File, *, known: dict[str, set[str]], own: bool) -> None:
    """Raises Broken with everything that is wrong.

    `known`: the keys that this clinic has, by list: a catalogue may point at them, a package must bring what it needs.
    `own`: the clinic's own catalogue is restored; what is from elsewhere must hold no markup.
    """
    here = {name: set() if file.what == RECIPES else set(keys) for name, keys in known.items()}
    problems = [
        *_repeated(file),
        *_dangling(file, here),
        *_circles(file),
        *_contradictions(file),
        *_bad_recipes(file),
        *([] if own else _markup(file)),
    ]
    if problems:
        raise Broken(sorted(set(problems), key=lambda problem: (problem.line, problem.message))[:200])


def _repeated(file: File) -> Iterator[Problem]:
    for name, rows in file.rows.items():
        yield from _twice(rows, lambda row: row.identity if row.kind.name != "products" else None)
        yield from _twice(rows, lambda row: row.values.get("key") or None)
        yield from _twice(rows, lambda row: row.values.get("gtin") or None)
        if name == "formulations":
            for row in rows:
                yield from _twice(row.parts, lambda part: part.identity)
                drafts = [part for part in row.parts if part.values["status"] == VersionStatus.DRAFT]
                yield from _twice(drafts, lambda part: "draft")
                for version in row.parts:
                    yield from _twice(version.parts, lambda part: part.identity)


def _twice(rows: list[Row], name) -> Iterator[Problem]:
    first: dict = {}
    for row in rows:
        if name(row) is None:
            continue
        if name(row) in first:
            words = {"list": row.kind.name, "line": first[name(row)].line}
            yield Problem(row.line, _("This is in “%(list)s” already, in line %(line)d.") % words)
        first.setdefault(name(row), row)


def _dangling(file: File, here: dict[str, set[str]]) -> Iterator[Problem]:
    there = {name: {row.values["key"] for row in rows if "key" in row.values} for name, rows in file.rows.items()}
    for row in file.all_rows():
        for part in _with_parts(row):
            for name, value in part.kind.fields.items():
                lists = {name: part.values[name]} if value.field.is_relation else {}
                for target, key in _targets(part, lists):
                    if key not in there[target] and key not in here[target]:
                        words = {"field": name, "key": key, "list": target}
                        message = _("%(field)s: “%(key)s” is not among the %(list)s.") % words
                        yield Problem(part.line_of(name), message)


def _targets(row: Row, values: dict) -> list[tuple[str, str]]:
    found = []
    for name, value in values.items():
        model = row.kind.fields[name].field.related_model
        keys = value if isinstance(value, list) else [value]
        found += [(MODELS[model], key) for key in keys if key and model in MODELS]
    return found


def _with_parts(row: Row) -> Iterator[Row]:
    yield row
    for part in row.parts:
        yield from _with_parts(part)


def _circles(file: File) -> Iterator[Problem]:
    """Areas that are parts of themselves."""
    parents = {row.values["key"]: row.values["parent"] for row in file.rows["areas"]}
    for row in file.rows["areas"]:
        seen, at = set(), row.values["key"]
        while at and at not in seen:
            seen.add(at)
            at = parents.get(at)
        if at == row.values["key"]:
            yield Problem(row.line_of("parent"), _("This area would be a part of itself."))


def _contradictions(file: File) -> Iterator[Problem]:
    for row in file.rows["conditions"]:
        if row.values["wait_days"] is not None and row.values["effect"] != Effect.WAIT:
            yield Problem(row.line_of("wait_days"), _("Days to wait belong to “wait” only."))
    for row in file.rows["techniques"]:
        for name in ("depth_{}_mm", "spacing_{}_mm", "volume_{}_ml"):
            least, most = (row.values[name.format(end)] for end in ("min", "max"))
            if least is not None and most is not None and Decimal(least) > Decimal(most):
                yield Problem(row.line_of(name.format("max")), _("This must not be less than where it starts."))
    for row in file.rows.get("products", []):
        if row.values["gtin"] and gtin14(row.values["gtin"]) != row.values["gtin"]:
            yield Problem(row.line_of("gtin"), _("A GTIN has 14 digits, of which the last checks the others."))
    for row in file.rows["incompatibilities"]:
        if row.values["first"] == row.values["second"]:
            yield Problem(row.line_of("second"), _("Nothing is incompatible with itself."))
    for row in file.all_rows():
        for part in _with_parts(row):
            if part.values.get("retire_reason") and not part.values["retired_at"]:
                yield Problem(part.line_of("retire_reason"), _("When was it retired? “retired_at” is missing."))


def _bad_recipes(file: File) -> Iterator[Problem]:
    ingredients = _ingredients(file)
    for formulation in file.rows["formulations"]:
        if file.what == RECIPES and len(formulation.parts) != 1:
            yield Problem(formulation.line, _("A package holds one version of each formulation."))
        for version in formulation.parts:
            yield from _bad_state(version)
            if file.what == RECIPES and version.values["status"] != VersionStatus.APPROVED:
                yield Problem(version.line_of("status"), _("A package holds approved versions only."))
            if version.values["status"] != VersionStatus.RETIRED:
                yield from _bad_lines(version, ingredients)


def _ingredients(file: File) -> dict[str, Ingredient]:
    """The file's ingredients as far as a recipe is judged by them; those that are here already are looked at later."""
    return {
        row.values["key"]: Ingredient(
            name=row.values["name"], unit=Unit(row.values["unit"]), vehicle=Vehicle(row.values["vehicle"])
        )
        for row in file.rows["ingredients"]
    }


def _bad_state(version: Row) -> Iterator[Problem]:
    values = version.values
    status, line = values["status"], version.line_of("status")
    approved = bool(values["approved_by"]), values["approved_at"] is not None
    if values["number"] == 0:
        yield Problem(version.line_of("number"), _("Versions are counted from 1."))
    if approved[0] != approved[1]:
        yield Problem(line, _("“approved_by” and “approved_at” belong together."))
    if status == VersionStatus.APPROVED and not all(approved):
        yield Problem(line, _("An approved version says who approved it, and when."))
    if status == VersionStatus.DRAFT and any(approved):
        yield Problem(line, _("A draft is not approved by anybody."))
    if (status == VersionStatus.RETIRED) != (values["retired_at"] is not None):
        yield Problem(line, _("“retired_at” belongs to retired versions, and to those only."))


def _bad_lines(version: Row, ingredients: dict[str, Ingredient]) -> Iterator[Problem]:
    if len(version.parts) > rules.MOST_LINES:
        yield Problem(version.line, _("A recipe has at most %(most)s lines.") % {"most": rules.MOST_LINES})
    for line in version.parts:
        ingredient = ingredients.get(line.values["ingredient"])
        if ingredient is not None and (message := harm(ingredient, line.values["concentration"])):
            yield Problem(line.line, message)
    poured = sum((Decimal(line.values["volume_ml"]) for line in version.parts), Decimal())
    if version.values["status"] == VersionStatus.APPROVED and poured != Decimal(version.values["total_volume_ml"]):
        message = _("The lines of this recipe do not add up to its whole volume.")
        yield Problem(version.line_of("total_volume_ml"), message)


def harm(ingredient: Ingredient, concentration: str | None) -> str:
    """Why an ingredient must not be in a recipe, approved or not, in this strength; empty when it may."""
    if ingredient.vehicle in HARMFUL:
        message = _("%(ingredient)s is dissolved in oil or alcohol, which must not be injected into the skin.")
        return message % {"ingredient": ingredient.name}
    return rules.concentration_refusal(ingredient, None if concentration is None else Decimal(concentration))


def _markup(file: File) -> Iterator[Problem]:
    for row in file.all_rows():
        for part in _with_parts(row):
            for name, value in part.values.items():
                if any(has_markup(text) for text in _texts(value)):
                    yield Problem(part.line_of(name), _("%s: there is HTML in this text.") % name)


def _texts(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
