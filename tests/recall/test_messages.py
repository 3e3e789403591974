"""Messages of a recall: drafted in the patient's language, sent by a person, once, and telling nothing to others."""

import pytest
from django.core import mail
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.factories.patients import PatientFactory
from treatments.recall import services, texts
from treatments.recall.models import RecallEntry, RecallMessage, RecallText
from treatments.reminders.texts import sms_parts
from treatments.reminders.transports import Answer, Outcome

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")


@pytest.fixture
def patient():
    return PatientFactory(
        family_name="Soler", given_name="Berta", email="berta@mail.example", phone="+34600111222", language="es"
    )


@pytest.fixture
def entry(patient, subject, give, lot, practitioner):
    give(lot, patient=patient)
    case = services.open_case(subject=subject, reason="Recalled", tell="Look at the skin every day.", by=practitioner)
    return case.entries.select_related("case", "patient").get()


@pytest.fixture
def client(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def sent_sms(monkeypatch):
    sent = []

    def send(**message):
        sent.append(message)
        return Answer(Outcome.SENT, "200")

    monkeypatch.setattr(services, "send_sms", send)
    return sent


def address(entry, channel="email") -> str:
    return reverse("recall:message", args=[entry.pk, channel])


def form_of(client, entry, channel="email") -> dict:
    return dict(client.get(address(entry, channel)).context["form"].initial)


def test_the_draft_is_in_the_patients_language(client, entry):
    draft = form_of(client, entry)
    assert draft["subject"] == "Por favor, llámenos sobre su visita del martes 3 de marzo, Clínica Aurora"
    assert "Hola, Berta:" in draft["body"]
    assert "{" not in draft["body"]


def test_what_patients_are_told_is_in_the_clinics_language_only(client, entry, patient):
    assert "Look at the skin" not in form_of(client, entry)["body"]
    type(patient).objects.update(language="en-GB")
    assert "Look at the skin every day." in form_of(client, entry)["body"]


def test_a_language_that_nobody_wrote_gets_the_clinics(client, entry, patient):
    type(patient).objects.update(language="sv")
    text = client.get(address(entry)).content.decode()
    assert "Hello Berta" in text


def test_opening_a_draft_sends_nothing(client, entry, sent_sms):
    for channel in ("email", "sms"):
        client.get(address(entry, channel))
    assert mail.outbox == sent_sms == []
    assert not RecallMessage.objects.exists()


def test_an_email_as_it_was_edited(client, entry, administrator):
    draft = form_of(client, entry) | {"body": "Berta, venga mañana."}
    assert client.post(address(entry), draft)["Location"] == reverse("recall:entry", args=[entry.pk])
    [message] = mail.outbox
    assert (message.to, message.body) == (["berta@mail.example"], "Berta, venga mañana.")
    assert message.subject == draft["subject"]
    row = RecallMessage.objects.get()
    assert (row.state, row.text, row.sent_by) == ("sent", "Berta, venga mañana.", administrator)
    assert AuditEvent.objects.filter(action="send", patient_id=entry.patient_id).count() == 1


def test_a_double_click_sends_once(client, entry):
    draft = form_of(client, entry)
    for _click in range(2):
        assert client.post(address(entry), draft).status_code == 302
    assert len(mail.outbox) == 1
    assert RecallMessage.objects.count() == 1


def test_two_people_with_the_same_draft_send_once(client, client_of, practitioner, entry):
    other = client_of(practitioner)
    mine, theirs = form_of(client, entry), form_of(other, entry)
    client.post(address(entry), mine)
    response = other.post(address(entry), theirs)
    assert "Somebody else changed this" in response.content.decode()
    assert len(mail.outbox) == 1


def test_a_text_message(client, entry, sent_sms):
    draft = form_of(client, entry, "sms")
    assert client.post(address(entry, "sms"), draft).status_code == 302
    [message] = sent_sms
    assert message["to"] == "+34600111222"
    assert message["text"] == draft["body"]
    assert message["reference"] == f"recall-{RecallMessage.objects.get().pk}"


@pytest.mark.parametrize(
    ("outcome", "state", "said"),
    [
        (Outcome.LATER, "failed", "was not sent"),
        (Outcome.REFUSED, "failed", "was not sent"),
        (Outcome.UNCLEAR, "unknown", "not known whether"),
    ],
)
def test_a_failure_is_shown(client, entry, monkeypatch, outcome, state, said):
    monkeypatch.setattr(services, "send_email", lambda message: Answer(outcome, "550 5.1.1"))
    response = client.post(address(entry), form_of(client, entry), follow=True)
    assert said in response.content.decode()
    assert "550 5.1.1" in response.content.decode()
    assert RecallMessage.objects.get().state == state
    assert not AuditEvent.objects.filter(action="send").exists()


def test_a_sender_that_dies_leaves_perhaps(client, entry, monkeypatch):
    """The message is on record before it leaves: nobody sends it again without seeing that."""
    monkeypatch.setattr(services, "_note_end", lambda message, answer, by: message)
    client.post(address(entry), form_of(client, entry))
    assert RecallMessage.objects.get().state == "sending"
    assert "perhaps sent" in client.get(reverse("recall:entry", args=[entry.pk])).content.decode()


def test_a_transport_that_breaks_is_no_error_page(client, entry, monkeypatch):
    def broken(message):
        raise RuntimeError(message.body)

    monkeypatch.setattr(services, "send_email", broken)
    assert client.post(address(entry), form_of(client, entry)).status_code == 302
    assert RecallMessage.objects.get().state == "unknown"


@pytest.mark.parametrize(
    ("changes", "channel", "said"),
    [
        ({"may_message": False}, "email", "does not want messages"),
        ({"email": "", "channel": ""}, "email", "no e-mail address"),
        ({"phone": ""}, "sms", "no telephone number"),
    ],
)
def test_who_cannot_be_written_to(client, entry, patient, sent_sms, changes, channel, said):
    draft = form_of(client, entry, channel)
    type(patient).objects.filter(pk=patient.pk).update(**changes)
    assert said in client.get(address(entry, channel)).content.decode()
    client.post(address(entry, channel), draft)
    assert mail.outbox == sent_sms == []
    assert not RecallMessage.objects.exists()


TELLING = ["your injection", "su tratamiento", "votre traitement", "Ihre Behandlung", "Mesotherapy", "an infection"]


@pytest.mark.parametrize("words", TELLING)
def test_others_read_nothing_of_a_treatment(client, entry, sent_sms, words):
    subject = client.post(address(entry), form_of(client, entry) | {"subject": words})
    body = client.post(address(entry, "sms"), form_of(client, entry, "sms") | {"body": words})
    for response in (subject, body):
        assert "must not tell of a treatment" in response.content.decode()
    assert mail.outbox == sent_sms == []
    assert RecallEntry.objects.get().version == 0


def test_nor_what_it_was(client, entry, lot):
    for name in (lot.ingredient.name, lot.number, "Thigh mix"):
        response = client.post(address(entry), form_of(client, entry) | {"subject": f"About {name.upper()}"})
        assert "must not tell of a treatment" in response.content.decode(), name


def test_a_clinic_may_be_called_after_what_it_does(client, entry, clinic_row):
    type(clinic_row).objects.update(name="Aurora Mesotherapy")
    assert client.post(address(entry), form_of(client, entry)).status_code == 302
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    "data",
    [
        {"subject": ""},
        {"subject": "x" * 121},
        {"body": ""},
        {"body": " \u200b "},
        {"body": "x" * 4001},
        {"body": "Hello {name}"},
        {"subject": "{date}"},
        {"version": "x"},
        {"version": ""},
        {"submission": "1"},
        {"submission": ""},
    ],
)
def test_bad_input_sends_nothing_and_keeps_what_was_typed(client, entry, data):
    response = client.post(address(entry), form_of(client, entry) | {"body": "Venga mañana"} | data)
    assert response.status_code == 200
    assert mail.outbox == []
    assert not RecallMessage.objects.exists()
    if "body" not in data:
        assert "Venga mañana" in response.content.decode()


