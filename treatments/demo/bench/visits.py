"""A large clinic's patients, and ten years of full days with their sessions."""

import random
from bisect import bisect_left
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from clinic.core import clock, guards
from clinic.staff.models import User
from patients.registry import numbers
from patients.registry.models import NumberCounter, Patient
from patients.registry.services import derived
from treatments.catalogue.models import Area, FormulationVersion, Technique
from treatments.charting.models import Injection, Preparation, PreparationLot, SessionDraft, TreatmentSession
from treatments.demo.bench import bulk
from treatments.scheduling.models import Appointment, AppointmentChange, Room, VisitType
from treatments.stock.models import Lot

GIVEN = ["Ana", "María", "Łukasz", "Zoë", "Björn", "Chloé", "İlker", "Ørjan", "Mary-Jane", "Thị", "Jürgen", "Pedro"]
FAMILY = ["García", "Müller", "O'Brien", "D’Angelo", "Nuñez", "Straße", "Kowalski", "Nguyễn", "Öztürk", "Sørensen"]
SYLLABLES = [consonant + vowel for consonant in "bdfklmnprstv" for vowel in "aeiou"]
SLOTS_A_DAY = 16
HALF_HOUR, DAY = 1800, 86_400  # seconds
AHEAD = timedelta(days=80)
REGULAR = 50  # sessions of the patient who comes most
A_SESSION = 2  # injections


def fill(
    *,
    patients: int,
    visits: int,
    practitioners: list[User],
    rooms: list[Room],
    version: FormulationVersion,
    say: bulk.Say,
) -> None:
    """`visits` half hours in full days of the practitioners, up to eighty days ahead; past ones have a session.

    The last of the patients has had REGULAR more sessions.
    """
    guards.remove()
    given, last = numbers.numbers_after(numbers.FIRST - 1, patients)
    bulk.pour(Patient, _patients(given, practitioners[0].pk))
    NumberCounter.objects.update_or_create(pk=1, defaults={"last": last})
    say(f"{patients:,} patients")
    calendar = _Calendar(visits, patients, [person.pk for person in practitioners], [room.pk for room in rooms])
    tables = TreatmentSession, SessionDraft, Appointment, AppointmentChange, Preparation, PreparationLot, Injection
    with bulk.unhindered(*tables, say=say):
        for begin, count in bulk.batches(visits, bulk.BATCH):
            with transaction.atomic():
                calendar.pour_visits(begin, count)
                calendar.pour_sessions(begin, min(count, calendar.past - begin), version)
            say(f"{begin + count:,} visits")
        calendar.pour_regular(version)
    bulk.continue_ids(Patient, TreatmentSession, Appointment, AppointmentChange, Preparation, PreparationLot, Injection)
    guards.install()
    say("guards")


def _patients(given_numbers: list[str], by: int):
    chance = random.Random(1)  # noqa: S311 -- the same clinic every time
    now = clock.now()
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
            "created_at": now,
            **derived(given_name=given, family_name=family, phone=phone),
        }


