"""The demo clinic is whole, stands once, and its people are nobody outside a demo."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from clinic.core import guards
from clinic.staff.models import User
from patients.registry.models import Patient
from treatments.charting.models import TreatmentSession
from treatments.demo.people import PASSWORD, STAFF
from treatments.recall.models import RecallEntry
from treatments.reminders.models import Reminder
from treatments.scheduling.models import Appointment, Course, HoursException, WaitingEntry

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def said_by(command, *arguments):
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def counts():
    return [model.objects.count() for model in (User, Patient, Appointment, TreatmentSession, Reminder)]


def test_the_demo_clinic_is_whole_and_stands_once(settings):
    settings.DEMO = True
    first, built = said_by("demo"), counts()
    assert all(email in first for email, *_rest in STAFF.values()) and PASSWORD in first
    assert all(built)
    assert WaitingEntry.objects.exists() and Course.objects.exists() and HoursException.objects.exists()
    assert RecallEntry.objects.exclude(status="to_call").exists(), "a recall that somebody works on"
    assert said_by("demo") == first and counts() == built
    assert "is what was signed" in said_by("verify_sessions")
    assert "whole" in said_by("verify_audit")
    guards.remove_triggers()
    TreatmentSession.objects.filter(status="signed").update(note="Something else.")
    guards.install()
    with pytest.raises(CommandError, match=r"session \d+"):
        call_command("verify_sessions")


def test_demo_people_are_nobody_outside_a_demo(settings, clinic_row):
    settings.DEMO = True
    call_command("demo", stdout=io.StringIO())
    marta = {"login": "marta@aurora.example", "password": PASSWORD}
    client = Client()
    assert client.post("/account/login/", marta).status_code == 302
    assert client.get("/patients/").status_code == 200
    settings.DEMO = False
    assert client.get("/patients/").status_code == 302
    client.post("/account/login/", marta)
    assert client.get("/patients/").status_code == 302


def test_the_demo_is_refused_where_it_is_not_allowed(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="known password"):
        call_command("demo")


def test_the_first_administrator_chooses_a_password(settings):
    address = said_by("add_administrator", "Eva@clinic.example", "Eva Sanz").strip()
    path = address.removeprefix(settings.BASE_URL)
    client = Client()
    form = client.get(path, follow=True)
    new = {"password1": "a rather long new passphrase", "password2": "a rather long new passphrase"}
    client.post(form.request["PATH_INFO"], new)
    signed_in = client.post("/account/login/", {"login": "eva@clinic.example", "password": new["password1"]})
    assert signed_in.status_code == 302
    assert client.get("/clinic/people/").status_code == 200
    with pytest.raises(CommandError, match="already here"):
        call_command("add_administrator", "eva@clinic.example", "Eva Sanz")
