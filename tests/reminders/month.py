"""A busy clinic's month, and an independent, slow answer to what each patient's inbox should hold.

`Oracle` shares no code with the planner: at every look it goes through every visit and every rule, by wall clocks
and calendar days, and keeps its own list of who was told what.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from clinic.audit.enums import Action
from clinic.audit.services import record
from tests.factories.patients import MedicineFactory, PatientFactory, PatientMedicineFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import VisitTypeFactory

ZONE = ZoneInfo("Europe/Madrid")
FIRST = date(2027, 3, 8)  # the clocks change on 28 March
LOOKS = (time(8, 30), time(10), time(13), time(17), time(18), time(20))
LAST_LOOK = timedelta(hours=36)


def instant(day: date, wall: time) -> datetime:
    return datetime.combine(day, wall, tzinfo=ZONE)


@dataclass
class Visit:
    """A visit as the test itself remembers it: `history` holds (from when, starts_at, status)."""

    pk: int
    patient: int
    history: list[tuple[datetime, datetime, str]]
    kind: str
    signed_at: datetime | None = None
    session_started: datetime | None = None

    def at(self, when: datetime) -> tuple[datetime, str, datetime] | None:
        """Start, status and since when it starts then; None before it was booked."""
        known = [entry for entry in self.history if entry[0] <= when]
        if not known:
            return None
        starts_at, since = known[-1][1], known[-1][0]
        for came, start, _status in reversed(known):
            if start != starts_at:
                break
            since = came
        return starts_at, known[-1][2], since


@dataclass
class Person:
    """`contact` holds (from when, channel or "", may be written to); `long_medicine`: avoided for ten days."""

    pk: int
    contact: list[tuple[datetime, str, bool]]
    long_medicine: bool = False

    def at(self, when: datetime) -> tuple[str, bool]:
        return next((channel, may) for came, channel, may in reversed(self.contact) if came <= when)


@dataclass
class RuleAsKnown:
    """`history` holds (from when, offset, wall time, active)."""

    key: str
    trigger: str
    kinds: set[str]
    history: list[tuple[datetime, int, time | None, bool]]
    skip_late: bool = False
    long_medicine_only: bool = False
    words: str = ""

    def at(self, when: datetime):
        return next(entry[1:] for entry in reversed(self.history) if entry[0] <= when)

    def active_since(self, when: datetime) -> datetime:
        since = when
        for came, _offset, _wall, active in reversed([entry for entry in self.history if entry[0] <= when]):
            if not active:
                break
            since = came
        return since


@dataclass
class Oracle:
    """What should be in the inboxes: (patient, rule's key, thing, time it speaks of, look at which it came)."""

    visits: list[Visit]
    people: dict[int, Person]
    rules: list[RuleAsKnown]
    inbox: set[tuple] = field(default_factory=set)
    told: dict[tuple, datetime] = field(default_factory=dict)

    def look(self, now: datetime) -> None:
        for visit in self.visits:
            if state := visit.at(now):
                self._before(visit, state, now)
                self._after(visit, now)

    def _before(self, visit: Visit, state, now: datetime) -> None:
        starts_at, status, since = state
        if status != "booked" or starts_at <= now:
            return
        named = {}
        for rule in self.rules:
            offset, wall, active = rule.at(now)
            if rule.trigger == "after_session" or not active or visit.kind not in rule.kinds:
                continue
            if rule.long_medicine_only and not self.people[visit.patient].long_medicine:
                continue
            if rule.trigger == "booked":
                if since >= rule.active_since(now):
                    named[rule.key] = since
                continue
            day = starts_at.astimezone(ZONE).date() - timedelta(days=offset)
            moment = instant(day, wall)
            if max(moment, since) >= rule.active_since(now) and not (rule.skip_late and moment < since):
                named[rule.key] = moment
        words = {rule.key: rule.words for rule in self.rules}
        for key, moment in named.items():
            nearer = [
                other
                for other, when in named.items()
                if other != key and words[other] and words[other] == words[key] and moment < when <= since
            ]
            if moment <= now and not nearer:
                self._tell(visit.patient, key, ("visit", visit.pk), starts_at, now)

    def _after(self, visit: Visit, now: datetime) -> None:
        if visit.signed_at is None or visit.signed_at > now:
            return
        for rule in self.rules:
            offset, wall, active = rule.at(now)
            if rule.trigger != "after_session" or not active:
                continue
            day = visit.session_started.astimezone(ZONE).date() + timedelta(days=offset)
            moment = instant(day, wall)
            if moment >= rule.active_since(now) and moment <= now <= moment + LAST_LOOK:
                self._tell(visit.patient, rule.key, ("session", visit.pk), visit.session_started, now)

    def _tell(self, patient: int, key: str, thing: tuple, about: datetime, now: datetime) -> None:
        channel, may = self.people[patient].at(now)
        if may and channel and self.told.get((thing, key)) != about:
            self.told[thing, key] = about
            self.inbox.add((patient, key, thing, about, now))


class Clinic:
    """Writes what happens, as the services would have left it, and remembers it for the oracle."""

    def __init__(self, seed: int, patients: int):
        self.random = random.Random(seed)
        self.practitioner, *_others = self.practitioners = PractitionerFactory.create_batch(9)
        self.taken: set[tuple] = set()
        self.types = {kind: VisitTypeFactory(kind=kind) for kind in ("session", "consultation")}
        self.people: dict[int, Person] = {}
        self.visits: list[Visit] = []
        self.sessions: dict[int, int] = {}
        self._register(patients)

    def _register(self, count: int) -> None:
        from patients.registry.models import Patient

        long_acting = MedicineFactory(name="piroxicam", stop_days=10)
        rows = []
        for _number in range(count):
            chance = self.random.random()
            channel = "email" if chance < 0.7 else "sms" if chance < 0.9 else ""
            contact = {} if channel else {"email": "", "phone": ""}
            rows.append(PatientFactory.build(channel=channel, may_message=self.random.random() < 0.93, **contact))
        long_ago = instant(FIRST - timedelta(days=365), time(9))
        for row in Patient.objects.bulk_create(rows):
            takes = self.random.random() < 0.1
            self.people[row.pk] = Person(row.pk, [(long_ago, row.channel, row.may_message)], takes)
            if takes:
                PatientMedicineFactory(patient=row, medicine=long_acting, recorded_by=self.practitioner)

    def book(self, now: datetime, count: int) -> None:
        from treatments.scheduling.models import Appointment, AppointmentChange

        rows = []
        for _number in range(count):
            patient = self.random.choice(list(self.people))
            starts_at, practitioner = self._take(patient, [self._some_time(now) for _try in range(9)])
            rows.append(
                Appointment(
                    patient_id=patient,
                    practitioner=practitioner,
                    visit_type=self.types["session" if self.random.random() < 0.85 else "consultation"],
                    **times(starts_at),
                    submission=uuid4(),
                    booked_by=self.practitioner,
                    booked_at=now,
                )
            )
        rows = Appointment.objects.bulk_create(rows)
        AppointmentChange.objects.bulk_create(change(row, now) for row in rows)
        for row in rows:
            trail(row, row.patient_id, now)
        self.visits += [
            Visit(row.pk, row.patient_id, [(now, row.starts_at, "booked")], row.visit_type.kind) for row in rows
        ]

    def _some_time(self, now: datetime) -> datetime:
        day = now.astimezone(ZONE).date() + timedelta(days=self.random.choice([0, 1, 1, 2, 3, 5, 7, 8, 9, 12, 15, 20]))
        starts_at = instant(day, time(self.random.randrange(9, 19), self.random.choice([0, 30])))
        return starts_at if starts_at > now + timedelta(minutes=30) else starts_at + timedelta(days=1)

    def _take(self, patient: int, times_wished) -> tuple:
        """The first time at which the patient and a practitioner are free; both are taken from now on."""
        for starts_at in times_wished:
            for practitioner in self.practitioners:
                wanted = {(practitioner.pk, starts_at), ("patient", patient, starts_at)}
                if not wanted & self.taken:
                    self.taken |= wanted
                    return starts_at, practitioner
        return None, None

    def open_visits(self, now: datetime) -> list[Visit]:
        return [v for v in self.visits if (s := v.at(now)) and s[1] == "booked" and s[0] > now + timedelta(minutes=30)]

    def move(self, now: datetime, count: int) -> None:
        from treatments.scheduling.models import Appointment

        open_now = self.open_visits(now)
        for visit in self.random.sample(open_now, min(count, len(open_now))):
            earlier = [start for _came, start, _status in visit.history if start > now + timedelta(minutes=30)]
            back = self.random.random() < 0.4 and len(earlier) > 1
            wished = earlier if back else [self._some_time(now) for _try in range(9)]
            was = Appointment.objects.get(pk=visit.pk)
            starts_at, practitioner = self._take(visit.patient, [t for t in wished if t != was.starts_at])
            if starts_at is None:
                continue
            self._free(was)
            Appointment.objects.filter(pk=visit.pk).update(practitioner=practitioner, **times(starts_at))
            self._note(visit, now, starts_at, "booked")

    def _free(self, row) -> None:
        self.taken -= {(row.practitioner_id, row.starts_at), ("patient", row.patient_id, row.starts_at)}

    def cancel(self, now: datetime, count: int) -> None:
        from treatments.scheduling.models import Appointment

        open_now = self.open_visits(now)
        for visit in self.random.sample(open_now, min(count, len(open_now))):
            Appointment.objects.filter(pk=visit.pk).update(status="cancelled", cancel_reason="ill")
            self._note(visit, now, visit.at(now)[0], "cancelled")

    def change_contacts(self, now: datetime, count: int) -> None:
        from patients.registry.models import Patient

        for pk in self.random.sample(list(self.people), count):
            person = self.people[pk]
            channel, _may = person.at(now)
            wish = (channel and self.random.choice(["email", "sms"]), self.random.random() < 0.85)
            Patient.objects.filter(pk=pk).update(channel=wish[0], may_message=wish[1])
            person.contact.append((now, *wish))
            trail("registry.Patient", pk, now)

    def treat(self, now: datetime) -> None:
        """Who was booked for a time that has passed was treated, mostly; sessions are signed at once, or next day."""
        from treatments.charting.models import TreatmentSession
        from treatments.scheduling.models import Appointment

        for visit in self.visits:
            state = visit.at(now)
            if not state or state[1] != "booked" or state[0] > now - timedelta(minutes=30):
                continue
            came = self.random.random() < 0.9
            session = None
            if came and visit.kind == "session" and self.random.random() < 0.9:
                visit.session_started, visit.signed_at = state[0], now
                session = TreatmentSession.objects.create(
                    patient_id=visit.patient,
                    practitioner=self.practitioner,
                    started_at=state[0],
                    status="signed",
                    signed_at=now,
                    signed_by=self.practitioner,
                    signed_name="x",
                    content_hash="x",
                    signature="x",
                )
                self.sessions[session.pk] = visit.pk
            status = "done" if came else "no_show"
            Appointment.objects.filter(pk=visit.pk).update(status=status, session=session)
            self._note(visit, now, state[0], status)

    def _note(self, visit: Visit, now: datetime, starts_at: datetime, status: str) -> None:
        from treatments.scheduling.models import AppointmentChange

        visit.history.append((now, starts_at, status))
        AppointmentChange.objects.create(
            appointment_id=visit.pk, status=status, starts_at=starts_at, changed_by=self.practitioner, changed_at=now
        )
        trail("scheduling.Appointment", visit.patient, now)


def times(starts_at: datetime) -> dict:
    ends_at = starts_at + timedelta(minutes=30)
    return {"starts_at": starts_at, "ends_at": ends_at, "busy_from": starts_at, "busy_until": ends_at}


def change(row, now: datetime):
    from treatments.scheduling.models import AppointmentChange

    return AppointmentChange(
        appointment=row, status="booked", starts_at=row.starts_at, changed_by=row.practitioner, changed_at=now
    )


def trail(subject, patient: int, now: datetime) -> None:
    record(by=None, action=Action.CHANGE, subject=subject, patient_id=patient, at=now)


def by_patient(entries) -> dict[int, set]:
    found = defaultdict(set)
    for entry in entries:
        found[entry[0]].add(entry[1:])
    return found
