"""Administrators keep the vocabulary: adding, editing, retiring; never so that it contradicts itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.history.models import Allergen, Condition, Medicine
from patients.history.queries import find_medicine
from tests.factories.patients import AllergenFactory

pytestmark = pytest.mark.django_db
WARFARIN = {
    "name": "warfarin",
    "group": "anticoagulant",
    "otc": "no",
    "bleeding_risk": "on",
    "never_auto_stop": "on",
    "brands": "Coumadin\nMarevan",
}
KELOID = {"name": "Keloid", "code": "KEL", "question": "Do you form raised scars?", "effect": "reason"}


@pytest.fixture
def office(client_of, administrator, clinic_row, vocabulary):
    return client_of(administrator)


@pytest.fixture
def edit(office, word):
    def send(kind, key, values):
        return office.post(reverse("history:edit_word", args=[kind, word(key).pk]), values)

    return send


@pytest.mark.parametrize("kind", ["allergens", "conditions", "medicines"])
def test_each_list_shows_its_words(office, kind):
    response = office.get(reverse("history:words", args=[kind]))
    assert response.status_code == 200
    assert response.text.count("<tr>") > 25
    assert office.get(reverse("history:add_word", args=[kind])).status_code == 200


def test_the_vocabulary_opens_on_the_conditions(office):
    assert office.get(reverse("history:vocabulary")).url == reverse("history:words", args=["conditions"])


def test_editing_a_condition(edit, trail, word):
    assert edit("conditions", "keloid", KELOID).status_code == 302
    row = Condition.objects.get(key="keloid")
    assert (row.name, row.effect) == ("Keloid", "reason")
    assert trail(row) == [("change", ["effect", "name", "question"])]


def test_saving_without_a_change_leaves_no_line(office, edit, trail, word):
    edit("conditions", "keloid", KELOID)
    edit("conditions", "keloid", KELOID)
    assert len(trail(word("keloid"))) == 1


@pytest.mark.parametrize(
    ("kind", "key", "values", "message"),
    [
        ("medicines", "warfarin", WARFARIN | {"stop_days": "5"}, "has no days to stop it"),
        ("medicines", "warfarin", WARFARIN | {"never_auto_stop": ""}, "No message may tell"),
        ("medicines", "warfarin", WARFARIN | {"never_auto_stop": "", "stop_days": "5"}, "No message may tell"),
        ("medicines", "warfarin", WARFARIN | {"stop_days": "-1"}, "greater than or equal to 1"),
        ("medicines", "warfarin", WARFARIN | {"name": " "}, "required"),
        ("medicines", "warfarin", WARFARIN | {"brands": "x" * 81}, "At most 60 lines"),
        ("medicines", "warfarin", WARFARIN | {"group": "poison"}, "Select a valid choice"),
        ("conditions", "keloid", KELOID | {"wait_days": "7"}, "Days to wait belong"),
        ("conditions", "keloid", KELOID | {"wait_days": "99999"}, "less than or equal to 730"),
        ("conditions", "keloid", KELOID | {"name": "x" * 121}, "at most 120"),
        ("conditions", "keloid", KELOID | {"name": "prégnancy"}, "already one of this name"),
    ],
)
def test_contradictions_are_refused_and_nothing_changes(edit, trail, word, kind, key, values, message):
    response = edit(kind, key, values)
    assert response.status_code == 200
    assert message in response.text
    assert trail(word(key)) == []


def test_a_word_of_the_clinics_own_is_found(office, trail):
    values = {"name": "Schmerz-Ex", "group": "nsaid", "otc": "yes", "brands": "Aua\n\nAua\n", "stop_days": "7"}
    assert office.post(reverse("history:add_word", args=["medicines"]), values).status_code == 302
    row = Medicine.objects.get(key="schmerz_ex")
    assert (row.brands, row.never_auto_stop) == (["Aua"], False)
    assert find_medicine("aua")[0].row == row
    assert trail(row)[0][0] == "create"


@pytest.mark.parametrize("name", ["Soy", "soy!", "☃"])
def test_a_name_that_makes_no_new_key_is_refused(office, name):
    before = Allergen.objects.count()
    response = office.post(reverse("history:add_word", args=["allergens"]), {"name": name, "kind": "substance"})
    assert response.status_code == 200
    assert Allergen.objects.count() == before


def test_retiring_and_offering_again(office, trail, word):
    retire, restore = (
        reverse(f"history:{name}_word", args=["medicines", word("ibuprofen").pk]) for name in ("retire", "restore")
    )
    assert office.get(retire).status_code == 200
    assert "required" in office.post(retire, {"reason": ""}).text
    assert office.post(retire, {"reason": "not used here"}).status_code == 302
    assert find_medicine("ibuprofen")[0].row.key != "ibuprofen"
    assert "changed this meanwhile" in office.post(retire, {"reason": "again"}).text
    assert "retired" in office.get(reverse("history:words", args=["medicines"])).text
    assert office.post(restore).status_code == 302
    assert find_medicine("ibuprofen")[0].row.key == "ibuprofen"
    assert [action for action, _ in trail(word("ibuprofen"))] == ["retire", "change"]


@pytest.mark.parametrize("key", ["pregnancy", "under_18", "anticoagulant"])
def test_what_the_warnings_need_cannot_be_retired(office, word, key):
    response = office.post(reverse("history:retire_word", args=["conditions", word(key).pk]), {"reason": "no"})
    assert "The warnings need this one" in response.text
    assert word(key).retired_at is None


def test_no_such_word(office):
    assert office.get("/history/vocabulary/poisons/").status_code == 404
    assert office.get(reverse("history:edit_word", args=["allergens", 999999])).status_code == 404


@pytest.mark.parametrize("role", ["practitioner", "front_desk"])
def test_others_do_not_edit_the_vocabulary(client_of, request, clinic_row, vocabulary, word, role):
    client = client_of(request.getfixturevalue(role))
    row = word("soy").pk
    addresses = [
        reverse("history:vocabulary"),
        reverse("history:words", args=["allergens"]),
        reverse("history:add_word", args=["allergens"]),
        *(reverse(f"history:{name}_word", args=["allergens", row]) for name in ("edit", "retire", "restore")),
    ]
    assert {client.post(address).status_code for address in addresses} == {403}


def test_the_list_costs_the_same_with_thirty_more(office):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            office.get(reverse("history:words", args=["allergens"]))
        return len(queries)

    cost()
    few = cost()
    AllergenFactory.create_batch(30)
    assert cost() == few
