"""Editing what messages say: versions, what others may see, and the meter beside the words."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import MedicineFactory, PatientFactory, PatientMedicineFactory
from tests.factories.people import UserFactory
from tests.factories.treatments import AppointmentFactory
from tests.reminders.conftest import NOW, VISIT
from treatments.reminders import clinical_words, queries, readability, texts
from treatments.reminders.models import MessageText, Reminder, TextVersion
from treatments.reminders.services import (
    deliver_reminder,
    edit_message_text,
    load_default_rules_and_texts,
    plan_reminders,
    restore_text_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def email(messages):
    return MessageText.objects.get(kind="stop_self_bought", language="en", channel="email")


@pytest.fixture
def sms(messages):
    return MessageText.objects.get(kind="stop_self_bought", language="en", channel="sms")


class TestVersions:
    def test_each_change_is_kept_and_an_old_one_can_be_said_again(self, email, administrator):
        first = email.body
        edit_message_text(text=email, version=1, subject="{clinic}", body="Second", by=administrator)
        restore_text_version(old=queries.text_version(email.pk, 1), version=2, by=administrator)
        email.refresh_from_db()
        assert (email.version, email.body) == (3, first)
        kept = [(row.version, row.body, row.saved_by) for row in queries.versions_of(email)]
        assert kept == [(3, first, administrator), (2, "Second", administrator), (1, first, None)]

    def test_who_saw_an_older_one_overwrites_nothing(self, email, administrator):
        edit_message_text(text=email, version=1, subject="{clinic}", body="Second", by=administrator)
        with pytest.raises(Conflict):
            edit_message_text(text=email, version=1, subject="{clinic}", body="Third", by=administrator)
        with pytest.raises(Conflict):
            restore_text_version(old=queries.text_version(email.pk, 1), version=1, by=administrator)
        email.refresh_from_db()
        assert (email.version, email.body, email.versions.count()) == (2, "Second", 2)

    def test_a_version_is_never_changed(self, email):
        with pytest.raises(DatabaseError), transaction.atomic():
            TextVersion.objects.filter(message_text=email).update(body="never said")

    def test_a_sent_message_tells_which_one_it_was(self, visit, email, administrator):
        plan_reminders(at=NOW)
        edit_message_text(text=email, version=1, subject="{clinic}", body="Second, {name}", by=administrator)
        reminder = Reminder.objects.get()
        assert (reminder.message_text, reminder.text_version) == (None, None)
        assert deliver_reminder(reminder_id=reminder.pk, at=VISIT - timedelta(days=7)) == "sent"
        edit_message_text(text=email, version=2, subject="{clinic}", body="Third", by=administrator)
        reminder.refresh_from_db()
        assert (reminder.message_text, reminder.text_version) == (email, 2)
        assert reminder.text.startswith("Second")

    def test_every_text_begins_with_a_version(self, messages):
        assert load_default_rules_and_texts() == 0
        assert not MessageText.objects.exclude(versions__version=1).exists()


class TestWhatOthersMaySee:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ("Leave out your painkillers", ["painkillers"]),
            ("Your Aspirin, and your ASPIRIN", ["aspirin"]),
            ("No Zolpivar today", ["zolpivar"]),
            ("Antes del tratamiento", ["tratamiento"]),
            ("لا تتناول الأدوية", ["الأدوية"]),
            ("{medicines}", []),
            ("A retreat in Zolpivarland, with caterpillars", []),
        ],
    )
    def test_words(self, body, words):
        MedicineFactory(name="Zolpivar")
        assert clinical_words.found_in(body, queries.clinical_names()) == words

    def test_refused_in_a_text_message_and_in_a_subject(self, sms, email, administrator):
        for text, subject, body, field in [
            (sms, "", "Stop aspirin", "body"),
            (email, "Your injection", "Hello", "subject"),
        ]:
            with pytest.raises(Refused) as refusal:
                edit_message_text(text=text, version=1, subject=subject, body=body, by=administrator)
            assert refusal.value.field == field
            text.refresh_from_db()
            assert (text.version, text.versions.count()) == (1, 1)

    def test_a_letter_may_say_it(self, email, administrator):
        edit_message_text(text=email, version=1, subject="{clinic}", body="Stop aspirin", by=administrator)

    def test_what_we_begin_with_could_be_saved(self):
        for _kind, _language, channel, subject, body in texts.default_texts():
            assert clinical_words.found_in(body if channel == "sms" else subject) == []


class TestMeter:
    @pytest.mark.parametrize(
        ("text", "wide"), [("Clínica, ¿sí? é", ["í"]), ("plain €", []), ("a’b’", ["’"]), ("مرحبا", list("مرحبا"))]
    )
    def test_which_character_makes_it_longer(self, text, wide):
        assert texts.not_in_gsm(text) == wide

    @pytest.mark.parametrize(
        ("language", "word", "syllables"),
        [
            ("en", "medicine", 3),
            ("en", "table", 2),
            ("en", "called", 1),
            ("es", "ciudad", 2),
            ("es", "día", 2),
            ("es", "quien", 1),
            ("fr", "visite", 2),
            ("fr", "le", 1),
            ("de", "bitte", 2),
            ("de", "feier", 2),
        ],
    )
    def test_syllables(self, language, word, syllables):
        assert readability.MEASURES[language].syllables(word) == syllables

    def test_the_formula_of_flesch(self):
        """206.835 - 1.015 x words per sentence - 84.6 x syllables per word, from 0 to 100. The last: 2.5 and 1.8."""
        assert readability.measured("The cat sat on mats.", "en").points == 100
        hard = readability.measured("Considerable organisational responsibilities", "en-gb")
        assert (hard.points, hard.ease) == (0, readability.Ease.HARD)
        assert readability.measured("Coordinate visits daily. See us https://a.example/x", "en").points == 52

    def test_not_measured(self):
        assert readability.measured("مرحبا بك.", "ar") is None
        assert readability.measured("123", "en") is None

    def test_what_we_begin_with_is_not_hard(self):
        for kind, language, _channel, _subject, body in texts.default_texts():
            reading = readability.measured(texts.fill(body, {}), language)
            assert reading is None or reading.points >= 50, (kind, language, reading)


class TestPages:
    def address(self, name, *args):
        return reverse(f"reminders:{name}", args=args)

    def test_refused_beside_the_field_and_what_was_typed_is_kept(self, client_of, administrator, sms):
        typed = {"version": 1, "body": "{clinic}: no aspirin"}
        response = client_of(administrator).post(self.address("edit_text", sms.pk), typed)
        assert "aspirin" in str(response.context["form"].errors["body"])
        assert "{clinic}: no aspirin" in response.content.decode()

    def test_preview_names_the_character_and_the_measure(self, client_of, administrator, sms, clinic_row):
        typed = {"body": "See you’ then."}
        shown = client_of(administrator).post(self.address("preview_text", sms.pk), typed).content.decode()
        assert "UCS-2" in shown
        assert "<code>’</code>" in shown
        assert "Flesch 1948" in shown

    def test_arabic_is_shown_from_right_to_left(self, client_of, administrator, messages):
        text = MessageText.objects.filter(language="ar").first()
        shown = client_of(administrator).get(self.address("edit_text", text.pk)).content.decode()
        assert '<div lang="ar" dir="rtl">' in shown
        assert "not measured" in shown

    def test_restored_by_a_button(self, client_of, administrator, email):
        first = email.body
        edit_message_text(text=email, version=1, subject="{clinic}", body="Second", by=administrator)
        client = client_of(administrator)
        address = self.address("restore_text", email.pk, 1)
        assert address in client.get(self.address("edit_text", email.pk)).content.decode()
        for seen in ("1", "", "x"):
            client.post(address, {"version": seen})
            email.refresh_from_db()
            assert email.body == "Second"
        client.post(address, {"version": 2})
        email.refresh_from_db()
        assert (email.version, email.body) == (3, first)
        assert client.post(self.address("restore_text", email.pk, 9), {"version": 3}).status_code == 404


class TestWithAPatient:
    """The words as one of the clinic's own patients would get them."""

    @pytest.fixture(autouse=True)
    def on_that_day(self):
        with time_machine.travel(NOW, tick=False):
            yield

    @pytest.fixture
    def own(self, email):
        letter = MessageText.objects.get(kind="stop_own_list", language="en", channel="email")
        visit = AppointmentFactory(starts_at=VISIT, patient__given_name="Berta", patient__clinical_words=True)
        PatientMedicineFactory(patient=visit.patient, medicine=MedicineFactory(name="naproxen", stop_days=7))
        return letter, visit.patient

    def look(self, client, text, **asked):
        typed = {"subject": text.subject, "body": text.body}
        address = reverse("reminders:preview_text", args=[text.pk])
        return client.post(address, typed | asked, headers={"HX-Request": "true"}).content.decode()

    def test_found_chosen_and_noted_as_a_read(self, client_of, administrator, own):
        text, patient = own
        client = client_of(administrator)
        assert f'value="{patient.pk}" id' in self.look(client, text, q="berta")
        shown = self.look(client, text, patient=patient.pk)
        assert "Hello Berta," in shown
        assert "Tuesday 16 March" in shown
        since = self.look(client, text, patient=patient.pk, body="From {since}")
        assert "From Tuesday 9 March" in since
        trail = AuditEvent.objects.filter(actor_id=administrator.pk).order_by("pk").values_list("action", "patient_id")
        assert list(trail)[-3:] == [("search", None), *[("view", patient.pk)] * 2]

    def test_who_keeps_texts_is_not_told_what_a_patient_takes(self, client_of, administrator, own):
        text, patient = own
        shown = self.look(client_of(administrator), text, patient=patient.pk)
        assert "naproxen" not in shown
        assert "What the patient takes is left out." in shown

    def test_who_may_read_it_too_sees_the_own_list(self, client_of, own):
        text, patient = own
        both = UserFactory(roles=["administrator", "practitioner"])
        assert "- naproxen: Tuesday 9 March" in self.look(client_of(both), text, patient=patient.pk)

    def test_says_which_other_text_the_own_list_asks_for(self, client_of, email, own):
        letter, patient = own
        both = client_of(UserFactory(roles=["administrator", "practitioner"]))
        another = "own list asks for another text"
        assert another not in self.look(both, letter, patient=patient.pk)
        assert f"{another}: Stop the painkillers they told us of" in self.look(both, email, patient=patient.pk)
        warfarin = MedicineFactory(name="warfarin", stop_days=None)
        PatientMedicineFactory(patient=patient, medicine=warfarin, source="prescribed")
        assert f"{another}: Keep taking your prescribed medicine" in self.look(both, letter, patient=patient.pk)
        assert another not in self.look(client_of(UserFactory(roles=["administrator"])), letter, patient=patient.pk)

    def test_without_a_visit_and_with_nonsense(self, client_of, administrator, email):
        client = client_of(administrator)
        patient = PatientFactory(given_name="Berta", language="es")
        shown = self.look(client, email, patient=patient.pk)
        assert "No visit yet" in shown
        assert "This patient is written to in Spanish." in shown
        assert "Nobody found." in self.look(client, email, q="nobody of that name")
        assert "Hello Alexandra," in self.look(client, email, patient="x")
        address = reverse("reminders:preview_text", args=[email.pk])
        assert client.post(address, {"patient": patient.pk + 1}).status_code == 404

    def test_without_scripts_it_is_a_page_and_saves_nothing(self, client_of, administrator, email):
        address = reverse("reminders:preview_text", args=[email.pk])
        shown = client_of(administrator).post(address, {"q": PatientFactory(given_name="Berta").given_name})
        assert "<h1" in shown.content.decode()
        assert email.versions.count() == 1
