"""What importing a file would do here, row by row, before anything is done."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.exchange import checks
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.layout import KINDS, Kind
from treatments.catalogue.exchange.reading import File, Row, identity_of
from treatments.catalogue.exchange.rows import objects_of, plain
from treatments.catalogue.exchange.yamltext import Broken, Problem
from treatments.catalogue.models import Formulation, Ingredient

RETIRED = {"retired_at", "retire_reason"}


@dataclass(frozen=True)
class Difference:
    """A field in which a row of the file is not as it is here; "versions" stands for the recipe."""

    name: str
    ours: object
    theirs: object


@dataclass
class Step:
    """One row of the file and what becomes of it. Of a formulation from elsewhere one `version` is taken."""

    row: Row
    state: State
    pk: int | None = None
    differences: list[Difference] = field(default_factory=list)
    version: Row | None = None
    reason: str = ""

    @property
    def choice(self) -> str:
        """Names the row on the page where somebody chooses."""
        text = json.dumps([self.row.kind.name, *self.row.identity])
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def title(self) -> str:
        values = self.row.values
        return values.get("name") or " · ".join(str(values[name]) for name in self.row.kind.identity)


@dataclass
class Plan:
    file: File
    flow: Flow
    steps: list[Step]

    def of(self, state: State) -> list[Step]:
        return [step for step in self.steps if step.state == state]

    @property
    def changes_nothing(self) -> bool:
        return not (self.of(State.NEW) or self.of(State.DIFFERS))

    @property
    def digest(self) -> str:
        """Changes when anything that the plan was made from changes here."""
        content = [
            [step.choice, step.state, step.reason, [[d.name, d.ours, d.theirs] for d in step.differences]]
            for step in self.steps
        ]
        return hashlib.sha256(json.dumps([self.flow, content]).encode()).hexdigest()


def make_plan(file: File, flow: Flow) -> Plan:
    """Compares a file with what is here. Raises Broken when something in it must not come in."""
    ours = {name: _ours(kind) for name, kind in KINDS.items() if name in file.rows}
    known = {name: {row["key"] for _pk, row in _flat(rows) if row.get("key")} for name, rows in ours.items()}
    checks.refuse_nonsense(file, known=known, own=flow == Flow.RESTORE)
    if flow == Flow.RESTORE and Formulation.objects.exists():
        message = _("There are formulations here already: only a clinic without any can be restored.")
        raise Broken([Problem(1, message)])
    steps, problems = [], []
    for name, rows in file.rows.items():
        for row in rows:
            mine = ours[name].get(row.identity, [])
            pk, here = mine.pop(0) if mine else (None, None)
            problems += _clashes(row, here, known[name])
            steps.append(_step(row, pk, here, flow))
    problems += _harmful_here(steps)
    if problems:
        raise Broken(sorted(problems, key=lambda problem: problem.line))
    return Plan(file, flow, steps)


def _ours(kind: Kind) -> dict[tuple, list[tuple[int, dict]]]:
    found = defaultdict(list)
    for row in objects_of(kind):
        values = plain(kind, row)
        found[identity_of(kind, values)].append((row.pk, values))
    return found


def _flat(rows: dict[tuple, list]) -> list:
    return [pair for pairs in rows.values() for pair in pairs]


def _step(row: Row, pk: int | None, here: dict | None, flow: Flow) -> Step:
    if row.kind.name == "formulations" and flow != Flow.RESTORE:
        return _formulation_step(row, pk, here)
    if here is None:
        return Step(row, State.NEW)
    differences = _differences(row, here, flow)
    return Step(row, State.DIFFERS if differences else State.SAME, pk, differences)


def _differences(row: Row, here: dict, flow: Flow) -> list[Difference]:
    """What is turned on, and what is out of use, is each clinic's own to say: only a restore speaks of it."""
    passed = {"key"} | (set() if flow == Flow.RESTORE else RETIRED | {"enabled"})
    return [
        Difference(name, here[name], row.values[name])
        for name in row.kind.fields
        if name not in passed and here[name] != row.values[name]
    ]


def _formulation_step(row: Row, pk: int | None, here: dict | None) -> Step:
    """A recipe from elsewhere arrives as the draft of one version: the newest that was approved there, or the draft."""
    version = _newest(row)
    if version is None or row.values["retired_at"]:
        return Step(row, State.STAYS, reason=_("It is out of use where it comes from."))
    if here is None:
        return Step(row, State.NEW, version=version)
    differences = _differences(row, here, Flow.TAKE_OVER)
    recipes = [_recipe(part["total_volume_ml"], part["lines"]) for part in here["versions"]]
    theirs = _recipe(version.values["total_volume_ml"], [line.values for line in version.parts])
    if theirs not in recipes:
        differences.append(Difference("versions", recipes[-1] if recipes else [], theirs))
    if not differences:
        return Step(row, State.SAME, pk, version=version)
    if here["retired_at"]:
        return Step(row, State.STAYS, pk, reason=_("A formulation of this name is retired here."))
    if any(part["status"] == VersionStatus.DRAFT for part in here["versions"]):
        return Step(row, State.STAYS, pk, reason=_("There is a draft of it here: approve or discard that one first."))
    return Step(row, State.DIFFERS, pk, differences, version)


def _newest(row: Row) -> Row | None:
    for status in (VersionStatus.APPROVED, VersionStatus.DRAFT):
        found = [part for part in row.parts if part.values["status"] == status]
        if found:
            return max(found, key=lambda part: part.values["number"])
    return None


def _recipe(total: str, lines: list[dict]) -> list[list[str]]:
    """What is in a mixture, comparable whatever the order of its lines."""
    return [["", "", total], *sorted([x["ingredient"], x["concentration"] or "", x["volume_ml"]] for x in lines)]


def _clashes(row: Row, here: dict | None, keys: set[str]) -> list[Problem]:
    """What would break what is here: a key that something else has, and a unit that recipes are counted in."""
    if here is None and row.values.get("key") and row.values["key"] in keys:
        return [Problem(row.line_of("key"), _("This key belongs to something else here."))]
    if here is not None and row.kind.model is Ingredient and here["unit"] != row.values["unit"]:
        words = {"here": here["unit"], "there": row.values["unit"]}
        message = _("unit: it is measured in %(here)s here, not in %(there)s. A unit never changes.") % words
        return [Problem(row.line_of("unit"), message)]
    return []


def _harmful_here(steps: list[Step]) -> list[Problem]:
    """Recipes with what is dissolved in oil or alcohol as this clinic knows it, whatever the file says of it."""
    here = {row.key: row for row in Ingredient.objects.all()}
    problems = []
    for step in steps:
        for version in step.row.parts:
            for line in version.parts if version.values["status"] != VersionStatus.RETIRED else []:
                ingredient = here.get(line.values["ingredient"])
                if ingredient and (message := checks.harm(ingredient, line.values["concentration"])):
                    problems.append(Problem(line.line, message))
    return problems
