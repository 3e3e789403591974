"""F2: the 13 relations of two intervals, for each resource and kind of status; and the database alone."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from clinic.core.errors import Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory, RoomFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from treatments.scheduling import services
from treatments.scheduling.enums import LIVE, VisitKind, VisitStatus
from treatments.scheduling.models import Appointment

pytestmark = pytest.mark.django_db

# Allen's relations of a new visit to the one from 60 to 120 minutes after nine: (start, length, overlaps).
RELATIONS = {
    "before": (0, 30, False),
    "meets": (0, 60, False),
    "overlaps": (30, 60, True),
    "starts": (60, 30, True),
    "during": (75, 30, True),
    "finishes": (90, 30, True),
    "equals": (60, 60, True),
    "finished by": (30, 90, True),
    "contains": (30, 120, True),
    "started by": (60, 90, True),
    "overlapped by": (90, 60, True),
    "met by": (120, 30, False),
    "after": (150, 30, False),
}
RESOURCES = ("practitioner", "room", "patient")
FREES = (VisitStatus.CANCELLED, VisitStatus.NO_SHOW)


def existing(calendar, shared, status):
    """A visit from 10:00 to 11:00 that shares one resource with what the calendar books by default."""
    other = {"practitioner": PractitionerFactory(), "room": RoomFactory(), "patient": PatientFactory()}
    other[shared] = getattr(calendar, shared)
    return AppointmentFactory(
        **other,
        starts_at=NINE + timedelta(minutes=60),
        ends_at=NINE + timedelta(minutes=120),
        status=status,
        cancel_reason="ill" if status == VisitStatus.CANCELLED else "",
        booked_by=calendar.desk,
        visit_type=calendar.consultation,
    )


@pytest.mark.parametrize("status", [*LIVE, *FREES])
@pytest.mark.parametrize("shared", RESOURCES)
@pytest.mark.parametrize("relation", RELATIONS)
def test_two_visits_overlap_exactly_as_the_table_says(calendar, relation, shared, status):
    start, minutes, overlaps = RELATIONS[relation]
    existing(calendar, shared, status)
    visit_type = VisitTypeFactory(kind=VisitKind.CONSULTATION, minutes=minutes)

    def book():
        return calendar.book(visit_type=visit_type, starts_at=NINE + timedelta(minutes=start))

    if overlaps and status in LIVE:
        with pytest.raises(Refused) as refusal:
            book()
        assert "booked by Marta Gil" in refusal.value.message
        assert Appointment.objects.count() == 1
    else:
        assert book().pk


@pytest.mark.parametrize("shared", RESOURCES)
@pytest.mark.parametrize("relation", RELATIONS)
def test_database_alone_refuses_what_overlaps(calendar, relation, shared):
    start, minutes, overlaps = RELATIONS[relation]
    existing(calendar, shared, VisitStatus.BOOKED)
    starts_at = NINE + timedelta(minutes=start)

    def insert():
        with transaction.atomic():
            AppointmentFactory(
                practitioner=calendar.practitioner,
                room=calendar.room,
                patient=calendar.patient,
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=minutes),
            )

    if overlaps:
        with pytest.raises(IntegrityError, match=f"scheduling_no_overlap_{shared}"):
            insert()
    else:
        insert()


def test_database_refuses_a_cancelled_visit_that_comes_back_onto_a_taken_time(calendar):
    gone = existing(calendar, "room", VisitStatus.CANCELLED)
    calendar.book(starts_at=gone.starts_at)
    with pytest.raises(IntegrityError, match="scheduling_no_overlap_room"), transaction.atomic():
        Appointment.objects.filter(pk=gone.pk).update(status=VisitStatus.BOOKED)


def test_database_refusal_becomes_a_sentence(calendar, monkeypatch):
    existing(calendar, "room", VisitStatus.BOOKED)
    monkeypatch.setattr(services.rules, "check_free", lambda **times: None)
    with pytest.raises(Refused, match="just taken"):
        calendar.book(starts_at=NINE + timedelta(minutes=60))
    assert Appointment.objects.count() == 1


def test_minutes_before_and_after_keep_practitioner_and_room_but_not_patient(calendar):
    buffered = VisitTypeFactory(kind=VisitKind.CONSULTATION, minutes=30, minutes_before=10, minutes_after=15)
    calendar.book(visit_type=buffered, starts_at=NINE + timedelta(minutes=60))
    with pytest.raises(Refused, match="Dr Ana Ruiz"):
        calendar.book(patient=PatientFactory(), starts_at=NINE + timedelta(minutes=90))
    with pytest.raises(Refused, match="Blue room"):
        calendar.book(
            patient=PatientFactory(),
            practitioner=work_always(PractitionerFactory()),
            starts_at=NINE + timedelta(minutes=30),
        )
    assert calendar.book(
        practitioner=work_always(PractitionerFactory()), room=None, starts_at=NINE + timedelta(minutes=90)
    )


def test_visits_without_a_room_do_not_clash_on_the_room(calendar):
    calendar.book(room=None)
    other = work_always(PractitionerFactory())
    assert calendar.book(room=None, practitioner=other, patient=PatientFactory())


def test_a_moved_visit_does_not_clash_with_itself(calendar):
    visit = calendar.book()
    moved = services.move_appointment(
        appointment_id=visit.pk,
        version=visit.version,
        starts_at=NINE + timedelta(minutes=15),
        practitioner=calendar.practitioner,
        room=calendar.room,
        by=calendar.desk,
        at=NOW,
    )
    assert moved.starts_at == NINE + timedelta(minutes=15)
