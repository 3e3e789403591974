"""Reads the reference data that ships with the house: TOML files of [[rows]], each with a key that never changes."""

import tomllib
from pathlib import Path

from django.db import models


def rows_of(path: Path) -> list[dict]:
    """The rows of a file with one list; "source", a text or a list, becomes the list "sources"."""
    (rows,) = tomllib.loads(path.read_text(encoding="utf-8")).values()
    for row in rows:
        row["sources"] = row.pop("source", [])
        row.pop("confirm", None)
    return rows


def add_missing(model: type[models.Model], rows: list[dict]) -> dict[str, models.Model]:
    """Adds the rows whose key is new and leaves the others as the clinic keeps them; all rows of the model by key.

    What a row holds beyond the model's own columns is passed over: lists of other rows are the caller's.
    """
    columns = {field.name for field in model._meta.concrete_fields}
    present = set(model.objects.values_list("key", flat=True))
    model.objects.bulk_create(
        model(**{name: value for name, value in row.items() if name in columns})
        for row in rows
        if row["key"] not in present
    )
    return {row.key: row for row in model.objects.all()}
