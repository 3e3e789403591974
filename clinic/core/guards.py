"""Rules that the database itself keeps, on both engines, whatever path a statement takes.

An app registers its guards in `AppConfig.ready`; they are installed anew after every migrate, because
SQLite drops a table's triggers whenever a migration rebuilds the table.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connections

_MADE = re.compile(r"(?:CREATE (?:CONSTRAINT )?TRIGGER|ADD CONSTRAINT) (\w+)")


@dataclass(frozen=True)
class Guard:
    """Named statements for one table, as lists of SQL per engine.

    `remove` takes the guard away; `renew` is what goes before `install` when it may stand already
    (a trigger is dropped and made again, a constraint that takes minutes to build is kept).
    """

    name: str
    table: str
    install: dict[str, list[str]] = field(repr=False)
    remove: dict[str, list[str]] = field(repr=False)
    keep: bool = False

    @property
    def renew(self) -> dict[str, list[str]]:
        return {"sqlite": self.remove["sqlite"], "postgresql": [] if self.keep else self.remove["postgresql"]}

    def makes(self, vendor: str) -> list[str]:
        """The names of the triggers and constraints that `install` leaves behind."""
        return [name for statement in self.install[vendor] for name in _MADE.findall(statement)]


_guards: dict[str, Guard] = {}


def register(*guards: Guard) -> None:
    for guard in guards:
        _guards[guard.name] = guard


def registered() -> list[Guard]:
    return list(_guards.values())


def install(using: str = "default") -> None:
    """Puts every registered guard whose table exists in place; what stands there already is renewed."""
    _run(using, lambda guard, vendor: guard.renew[vendor] + guard.install[vendor])


def remove(using: str = "default") -> None:
    """Takes all guards away: only for tests that must show what happens without them."""
    _run(using, lambda guard, vendor: guard.remove[vendor])


def remove_triggers(using: str = "default") -> None:
    """Takes away what would refuse to empty the tables, and nothing else: only for tests, and for `bench`."""
    _run(using, lambda guard, vendor: [] if guard.keep else guard.remove[vendor])


def missing(using: str = "default") -> list[str]:
    """Names of the triggers and constraints of registered guards that the database lacks, or has switched off."""
    connection = connections[using]
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' "
        "UNION SELECT conname FROM pg_constraint",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return [name for guard in registered() for name in guard.makes(connection.vendor) if name not in present]


def _run(using: str, statements) -> None:
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for guard in registered():
            if guard.table in tables:
                for statement in statements(guard, connection.vendor):
                    cursor.execute(statement)


def refusal(name: str, *, table: str, event: str, when: str, timing: str = "BEFORE") -> Guard:
    """Refuses `event` (INSERT, UPDATE, UPDATE OF ..., DELETE) on a row for which the SQL condition `when` holds.

    The condition speaks of OLD and NEW, in PostgreSQL's words ("IS DISTINCT FROM" is turned into SQLite's
    "IS NOT"). The IntegrityError that Django raises carries the guard's name.
    """
    return Guard(
        name=name,
        table=table,
        install={
            "sqlite": [
                f"CREATE TRIGGER {name} {timing} {event} ON {table} FOR EACH ROW "
                f"WHEN {when.replace('IS DISTINCT FROM', 'IS NOT')} BEGIN SELECT RAISE(ABORT, '{name}'); END"
            ],
            "postgresql": [
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF {when} THEN RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
                f"CREATE TRIGGER {name} {timing} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
            ],
        },
        remove={
            "sqlite": [f"DROP TRIGGER IF EXISTS {name}"],
            "postgresql": [f"DROP TRIGGER IF EXISTS {name} ON {table}"],
        },
    )


def changes(columns: Iterable[str]) -> str:
    """The condition that an update gives one of the columns another value."""
    return " OR ".join(f"(OLD.{column} IS DISTINCT FROM NEW.{column})" for column in columns)


def append_only(table: str) -> list[Guard]:
    """Rows can be added and read; nothing changes or removes them."""
    return [
        refusal(f"{table}_never_updated", table=table, event="UPDATE", when="1=1"),
        refusal(f"{table}_never_deleted", table=table, event="DELETE", when="1=1"),
        truncation(table),
    ]


def truncation(table: str) -> Guard:
    """PostgreSQL: TRUNCATE is refused too, unless the connection was opened for tests. SQLite has no TRUNCATE."""
    name = f"{table}_never_truncated"
    return Guard(
        name=name,
        table=table,
        install={
            "sqlite": [],
            "postgresql": [
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF coalesce(current_setting('nappage.may_truncate', true), '') <> 'yes' THEN "
                f"RAISE EXCEPTION '{name}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
                f"RETURN NULL; END $$",
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ],
        },
        remove={
            "sqlite": [],
            "postgresql": [f"DROP TRIGGER IF EXISTS {name} ON {table}"],
        },
    )


def no_overlap(name: str, *, table: str, resource: str, starts: str, ends: str, live: str) -> Guard:
    """No two live rows of one `resource` overlap in [starts, ends).

    `live` is an SQL condition with `{row}` where the row's name goes. PostgreSQL keeps it by an exclusion
    constraint (built while the table is small: on millions of rows it takes minutes), SQLite by two triggers.
    """
    clash = (
        f"EXISTS (SELECT 1 FROM {table} other WHERE other.{resource} = NEW.{resource} "
        f"AND other.id IS NOT NEW.id AND {live.format(row='other.')} "
        f"AND other.{starts} < NEW.{ends} AND other.{ends} > NEW.{starts})"
    )
    when = f"NEW.{resource} IS NOT NULL AND {live.format(row='NEW.')} AND {clash}"
    columns = f"{resource}, {starts}, {ends}, status"
    return Guard(
        name=name,
        table=table,
        install={
            "sqlite": [
                f"CREATE TRIGGER {name}_{label} BEFORE {event} ON {table} FOR EACH ROW WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
                for label, event in [("insert", "INSERT"), ("update", f"UPDATE OF {columns}")]
            ],
            "postgresql": [
                "CREATE EXTENSION IF NOT EXISTS btree_gist",
                f"DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = '{name}') THEN "
                f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist "
                f"({resource} WITH =, tstzrange({starts}, {ends}, '[)') WITH &&) "
                f"WHERE ({resource} IS NOT NULL AND {live.format(row='')}); END IF; END $$",
            ],
        },
        remove={
            "sqlite": [f"DROP TRIGGER IF EXISTS {name}_{label}" for label in ("insert", "update")],
            "postgresql": [f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}"],
        },
        keep=True,
    )
