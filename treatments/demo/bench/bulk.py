"""Writing millions of rows past the services: by COPY, or computed by the database itself, with indexes made after."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from uuid import UUID

from django.db import connection, models, transaction

BATCH = 250_000  # rows in one transaction
Say = Callable[[str], None]


def pour(model: type[models.Model], rows: Iterable[dict]) -> int:
    """Writes rows given as {column: value}; what a row leaves out gets the field's default. Returns how many."""
    fields = model._meta.concrete_fields
    columns = [field.column for field in fields]
    tuples = (tuple(plain(row.get(f.attname, f.get_default()), f) for f in fields) for row in rows)
    writer = _copy if connection.vendor == "postgresql" else _insert
    count = 0
    while chunk := list(islice(tuples, 50_000)):
        with transaction.atomic():
            writer(model._meta.db_table, columns, chunk)
        count += len(chunk)
    return count


def plain(value, field):
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(
            "%Y-%m-%d %H:%M:%S" + ("+00" if connection.vendor == "postgresql" else "")
        )
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, Decimal | date):
        return str(value)
    return value


def _copy(table: str, columns: list[str], rows: list[tuple]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([r"\N" if value is None else value for value in row] for row in rows)
    buffer.seek(0)
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv, NULL '\\N')", buffer)


def _insert(table: str, columns: list[str], rows: list[tuple]) -> None:
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608


def batches(count: int, size: int) -> Iterator[tuple[int, int]]:
    """(how many before, how many now) of each batch."""
    for begin in range(0, count, size):
        yield begin, min(size, count - begin)


def series(model: type[models.Model], begin: int, count: int, computed: dict[str, str], fixed: dict) -> None:
    """Writes one row for each n from begin + 1: columns computed from n, fixed ones, and defaults for the rest."""
    columns, chosen, values = [], [], []
    for field in model._meta.concrete_fields:
        columns.append(field.column)
        if field.column in computed:
            chosen.append(computed[field.column])
        else:
            chosen.append("%s")
            values.append(plain(fixed.get(field.column, field.get_default()), field))
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    picked = ", ".join(part if part == "%s" else part.replace("%", "%%") for part in chosen)
    bounds = [begin + 1, begin + count]
    if connection.vendor == "postgresql":
        values += bounds
        numbers = "generate_series(%s::bigint, %s::bigint)"
        statement = f"INSERT INTO {model._meta.db_table} ({quoted}) SELECT {picked} FROM {numbers} n"  # noqa: S608
    else:
        values = bounds + values
        numbers = "WITH RECURSIVE series(n) AS (VALUES(%s) UNION ALL SELECT n + 1 FROM series WHERE n < %s)"
        statement = f"INSERT INTO {model._meta.db_table} ({quoted}) {numbers} SELECT {picked} FROM series"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def moment(seconds: str) -> str:
    """SQL for the instant so many seconds after 1970."""
    return f"to_timestamp({seconds})" if connection.vendor == "postgresql" else f"datetime({seconds}, 'unixepoch')"


def new_uuid() -> str:
    """SQL for a random one, as the column keeps it."""
    return "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"


def one_of(ids: Iterable[int], number: str = "n") -> str:
    """SQL that goes round the ids with the number."""
    ids = list(ids)
    return f"CASE {number} % {len(ids)} {' '.join(f'WHEN {at} THEN {pk}' for at, pk in enumerate(ids))} END"


@contextmanager
def unhindered(*tables: type[models.Model], say: Say):
    """Without looking up every foreign key of rows that were computed to fit, and with the tables' indexes made once
    at the end instead of row by row. Keys and what else is unique stay."""
    with _unchecked(), connection.cursor() as cursor:
        indexes = _indexes(cursor, [model._meta.db_table for model in tables])
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        say(f"{len(indexes)} indexes")
        for _name, definition in indexes:
            cursor.execute(definition)


def _indexes(cursor, tables: list[str]) -> list[tuple[str, str]]:
    """Name and definition of those that are neither unique nor a constraint's."""
    asked = {
        "postgresql": "SELECT tablename, quote_ident(indexname), indexdef FROM pg_indexes WHERE schemaname = "
        "current_schema() AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        "sqlite": "SELECT tbl_name, '\"' || name || '\"', sql FROM sqlite_master "
        "WHERE type = 'index' AND sql IS NOT NULL",
    }
    cursor.execute(asked[connection.vendor])
    return [(name, made) for table, name, made in cursor.fetchall() if table in tables and "UNIQUE" not in made]


@contextmanager
def _unchecked():
    off, on = {
        "postgresql": (
            "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off",
            "SET session_replication_role = DEFAULT; RESET maintenance_work_mem; RESET synchronous_commit",
        ),
        "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(off)
        try:
            yield
        finally:
            cursor.execute(on)


def continue_ids(*tables: type[models.Model]) -> None:
    """PostgreSQL's counters go on after the ids that were given; its planner learns what is there."""
    with connection.cursor() as cursor:
        for model in tables if connection.vendor == "postgresql" else ():
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        cursor.execute("ANALYZE")
