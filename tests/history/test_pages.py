"""The history's pages: what is shown, what is asked, and to whom."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from patients.history import services
from patients.history.enums import Topic
from patients.history.models import NoneKnown, PatientAllergy, PatientCondition, PatientMedicine, PregnancyAnswer
from tests.factories.patients import PatientFactory

pytestmark = pytest.mark.django_db
HTML = "<script>alert('x')</script>"


@pytest.fixture
def desk(client_of, practitioner):
    return client_of(practitioner)


@pytest.fixture
def post(desk, patient):
    """post("record_allergy", told="soy"): sends a form about the patient."""

    def send(name, *args, **values):
        return desk.post(reverse(f"history:{name}", args=[patient.pk, *args]), values)

    return send


def page(desk, patient):
    return desk.get(reverse("history:tab", args=[patient.pk]))


def test_the_fragment_shows_what_is_known_and_what_was_not_asked(desk, patient, practitioner, word):
    services.record_allergy(patient=patient, by=practitioner, allergen=word("soy"), severity=3)
    services.record_none_known(patient=patient, by=practitioner, topic=Topic.MEDICINES)
    response = desk.get(reverse("history:warnings", args=[patient.pk]))
    assert "Allergy: Soy (severe)" in response.text
    assert "Not asked: conditions, pregnancy" in response.text
    assert "None known: medicines" in response.text
    assert "<html" not in response.text


def test_each_look_leaves_a_line_in_the_trail(desk, patient):
    page(desk, patient)
    desk.get(reverse("history:warnings", args=[patient.pk]))
    lines = AuditEvent.objects.filter(patient_id=patient.pk, action="view").order_by("pk")
    assert [line.fields for line in lines] == [["history:tab"], ["history:warnings"]]


def test_a_new_patient_is_asked_about_everything(desk, patient):
    text = page(desk, patient).text
    assert text.count("Not asked</span>") == 4
    assert "Not asked: allergies, conditions, medicines, pregnancy" in text


def test_four_taps_answer_everything(desk, patient, post):
    for topic in Topic:
        response = post("none_known", topic)
        assert response.url == f"{reverse('history:tab', args=[patient.pk])}#{topic}"
    assert post("record_pregnancy", state="no").status_code == 302
    text = page(desk, patient).text
    assert "Not asked" not in text
    assert text.count("None known on") == 3
    assert "Before a treatment" not in text


def test_none_known_while_something_is_listed_is_refused_with_words(desk, patient, post):
    post("record_allergy", told="soy", severity="3")
    response = desk.post(reverse("history:none_known", args=[patient.pk, "allergies"]), follow=True)
    assert "Something is on the list" in response.text
    assert not NoneKnown.objects.exists()


def test_an_exact_word_needs_no_choosing(post):
    assert post("record_allergy", told="Lecithin", severity="3", reaction="hives").status_code == 302
    row = PatientAllergy.objects.get()
    assert (row.allergen.key, row.as_told, row.severity, row.reaction) == ("soy", "Lecithin", 3, "hives")


def test_a_word_for_two_things_is_asked_about(post, word):
    response = post("record_allergy", told="skin antiseptic", severity="0")
    assert "Choose what it is" in response.text and "Chlorhexidine" in response.text and "Iodine" in response.text
    assert not PatientAllergy.objects.exists()
    post("record_allergy", told="skin antiseptic", severity="0", choice=f"allergen:{word('iodine').pk}")
    assert PatientAllergy.objects.get().allergen.key == "iodine"


def test_a_medicine_by_its_brand(desk, patient, post):
    assert post("record_medicine", told="nurofen", source="self_bought", dose="400 mg").status_code == 302
    row = PatientMedicine.objects.get()
    assert (row.medicine.key, row.as_told, row.source, row.dose) == ("ibuprofen", "nurofen", "self_bought", "400 mg")
    assert "ibuprofen" in page(desk, patient).text


def test_an_ambiguous_product_asks_its_question(post, word):
    response = post("record_medicine", told="anadin", source="self_bought")
    assert "Which Anadin is it?" in response.text and "Choose what it is" in response.text
    assert 'value="anadin"' in response.text
    assert not PatientMedicine.objects.exists()
    answer = f"product:{word('anadin').pk}:{word('paracetamol').pk}"
    assert post("record_medicine", told="anadin", source="self_bought", choice=answer).status_code == 302
    row = PatientMedicine.objects.get()
    assert (row.product.key, row.medicine.key) == ("anadin", "paracetamol")


def test_an_ambiguous_product_may_stay_open(post, word):
    post("record_medicine", told="anadin", source="self_bought", choice=f"product:{word('anadin').pk}")
    row = PatientMedicine.objects.get()
    assert (row.product.key, row.medicine) == ("anadin", None)


@pytest.mark.parametrize(("told", "choice"), [("blod thinner", ""), ("nurofen", "told")])
def test_words_may_be_kept_as_told(desk, patient, post, told, choice):
    assert post("record_medicine", told=told, source="unknown", choice=choice).status_code == 302
    row = PatientMedicine.objects.get()
    assert (row.medicine, row.product, row.as_told) == (None, None, told)
    assert "not matched" in page(desk, patient).text


@pytest.mark.parametrize("choice", ["medicine:999999999", "product:x", "allergen:1", "'; --", "9" * 60])
def test_a_choice_that_was_not_offered_counts_for_nothing(post, choice):
    response = post("record_medicine", told="aspirin ibuprofen", source="unknown", choice=choice)
    assert response.status_code == 200
    assert not PatientMedicine.objects.exists()


@pytest.mark.parametrize("said", ["nuro", "anadin", "blod thinner", "", HTML, "x" * 5000])
def test_the_lookup_answers_anything_with_a_fragment(desk, patient, said):
    response = desk.post(reverse("history:find_medicine"), {"told": said})
    assert response.status_code == 200 and "<html" not in response.text and "<script>" not in response.text


def test_the_lookup_marks_the_sure_answer(desk, patient, word):
    response = desk.post(reverse("history:find_medicine"), {"told": "Nurofen"})
    assert f'value="medicine:{word("ibuprofen").pk}" checked' in response.text
    response = desk.post(reverse("history:find_medicine"), {"told": "anadin"})
    assert "checked" not in response.text
    response = desk.post(reverse("history:find_allergen"), {"told": "lecithin"})
    assert f'value="allergen:{word("soy").pk}" checked' in response.text


TOMORROW = (clock.now() + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("record_allergy", {"told": "", "severity": "0"}, "allergy_told"),
        ("record_allergy", {"told": "   ", "severity": "0"}, "allergy_told"),
        ("record_allergy", {"told": "x" * 121, "severity": "0"}, "allergy_told"),
        ("record_allergy", {"told": "soy", "severity": "9"}, "allergy_severity"),
        ("record_allergy", {"told": "soy", "severity": "1", "reaction": "x" * 201}, "allergy_reaction"),
        ("record_medicine", {"told": "nurofen"}, "medicine_source"),
        ("record_medicine", {"told": "nurofen", "source": "stolen"}, "medicine_source"),
        ("record_medicine", {"told": "nurofen", "source": "unknown", "since": TOMORROW}, "medicine_since"),
        ("record_medicine", {"told": "nurofen", "source": "unknown", "since": "31/12/2020"}, "medicine_since"),
        ("record_medicine", {"told": "nurofen", "source": "unknown", "dose": "x" * 121}, "medicine_dose"),
        ("record_condition", {"condition": ""}, "condition_condition"),
        ("record_condition", {"condition": "999999"}, "condition_condition"),
        ("record_condition", {"condition": "epilepsy", "since": TOMORROW}, "condition_since"),
        ("record_condition", {"condition": "epilepsy", "note": "x" * 301}, "condition_note"),
        ("record_pregnancy", {"state": "not_asked"}, "pregnancy_state"),
        ("record_pregnancy", {}, "pregnancy_state"),
    ],
)
def test_bad_input_is_answered_beside_its_field_and_stores_nothing(post, word, name, values, field):
    if values.get("condition") == "epilepsy":
        values = values | {"condition": word("epilepsy").pk}
    response = post(name, **values)
    assert response.status_code == 200
    assert f'href="#{field}"' in response.text
    for model in (PatientAllergy, PatientMedicine, PatientCondition, PregnancyAnswer):
        assert not model.objects.exists()


def test_what_was_typed_is_kept(post):
    response = post("record_medicine", told="nurofen", dose="one now and then", purpose="headache")
    for kept in ("nurofen", "one now and then", "headache"):
        assert f'value="{kept}"' in response.text


def test_a_nul_byte_is_refused(post):
    assert post("record_allergy", told="so\0y", severity="0").status_code == 400
    assert not PatientAllergy.objects.exists()


def test_html_is_shown_as_it_was_typed(desk, patient, post):
    post("record_allergy", told=HTML, severity="1", reaction=HTML)
    post("record_medicine", told=HTML, source="unknown", dose=HTML, purpose=HTML)
    for response in (page(desk, patient), desk.get(reverse("history:warnings", args=[patient.pk]))):
        assert "<script>alert" not in response.text
        assert "&lt;script&gt;alert" in response.text


def test_a_condition_with_its_days(desk, patient, post, word):
    assert post("record_condition", condition=word("keloid").pk, since="2010-01-01", note="chest").status_code == 302
    assert "Raised or keloid scars" in page(desk, patient).text


def test_what_other_cards_ask_is_not_offered_as_a_condition(desk, patient, word):
    text = page(desk, patient).text
    assert f'<option value="{word("epilepsy").pk}"' in text
    for key in ("pregnancy", "breast_feeding", "under_18", "over_75", "medicines", "allergies"):
        assert f'<option value="{word(key).pk}"' not in text


def test_stopping_and_ending(desk, patient, post, practitioner, word):
    medicine = services.record_medicine(patient=patient, by=practitioner, source="unknown", medicine=word("aspirin"))
    condition = services.record_condition(patient=patient, by=practitioner, condition=word("herpes"))
    today = clock.today().isoformat()
    for name, row in (("stop_medicine", medicine), ("end_condition", condition)):
        assert desk.get(reverse(f"history:{name}", args=[patient.pk, row.pk])).status_code == 200
        assert "still to come" in post(name, row.pk, day=TOMORROW).text
        assert "Enter a valid date" in post(name, row.pk, day="soon").text
        assert post(name, row.pk, day=today).status_code == 302
        assert "changed this meanwhile" in post(name, row.pk, day=today).text
    assert page(desk, patient).text.count("Nothing current: ask again") == 2


@pytest.mark.parametrize("kind", ["allergies", "conditions", "medicines", "none_known", "pregnancy"])
def test_taking_back(desk, patient, post, practitioner, word, kind):
    about = {"patient": patient, "by": practitioner}
    row = {
        "allergies": lambda: services.record_allergy(allergen=word("soy"), **about),
        "conditions": lambda: services.record_condition(condition=word("herpes"), **about),
        "medicines": lambda: services.record_medicine(medicine=word("aspirin"), source="unknown", **about),
        "none_known": lambda: services.record_none_known(topic="allergies", **about),
        "pregnancy": lambda: services.record_pregnancy(state="no", **about),
    }[kind]()
    assert desk.get(reverse("history:void", args=[patient.pk, kind, row.pk])).status_code == 200
    assert "required" in post("void", kind, row.pk, reason="  ").text
    assert post("void", kind, row.pk, reason="wrong patient").status_code == 302
    assert "already taken this back" in post("void", kind, row.pk, reason="again").text
    if kind in Topic.values:
        assert "wrong patient" in page(desk, patient).text


def test_a_row_of_another_patient_is_no_such_page(desk, post, practitioner, word):
    other = PatientFactory()
    row = services.record_medicine(patient=other, by=practitioner, source="unknown", medicine=word("aspirin"))
    assert post("void", "medicines", row.pk, reason="x").status_code == 404
    assert post("stop_medicine", row.pk, day="2026-01-01").status_code == 404
    assert post("void", "wrong-kind", row.pk, reason="x").status_code == 404
    assert desk.get("/history/999999/").status_code == 404


def test_coming_back_to_the_address_of_a_form_shows_the_card(desk, patient):
    for name in ("record_allergy", "record_condition", "record_medicine", "record_pregnancy"):
        assert desk.get(reverse(f"history:{name}", args=[patient.pk])).status_code == 302
    assert desk.get(reverse("history:none_known", args=[patient.pk, "allergies"])).status_code == 302
    assert not NoneKnown.objects.exists()


@pytest.mark.parametrize("role", ["front_desk", "administrator"])
def test_only_clinicians_see_a_history(client_of, patient, request, role):
    client = client_of(request.getfixturevalue(role))
    for name in ("tab", "warnings", "record_allergy", "record_condition", "record_medicine", "record_pregnancy"):
        address = reverse(f"history:{name}", args=[patient.pk])
        assert client.get(address).status_code == client.post(address).status_code == 403, name
    for address in (
        reverse("history:none_known", args=[patient.pk, "allergies"]),
        reverse("history:void", args=[patient.pk, "allergies", 1]),
        reverse("history:stop_medicine", args=[patient.pk, 1]),
        reverse("history:end_condition", args=[patient.pk, 1]),
        reverse("history:find_medicine"),
        reverse("history:find_allergen"),
    ):
        assert client.post(address).status_code == 403, address
    assert not NoneKnown.objects.exists()


def test_the_page_costs_the_same_however_long_the_history(desk, patient, practitioner, word):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert page(desk, patient).status_code == 200
        return len(queries)

    def fill(numbers):
        for number in numbers:
            row = services.record_allergy(patient=patient, by=practitioner, as_told=f"thing {number}")
            services.record_allergy(patient=patient, by=practitioner, as_told=f"other {number}")
            services.void_row(row=row, reason="test", by=practitioner)
            services.record_medicine(patient=patient, by=practitioner, source="unknown", as_told=f"pill {number}")

    services.record_medicine(patient=patient, by=practitioner, source="unknown", product=word("nuromol"))
    services.record_condition(patient=patient, by=practitioner, condition=word("fever"))
    fill(range(1))
    page(desk, patient)
    few = cost()
    fill(range(1, 30))
    assert cost() == few