def test_line_breaks_do_not_reach_the_header(client, entry):
    client.post(address(entry), form_of(client, entry) | {"subject": "Call\r\nBcc: all@mail.example"})
    assert mail.outbox[0].subject == "Call Bcc: all@mail.example"
    assert mail.outbox[0].recipients() == ["berta@mail.example"]


@pytest.mark.parametrize("channel", ["post", "EMAIL", "told-by"])
def test_no_such_channel(client, entry, channel):
    assert client.get(address(entry, channel)).status_code == 404


def test_what_was_sent_is_read_by_those_who_may(client, client_of, practitioner, entry):
    client.post(address(entry), form_of(client, entry) | {"body": "Venga con la pomada"})
    page = reverse("recall:entry", args=[entry.pk])
    assert "Venga con la pomada" in client_of(practitioner).get(page).content.decode()
    assert "Venga con la pomada" not in client.get(page).content.decode()


class TestWords:
    @pytest.fixture
    def text(self, entry):
        return RecallText.objects.get(case=entry.case, language="en", channel="email")

    def save(self, client, text, **data):
        typed = {"version": text.version, "subject": text.subject, "body": text.body} | data
        return client.post(reverse("recall:edit_text", args=[text.pk]), typed)

    def test_they_are_edited(self, client, text):
        assert self.save(client, text, body="Hi {name}. {tell}").status_code == 302
        text.refresh_from_db()
        assert (text.body, text.version) == ("Hi {name}. {tell}", 1)

    @pytest.mark.parametrize(
        "data",
        [
            {"body": "{lot}"},
            {"body": "{"},
            {"subject": "{tell}"},
            {"subject": "{name}"},
            {"subject": "Your injection"},
            {"body": ""},
            {"version": "x"},
        ],
    )
    def test_bad_ones_are_refused(self, client, text, data):
        assert self.save(client, text, **data).status_code == 200
        assert RecallText.objects.get(pk=text.pk).version == 0

    def test_a_text_message_never_holds_what_patients_are_told(self, client, entry):
        sms = RecallText.objects.get(case=entry.case, language="en", channel="sms")
        for body in ("{tell}", "x" * 800, "your treatment"):
            assert self.save(client, sms, body=body).status_code == 200
        assert self.save(client, sms, body="{clinic}: {name}, call {phone}").status_code == 302

    def test_edited_in_two_tabs(self, client, text):
        self.save(client, text, body="First")
        response = self.save(client, text, body="Second")
        assert "Somebody else changed this" in response.content.decode()
        assert "Second" in response.content.decode()
        text.refresh_from_db()
        assert text.body == "First"

    def test_those_that_a_case_begins_with(self, clinic_row, entry):
        """Every language of the house, in both channels, all within their own rules."""
        from django.conf import settings

        from treatments.recall.rules import check_words

        rows = list(RecallText.objects.filter(case=entry.case))
        assert {(row.language, row.channel) for row in rows} == {
            (language, channel) for language, _name in settings.LANGUAGES for channel in ("email", "sms")
        }
        for row in rows:
            words = {"channel": row.channel, "subject": row.subject, "body": row.body}
            check_words(**words, marks=texts.PLACEHOLDERS, clinic=clinic_row, case=entry.case)
            if row.channel == "sms":
                assert sms_parts(row.body) == 1
