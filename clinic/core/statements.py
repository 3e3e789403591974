"""Statements that go to the database together: one transaction, and on PostgreSQL one round trip.

For what is done hundreds of times a second; for all else the ORM is plainer.
"""

from functools import cache

from django.db import connection, models, transaction

Statement = tuple[str, list]  # SQL, and what stands for each %s in it
_NO_WAIT = "SET LOCAL synchronous_commit TO off", []


def run(*statements: Statement, wait: bool = True) -> tuple | None:
    """Runs them one after the other, all or none. Returns the first row of what the last one answers.

    Without `wait` the commit does not wait for PostgreSQL's disk: a machine that loses its power forgets the last
    moment, but never half of a transaction.
    """
    if connection.vendor == "postgresql":
        parts = statements if wait else (_NO_WAIT, *statements)
        statements = [("; ".join(sql for sql, _values in parts), [value for _sql, some in parts for value in some])]
        with connection.cursor() as cursor:  # several in one go are a transaction of their own
            return _last(cursor, statements)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        return _last(cursor, statements)


def _last(cursor, statements) -> tuple | None:
    for sql, values in statements:
        cursor.execute(sql, values)
    return cursor.fetchone() if cursor.description else None


def inserting(row: models.Model) -> Statement:
    """What `row.save(force_insert=True)` would say; the row does not learn its id."""
    sql, fields = _insert(type(row))
    return sql, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@cache
def _insert(model: type[models.Model]) -> tuple[str, list[models.Field]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})", fields  # noqa: S608
