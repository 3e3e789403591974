"""The columns of the catalogue's lists, and their rows in the order that a column head asks for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clinic.core.text import fold


@dataclass(frozen=True)
class Column:
    """A column by its name in the address; `key` gives what its rows are ordered by, None for what has no value."""

    name: str
    label: str
    key: Callable
    numeric: bool = False


@dataclass(frozen=True)
class Head:
    """A column's head: `sort` is the order that its link asks for, `order` the one the list has by it now, if any."""

    column: Column
    sort: str
    order: str


def by_text(name: str) -> Callable:
    return lambda row: fold(str(getattr(row, name))) or None


def by_value(name: str) -> Callable:
    return lambda row: getattr(row, name)


def by_name_of(name: str) -> Callable:
    return lambda row: fold(getattr(row, name).name) if getattr(row, name) else None


def _display(name: str) -> Callable:
    return lambda row: fold(str(getattr(row, f"get_{name}_display")()))


def _marks(row) -> tuple:
    return not row.ingredient_class.enabled, row.bleeding_risk


NAME = Column("name", _("Name"), by_text("name"))
COLUMNS: dict[str, list[Column]] = {
    "formulations": [
        NAME,
        Column("purpose", _("What it is for"), by_text("purpose")),
        Column("versions", _("Versions"), lambda row: len(row.versions.all())),
    ],
    "ingredients": [
        NAME,
        Column("class", _("Class"), by_name_of("ingredient_class")),
        Column("unit", _("Measured in"), by_text("unit")),
        Column("vehicle", _("Dissolved in"), _display("vehicle")),
        Column("limits", _("Limits"), lambda row: len(row.limits), numeric=True),
        Column("marks", _("Marks"), _marks),
    ],
    "products": [
        NAME,
        Column("ingredient", _("Ingredient"), by_name_of("ingredient")),
        Column("strength", _("Strength"), by_value("concentration"), numeric=True),
        Column("container", _("In one container"), by_value("container_ml"), numeric=True),
        Column("price", _("Price"), by_value("price"), numeric=True),
        Column("minimum", _("Order below"), by_value("minimum_ml"), numeric=True),
    ],
    "classes": [
        NAME,
        Column("code", _("Code"), by_text("code")),
        Column("used", _("Used here"), lambda row: not row.enabled),
    ],
    "areas": [
        NAME,
        Column("parent", _("Part of"), by_name_of("parent")),
        Column("sides", _("Sides"), _display("laterality")),
        Column("code", _("Region code"), by_text("region_code")),
        Column("marks", _("Marks"), lambda row: (row.treatable, not row.contested)),
    ],
    "techniques": [
        NAME,
        Column("depth", _("Depth, mm"), by_value("depth_min_mm"), numeric=True),
        Column("spacing", _("Spacing, mm"), by_value("spacing_min_mm"), numeric=True),
        Column("volume", _("Volume a point, mL"), by_value("volume_min_ml"), numeric=True),
        Column("needle", _("Needle"), by_text("needle")),
    ],
    "indications": [
        NAME,
        Column("evidence", _("Evidence"), by_text("evidence")),
        Column("areas", _("Usual areas"), lambda row: len(row.areas.all())),
    ],
}


def ordered(rows: Sequence, columns: Sequence[Column], sort: str) -> list:
    """The rows by the column that `sort` names, downwards after "-"; those without a value always come last."""
    column = next((column for column in columns if column.name == sort.removeprefix("-")), None)
    if column is None:
        return list(rows)
    keyed = [(column.key(row), row) for row in rows]
    known = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0], reverse=sort[:1] == "-")
    return [row for _key, row in known] + [row for key, row in keyed if key is None]


def heads(columns: Sequence[Column], sort: str) -> list[Head]:
    orders = {sort: "descending" if sort[:1] == "-" else "ascending"}
    return [
        Head(
            column=column,
            sort=f"-{column.name}" if sort == column.name else column.name,
            order=orders.get(column.name) or orders.get(f"-{column.name}") or "",
        )
        for column in columns
    ]
