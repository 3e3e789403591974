import unicodedata
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from patients.registry.names import search_key
from patients.registry.queries import SHOWN, find_patients, similar_patients
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db

PEOPLE = [
    ("José", "García López"),
    ("Łukasz", "Żółć"),
    ("Jürgen", "Straße"),
    ("Siobhán", "O'Brien"),
    ("Anne-Marie", "D’Angelo"),
    ("Nguyễn", "Thị Hồng"),
    ("محمد", "العربي"),
    ("伟", "王"),
    ("", "Madonna"),
]


@pytest.fixture
def people():
    for given, family in PEOPLE:
        PatientFactory(given_name=given, family_name=family, search_key=search_key(given, family))


def found(typed):
    return [patient.full_name for patient in find_patients(typed)[0]]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("garcia", "José García López"),
        ("JOSE GARCIA", "José García López"),
        ("garcía josé", "José García López"),
        ("arc lop", "José García López"),
        ("lukasz", "Łukasz Żółć"),
        ("zolc", "Łukasz Żółć"),
        ("strasse", "Jürgen Straße"),
        ("straße", "Jürgen Straße"),
        ("o'brien", "Siobhán O'Brien"),
        ("O’Brien", "Siobhán O'Brien"),
        ("brien", "Siobhán O'Brien"),
        ("anne marie", "Anne-Marie D’Angelo"),
        ("d'angelo", "Anne-Marie D’Angelo"),
        ("nguyen", "Nguyễn Thị Hồng"),
        (unicodedata.normalize("NFD", "Nguyễn"), "Nguyễn Thị Hồng"),
        ("محمد", "محمد العربي"),
        ("王伟", "伟 王"),
        ("王", "伟 王"),
        ("王 伟", "伟 王"),
        ("madonna", "Madonna"),
    ],
)
def test_any_part_of_a_name_finds_it(people, typed, name):
    assert name in found(typed)


@pytest.mark.parametrize("typed", ["%", "_", "\\", "%%", "' OR 1=1--", "garcia pedro", "🙂", "\u202e", "." * 100])
def test_signs_are_only_signs(people, typed):
    assert found(typed) == []


@pytest.mark.parametrize(
    "typed",
    ["612", "612345678", "+34 612 34 56 78", "0034 612 345 678", "0612", "456 78", "1985-04-17", "17.4.1985"]
    + ["17/04/1985", "04/17/1985", "10000", "1000008", "garcia 612", "garcia 17/4/1985"],
)
def test_telephone_birth_date_and_number(typed):
    PatientFactory(
        given_name="Ana",
        family_name="García",
        search_key="garcia ana",
        phone="+34612345678",
        birth_date=date(1985, 4, 17),
        number="1000008",
    )
    assert found(typed) == ["Ana García"]


@pytest.mark.parametrize("typed", ["613", "1985-04-18", "2000", "garcia 699"])
def test_every_word_must_be_found(typed):
    PatientFactory(family_name="García", search_key="garcia ana", phone="+34612345678", number="1000008")
    assert found(typed) == []


def test_names_that_begin_so_come_first():
    for given, family in [("Ana", "Delmar"), ("Marta", "Gil"), ("Luis", "Martín"), ("Eva", "Marín")]:
        PatientFactory(given_name=given, family_name=family, search_key=search_key(given, family))
    assert found("mar") == ["Eva Marín", "Luis Martín", "Marta Gil", "Ana Delmar"]


def test_more_than_fit_is_said():
    for _ in range(SHOWN + 2):
        PatientFactory(search_key="garcia ana")
    rows, more = find_patients("garcia")
    assert (len(rows), more) == (SHOWN, True)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("gonzales", "María González"),
        ("maria gonzales", "María González"),
        ("gonzalez mraia", "María González"),
        ("smyth", "John Smith"),
        ("jhon smith", "John Smith"),
        ("obrien", "Siobhán O'Brien"),
        ("fernadez", "Luis Fernández"),
    ],
)
def test_mistyped_names_are_proposed(typed, name):
    for given, family in [("María", "González"), ("John", "Smith"), ("Siobhán", "O'Brien"), ("Luis", "Fernández")]:
        PatientFactory(given_name=given, family_name=family, search_key=search_key(given, family))
    assert find_patients(typed)[0] == []
    assert [patient.full_name for patient in similar_patients(typed)] == [name]


@pytest.mark.parametrize("typed", ["qqqqq", "612345", "1985-04-17", "x", ""])
def test_nothing_is_proposed_for_something_else(people, typed):
    assert similar_patients(typed) == []


@pytest.mark.parametrize("htmx", [True, False])
def test_a_search_is_recorded_without_its_words(client_of, front_desk, clinic_row, people, htmx):
    headers = {"HX-Request": "true"} if htmx else {}
    page = client_of(front_desk).post(reverse("registry:patients"), {"q": "an"}, headers=headers)
    assert "D’Angelo" in page.text
    assert ("<html" in page.text) is not htmx
    (event,) = AuditEvent.objects.filter(action=Action.SEARCH)
    assert len(event.fields[0]) == 16


def test_the_only_one_found_is_opened_at_once(client_of, front_desk, clinic_row, people):
    page = client_of(front_desk).post(reverse("registry:patients"), {"q": "madonna"}, follow=True)
    assert page.redirect_chain[-1][0].endswith("/details/")


def test_what_was_typed_stays_in_the_box(client_of, front_desk, clinic_row):
    page = client_of(front_desk).post(reverse("registry:patients"), {"q": 'Zoë "<b>"'})
    assert 'value="Zoë &quot;&lt;b&gt;&quot;"' in page.text


def test_a_search_of_ten_thousand_letters_is_refused(client_of, front_desk, clinic_row):
    page = client_of(front_desk).post(reverse("registry:patients"), {"q": "a" * 10_000})
    assert page.status_code == 200
    assert "too long" in page.text


@pytest.mark.parametrize("data", [None, {"q": "garcia"}])
def test_as_many_queries_for_thirty_as_for_two(client_of, front_desk, clinic_row, data):
    client, counts = client_of(front_desk), []
    for rows in (2, 28):
        for _ in range(rows):
            PatientFactory(search_key="garcia ana")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            address = reverse("registry:patients")
            assert (client.post(address, data) if data else client.get(address)).status_code == 200
        counts.append(len([q for q in queries if "registry_patient" in q["sql"]]))
    assert counts[1] <= counts[0] <= 3
