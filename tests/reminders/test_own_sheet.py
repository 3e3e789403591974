"""What the page on how to prepare says of medicines to a patient whose list we know."""

from datetime import date

import pytest

from clinic.core import guards
from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.reminders.conftest import NOW
from treatments.links.care import preparation
from treatments.reminders.models import MedicineDecision
from treatments.reminders.services import plan_reminders

pytestmark = pytest.mark.django_db


def said(visit) -> str:
    return " ".join(preparation(visit, NOW).points)


def takes(visit, name: str, **fields):
    source = fields.pop("source", "self_bought")
    return PatientMedicineFactory(patient=visit.patient, medicine=MedicineFactory(name=name, **fields), source=source)


def blood_thinner(visit, name: str):
    return takes(visit, name, source="prescribed", group="anticoagulant", never_auto_stop=True, stop_days=None)


def test_without_a_list_the_general_words(visit):
    assert "no aspirin, ibuprofen" in said(visit) and "If it thins the blood, ring us." in said(visit)
    assert "No alcohol" in said(visit)


def test_what_they_bought_by_its_name_and_day(visit):
    takes(visit, "naproxen", stop_days=7)
    assert "naproxen, which you bought yourself: none from Tuesday 9 March" in said(visit)
    assert "naproxen or similar" not in said(visit) and "If it thins" not in said(visit)
    assert "No alcohol" in said(visit), "the other points stay"


def test_a_prescribed_one_is_kept_whatever_is_bought_besides(visit):
    blood_thinner(visit, "warfarin")
    takes(visit, "naproxen", stop_days=7)
    assert "Keep taking all your medicines as before" in said(visit) and "We talk with you" in said(visit)
    assert not any(words in said(visit) for words in ("naproxen", "stop", "If it thins"))


def test_what_the_practitioner_decided(visit, practitioner):
    for name in ("warfarin", "clopidogrel"):
        blood_thinner(visit, name)
    plan_reminders(at=NOW)
    decided = {"decided_by": practitioner, "decided_at": NOW}
    rows = MedicineDecision.objects.all()
    guards.remove_triggers()  # a decision is replaced and never changed; here each is looked at in turn
    rows.update(decision="continue", **decided)
    assert "Keep taking all your medicines" in said(visit) and "We talk with you" not in said(visit)
    agreed = {"prescriber": "Dr Vega", "pause_from": date(2027, 3, 9), "pause_until": date(2027, 3, 16)}
    rows.filter(medicine__medicine__name="clopidogrel").update(decision="prescriber_agreed", **agreed)
    shown = said(visit)
    assert "clopidogrel: do exactly as your doctor told you. (Dr Vega, Tuesday 9 March – Tuesday 16 March)" in shown
    assert "Keep taking all your other medicines" in shown and "stop" not in shown and "warfarin" not in shown
    rows.update(decision="postpone")
    assert "Keep taking all your medicines" in said(visit)
