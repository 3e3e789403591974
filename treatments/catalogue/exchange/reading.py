"""From a file to rows in plain form, each value with its line. What is wrong is gathered, so that all of it shows."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from treatments.catalogue.exchange import yamltext
from treatments.catalogue.exchange.layout import CATALOGUE, FORMAT, KINDS, RECIPES, Kind
from treatments.catalogue.exchange.values import MOST_ITEMS, has_markup, moment_of, text_of
from treatments.catalogue.exchange.yamltext import Broken, Node, Problem, Wrong

MOST_PROBLEMS = 200
MOST_ROWS = 20_000


@dataclass
class Row:
    """One row of a file; `lines` says where each field stands."""

    kind: Kind
    line: int
    values: dict
    lines: dict[str, int] = field(default_factory=dict)
    parts: list["Row"] = field(default_factory=list)

    @property
    def identity(self) -> tuple:
        return identity_of(self.kind, self.values)

    def line_of(self, name: str) -> int:
        return self.lines.get(name, self.line)


@dataclass
class File:
    """A file that could be read. `clinic` and `made_at` are said by packages only."""

    what: str
    rows: dict[str, list[Row]]
    clinic: str = ""
    made_at: str = ""

    def all_rows(self) -> list[Row]:
        return [row for rows in self.rows.values() for row in rows]


def identity_of(kind: Kind, values: dict) -> tuple:
    """What a row is found again by; a product by its key or the number on its box, where there is one."""
    if kind.name == "products" and (values["key"] or values["gtin"]):
        return (values["key"] or values["gtin"],)
    if kind.name == "formulations":
        return (values["name"].casefold(),)
    return tuple(values[name] for name in kind.identity)


def read_file(content: bytes) -> File:
    """The rows of a file in the order of the table. Raises Broken with every problem found."""
    reader = _Reader()
    found = reader.read(yamltext.read(content))
    if reader.problems:
        raise Broken(sorted(reader.problems[:MOST_PROBLEMS], key=lambda problem: problem.line))
    return found


class _Reader:
    def __init__(self):
        self.problems: list[Problem] = []

    def read(self, root: Node) -> File:
        with self:
            head = dict(root.fields())
            what = self._head(root, head)
            clinic = made_at = ""
            if what == RECIPES:
                clinic, made_at = self._clinic(head.pop("clinic")), moment_of(head.pop("made_at"))
            kinds = [kind for kind in KINDS.values() if kind.packed or what == CATALOGUE]
            rows = {kind.name: self._rows(kind, head.pop(kind.name, None)) for kind in kinds}
            self._refuse_unknown(head)
            return File(what, rows, clinic, made_at)
        return File("", {})

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace) -> bool:
        """Notes a wrong value and goes on behind it."""
        if isinstance(error, Wrong):
            self.problems.append(error.problem)
            return True
        return False

    def _head(self, root: Node, head: dict[str, Node]) -> str:
        """What kind of file it is; anything but what this house writes is refused before the rest is looked at."""
        what = head.pop("nappage", None)
        if what is None or what.value not in (CATALOGUE, RECIPES):
            line = what.line if what else root.line
            message = _("This is neither a catalogue nor a package of recipes: “nappage: catalogue” must stand on top.")
            raise Wrong(line, message)
        number = head.pop("format", None)
        if number is None or number.value != FORMAT:
            line = number.line if number else root.line
            raise Wrong(line, _("This file has another format than the one known here (%s).") % FORMAT)
        for name in ("clinic", "made_at") if what.value == RECIPES else ():
            if name not in head:
                raise Wrong(root.line, _("“%s” is missing.") % name)
        return what.value

    def _clinic(self, node: Node) -> str:
        name = text_of(node, longest=100)
        if has_markup(name):
            raise Wrong(node.line, _("%s: there is HTML in this text.") % "clinic")
        return name

    def _refuse_unknown(self, left: dict[str, Node]) -> None:
        for name, node in left.items():
            self.problems.append(Problem(node.line, _("“%s” is not known here.") % name[:60]))

    def _rows(self, kind: Kind, node: Node | None, *, most: int = MOST_ROWS) -> list[Row]:
        with self:
            items = node.items() if node else []
            if len(items) > most:
                raise Wrong(node.line, _("This list is longer than %d.") % most)
            return [row for row in (self._row(kind, item) for item in items) if row]
        return []

    def _row(self, kind: Kind, node: Node) -> Row | None:
        before = len(self.problems)
        row = Row(kind, node.line, {})
        with self:
            left = dict(node.fields())
            for name, value in kind.fields.items():
                row.values[name] = value.empty
                if name not in left and value.needed:
                    self.problems.append(Problem(node.line, _("“%s” is missing.") % name))
                elif name in left:
                    row.lines[name] = left[name].line
                    self._value(row, value, left.pop(name))
            if kind.parts:
                row.parts = self._rows(kind.parts, left.pop(kind.parts.name, None), most=MOST_ITEMS)
            self._refuse_unknown(left)
        return row if len(self.problems) == before else None

    def _value(self, row: Row, value, node: Node) -> None:
        try:
            row.values[value.name] = value.read(node)
            if value.needed and row.values[value.name] == "":
                raise Wrong(node.line, _("This must not be empty."))
        except Wrong as wrong:
            problem = wrong.problem
            self.problems.append(Problem(problem.line, f"{value.name}: {problem.message}"))
