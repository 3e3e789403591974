"""The clinic's own pages: people, roles, permissions, the clinic, one's account."""

import re
from datetime import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from clinic.staff import services
from clinic.staff.models import ClinicProfile, User
from clinic.staff.permissions import ROLES, Permission, Role
from tests.factories.people import AdministratorFactory, PractitionerFactory, UserFactory
from tests.staff.conftest import is_signed_in

NEW = {"full_name": "Eva Sanz", "email": "Eva@clinic.example", "qualification": "RN", "roles": ["practitioner"]}


def test_somebody_new_gets_a_link_and_chooses_a_password(administrator, confirmed, try_password):
    client = confirmed(administrator)
    added = client.post(reverse("staff:add_person"), NEW)
    eva = User.objects.get(email="eva@clinic.example")
    assert added["Location"] == reverse("staff:password_link", args=[eva.pk])
    assert eva.role_names == {"practitioner"}
    assert not eva.has_usable_password()
    link = re.search(r"http://testserver(/\S+?)<", client.post(added["Location"]).content.decode())[1]
    evas = Client()
    form = evas.get(link)["Location"]
    own = "a passphrase of her own"
    evas.post(form, {"password1": own, "password2": own})
    assert is_signed_in(try_password("eva@clinic.example", own)[0])
    again = client.post(reverse("staff:password_link", args=[eva.pk]))
    assert again.status_code == 302, "whoever has signed in keeps their account to themselves"


def test_an_address_is_taken_once_whatever_its_case(administrator, confirmed):
    UserFactory(email="eva@clinic.example")
    page = confirmed(administrator).post(reverse("staff:add_person"), NEW).content.decode()
    assert "already here" in page
    assert "Eva Sanz" in page
    assert not User.objects.filter(full_name="Eva Sanz").exists()


def test_an_address_that_no_column_holds_is_refused(administrator, confirmed):
    page = confirmed(administrator).post(reverse("staff:add_person"), NEW | {"email": "a" * 250 + "@clinic.example"})
    assert "email" in page.context["form"].errors
    assert not User.objects.filter(full_name="Eva Sanz").exists()


def test_roles_are_given_and_taken_and_recorded(administrator, practitioner):
    services.set_roles(user=practitioner, roles=["front_desk", "administrator"], by=administrator)
    assert User.objects.get(pk=practitioner.pk).role_names == {"front_desk", "administrator"}
    events = AuditEvent.objects.filter(subject_id=str(practitioner.pk)).values_list("action", "fields", "actor_id")
    assert sorted((action, *fields, by) for action, fields, by in events) == [
        (Action.GRANT, "administrator", administrator.pk),
        (Action.GRANT, "front_desk", administrator.pk),
        (Action.REVOKE, "practitioner", administrator.pk),
    ]


def test_nobody_changes_their_own_rights(administrator):
    for act in (
        lambda: services.grant_role(user=administrator, role=Role.PRACTITIONER, by=administrator),
        lambda: services.revoke_role(user=administrator, role=Role.ADMINISTRATOR, by=administrator),
        lambda: services.deactivate_person(user=administrator, by=administrator),
    ):
        with pytest.raises(Refused, match="own rights"):
            act()
    assert administrator.role_assignments.get().role == Role.ADMINISTRATOR


def test_the_form_of_ones_own_roles_says_so(administrator, confirmed):
    client = confirmed(administrator)
    page = client.post(reverse("staff:roles", args=[administrator.pk]), {"roles": ["administrator", "practitioner"]})
    assert "own rights" in page.content.decode()


@pytest.mark.parametrize(
    "act", [services.deactivate_person, lambda **k: services.revoke_role(role="administrator", **k)]
)
def test_the_clinic_always_has_an_administrator(administrator, practitioner, act):
    with pytest.raises(Refused, match="at least one administrator"):
        act(user=administrator, by=practitioner)
    assert User.objects.with_role(Role.ADMINISTRATOR).get() == administrator
    other = AdministratorFactory()
    act(user=User.objects.get(pk=administrator.pk), by=other)
    assert User.objects.with_role(Role.ADMINISTRATOR).get() == other


def test_a_closed_account_opens_again(administrator, practitioner, confirmed, client_of):
    theirs = client_of(practitioner)
    client = confirmed(administrator)
    client.post(reverse("staff:deactivate", args=[practitioner.pk]))
    assert not is_signed_in(theirs)
    client.post(reverse("staff:reactivate", args=[practitioner.pk]))
    assert User.objects.get(pk=practitioner.pk).is_active


