import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.text import clean
from patients.registry import numbers, rules
from patients.registry.models import Patient
from patients.registry.services import register_patient, take_numbers, update_patient
from tests.factories.patients import PatientFactory
from tests.factories.people import FrontDeskFactory

pytestmark = pytest.mark.django_db


def typed(**changes):
    return {
        "given_name": "Ana",
        "family_name": "García",
        "birth_date": "1985-04-17",
        "sex": "female",
        "phone": "+34 612 345 678",
        "email": "ana@mail.example",
        "channel": "email",
        "may_message": "on",
        "language": "es",
        "desk_note": "",
        "submission": str(uuid4()),
    } | changes


@pytest.fixture
def desk(client_of, front_desk, clinic_row):
    return client_of(front_desk)


def test_a_patient_is_registered(desk, front_desk):
    page = desk.post(reverse("registry:register"), typed(), follow=True)
    patient = Patient.objects.get()
    assert page.redirect_chain[-1][0] == reverse("registry:details_tab", args=[patient.pk])
    assert (patient.search_key, patient.phone, patient.phone_digits) == ("garcia ana", "+34612345678", "34612345678")
    assert numbers.is_valid(patient.number)
    assert patient.created_by == front_desk
    assert AuditEvent.objects.filter(action=Action.CREATE, patient_id=patient.pk).count() == 1


def test_the_clinics_country_is_meant_when_none_is_typed(desk, clinic_row):
    clinic_row.country = "ES"
    clinic_row.save()
    desk.post(reverse("registry:register"), typed(phone="612345678"))
    assert Patient.objects.get().phone == "+34612345678"


def test_a_form_sent_twice_registers_one_patient(desk):
    data = typed()
    first, second = (desk.post(reverse("registry:register"), data) for _ in range(2))
    assert first.url == second.url
    assert Patient.objects.count() == 1
    assert AuditEvent.objects.filter(action=Action.CREATE).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_forms_sent_at_the_same_moment_register_one_patient_each():
    by, submissions, numbers_given, barrier = FrontDeskFactory(), [uuid4() for _ in range(3)], [], threading.Barrier(6)

    def send(submission):
        barrier.wait()
        details = {"family_name": submission.hex, "birth_date": date(1980, 1, 1)}
        numbers_given.append(register_patient(by=by, submission=submission, is_new=True, **details).number)
        connection.close()

    threads = [threading.Thread(target=send, args=[submission]) for submission in submissions * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers_given) == 6
    assert Patient.objects.count() == len(set(numbers_given)) == 3


def test_no_number_is_given_twice():
    assert len({*take_numbers(30), *take_numbers(30)}) == 60


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"family_name": "  "}, "required"),
        ({"family_name": "\u200b"}, "required"),
        ({"family_name": "x" * 101}, "at most 100"),
        ({"birth_date": "17/04/1985"}, "valid date"),
        ({"birth_date": "1880-01-01"}, "120 years"),
        ({"birth_date": "0001-01-01"}, "120 years"),
        ({"birth_date": "9999-12-31"}, "future"),
        ({"birth_date": ""}, "required"),
        ({"phone": "12"}, "not a telephone number"),
        ({"phone": "612345678 or 699111222"}, "one telephone number"),
        ({"phone": "", "channel": "sms"}, "Write the telephone"),
        ({"email": "", "channel": "email"}, "Write the address"),
        ({"email": "a@b\r\nBcc: c@d.example"}, "valid email"),
        ({"channel": ""}, "Choose how"),
        ({"channel": "pigeon"}, "valid choice"),
        ({"sex": "?"}, "valid choice"),
        ({"submission": "not one"}, "UUID"),
    ],
)
def test_wrong_input_is_told_and_kept(desk, changes, message):
    page = desk.post(reverse("registry:register"), typed(desk_note="Likes mornings") | changes)
    assert page.status_code == 200
    assert message in page.text
    assert "Likes mornings" in page.text
    assert not Patient.objects.exists()


