import json
import os
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from patients.registry import importing, lists, services, sheets
from patients.registry.enums import ImportStatus, Sex
from patients.registry.models import Patient, PatientImport
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db

HEADER = "Vorname;Nachname;Geburtsdatum;Telefon;E-Mail;Notiz\n"
ANA = "Ana;García López;1985-04-17;+34612345678;ana@mail.example;Mañanas\n"
ZOE = "Zoë;Müller;03.04.1990;;;\n"
LUCA = "Łukasz;Żółć;1970-01-31;+48512345678;;\n"


@pytest.fixture
def sent(monkeypatch):
    """What the worker is asked to do, instead of asking it."""
    sent = []
    monkeypatch.setattr(services.queue, "send_task", lambda name, args: sent.append((name.rsplit(".", 1)[1], *args)))
    return sent


@pytest.fixture
def work(sent, django_capture_on_commit_callbacks):
    """work(function, ...): calls it and then does what the worker would do."""

    def run(function, **arguments):
        with django_capture_on_commit_callbacks(execute=True):
            function(**arguments)
        while sent:
            name, *args = sent.pop()
            getattr(importing, name)(*args)

    return run


@pytest.fixture
def checked(front_desk, clinic_row, work):
    """checked(content): the upload after its check."""

    def upload(content, *, mapping=None, day_order=""):
        content = content if isinstance(content, bytes) else content.encode()
        kept = services.keep_upload(content=content, file_name="list.csv", by=front_desk)
        work(
            services.start_check, import_id=kept.pk, by=front_desk, mapping=mapping or kept.mapping, day_order=day_order
        )
        kept.refresh_from_db()
        return kept

    return upload


@pytest.fixture
def imported(checked, work):
    def upload(content, **options):
        kept = checked(content, **options)
        assert kept.status == ImportStatus.CHECKED, kept.errors
        work(services.start_import, import_id=kept.pk, by=kept.created_by)
        kept.refresh_from_db()
        return kept

    return upload


