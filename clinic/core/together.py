"""Rows of several models in one question, for what every page or every booking waits for: the ORM thinks longer about
each of its questions than the database does."""

from functools import lru_cache

from django.db import connection, models

Part = tuple[type[models.Model], str]


def rows_together(*parts: Part, **parameters) -> list[tuple]:
    """Each part is a model, and the SQL condition for its row, in which tables have their own names and %(parameter)s
    stands for a value; it may speak of the tables before it. One tuple for each way in which they fit together, at
    least one, with None for a model of which no row fits.
    """
    sql, readers = _question(parts, connection.vendor)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [tuple(reader(row) for reader in readers) for row in cursor.fetchall()]


@lru_cache
def _question(parts: tuple[Part, ...], _vendor: str) -> tuple[str, list]:
    quote, columns, joins, readers = connection.ops.quote_name, [], [], []
    for model, condition in parts:
        table, fields = quote(model._meta.db_table), model._meta.concrete_fields
        readers.append(_reader(model, len(columns)))
        columns += [f"{table}.{quote(field.column)}" for field in fields]
        joins.append(f"LEFT JOIN {table} ON ({condition})")
    return f"SELECT {', '.join(columns)} FROM (SELECT 1) always {' '.join(joins)}", readers  # noqa: S608 -- our own names


def _reader(model: type[models.Model], first: int):
    """Makes the model's instance of its part of a row, which begins at column `first`."""
    fields = model._meta.concrete_fields
    names, last = [field.attname for field in fields], first + len(fields)
    key = first + fields.index(model._meta.pk)
    converters = []
    for place, field in enumerate(fields):
        column = field.get_col(model._meta.db_table)
        found = [*connection.ops.get_db_converters(column), *field.get_db_converters(connection)]
        converters += [(place, convert, column) for convert in found]

    def read(row: tuple):
        if row[key] is None:
            return None
        values = list(row[first:last])
        for place, convert, column in converters:
            values[place] = convert(values[place], column, connection)
        return model.from_db(connection.alias, names, values)

    return read
