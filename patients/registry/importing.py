"""The long work on an uploaded list: checked line by line, then imported in one transaction or not at all.

The worker calls both with the list's id and the number of the attempt: work that was started again, or was
delivered twice, notices that and stops. Killed half-way, it leaves nothing but a list that can be started again.
"""

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice

from django.db import IntegrityError, connection, transaction
from django.utils import translation

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.staff.queries import clinic_profile
from patients.registry import lists, names, queries, services, sheets
from patients.registry.enums import ImportStatus
from patients.registry.models import Patient, PatientImport

BATCH = 400
MOST_ERRORS = 200
NOTED_EVERY = timedelta(seconds=1)


class Superseded(Exception):
    """The list was started again, or is done: this attempt has nothing to do any more."""


class Attempt:
    """One attempt at one list; it may not save any more as soon as another attempt has begun."""

    def __init__(self, import_id: int, number: int, status: ImportStatus):
        self.mine = PatientImport.objects.filter(pk=import_id, attempt=number, status=status)
        self.row = self.mine.select_related("created_by").first()
        if self.row is None:
            raise Superseded
        self.save(done=0)

    def save(self, **changes) -> None:
        self.saved_at = clock.now()
        if not self.mine.update(**changes, touched_at=self.saved_at):
            raise Superseded

    def progress(self, done: int) -> None:
        """Says how far the work has got, once a second: each time is a commit that others wait for."""
        if clock.now() - self.saved_at >= NOTED_EVERY:
            self.save(done=done)


def check_import(import_id: int, number: int) -> None:
    """Reads the whole list and keeps the people in it who are new, or the errors; writes no patient."""
    with suppress(Superseded):
        attempt = Attempt(import_id, number, ImportStatus.CHECKING)
        clinic = clinic_profile()
        with translation.override(attempt.row.created_by.language or clinic.language):
            _check(attempt, clinic)


def _check(attempt: Attempt, clinic) -> None:
    text, _encoding = sheets.decode(bytes(attempt.row.content))
    attempt.row.content = b""
    errors, packed, seen = [], io.BytesIO(), set()
    counts = {"total": 0, "known": 0, "added": 0, "error_count": 0}
    with gzip.open(packed, "wt", compresslevel=1, encoding="utf-8") as kept:
        for lines in _batches(_read(text, attempt.row, clinic), BATCH):
            wrong = [error | {"line": line} for line, _person, found in lines for error in found]
            people = [person for _line, person, found in lines if not found]
            for person, known in zip(people, queries.known_people(people), strict=True):
                is_new = not known and person["import_key"] not in seen
                seen.add(person["import_key"])
                counts["added" if is_new else "known"] += 1
                if is_new:
                    kept.write(json.dumps(person, ensure_ascii=False) + "\n")
            errors += wrong[: MOST_ERRORS - len(errors)]
            counts["error_count"] += len(wrong)
            counts["total"] += len(lines)
            attempt.progress(counts["total"])
    status = ImportStatus.REFUSED if errors else ImportStatus.CHECKED
    attempt.save(
        status=status, done=counts["total"], rows=b"" if errors else packed.getvalue(), errors=errors, **counts
    )


def _read(text: str, upload: PatientImport, clinic) -> Iterator[tuple[int, dict, list[dict]]]:
    """(line, person, errors) for every line behind the header."""
    sex = upload.mapping.get("sex")
    reader = lists.Reader(
        header=upload.header,
        mapping=upload.mapping,
        day_order=upload.day_order,
        country=clinic.country,
        language=clinic.language,
        sexes=set() if sex is None else _words(text, upload.delimiter, sex),
    )
    try:
        for line, cells in islice(sheets.read_lines(text, upload.delimiter), 1, None):
            person, errors = reader.read(cells)
            yield line, person if errors else _complete(person), [{"column": c, "message": m} for c, m in errors]
    except sheets.Unreadable as unreadable:
        yield unreadable.line, {}, [{"column": "", "message": unreadable.message}]


def _words(text: str, delimiter: str, column: int) -> set[str]:
    with suppress(sheets.Unreadable):
        return {cells[column] for _line, cells in sheets.read_lines(text, delimiter) if len(cells) > column}
    return set()


def _complete(person: dict) -> dict:
    """All columns of a patient but those of its origin, in a form that JSON can hold.

    `import_key` is what a second import recognises the line by.
    """
    born = person["birth_date"].isoformat()
    derived = services.derived(**person)
    contact = person["phone"] or person["email"].casefold()
    key = names.digest("import", f"{derived['search_key']}|{born}|{contact}")
    return {"channel": ""} | person | derived | {"birth_date": born, "import_key": key}


def run_import(import_id: int, number: int) -> None:
    """Registers the people of a checked list: all of them in one transaction, which only writes.

    What can be done before is done before (who is known by now, the numbers), because SQLite lets nobody else
    write meanwhile. Numbers taken for an import that does not finish are not given out again.
    """
    with suppress(Superseded):
        attempt = Attempt(import_id, number, ImportStatus.IMPORTING)
        with gzip.open(io.BytesIO(attempt.row.rows), "rt", encoding="utf-8") as packed:
            lines = _still_new(attempt, packed)
        try:
            _write(attempt, lines, services.take_numbers(len(lines)))
        except IntegrityError:  # another list with the same people was imported at the same moment
            lines = _still_new(attempt, lines)
            _write(attempt, lines, services.take_numbers(len(lines)))


def _still_new(attempt: Attempt, packed: Iterable[str]) -> list[str]:
    """Lines (still packed as JSON) whose people have not been registered since the check."""
    new, done = [], 0
    for lines in _batches(packed, BATCH):
        known = queries.known_people([json.loads(line) for line in lines])
        new += [line for line, is_known in zip(lines, known, strict=True) if not is_known]
        done += len(lines)
        attempt.progress(done)
    return new


@transaction.atomic
def _write(attempt: Attempt, lines: list[str], patient_numbers: list[str]) -> None:
    row, now = attempt.row, clock.now()
    known = row.known + row.added - len(lines)
    attempt.save(
        status=ImportStatus.DONE, added=len(lines), known=known, done=row.total, finished_at=now, content=b"", rows=b""
    )
    empty = {field.column: field.get_default() for field in Patient._meta.concrete_fields if not field.primary_key}
    origin = {"created_by_id": row.created_by_id, "created_at": connection.ops.adapt_datetimefield_value(now)}
    for pairs in _batches(zip(lines, patient_numbers, strict=True), BATCH):
        _insert([empty | json.loads(line) | {"number": number} | origin for line, number in pairs])
    record(by=row.created_by, action=Action.IMPORT, subject=row, fields=["patients"])


def _insert(rows: list[dict]) -> None:
    """One statement for many patients: an eighth of bulk_create's time, during which SQLite lets nobody else write."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in rows[0])
    places = ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
    table = quote(Patient._meta.db_table)
    with connection.cursor() as cursor:
        statement = f"INSERT INTO {table} ({columns}) VALUES {places}"  # noqa: S608 -- names of columns only
        cursor.execute(statement, [value for row in rows for value in row.values()])


def _batches(items: Iterable, size: int) -> Iterator[list]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
