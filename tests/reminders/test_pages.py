"""Who sees what of the messages: states for the desk, words for practitioners, rules for administrators."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.factories.patients import MedicineFactory, PatientMedicineFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory
from tests.reminders.conftest import NOW, VISIT
from treatments.reminders.enums import Clockwork, Decision, ReminderStatus, Why
from treatments.reminders.models import Heartbeat, MedicineDecision, MessageText, Reminder, ReminderRule
from treatments.reminders.services import deliver_reminder, load_default_rules_and_texts, plan_reminders

pytestmark = pytest.mark.django_db
R = ReminderStatus


@pytest.fixture(autouse=True)
def on_that_day():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def failed(visit):
    plan_reminders(at=NOW)
    Reminder.objects.update(status=R.FAILED, why=Why.REFUSED, provider_answer="550 5.1.1")
    return Reminder.objects.get()


@pytest.fixture
def decision(visit):
    row = PatientMedicineFactory(
        patient=visit.patient,
        medicine=MedicineFactory(name="warfarin", group="anticoagulant", never_auto_stop=True, stop_days=None),
        source="prescribed",
    )
    plan_reminders(at=NOW)
    return MedicineDecision.objects.get(medicine=row)


def page(client, name, *args, **query):
    response = client.get(reverse(f"reminders:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def hidden(text, name) -> str:
    (field,) = re.findall(rf'<input type="hidden" name="{name}"[^>]*>', text)
    return re.search(r'value="([^"]*)"', field)[1]


def post(client, name, /, *args, **data):
    return client.post(reverse(f"reminders:{name}", args=args), data)


class TestDesk:
    @pytest.mark.parametrize("state", ["", "planned", "sent", "failed", "unknown", "skipped", "nonsense"])
    def test_outbox(self, client_of, front_desk, failed, state):
        text = page(client_of(front_desk), "outbox", state=state)
        assert (failed.patient.family_name in text) == (state in {"", "failed", "nonsense"})

    def test_reasons_are_said(self, client_of, front_desk, failed):
        text = page(client_of(front_desk), "outbox", state="failed")
        assert "The address or number was refused" in text
        assert "550 5.1.1" in text

    def test_words_are_never_shown(self, client_of, front_desk, decision):
        Reminder.objects.update(status=R.SENT, text="CANARY warfarin", text_kind="keep_taking", sms_parts=2)
        client = client_of(front_desk)
        for text in (
            page(client, "outbox"),
            page(client, "outbox", state="sent"),
            page(client, "failed_panel"),
            page(client, "tab", decision.patient_id),
        ):
            assert "CANARY" not in text
            assert "Keep taking" not in text
            assert "warfarin" not in text

    def test_the_same_statements_for_one_and_thirty(self, client_of, front_desk, many_visits):
        client = client_of(front_desk)

        def statements():
            plan_reminders(at=NOW)
            page(client, "outbox")
            with CaptureQueriesContext(connection) as outbox:
                page(client, "outbox")
            with CaptureQueriesContext(connection) as panel:
                page(client, "failed_panel")
            return len(outbox), len(panel)

        many_visits(1, may_message=False)
        first = statements()
        many_visits(29, first=VISIT + timedelta(days=1), may_message=False)
        assert statements() == first

    def test_sent_again(self, client_of, front_desk, failed):
        response = post(client_of(front_desk), "resend", failed.pk, next="/messages/?state=failed")
        assert response.url == "/messages/?state=failed"
        failed.refresh_from_db()
        assert (failed.status, failed.attempts, failed.resends, failed.next_try_at) == (R.PLANNED, 0, 1, NOW)
        deliver_reminder(reminder_id=failed.pk, at=NOW)
        failed.refresh_from_db()
        assert failed.message_id.startswith(f"<reminder-{failed.pk}-1@")

    @pytest.mark.parametrize("status", [R.PLANNED, R.SENT, R.SKIPPED, R.CANCELLED])
    def test_only_failed_ones_are_sent_again(self, client_of, front_desk, failed, status):
        Reminder.objects.update(status=status)
        post(client_of(front_desk), "resend", failed.pk)
        failed.refresh_from_db()
        assert (failed.status, failed.resends) == (status, 0)

    def test_not_sent_again_for_a_visit_that_moved(self, client_of, front_desk, failed):
        later = VISIT + timedelta(days=1)
        type(failed.appointment).objects.update(
            starts_at=later, ends_at=later + timedelta(hours=1), busy_from=later, busy_until=later + timedelta(hours=1)
        )
        post(client_of(front_desk), "resend", failed.pk)
        failed.refresh_from_db()
        assert failed.status == R.FAILED

    def test_told_by_telephone(self, client_of, front_desk, failed):
        post(client_of(front_desk), "told", failed.pk)
        failed.refresh_from_db()
        assert failed.status == R.TOLD
        assert plan_reminders(at=NOW) == 0
        assert failed.patient.family_name not in page(client_of(front_desk), "failed_panel")

    def test_one_line_in_the_trail_per_page(self, client_of, front_desk, failed):
        client = client_of(front_desk)
        before = AuditEvent.objects.count()
        page(client, "outbox")
        page(client, "tab", failed.patient_id)
        assert AuditEvent.objects.count() == before + 2


class TestStandstill:
    """Said on every page of whoever is signed in, when planner or sweeper has not run for five minutes."""

    SAID = "No messages leave at the moment"

    @pytest.mark.parametrize("part", Clockwork)
    def test_said_on_every_page(self, client_of, front_desk, messages, part):
        client = client_of(front_desk)
        Heartbeat.objects.update(at=NOW)
        with time_machine.travel(NOW + timedelta(minutes=5), tick=False):
            assert self.SAID not in page(client, "outbox")
        with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
            Heartbeat.objects.exclude(name=part).update(at=clock.now())
            for name in ("home", "reminders:outbox", "registry:patients", "scheduling:day", "staff:me"):
                assert client.get(reverse(name)).content.decode().count(self.SAID) == 1, name
            part_of_a_page = client.get(reverse("reminders:failed_panel"), headers={"HX-Request": "true"})
            assert self.SAID not in part_of_a_page.content.decode()
            assert self.SAID not in Client().get(reverse("account_login")).content.decode()
            Heartbeat.objects.update(at=clock.now())
            assert self.SAID not in page(client, "outbox")

    def test_a_new_clinic_has_five_minutes(self, client_of, front_desk, clinic_row):
        client = client_of(front_desk)
        assert self.SAID not in page(client, "outbox")
        load_default_rules_and_texts()
        assert self.SAID not in page(client, "outbox")
        with time_machine.travel(NOW + timedelta(minutes=6), tick=False):
            assert self.SAID in page(client, "outbox")


class TestPractitioner:
    def test_reads_words(self, client_of, practitioner, failed):
        Reminder.objects.update(status=R.SENT, text="Keep CANARY", text_kind="keep_taking")
        text = page(client_of(practitioner), "tab", failed.patient_id)
        assert "Keep CANARY" in text
        assert "Keep taking your prescribed medicine" in text

    def test_sees_what_would_go_out(self, client_of, practitioner, decision):
        assert "Keep taking all your medicines" in page(client_of(practitioner), "tab", decision.patient_id)

    def test_files(self, client_of, practitioner, visit, settings, tmp_path):
        settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
        settings.EMAIL_FILE_PATH, settings.SMS_FILE_PATH = tmp_path / "mail", tmp_path / "sms"
        second = AppointmentFactory(starts_at=VISIT + timedelta(hours=1), patient__channel="sms")
        plan_reminders(at=NOW)
        for reminder in Reminder.objects.all():
            deliver_reminder(reminder_id=reminder.pk, at=reminder.due_at)
        text = page(client_of(practitioner), "sent_texts")
        assert "Your visit on Tuesday 16 March" in text
        assert visit.patient.email in text
        assert second.patient.phone in text

    def test_no_files_with_a_mail_server(self, client_of, practitioner, clinic_row, settings):
        settings.EMBEDDED = False
        assert client_of(practitioner).get(reverse("reminders:sent_texts")).status_code == 404

    def test_own_decisions_and_colleagues(self, client_of, practitioner, decision):
        own, other = decision.appointment.practitioner, practitioner
        name = decision.patient.family_name
        assert name in page(client_of(own), "decisions_panel")
        text = page(client_of(other), "decisions_panel")
        assert name not in text
        assert "1 more of a colleague" in text
        assert name in page(client_of(other), "decisions_panel", whose="all")

    def test_a_decision_of_a_cancelled_visit_is_not_waited_for(self, client_of, decision):
        type(decision.appointment).objects.update(status="cancelled", cancel_reason="x")
        assert "warfarin" not in page(client_of(decision.appointment.practitioner), "decisions_panel")

    @pytest.mark.parametrize("choice", [value for value in Decision.values if value != "waiting"])
    def test_decides(self, client_of, practitioner, decision, choice):
        client = client_of(practitioner)
        assert "warfarin" in page(client, "decide", decision.pk)
        pause = {"prescriber": "Dr Vega", "pause_from": "2027-03-09", "pause_until": "2027-03-16"}
        post(client, "decide", decision.pk, choice=choice, note="Dr Sol, 9 to 16 March", seen_at=VISIT, **pause)
        decision.refresh_from_db()
        assert (decision.decision, decision.decided_by, decision.note) == (
            choice,
            practitioner,
            "Dr Sol, 9 to 16 March",
        )
        assert AuditEvent.objects.filter(action="decide", patient_id=decision.patient_id).count() == 1
        assert "Dr Sol" in page(client, "decide", decision.pk)

    @pytest.mark.parametrize(
        "data", [{}, {"choice": "waiting"}, {"choice": "nonsense"}, {"choice": "prescriber_agreed", "note": "  "}]
    )
    def test_an_incomplete_decision_keeps_what_was_typed(self, client_of, practitioner, decision, data):
        response = post(client_of(practitioner), "decide", decision.pk, **{"note": "kept", "seen_at": VISIT, **data})
        assert response.status_code == 200
        decision.refresh_from_db()
        assert decision.decision == "waiting"
        if "note" not in data:
            assert "kept" in response.content.decode()

    def test_decided_once(self, client_of, practitioner, decision):
        client = client_of(practitioner)
        post(client, "decide", decision.pk, choice="continue", seen_at=VISIT)
        again = post(client, "decide", decision.pk, choice="decline", seen_at=VISIT)
        assert "decided meanwhile" in again.content.decode()
        decision.refresh_from_db()
        assert decision.decision == "continue"

    @pytest.mark.parametrize("seen_at", ["as shown", "", "nonsense"])
    def test_a_visit_moved_meanwhile_is_shown_before_it_is_decided_about(
        self, client_of, practitioner, decision, visit, seen_at
    ):
        client = client_of(practitioner)
        if seen_at == "as shown":
            seen_at = hidden(page(client, "decide", decision.pk), "seen_at")
        moved = VISIT + timedelta(days=1)
        type(visit).objects.update(
            starts_at=moved, ends_at=moved + timedelta(minutes=30), busy_until=moved + timedelta(minutes=30)
        )
        shown = post(client, "decide", decision.pk, choice="decline", note="kept", seen_at=seen_at).content.decode()
        decision.refresh_from_db()
        assert decision.decision == "waiting"
        if seen_at == "nonsense":
            return
        assert "The visit was moved meanwhile." in shown
        assert "Wednesday 17 March" in shown
        assert "kept" in shown
        response = post(client, "decide", decision.pk, choice="decline", seen_at=hidden(shown, "seen_at"))
        assert response.status_code == 302
        decision.refresh_from_db()
        assert (decision.decision, decision.starts_at) == ("decline", moved)


RULE = {
    "name": "How to prepare",
    "active": "on",
    "trigger": "before_visit",
    "offset": "7",
    "unit": "days",
    "send_at": "10:00",
    "if_late": "send",
    "text_kind": "stop_self_bought",
    "visit_kinds": ["session"],
}


class TestAdministrator:
    def test_rule(self, client_of, administrator, visit, rule):
        plan_reminders(at=NOW)
        client = client_of(administrator)
        assert rule.name in page(client, "rules")
        assert "1 message waits" in page(client, "edit_rule", rule.pk)
        response = post(client, "edit_rule", rule.pk, **RULE | {"offset": "9", "send_at": "08:30"})
        assert response.status_code == 302
        assert "1 waiting message was changed." in page(client, "rules")
        assert Reminder.objects.get().due_at.isoformat() == "2027-03-07T07:30:00+00:00"

    @pytest.mark.parametrize(
        "data",
        [
            {"offset": "-1"},
            {"offset": "366"},
            {"offset": "1e3"},
            {"offset": ""},
            {"offset": "241", "unit": "hours"},
            {"send_at": "25:00"},
            {"send_at": ""},
            {"trigger": "full_moon"},
            {"text_kind": "keep_taking"},
            {"visit_kinds": ["party"]},
            {"visit_types": ["0"]},
            {"areas": ["nowhere"]},
            {"channel": "sms", "fallback": "sms"},
            {"window_days": "0"},
        ],
    )
    def test_a_wrong_rule_is_not_saved(self, client_of, administrator, rule, data):
        response = post(client_of(administrator), "edit_rule", rule.pk, **RULE | {"name": "New name"} | data)
        assert response.status_code == 200
        assert "New name" in response.content.decode()
        assert ReminderRule.objects.get(pk=rule.pk).name == "How to prepare"

    def test_text(self, client_of, administrator, messages):
        text = MessageText.objects.get(kind="keep_taking", language="en", channel="email")
        client = client_of(administrator)
        assert "Clínica Aurora" in page(client, "edit_text", text.pk)
        post(client, "edit_text", text.pk, version=1, subject="{clinic}", body="Hello {name}\r\n{phone}")
        text.refresh_from_db()
        assert (text.subject, text.body) == ("{clinic}", "Hello {name}\n{phone}")

    @pytest.mark.parametrize(
        ("channel", "data"),
        [
            ("email", {"subject": "{clinic}", "body": "{surname}"}),
            ("email", {"subject": "{nobody}", "body": "x"}),
            ("email", {"subject": "", "body": "x"}),
            ("sms", {"body": ""}),
            ("sms", {"body": "á" * 300}),
        ],
    )
    def test_a_wrong_text_is_not_saved(self, client_of, administrator, messages, channel, data):
        text = MessageText.objects.get(kind="keep_taking", language="en", channel=channel)
        response = post(client_of(administrator), "edit_text", text.pk, version=1, **data)
        assert response.status_code == 200
        before = text.body
        text.refresh_from_db()
        assert text.body == before

    def test_preview_measures(self, client_of, administrator, messages):
        text = MessageText.objects.get(kind="keep_taking", language="en", channel="sms")
        response = post(client_of(administrator), "preview_text", text.pk, body="{clinic} " + "a" * 60)
        assert "2 text messages" in response.content.decode()

    def test_a_subject_stays_one_line(self, client_of, administrator, messages):
        text = MessageText.objects.get(kind="keep_taking", language="en", channel="email")
        post(client_of(administrator), "edit_text", text.pk, version=1, subject="a\r\nBcc: b", body="x")
        text.refresh_from_db()
        assert text.subject == "a Bcc: b"


NOT_FOR = {
    "resend": ["practitioner", "administrator"],
    "told": ["practitioner", "administrator"],
    "decisions_panel": ["front_desk", "administrator"],
    "decide": ["front_desk", "administrator"],
    "sent_texts": ["front_desk", "administrator"],
    "rules": ["practitioner", "front_desk"],
    "edit_rule": ["practitioner", "front_desk"],
    "edit_text": ["practitioner", "front_desk"],
    "preview_text": ["practitioner", "front_desk"],
}


@pytest.mark.parametrize(("name", "person"), [(name, person) for name, people in NOT_FOR.items() for person in people])
def test_closed_to_others(client_of, request, clinic_row, name, person):
    needs_row = name not in {"decisions_panel", "sent_texts", "rules"}
    url = reverse(f"reminders:{name}", args=[1] if needs_row else [])
    assert client_of(request.getfixturevalue(person)).post(url).status_code == 403


def test_a_new_visit_shows_within_a_run_of_the_planner(client_of, front_desk, visit):
    AppointmentFactory(starts_at=VISIT + timedelta(hours=1), submission=uuid4(), practitioner=PractitionerFactory())
    plan_reminders()
    assert page(client_of(front_desk), "outbox").count("<tr>") == 3