def test_people_cost_the_same_for_one_and_for_thirty(administrator, client_of):
    client = client_of(administrator)

    def queries():
        with CaptureQueriesContext(connection) as counted:
            assert client.get(reverse("staff:people")).status_code == 200
        return len(counted)

    client.get(reverse("staff:people"))
    few = queries()
    PractitionerFactory.create_batch(30)
    assert queries() == few


def test_the_permissions_page_is_what_the_code_obeys(administrator, client_of):
    page = client_of(administrator).get(reverse("staff:permissions"))
    shown = {
        (permission, name): has
        for permission, held in page.context["rows"]
        for name, (_label, has) in zip(ROLES, held, strict=True)
    }
    for role in Role:
        person = UserFactory(roles=[role])
        for permission in Permission:
            assert person.may(permission) is shown[permission, role]
            assert str(permission.label) in page.content.decode().replace("&#x27;", "'")


def test_every_permission_belongs_to_somebody_and_clinical_ones_never_to_the_desk():
    clinical = {
        "view_history",
        "edit_history",
        "view_charts",
        "chart_sessions",
        "read_message_texts",
        "decide_medicines",
    }
    for role in (Role.FRONT_DESK, Role.ADMINISTRATOR):
        assert not ROLES[role]["permissions"] & clinical
    assert set(Permission) == set().union(*(texts["permissions"] for texts in ROLES.values()))


CLINIC = {
    "name": "Clínica Luz",
    "address": "Gran Vía 2",
    "phone": "+34 910 111 222",
    "email": "hola@luz.example",
    "time_zone": "Atlantic/Canary",
    "language": "es",
    "country": "ES",
    "emergency_number": "112",
    "quiet_from": "22:00",
    "quiet_until": "08:30",
}


def test_the_clinic_changes_its_details(administrator, client_of):
    client = client_of(administrator)
    assert client.post(reverse("staff:clinic"), CLINIC)["Location"] == reverse("staff:clinic")
    clinic = ClinicProfile.objects.get()
    assert {name: getattr(clinic, name) for name in CLINIC} == CLINIC | {
        "quiet_from": time(22),
        "quiet_until": time(8, 30),
    }
    event = AuditEvent.objects.get(subject_type="staff.ClinicProfile")
    assert set(event.fields) <= set(CLINIC)
    assert 'lang="es"' in client.get(reverse("staff:clinic")).content.decode()


def test_saving_what_was_there_records_nothing(administrator, clinic_row):
    services.update_clinic(by=administrator, name=clinic_row.name)
    assert not AuditEvent.objects.filter(subject_type="staff.ClinicProfile").exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "\u200b\u202e"),
        ("name", "x" * 61),
        ("phone", "call us"),
        ("phone", "0" * 21),
        ("time_zone", "Europe/Atlantis"),
        ("time_zone", "../../etc/passwd"),
        ("language", "xx"),
        ("country", "Spain"),
        ("email", "a@b\r\nBcc: c@d.example"),
        ("email", "a" * 250 + "@clinic.example"),
        ("emergency_number", "help"),
        ("quiet_until", ""),
        ("quiet_until", "22:00"),
    ],
)
def test_wrong_details_are_shown_again_and_nothing_is_stored(administrator, client_of, clinic_row, field, value):
    response = client_of(administrator).post(reverse("staff:clinic"), CLINIC | {field: value})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert ClinicProfile.objects.get().name == clinic_row.name
    assert "Gran Vía 2" in response.content.decode()


def test_ones_own_name_and_language(practitioner, client_of):
    client = client_of(practitioner)
    client.post(reverse("staff:me"), {"full_name": "Dr Ana\nRuiz Pérez", "language": "de"})
    person = User.objects.get(pk=practitioner.pk)
    assert (person.full_name, person.language) == ("Dr Ana Ruiz Pérez", "de")
    assert 'lang="de"' in client.get(reverse("staff:me")).content.decode()


def test_no_form_takes_more_than_it_shows(administrator, practitioner, client_of, confirmed):
    extra = {"is_active": "", "password": "x", "is_demo": "on", "email": "evil@x.example", "roles": ["administrator"]}
    client_of(practitioner).post(reverse("staff:me"), {"full_name": "Ana", "language": ""} | extra)
    confirmed(administrator).post(
        reverse("staff:person", args=[practitioner.pk]),
        {"full_name": "Ana", "qualification": "", "colour": "#0f6b6b"} | extra,
    )
    person = User.objects.get(pk=practitioner.pk)
    assert (person.full_name, person.is_active, person.is_demo, person.email) == (
        "Ana",
        True,
        False,
        practitioner.email,
    )
    assert person.role_names == {"practitioner"}
    assert person.password == practitioner.password
