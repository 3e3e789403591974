"""What lies on the demo clinic's desk besides its visits: leave, a course, people who wait, and a recall."""

from datetime import time, timedelta
from uuid import uuid4

from clinic.core import clock
from treatments.recall import services as recall
from treatments.recall.enums import Kind
from treatments.recall.models import RecallEntry
from treatments.recall.receipts import find_subject
from treatments.scheduling import courses, hours, waiting, waiting_queries
from treatments.scheduling import services as scheduling
from treatments.scheduling.course_plan import plan_course
from treatments.scheduling.courses import Slot
from treatments.scheduling.enums import OPEN
from treatments.scheduling.models import Appointment, VisitType

# patient: kind of visit, with whom, parts of the day, priority, a note for the desk
WAITING = {
    "Grace": ("Mesotherapy session", "ana", ["morning", "afternoon"], 1, "Works nearby, can come within the hour."),
    "Björn": ("First consultation", None, [], 2, "Ring after five."),
    "Mireia": ("First consultation", "ana", ["evening"], 2, ""),
    "Óscar": ("Follow-up", None, [], 3, ""),
}


def give_leave(people) -> None:
    """Two days of the second doctor, and a day on which the clinic is closed: before anything is booked on them."""
    today = clock.today()
    leave = today + timedelta(days=9)
    hours.add_exception(
        practitioner=people["jonas"],
        first_day=leave,
        last_day=leave + timedelta(days=1),
        note="Congress",
        by=people["luis"],
    )
    closed = today + timedelta(days=26)
    hours.add_exception(practitioner=None, first_day=closed, last_day=closed, note="Inventory", by=people["luis"])


def book_course(people, patient) -> None:
    """Three more sessions, every second Tuesday at eleven, from in three weeks on."""
    visit_type = VisitType.objects.get(name="Mesotherapy session")
    wish = {
        "type": visit_type,
        "practitioner": people["ana"],
        "start": clock.today() + timedelta(days=21),
        "weeks": [0, 2, 4],
        "weekday": 1,
        "time": time(11),
    }
    found = [line.chosen for line in plan_course(wish, patient, clock.now()) if line.chosen]
    courses.book_course(
        patient=patient,
        visit_type=visit_type,
        slots=[Slot(free.starts_at, free.practitioner, free.room) for free in found],
        submission=uuid4(),
        by=people["marta"],
    )


def keep_waiting_list(people, patients) -> None:
    """Some wait for an earlier time; one visit is given back, and its time is offered to who it suits."""
    today = clock.today()
    for name, (kind, doctor, parts, priority, note) in WAITING.items():
        waiting.add_to_list(
            patient=patients[name],
            visit_type=VisitType.objects.get(name=kind),
            practitioner=doctor and people[doctor],
            from_day=today,
            until_day=today + timedelta(days=21),
            parts=parts,
            priority=priority,
            note=note,
            by=people["marta"],
        )
    freed = _visit_given_back(people, patients)
    suited = waiting_queries.who_waits_for(freed) if freed else []
    if suited:
        waiting.offer_slot(
            entries=suited[:2],
            starts_at=freed.starts_at,
            practitioner=freed.practitioner,
            room=freed.room,
            valid_for=timedelta(days=1),
            by=people["marta"],
        )


def _visit_given_back(people, patients):
    """A visit some days ahead of somebody who does not wait themselves, cancelled this minute."""
    soon = clock.day_bounds(clock.today() + timedelta(days=2))[0]
    visits = Appointment.objects.filter(starts_at__gte=soon, status__in=OPEN, course=None, practitioner=people["ana"])
    visit = visits.exclude(patient__in=[patients[name] for name in WAITING]).order_by("starts_at").first()
    if visit is None:
        return None
    scheduling.cancel_appointment(
        appointment_id=visit.pk, version=visit.version, reason="Has a cold.", by=people["marta"]
    )
    visit.refresh_from_db()
    return waiting_queries.freed_by(visit, clock.now())


def open_recall(people, lot_id: int) -> None:
    """The supplier asks back a lot; the first of its patients has been told."""
    case = recall.open_case(
        subject=find_subject(Kind.LOT, lot_id),
        reason="Letter of the supplier: the label may show a wrong expiry date.",
        tell="The date on a vial that was used for you may have been wrong. Nothing else is known to be the matter "
        "with it. Please ring us if you have noticed anything since.",
        by=people["luis"],
    )
    entry = RecallEntry.objects.filter(case=case).order_by("pk").first()
    if entry:
        recall.tell_by_telephone(entry=entry, version=entry.version, by=people["luis"])
