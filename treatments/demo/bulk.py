"""Fills a database of its own with as many rows as a large clinic has after ten years, past the services, for `bench`.

Rows are poured in by COPY on PostgreSQL and by one prepared INSERT on SQLite; the guards are put in place afterwards.
"""

import csv
import io
import json
import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from uuid import UUID, uuid4

from django.db import connection, models, transaction

from clinic.core import clock, guards
from clinic.staff.models import User
from patients.registry import numbers
from patients.registry.models import NumberCounter, Patient
from patients.registry.services import derived
from treatments.catalogue.models import Area, FormulationVersion, Technique
from treatments.charting.models import Injection, Preparation, PreparationLot, SessionDraft, TreatmentSession
from treatments.scheduling.models import Appointment, AppointmentChange, Room, VisitType
from treatments.stock.models import Lot

GIVEN = ["Ana", "María", "Łukasz", "Zoë", "Björn", "Chloé", "İlker", "Ørjan", "Mary-Jane", "Thị", "Jürgen", "Pedro"]
FAMILY = ["García", "Müller", "O'Brien", "D’Angelo", "Nuñez", "Straße", "Kowalski", "Nguyễn", "Öztürk", "Sørensen"]
SYLLABLES = [consonant + vowel for consonant in "bdfklmnprstv" for vowel in "aeiou"]
SLOTS_A_DAY = 16
SLOT = timedelta(minutes=30)


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


def fill(
    *, patients: int, visits: int, practitioners: list[User], rooms: list[Room], version: FormulationVersion
) -> None:
    """`visits` half hours in full days of the practitioners, up to eighty days ahead; past ones have a session."""
    guards.remove()
    by = practitioners[0].pk
    given, last = numbers.numbers_after(numbers.FIRST - 1, patients)
    pour(Patient, _patients(given, by))
    NumberCounter.objects.update_or_create(pk=1, defaults={"last": last})
    visit_type = VisitType.objects.get(kind="session")
    plan = list(_visits(visits, patients, practitioners, rooms))
    past = [visit for visit in plan if visit["starts_at"] < clock.now() - timedelta(days=1)]
    pour(TreatmentSession, _sessions(past))
    pour(SessionDraft, _drafts(past))
    pour(Appointment, _appointments(plan, len(past), visit_type, by))
    pour(AppointmentChange, _changes(plan, by))
    pour(Preparation, _preparations(past, version))
    pour(PreparationLot, _preparation_lots(past, version))
    pour(Injection, _injections(past))
    continue_ids(Patient, TreatmentSession, Appointment, AppointmentChange, Preparation, PreparationLot, Injection)
    guards.install()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _patients(given_numbers: list[str], by: int):
    chance = random.Random(1)  # noqa: S311 -- the same clinic every time
    for pk, number in enumerate(given_numbers, 1):
        given = chance.choice(GIVEN)
        family = chance.choice(FAMILY) + "-" + "".join(chance.choices(SYLLABLES, k=3)).capitalize()
        phone = f"+346{pk:08d}"
        yield {
            "id": pk,
            "number": number,
            "given_name": given,
            "family_name": family,
            "birth_date": date(1940, 1, 1) + timedelta(days=chance.randrange(24_000)),
            "phone": phone,
            "email": f"patient{pk}@mail.example",
            "channel": "email",
            "may_message": True,
            "created_by_id": by,
            "created_at": clock.now(),
            **derived(given_name=given, family_name=family, phone=phone),
        }


def _visits(count: int, patients: int, practitioners: list[User], rooms: list[Room]):
    """Half hours from 8:00 UTC, the last day eighty days from now; whoever comes is busy once at a time."""
    a_day = SLOTS_A_DAY * len(practitioners)
    days = -(-count // a_day)
    last = clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=80)
    for number in range(count):
        day, place = divmod(number, a_day)
        slot, column = divmod(place, len(practitioners))
        starts = last - timedelta(days=days - 1 - day) + slot * SLOT
        yield {
            "patient_id": number * 7919 % patients + 1,
            "practitioner_id": practitioners[column].pk,
            "room_id": rooms[column].pk,
            "starts_at": starts,
            "ends_at": starts + SLOT,
        }


def _appointments(plan: list[dict], past: int, visit_type: VisitType, by: int):
    for pk, visit in enumerate(plan, 1):
        yield {
            "id": pk,
            **visit,
            "busy_from": visit["starts_at"],
            "busy_until": visit["ends_at"],
            "visit_type_id": visit_type.pk,
            "status": "done" if pk <= past else "booked",
            "session_id": pk if pk <= past else None,
            "submission": uuid4(),
            "booked_by_id": by,
            "booked_at": visit["starts_at"] - timedelta(days=90),
        }


def _changes(plan: list[dict], by: int):
    for pk, visit in enumerate(plan, 1):
        yield {
            "id": pk,
            "appointment_id": pk,
            "status": "booked",
            "starts_at": visit["starts_at"],
            "changed_by_id": by,
            "changed_at": visit["starts_at"] - timedelta(days=90),
        }


def _sessions(past: list[dict]):
    for pk, visit in enumerate(past, 1):
        yield {
            "id": pk,
            "patient_id": visit["patient_id"],
            "practitioner_id": visit["practitioner_id"],
            "status": "signed",
            "started_at": visit["starts_at"],
            "note": "Tolerated well.",
            "signed_at": visit["ends_at"],
            "signed_by_id": visit["practitioner_id"],
            "signed_name": "Bench",
            "content_hash": "0" * 64,
            "signature": "0" * 64,
        }


def _drafts(past: list[dict]):
    for pk, visit in enumerate(past, 1):
        yield {"session_id": pk, "saved_at": visit["starts_at"]}


def _preparations(past: list[dict], version: FormulationVersion):
    for pk in range(1, len(past) + 1):
        yield {"id": pk, "session_id": pk, "position": 1, "version_id": version.pk, "volume_ml": Decimal("5")}


def _preparation_lots(past: list[dict], version: FormulationVersion):
    lots = {lot.ingredient_id: lot.pk for lot in Lot.objects.all()}
    lines = list(version.lines.all())
    for pk in range(1, len(past) + 1):
        for place, line in enumerate(lines):
            yield {
                "id": (pk - 1) * len(lines) + place + 1,
                "preparation_id": pk,
                "line_id": line.pk,
                "lot_id": lots[line.ingredient_id],
            }


def _injections(past: list[dict]):
    area = Area.objects.get(key="thigh_front").pk
    technique = Technique.objects.get(key="nappage").pk
    points = [[round(0.4 + 0.01 * n, 3), round(0.6 + 0.01 * n, 3)] for n in range(10)]
    for pk in range(1, 2 * len(past) + 1):
        yield {
            "id": pk,
            "session_id": (pk + 1) // 2,
            "preparation_id": (pk + 1) // 2,
            "area_id": area,
            "side": "left" if pk % 2 else "right",
            "diagram": "body_front",
            "technique_id": technique,
            "depth_mm": Decimal("4"),
            "volume_ml": Decimal("0.05"),
            "count": 10,
            "points": points,
        }


def continue_ids(*tables: type[models.Model]) -> None:
    """PostgreSQL's counters go on after the ids that were given."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for model in tables:
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
