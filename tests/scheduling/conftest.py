"""A small clinic whose calendar is open every day from 8 to 20, and ways to book in it."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from uuid import uuid4

import pytest

from tests.factories.patients import PatientFactory
from tests.factories.people import FrontDeskFactory, PractitionerFactory
from tests.factories.treatments import RoomFactory, VisitTypeFactory, WorkingHoursFactory
from treatments.scheduling import services
from treatments.scheduling.enums import VisitKind

NOW = datetime(2027, 3, 1, 6, 0, tzinfo=UTC)  # a Monday, 7:00 in Madrid
NINE = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # 9:00 in Madrid


@dataclass
class Calendar:
    """Who and what there is, and `book` with defaults for everything."""

    practitioner: object
    room: object
    patient: object
    desk: object
    consultation: object
    session: object

    def book(self, **changes):
        wanted = {
            "patient": self.patient,
            "practitioner": self.practitioner,
            "visit_type": self.consultation,
            "room": self.room,
            "starts_at": NINE,
            "submission": uuid4(),
            "by": self.desk,
            "at": NOW,
        }
        return services.book_appointment(**wanted | changes)


def work_always(practitioner, starts=time(8), ends=time(20)):
    for weekday in range(7):
        WorkingHoursFactory(practitioner=practitioner, weekday=weekday, starts=starts, ends=ends)
    return practitioner


def build_calendar() -> Calendar:
    return Calendar(
        practitioner=work_always(PractitionerFactory(full_name="Dr Ana Ruiz")),
        room=RoomFactory(name="Blue room"),
        patient=PatientFactory(),
        desk=FrontDeskFactory(full_name="Marta Gil"),
        consultation=VisitTypeFactory(name="Consultation", kind=VisitKind.CONSULTATION),
        session=VisitTypeFactory(name="Session", kind=VisitKind.SESSION, consultation_within_days=180),
    )


@pytest.fixture
def calendar(clinic_row, madrid) -> Calendar:
    return build_calendar()


@pytest.fixture
def racing_calendar(transactional_db, madrid) -> Calendar:
    """The same, committed, so that threads with connections of their own see it."""
    from clinic.staff.models import ClinicProfile

    ClinicProfile.objects.create(pk=1, name="Aurora", phone="+34 910 000 000", time_zone="Europe/Madrid")
    return build_calendar()
