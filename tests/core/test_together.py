"""Rows of several models in one question are the rows that the ORM reads, value for value, on both engines."""

import pytest

from clinic.core.together import rows_together
from clinic.staff.models import ClinicProfile, RoleAssignment, User
from clinic.staff.permissions import Role
from patients.registry.models import Patient
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory

pytestmark = pytest.mark.django_db
PARTS = (
    (User, "staff_user.id = %(user)s"),
    (RoleAssignment, "staff_roleassignment.user_id = staff_user.id"),
    (Patient, "registry_patient.id = %(patient)s"),
    (ClinicProfile, "staff_clinicprofile.id = 1"),
)


def values(row) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_each_row_is_as_the_orm_reads_it(clinic_row, django_assert_num_queries):
    person, patient = PractitionerFactory(), PatientFactory(phone="+34 600 000 000")
    RoleAssignment.objects.create(user=person, role=Role.ADMINISTRATOR.value)
    with django_assert_num_queries(1):
        rows = rows_together(*PARTS, user=person.pk, patient=patient.pk)
    assert {role.role for _user, role, _patient, _clinic in rows} == {"practitioner", "administrator"}
    for row in rows[0]:
        assert values(row) == values(type(row).objects.get(pk=row.pk))
        assert not row._state.adding


def test_what_is_not_there_is_none(clinic_row):
    ((user, role, patient, clinic),) = rows_together(*PARTS, user=0, patient=0)
    assert (user, role, patient) == (None, None, None)
    assert clinic.name


def test_a_value_is_never_sql(clinic_row):
    ((patient,),) = rows_together((Patient, "registry_patient.number = %(number)s"), number="' OR 1=1 --")
    assert patient is None
