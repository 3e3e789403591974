from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.patients import LONG_AGO, PatientFactory
from tests.factories.treatments import AppointmentFactory, VisitTypeFactory

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # a Monday, 09:00 in Madrid
VISIT = datetime(2027, 3, 16, 9, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Madrid


@pytest.fixture
def messages(clinic_row):
    """The texts that a clinic begins with, and of its rules the one of a week before in use."""
    from treatments.reminders.models import ReminderRule
    from treatments.reminders.services import load_default_rules_and_texts

    load_default_rules_and_texts(at=LONG_AGO)
    ReminderRule.objects.exclude(key="nsaid_week").update(active=False)


@pytest.fixture
def rule(messages):
    from treatments.reminders.models import ReminderRule

    return ReminderRule.objects.get(key="nsaid_week")


@pytest.fixture
def visit(rule):
    return AppointmentFactory(starts_at=VISIT)


@pytest.fixture
def many_visits(rule, practitioner):
    """many_visits(n): so many visits of so many patients, one after the other."""

    def make(count, *, first=VISIT, step=timedelta(minutes=30), **patient):
        from patients.registry.models import Patient
        from treatments.scheduling.models import Appointment

        visit_type = VisitTypeFactory()
        patients = Patient.objects.bulk_create(PatientFactory.build_batch(count, **patient))
        visits = [
            AppointmentFactory.build(
                patient=one,
                practitioner=practitioner,
                booked_by=practitioner,
                visit_type=visit_type,
                starts_at=first + number * step,
            )
            for number, one in enumerate(patients)
        ]
        return Appointment.objects.bulk_create(visits)

    return make