def people():
    return sorted(Patient.objects.values_list("family_name", "given_name", "birth_date", "phone", "email", "desk_note"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_every_encoding_and_delimiter_gives_the_same_people(imported, encoding, delimiter, ending):
    text = (HEADER + ANA + ZOE).replace(";", delimiter).replace("\n", ending)
    kept = imported(text.encode(encoding))
    assert (kept.status, kept.added, kept.known, kept.total) == (ImportStatus.DONE, 2, 0, 2)
    assert people() == [
        ("García López", "Ana", date(1985, 4, 17), "+34612345678", "ana@mail.example", "Mañanas"),
        ("Müller", "Zoë", date(1990, 4, 3), "", "", ""),
    ]


def test_imported_people_are_found_and_traced(imported, front_desk):
    kept = imported(HEADER + LUCA)
    patient = Patient.objects.get()
    assert (patient.search_key, patient.phone_digits, patient.created_by) == ("zolc lukasz", "48512345678", front_desk)
    assert AuditEvent.objects.filter(action=Action.IMPORT, subject_id=str(kept.pk)).count() == 1
    assert (bytes(kept.content), bytes(kept.rows)) == (b"", b"")


def test_the_same_list_again_adds_nobody(imported):
    imported(HEADER + ANA + ZOE)
    again = imported(HEADER + ZOE + ANA + ANA + LUCA)
    assert (again.added, again.known) == (1, 3)
    assert Patient.objects.count() == 3


def test_a_line_is_known_even_after_the_patient_was_changed(imported, front_desk):
    imported(HEADER + ANA)
    patient = Patient.objects.get()
    details = {"given_name": "Anna", "family_name": "Lopez", "birth_date": date(1985, 4, 18), "phone": ""}
    services.update_patient(patient_id=patient.pk, version=1, by=front_desk, **details)
    assert imported(HEADER + ANA).added == 0


@pytest.mark.parametrize(
    ("registered", "added"),
    [
        ({}, 0),
        ({"email": ""}, 0),
        ({"phone": "", "phone_digits": ""}, 0),
        ({"phone": "+34699111222", "email": ""}, 1),
        ({"birth_date": date(1985, 4, 18)}, 1),
        ({"search_key": "garcia eva"}, 1),
    ],
)
def test_who_was_registered_by_hand_is_known(imported, registered, added):
    known = {"search_key": "garcia lopez ana", "phone": "+34612345678", "email": "ANA@mail.example", "channel": ""}
    PatientFactory(**(known | {"birth_date": date(1985, 4, 17)} | registered))
    assert imported(HEADER + ANA).added == added


def test_who_has_no_contact_is_known_by_name_and_birth_date(imported):
    PatientFactory(search_key="muller zoe", birth_date=date(1990, 4, 3))
    assert imported(HEADER + ZOE).added == 0


BAD_FILES = {
    "empty": (b"", "empty"),
    "only spaces": (b" \r\n \n", "empty"),
    "a spreadsheet": (b"PK\x03\x04....", "not a CSV"),
    "an old spreadsheet": (b"\xd0\xcf\x11\xe0....", "not a CSV"),
    "a PDF": (b"%PDF-1.7", "not a CSV"),
    "NUL": (b"Name;Geburtsdatum\nA\0na;1985-04-17\n", "NUL"),
    "two encodings": ("Name;Geburtsdatum\nGarcía;1\n".encode() + "Müller;2\n".encode("cp1252"), "cannot be read"),
    "no letters at all": (b"\x81\x8d\x8f;\x90", "cannot be read"),
    "half a pair": (b"\xff\xfe" + b"a\x00;\x00b\x00\n\x00" + b"\x00\xd8a\x00", "cannot be read"),
    "one column": (b"Name\nAna\n", "No columns"),
    "the same column twice": (b"Nachname;Nachname\nA;B\n", "same name: Nachname"),
    "a quotation mark that never ends": (b'"Nachname;Geburtsdatum\nA;B\n', "do not match"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_file_that_cannot_be_read_is_refused_at_once(client_of, front_desk, clinic_row, name):
    content, message = BAD_FILES[name]
    file = SimpleUploadedFile("list.csv", content)
    page = client_of(front_desk).post(reverse("registry:imports"), {"file": file})
    assert page.status_code == 200
    assert message in page.text
    assert not PatientImport.objects.exists()


BAD_LINES = {
    "no name": (";;1985-04-17;;;", "Nachname", "missing"),
    "no date": ("Ana;Ruiz;;;;", "Geburtsdatum", "missing"),
    "a date that could be two": ("Ana;Ruiz;03/04/1990;;;", "Geburtsdatum", "two dates"),
    "a year of two digits": ("Ana;Ruiz;17.4.85;;;", "Geburtsdatum", "four digits"),
    "a spreadsheet's day number": ("Ana;Ruiz;31154;;;", "Geburtsdatum", "Not a full date"),
    "no such day": ("Ana;Ruiz;31.02.1985;;;", "Geburtsdatum", "no such day"),
    "the future": ("Ana;Ruiz;2999-01-01;;;", "Geburtsdatum", "future"),
    "too old": ("Ana;Ruiz;1850-01-01;;;", "Geburtsdatum", "120 years"),
    "a shortened number": ("Ana;Ruiz;1985-04-17;3.46E+10;;", "Telefon", "shortened"),
    "a shortened number with a comma": ("Ana;Ruiz;1985-04-17;3,46E+10;;", "Telefon", "shortened"),
    "no telephone": ("Ana;Ruiz;1985-04-17;12;;", "Telefon", "not a telephone"),
    "no address": ("Ana;Ruiz;1985-04-17;;ana;", "E-Mail", "not an e-mail"),
    "a long name": (f"Ana;{'x' * 101};1985-04-17;;;", "Nachname", "Longer than 100"),
    "too many cells": ("Ana;Ruiz;1985-04-17;;;;more", "", "more cells"),
    "an open quotation mark": ('Ana;"Ruiz;1985-04-17;;;', "", "do not match"),
}


@pytest.mark.parametrize("name", BAD_LINES)
def test_one_wrong_line_and_nobody_is_imported(checked, name):
    line, column, message = BAD_LINES[name]
    kept = checked(f"{HEADER}{ANA}\n{line}\n")
    assert kept.status == ImportStatus.REFUSED
    (error,) = kept.errors
    assert (error["line"], error["column"]) == (4, column)
    assert message in error["message"]
    assert "Ruiz" not in json.dumps(kept.errors)
    with pytest.raises(Conflict):
        services.start_import(import_id=kept.pk, by=kept.created_by)
    assert not Patient.objects.exists()


def test_errors_are_counted_and_the_first_ones_kept(checked):
    kept = checked(HEADER + "A;B;x;y;z;\n" * 300)
    assert (kept.error_count, len(kept.errors), kept.total) == (900, importing.MOST_ERRORS, 300)


@pytest.mark.parametrize(("order", "born"), [("dmy", date(1990, 4, 3)), ("mdy", date(1990, 3, 4))])
def test_ambiguous_dates_are_read_as_was_said(imported, order, born):
    imported(HEADER + "Ana;Ruiz;03/04/1990;;;\n", day_order=order)
    assert Patient.objects.get().birth_date == born


@pytest.mark.parametrize(
    "text", ["17/04/1990", "04/17/1990", "4/4/1990", "1990-4-3", "1990-04-03 00:00:00", "03.04.1990"]
)
def test_plain_dates_need_no_answer(text):
    assert lists.read_date(text, "").year == 1990


def test_a_date_against_the_order_that_was_said_is_an_error():
    with pytest.raises(ValueError):
        lists.read_date("04/17/1990", "dmy")


def test_cells_that_hide_formulas_breaks_and_quotes(imported):
    imported(HEADER + '\'=1+1;"O\'Brien ""Bob""; X\r\nY";1985-04-17;\'+34612345678;;\'-\n')
    assert people() == [('O\'Brien "Bob"; X Y', "=1+1", date(1985, 4, 17), "+34612345678", "", "-")]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["M", "F"], [Sex.MALE, Sex.FEMALE]),
        (["M", "W"], [Sex.MALE, Sex.FEMALE]),
        (["H", "M"], [Sex.MALE, Sex.FEMALE]),
        (["männlich", ""], [Sex.MALE, Sex.UNKNOWN]),
    ],
)
def test_m_is_a_man_beside_f_and_a_woman_beside_h(imported, words, meant):
    imported("apellidos,fecha de nacimiento,sexo\n" + "".join(f"P{i},1985-04-17,{w}\n" for i, w in enumerate(words)))
    assert list(Patient.objects.order_by("family_name").values_list("sex", flat=True)) == meant


def test_m_alone_is_not_guessed(checked):
    assert checked("apellidos,nacimiento,sexo\nRuiz,1985-04-17,M\n").status == ImportStatus.REFUSED


def test_consent_needs_a_way_to_write(imported, checked):
    header = "surname,dob,email,phone,reminders\n"
    imported(header + "A,1985-04-17,a@mail.example,,yes\nB,1985-04-17,,+34612345678,Sí\nC,1985-04-17,,,no\n")
    assert list(Patient.objects.order_by("family_name").values_list("channel", "may_message")) == [
        ("email", True),
        ("sms", True),
        ("", False),
    ]
    assert checked(header + "D,1985-04-17,,,yes\n").status == ImportStatus.REFUSED


@pytest.mark.parametrize(
    "header",
    ["First name,Last name,Date of birth,Phone", "Nombre,Apellidos,Fecha de nacimiento,Teléfono"]
    + ["Prénom,Nom,Date de naissance,Portable", "Vorname,Nachname,Geburtsdatum,Handy"],
)
def test_columns_are_guessed_in_four_languages(header):
    found = lists.guess_mapping(header.split(","))
    assert found == {"given_name": 0, "family_name": 1, "birth_date": 2, "phone": 3}


def test_two_columns_that_could_be_the_telephone_are_not_guessed():
    assert "phone" not in lists.guess_mapping(["Telefon", "Mobile"])


def test_work_that_was_started_again_finishes_once(checked, sent, django_capture_on_commit_callbacks):
    kept = checked(HEADER + ANA)
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            services.start_import(import_id=kept.pk, by=kept.created_by)
    assert sent == [("run_import", kept.pk, 2), ("run_import", kept.pk, 3)]
    importing.run_import(kept.pk, 2)
    assert not Patient.objects.exists()
    for _ in range(2):
        importing.run_import(kept.pk, 3)
    assert Patient.objects.count() == 1


def test_killed_half_way_nothing_is_imported_and_it_starts_again(checked, work, monkeypatch):
    kept = checked(HEADER + "".join(f"P;N{i};1985-04-17;;;\n" for i in range(importing.BATCH + 5)))
    calls, insert = [], importing._insert

    def killed(rows):
        calls.append(rows)
        if len(calls) == 2:
            raise SystemExit
        return insert(rows)

    with monkeypatch.context() as patch:
        patch.setattr(importing, "_insert", killed)
        with pytest.raises(SystemExit):
            work(services.start_import, import_id=kept.pk, by=kept.created_by)
    kept.refresh_from_db()
    assert (kept.status, Patient.objects.count()) == (ImportStatus.IMPORTING, 0)
    work(services.start_import, import_id=kept.pk, by=kept.created_by)
    assert Patient.objects.count() == importing.BATCH + 5


def test_the_same_people_from_two_lists_at_once(checked, work, monkeypatch):
    first, second = checked(HEADER + ANA), checked(HEADER + ANA + LUCA)
    work(services.start_import, import_id=first.pk, by=first.created_by)
    known, answers = importing.queries.known_people, [[False, False]]
    monkeypatch.setattr(importing.queries, "known_people", lambda rows: answers.pop() if answers else known(rows))
    work(services.start_import, import_id=second.pk, by=second.created_by)
    second.refresh_from_db()
    assert (second.status, second.added, second.known) == (ImportStatus.DONE, 1, 1)
    assert Patient.objects.count() == 2


def test_a_queue_that_is_away_does_not_break_the_page(
    client_of, front_desk, clinic_row, monkeypatch, settings, checked
):
    kept = checked(HEADER + ANA)

    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(services.queue, "send_task", away)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services.transaction, "on_commit", lambda function: function())
        page = client_of(front_desk).post(reverse("registry:import_start", args=[kept.pk]), follow=True)
    assert page.status_code == 200
    kept.refresh_from_db()
    assert kept.status == ImportStatus.IMPORTING
    PatientImport.objects.update(touched_at="2026-01-01T00:00:00Z")
    assert "Start again" in client_of(front_desk).get(reverse("registry:import", args=[kept.pk])).text


