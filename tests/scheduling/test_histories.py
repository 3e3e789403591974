"""Random histories: whatever is booked, moved, cancelled and changed in the hours, nothing overlaps or is lost."""

from datetime import date, time, timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.core.errors import Refused
from tests.factories.patients import PatientFactory
from tests.factories.people import AdministratorFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory, VisitTypeFactory
from tests.scheduling.conftest import NINE, NOW, work_always
from tests.scheduling.test_races import assert_nothing_overlaps
from treatments.scheduling import courses, hours, services
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange

pytestmark = pytest.mark.django_db
FEW = st.integers(0, 2)
PLACE = st.tuples(st.integers(0, 7), FEW, FEW)  # quarter of an hour, practitioner, room
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("book"), PLACE, FEW, st.booleans()),
        st.tuples(st.just("move"), PLACE, st.integers(0, 5), st.booleans()),
        st.tuples(st.just("course"), PLACE, FEW, st.integers(1, 3)),
        st.tuples(st.just("swap"), st.integers(0, 5), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("arrive"), st.integers(0, 5)),
        st.tuples(st.just("hours"), FEW, st.booleans()),
    ),
    min_size=3,
    max_size=14,
)


class Diary:
    """A clinic, and what its calendar ought to hold: the visits that were booked, where they were last put."""

    def __init__(self):
        self.people = [work_always(PractitionerFactory()) for _ in range(3)]
        self.rooms = [RoomFactory(), RoomFactory(), None]
        self.patients = [PatientFactory() for _ in range(3)]
        self.kinds = [
            VisitTypeFactory(kind=VisitKind.FOLLOW_UP, minutes=30),
            VisitTypeFactory(kind=VisitKind.FOLLOW_UP, minutes=45, minutes_before=10, minutes_after=5),
        ]
        self.by = AdministratorFactory()
        self.visits: dict[int, tuple] = {}

    def place(self, place) -> dict:
        quarter, person, room = place
        return {
            "starts_at": NINE + timedelta(minutes=15 * quarter),
            "practitioner": self.people[person],
            "room": self.rooms[room],
        }

    def nth(self, number) -> Appointment | None:
        pks = sorted(self.visits)
        return Appointment.objects.get(pk=pks[number % len(pks)]) if pks else None

    def keep(self, *visits) -> None:
        for visit in visits:
            visit.refresh_from_db()
            self.visits[visit.pk] = state_of(visit)

    def book(self, place, patient, buffered):
        self.keep(
            services.book_appointment(
                patient=self.patients[patient],
                visit_type=self.kinds[buffered],
                submission=uuid4(),
                by=self.by,
                at=NOW,
                **self.place(place),
            )
        )

    def move(self, place, number, stale):
        if visit := self.nth(number):
            version = visit.version + stale
            moved = services.move_appointment(
                appointment_id=visit.pk, version=version, by=self.by, at=NOW, **self.place(place)
            )
            assert not stale
            self.keep(moved)

    def course(self, place, patient, count):
        slot = self.place(place)
        slots = [courses.Slot(**slot | {"starts_at": slot["starts_at"] + timedelta(hours=n)}) for n in range(count)]
        course = courses.book_course(
            patient=self.patients[patient],
            visit_type=self.kinds[0],
            slots=slots,
            submission=uuid4(),
            by=self.by,
            at=NOW,
        )
        self.keep(*course.visits.all())

    def swap(self, one, two):
        pair = {visit.pk: visit for visit in (self.nth(one), self.nth(two)) if visit}
        if len(pair) == 2:
            first, second = pair.values()
            ways = [(first, second), (second, first)]
            moves = [
                courses.Move(visit.pk, visit.version, courses.Slot(to.starts_at, to.practitioner, to.room))
                for visit, to in ways
            ]
            self.keep(*courses.move_visits(moves=moves, by=self.by, at=NOW))

    def cancel(self, number):
        if visit := self.nth(number):
            args = {"appointment_id": visit.pk, "version": visit.version, "by": self.by, "at": NOW}
            self.keep(services.cancel_appointment(reason="ill", **args))

    def arrive(self, number):
        if visit := self.nth(number):
            args = {"appointment_id": visit.pk, "version": visit.version, "by": self.by, "at": NOW}
            self.keep(services.mark_arrived(**args))

    def hours(self, person, leave):
        day = date(2027, 3, 1)
        args = {"practitioner": self.people[person], "by": self.by, "at": NOW}
        if leave:
            hours.add_exception(first_day=day, last_day=day, hours=[(time(9), time(10))], **args)
        else:
            hours.set_working_hours(hours=[(0, time(9), time(13))], **args)


def state_of(visit) -> tuple:
    return (visit.starts_at, visit.ends_at, visit.practitioner_id, visit.room_id, visit.patient_id, visit.status)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_nothing_overlaps_and_nothing_is_lost(clinic_row, madrid, steps):
    with transaction.atomic():
        diary = Diary()
        for name, *arguments in steps:
            try:
                with transaction.atomic():
                    getattr(diary, name)(*arguments)
            except Refused:
                pass
            found = {visit.pk: state_of(visit) for visit in Appointment.objects.all()}
            assert found == diary.visits, f"after {name}"
            assert_nothing_overlaps()
        for visit in Appointment.objects.all():
            assert AppointmentChange.objects.filter(appointment=visit).count() == visit.version
        transaction.set_rollback(True)


def test_the_histories_see_an_overlap(clinic_row, madrid, monkeypatch):
    """The control: without the check and the database's guard the same steps end in two visits at one time."""
    from clinic.core import guards

    guards.remove()
    monkeypatch.setattr(services.rules, "check_free", lambda **place: None)
    diary = Diary()
    diary.book((0, 0, 0), 0, False)
    diary.book((1, 0, 0), 1, False)
    with pytest.raises(AssertionError):
        assert_nothing_overlaps()
    assert set(Appointment.objects.values_list("status", flat=True)) == {VisitStatus.BOOKED}