def test_birth_date_limits(monkeypatch):
    today = date(2028, 2, 29)
    monkeypatch.setattr(clock, "today", lambda: today)
    for born in (today, date(1908, 2, 29), date(2000, 2, 29)):
        rules.check_birth_date(born)
    for born in (today + timedelta(days=1), date(1908, 2, 28)):
        with pytest.raises(Refused):
            rules.check_birth_date(born)


WEIRD = [
    "X",
    "O'Brien",
    "D’Angelo",
    "Nuñez-Ó",
    "محمد العربي",
    "שרה",
    "王小明",
    "Nguye\u0302\u0303n",
    "👩🏽‍👩🏽‍👧",
    "abc\u202edef",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "${7*7}",
    "%s%n",
    "' OR 1=1--",
    '"; DROP TABLE registry_patient',
    "=HYPERLINK(1)",
    "null",
    "None",
    "true",
    "undefined",
    "0",
    "é" * 100,
]


@pytest.mark.parametrize("name", WEIRD)
def test_weird_names_are_stored_as_typed_shown_escaped_and_found(desk, name):
    desk.post(reverse("registry:register"), typed(given_name="", family_name=name))
    patient = Patient.objects.get()
    assert patient.family_name == clean(name)
    page = desk.get(reverse("registry:details_tab", args=[patient.pk]))
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    found = desk.post(reverse("registry:patients"), {"q": name[:100]})
    assert found.status_code == 302


def test_a_line_break_in_a_name_becomes_a_space(desk):
    desk.post(reverse("registry:register"), typed(family_name="Gar\r\ncía\tLópez"))
    assert Patient.objects.get().family_name == "Gar cía López"


# Whom the rule takes for the same person: (what is typed, strong, weak)
ANA = {"given_name": "Ana", "family_name": "García", "birth_date": date(1985, 4, 17), "phone": "+34612345678"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [True]),
        ({"given_name": "Anna"}, [True]),
        ({"given_name": "García", "family_name": "Ana"}, [True]),
        ({"family_name": "García López"}, [True]),
        ({"birth_date": date(1985, 4, 18)}, [True]),
        ({"phone": "+34699111222"}, [True]),
        ({"phone": ""}, [True]),
        ({"phone": "", "birth_date": date(1985, 4, 18), "email": "ANA@mail.example"}, [True]),
        ({"phone": "", "birth_date": date(1985, 4, 18)}, []),
        ({"given_name": "Pedro"}, [True]),
        ({"given_name": "Pedro", "phone": ""}, []),
        ({"given_name": "Pedro", "birth_date": date(2001, 1, 1)}, [False]),
        ({"given_name": "Pedro", "phone": "", "email": "ana@mail.example"}, [True]),
        ({"given_name": "Pedro", "phone": "", "email": "ana@mail.example", "birth_date": date(2001, 1, 1)}, []),
        ({"given_name": "", "family_name": ""}, [True]),
        ({"given_name": "", "family_name": "", "birth_date": None}, [False]),
        ({"given_name": "", "family_name": "", "phone": "", "birth_date": None}, []),
    ],
)
def test_who_may_be_the_same_person(changes, expected):
    PatientFactory(**ANA, email="ana@mail.example")
    PatientFactory(given_name="Somebody", family_name="Else")
    assert [duplicate.strong for duplicate in rules.duplicates(**(ANA | changes))] == expected


def test_a_strong_look_alike_must_be_answered(desk):
    known = PatientFactory(**ANA)
    data = typed(phone="")
    page = desk.post(reverse("registry:register"), data | {"phone": ""})
    assert reverse("registry:patient", args=[known.pk]) in page.text
    assert 'name="is_new"' in page.text
    assert Patient.objects.count() == 1
    desk.post(reverse("registry:register"), data | {"is_new": "on"})
    assert Patient.objects.count() == 2


def test_a_shared_telephone_is_only_a_note(desk):
    PatientFactory(**ANA)
    data = typed(given_name="Pedro", birth_date="2010-01-01")
    page = desk.post(reverse("registry:look_alikes"), data)
    assert "same telephone" in page.text
    assert 'name="is_new"' not in page.text
    assert desk.post(reverse("registry:register"), data).status_code == 302