def test_from_upload_to_result(client_of, front_desk, clinic_row, sent, django_capture_on_commit_callbacks):
    client = client_of(front_desk)

    def post(name, args=(), data=None):
        with django_capture_on_commit_callbacks(execute=True):
            page = client.post(reverse(f"registry:{name}", args=args), data or {}, follow=True)
        assert page.status_code == 200
        return page.text

    page = post("imports", data={"file": SimpleUploadedFile("../<b>.csv", (HEADER + ANA).encode())})
    kept = PatientImport.objects.get()
    assert "García López" in page and "Match the columns" in page
    mapping = {"given_name": 0, "family_name": 1, "birth_date": 2, "phone": 3}
    assert "Choose the column" in post("import_columns", [kept.pk], mapping | {"birth_date": ""})
    assert "chosen twice" in post("import_columns", [kept.pk], mapping | {"given_name": 1})
    assert "valid choice" in post("import_columns", [kept.pk], mapping | {"given_name": 99})
    assert "being checked" in post("import_columns", [kept.pk], mapping)
    importing.check_import(*sent.pop()[1:])
    progress = client.get(reverse("registry:import_progress", args=[kept.pk]), headers={"HX-Request": "true"}).text
    assert "Import 1 patient" in progress and "hx-trigger" not in progress and "<html" not in progress
    assert "being imported" in post("import_start", [kept.pk])
    importing.run_import(*sent.pop()[1:])
    assert "1 patient is imported" in client.get(reverse("registry:import", args=[kept.pk])).text
    assert "another state" in post("import_start", [kept.pk])
    assert client.get(reverse("registry:import_columns", args=[kept.pk])).status_code == 302
    assert "was imported on" in post("imports", data={"file": SimpleUploadedFile("b.csv", (HEADER + ANA).encode())})