class _Calendar:
    """The visits, counted from 1, by the place of each in the days: everything about it is computed from its number."""

    def __init__(self, visits: int, patients: int, practitioners: list[int], rooms: list[int]):
        self.visits, self.patients, self.people = visits, patients, len(practitioners)
        last = clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + AHEAD
        self.a_day = SLOTS_A_DAY * self.people
        self.first = int(last.timestamp()) - (-(-visits // self.a_day) - 1) * DAY
        until = int((clock.now() - timedelta(days=1)).timestamp())
        self.past = bisect_left(range(visits), until, key=self._starts)
        place = f"(n - 1) % {self.people}"
        self.starts = (
            f"{self.first} + (n - 1) / {self.a_day} * {DAY} + (n - 1) % {self.a_day} / {self.people} * {HALF_HOUR}"
        )
        self.practitioner, self.room = bulk.one_of(practitioners, place), bulk.one_of(rooms, place)
        self.patient = f"n * 7919 % {patients} + 1"
        self.by = practitioners[0]

    def _starts(self, number: int) -> int:
        day, place = divmod(number, self.a_day)
        return self.first + day * DAY + place // self.people * HALF_HOUR

    def pour_visits(self, begin: int, count: int) -> None:
        starts, ends = bulk.moment(self.starts), bulk.moment(f"{self.starts} + {HALF_HOUR}")
        booked = bulk.moment(f"{self.starts} - {90 * DAY}")
        visit = {"id": "n", "patient_id": self.patient, "practitioner_id": self.practitioner, "room_id": self.room}
        visit |= {"starts_at": starts, "busy_from": starts, "ends_at": ends, "busy_until": ends, "booked_at": booked}
        visit["status"] = f"CASE WHEN n <= {self.past} THEN 'done' ELSE 'booked' END"
        visit["session_id"] = f"CASE WHEN n <= {self.past} THEN n END"
        visit["submission"] = bulk.new_uuid()
        kind = VisitType.objects.get(kind="session").pk
        bulk.series(Appointment, begin, count, visit, {"visit_type_id": kind, "booked_by_id": self.by})
        change = {"id": "n", "appointment_id": "n", "starts_at": starts, "changed_at": booked}
        bulk.series(AppointmentChange, begin, count, change, {"status": "booked", "changed_by_id": self.by})

    def pour_sessions(self, begin: int, count: int, version: FormulationVersion) -> None:
        """Those of the visits that are past, with the same numbers."""
        if count > 0:
            session = {"patient_id": self.patient, "practitioner_id": self.practitioner}
            session |= {"signed_by_id": self.practitioner, "started_at": bulk.moment(self.starts)}
            session["signed_at"] = bulk.moment(f"{self.starts} + {HALF_HOUR}")
            self._pour_records(begin, count, session, version)

    def pour_regular(self, version: FormulationVersion) -> None:
        """One patient who has been coming for years."""
        started = bulk.moment(f"{int(clock.now().timestamp())} - (n - {self.past}) * {7 * DAY}")
        session = {"patient_id": f"{self.patients}", "practitioner_id": f"{self.by}", "signed_by_id": f"{self.by}"}
        with transaction.atomic():
            self._pour_records(self.past, REGULAR, session | {"started_at": started, "signed_at": started}, version)

    def _pour_records(self, begin: int, count: int, session: dict[str, str], version: FormulationVersion) -> None:
        """The sessions themselves, and what was drawn up and given in them."""
        signed = {"status": "signed", "note": "Tolerated well.", "signed_name": "Bench"}
        signed |= {"content_hash": "0" * 64, "signature": "0" * 64}
        bulk.series(TreatmentSession, begin, count, {"id": "n"} | session, signed)
        bulk.series(SessionDraft, begin, count, {"session_id": "n", "saved_at": session["started_at"]}, {})
        syringe = {"position": 1, "version_id": version.pk, "volume_ml": Decimal(5)}
        bulk.series(Preparation, begin, count, {"id": "n", "session_id": "n"}, syringe)
        lines, lots = list(version.lines.all()), dict(Lot.objects.values_list("ingredient_id", "pk"))
        for place, line in enumerate(lines):
            holds = {"id": f"(n - 1) * {len(lines)} + {place + 1}", "preparation_id": "n"}
            drawn = {"line_id": line.pk, "lot_id": lots[line.ingredient_id]}
            bulk.series(PreparationLot, begin, count, holds, drawn)
        owner = f"(n - 1) / {A_SESSION} + 1"
        given = {"id": "n", "session_id": owner, "preparation_id": owner}
        given["side"] = "CASE WHEN n % 2 = 1 THEN 'left' ELSE 'right' END"
        bulk.series(Injection, begin * A_SESSION, count * A_SESSION, given, _injection())


def _injection() -> dict:
    return {
        "area_id": Area.objects.get(key="thigh_front").pk,
        "diagram": "body_front",
        "technique_id": Technique.objects.get(key="nappage").pk,
        "depth_mm": Decimal(4),
        "volume_ml": Decimal("0.05"),
        "count": 10,
        "points": [[round(0.4 + 0.01 * n, 3), round(0.6 + 0.01 * n, 3)] for n in range(10)],
    }