def test_look_alikes_of_a_form_that_is_half_typed(desk):
    PatientFactory(**ANA)
    page = desk.post(
        reverse("registry:look_alikes"), {"family_name": "Garcia", "birth_date": "1985-04-17", "phone": "6"}
    )
    assert "similar name" in page.text
    assert desk.post(reverse("registry:look_alikes"), {}).status_code == 200


def test_as_many_queries_for_many_look_alikes(desk, django_assert_max_num_queries):
    for _ in range(30):
        PatientFactory(**ANA)
    with django_assert_max_num_queries(8):
        desk.post(reverse("registry:look_alikes"), typed())


def test_a_change_is_saved_with_the_names_of_what_changed(desk):
    patient = PatientFactory(**ANA)
    desk.post(reverse("registry:edit", args=[patient.pk]), typed(version=1, family_name="Ruiz", email=patient.email))
    patient.refresh_from_db()
    assert (patient.family_name, patient.search_key, patient.version) == ("Ruiz", "ruiz ana", 2)
    event = AuditEvent.objects.get(action=Action.CHANGE)
    assert event.fields == ["family_name", "language", "sex"]


def test_saving_without_a_change_writes_nothing(front_desk):
    patient = PatientFactory(**ANA)
    update_patient(patient_id=patient.pk, version=1, by=front_desk, **ANA)
    assert not AuditEvent.objects.exists()
    assert Patient.objects.get().version == 1


def test_two_people_do_not_overwrite_each_other(front_desk):
    patient = PatientFactory(**ANA)
    update_patient(patient_id=patient.pk, version=1, by=front_desk, **(ANA | {"given_name": "Eva"}))
    with pytest.raises(Conflict):
        update_patient(patient_id=patient.pk, version=1, by=front_desk, **(ANA | {"given_name": "Lea"}))
    assert Patient.objects.get().given_name == "Eva"


def test_who_was_slower_sees_both_and_decides(desk):
    patient = PatientFactory(**ANA)
    address = reverse("registry:edit", args=[patient.pk])
    desk.post(address, typed(version=1, given_name="Eva"))
    page = desk.post(address, typed(version=1, given_name="Lea", desk_note="Mornings"))
    assert "Marta Gil changed this patient" in page.text
    assert "Eva" in page.text and 'value="Lea"' in page.text and 'value="Mornings"' in page.text
    assert Patient.objects.get().given_name == "Eva"
    desk.post(address, typed(version=2, given_name="Lea"))
    assert Patient.objects.get().given_name == "Lea"


def test_who_was_slower_does_not_read_who_wrote_in_the_record(desk, practitioner):
    patient = PatientFactory(**ANA)
    address = reverse("registry:edit", args=[patient.pk])
    desk.post(address, typed(version=1, given_name="Eva"))
    record(by=practitioner, action="change", subject="charting.SessionDraft", patient_id=patient.pk)
    page = desk.post(address, typed(version=1, given_name="Lea"))
    assert "Marta Gil changed this patient" in page.text
    assert practitioner.full_name not in page.text


@pytest.mark.parametrize("version", ["", "0", "x", "99999999999999999999"])
def test_a_forged_version_is_refused(desk, version):
    patient = PatientFactory(**ANA)
    page = desk.post(reverse("registry:edit", args=[patient.pk]), typed(version=version, given_name="Eva"))
    assert page.status_code == 200
    assert Patient.objects.get().given_name == "Ana"


def test_fields_that_are_not_on_the_form_are_left_alone(desk):
    patient = PatientFactory(**ANA)
    forged = {"number": "1", "created_by": "1", "search_key": "x", "import_key": "x"}
    desk.post(reverse("registry:edit", args=[patient.pk]), typed(version=1, **forged))
    after = Patient.objects.get()
    assert (after.number, after.search_key, after.import_key) == (patient.number, "garcia ana", None)