def test_a_file_of_more_than_twenty_megabytes_is_refused(client_of, front_desk, clinic_row, monkeypatch):
    monkeypatch.setattr(sheets, "LARGEST_BYTES", 10)
    page = client_of(front_desk).post(
        reverse("registry:imports"), {"file": SimpleUploadedFile("a.csv", b"a;b\n1;2222222")}
    )
    assert "larger than 20 MB" in page.text


def test_practitioners_import_nothing(client_of, practitioner, clinic_row):
    assert client_of(practitioner).get(reverse("registry:imports")).status_code == 403


@pytest.mark.slow
def test_a_long_list(imported):
    """5,000 lines; NAPPAGE_LONG_LIST=100000 for a whole clinic's."""
    lines = int(os.environ.get("NAPPAGE_LONG_LIST", "5000"))
    rows = (f"Given {i};Family {i};{1940 + i % 60}-04-17;+346{i:08d};p{i}@mail.example;\n" for i in range(lines))
    kept = imported(HEADER + "".join(rows))
    assert (kept.added, Patient.objects.count()) == (lines, lines)


def test_an_unreadable_list_is_refused_by_the_service_too(front_desk):
    with pytest.raises(Refused):
        services.keep_upload(content=b"", file_name="", by=front_desk)


def test_no_two_patients_share_an_import_key():
    PatientFactory(import_key="a" * 64)
    with pytest.raises(IntegrityError):
        PatientFactory(import_key="a" * 64)
