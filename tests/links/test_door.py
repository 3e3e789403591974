"""Who gets in by a link, and who does not; what an address gives away."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.logs import JsonFormatter
from clinic.core.tokens import SHORT, digest_of, token_of
from tests.factories.links import LinkFactory
from tests.factories.patients import PatientFactory
from tests.factories.treatments import AppointmentFactory
from tests.house.answers import assert_wrote_nothing
from tests.links.conftest import BORN, Telephone, later, text_of
from treatments.links import services
from treatments.links.enums import Purpose, Topic
from treatments.links.models import PatientLink

pytestmark = pytest.mark.django_db
WRONG = BORN | {"year": "1986"}


def path_of(address):
    return address.removeprefix("http://localhost:8000")


def test_the_address_is_short_and_the_database_has_only_its_digest(address_for):
    address = address_for()
    token = address.rpartition("/")[2]
    link = PatientLink.objects.get()
    assert SHORT * 8 == 128 and len(token) == 22 and len(path_of(address)) == 25
    assert link.token_digest == digest_of(token) and token not in str(vars(link))
    assert len(set(link.seed)) > 8 and len(link.seed) * 4 == 192
    assert token_of(Purpose.STOP, link.seed, size=SHORT) != token, "one purpose"


def test_a_message_that_is_sent_again_carries_the_same_address(address_for, visit):
    first = address_for()
    assert address_for() == first
    assert address_for(Purpose.PREPARE) != first
    PatientLink.objects.filter(purpose=Purpose.VISIT).update(locked_at=visit.booked_at)
    fresh = address_for()
    assert fresh != first, "one that is locked is replaced"
    assert PatientLink.objects.filter(purpose=Purpose.VISIT, closed_at=None).count() == 1
    visit.starts_at += timedelta(days=1)
    assert address_for() != fresh, "a visit at another time has a link of its own"


def test_the_token_leaves_the_address_at_once(address_for, telephone):
    answer = telephone.client.get(path_of(address_for()))
    assert answer.status_code == 302 and answer["Location"] == f"/link/{PatientLink.objects.get().pk}/"
    assert answer["Referrer-Policy"] == "no-referrer" and answer["Cache-Control"] == "private, no-store"
    cookie = answer.cookies["link"]
    assert cookie["path"] == answer["Location"] and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert "session" not in answer.cookies, "not a session of staff"


def test_scanners_that_open_everything_consume_nothing(address_for):
    addresses = [address_for(purpose) for purpose in (Purpose.VISIT, Purpose.PREPARE, Purpose.TAKEN)]
    scanner = Telephone()
    with CaptureQueriesContext(connection) as queries:
        for address in addresses * 2:
            page = scanner.open(address)
            assert page.status_code == 200 and "What is your date of birth?" in text_of(page)
            scanner.client.head(path_of(address))
    assert_wrote_nothing(queries)
    assert not PatientLink.objects.exclude(opened_at=None, answered_at=None, tries=0).exists()


def test_before_the_birth_date_nothing_is_told(address_for, telephone, visit):
    page = telephone.open(address_for(Purpose.PREPARE))
    text = text_of(page)
    for word in ("Berta", "Soler", "Ruiz", "16 March", visit.visit_type.name, "ibuprofen", visit.patient.number):
        assert word not in text
    link = PatientLink.objects.get()
    for name in ("confirm", "cancel", "move", "calendar_file", "read", "taken"):
        for method in (telephone.client.get, telephone.client.post):
            answer = method(reverse(f"links:{name}", args=[link.pk]), follow=True)
            assert "Ruiz" not in text_of(answer), name
    visit.refresh_from_db()
    assert visit.status == "booked" and not PatientLink.objects.exclude(answer="").exists()


def test_five_wrong_birth_dates_lock_it_and_the_desk_issues_another(
    address_for, telephone, visit, front_desk, client_of
):
    address = address_for()
    asked = telephone.open(address).request["PATH_INFO"]
    assert telephone.client.post(asked, BORN | {"month": "13"}).status_code == 200
    assert telephone.client.post(asked, {}).status_code == 200
    assert PatientLink.objects.get().tries == 0, "what is no date is no try"
    assert "You can try 4 more times" in text_of(telephone.client.post(asked, WRONG))
    for _number in range(3):
        telephone.client.post(asked, WRONG)
    answer = telephone.client.post(asked, WRONG)
    assert answer.status_code == 403 and "This link is locked" in text_of(answer)
    assert "locked" in text_of(telephone.client.post(asked, BORN)), "the right one comes too late"
    assert "locked" in text_of(telephone.open(address))
    assert (
        AuditEvent.objects.filter(action="refused", actor_roles="patient", subject_type="links.PatientLink").count()
        == 5
    )
    desk = client_of(front_desk)
    panel = text_of(desk.get(reverse("links:visit_panel", args=[visit.pk])))
    assert "Locked" in panel and "Issue a new one" in panel
    shown = text_of(desk.post(reverse("links:replace", args=[PatientLink.objects.get().pk]), follow=True))
    fresh = PatientLink.objects.get(closed_at=None)
    assert services.address_of(fresh) in shown
    assert telephone.open(address).status_code == 404
    assert "Your visit" in text_of(telephone.come_in(services.address_of(fresh)))


def test_a_right_birth_date_forgets_the_wrong_ones(address_for, telephone):
    address = address_for()
    asked = telephone.open(address).request["PATH_INFO"]
    for _number in range(4):
        telephone.client.post(asked, WRONG)
    assert "Your visit" in text_of(telephone.client.post(asked, BORN, follow=True))
    assert PatientLink.objects.get().tries == 0 and PatientLink.objects.get().opened_at


def test_forged_and_expired_links_say_the_same(address_for, telephone, visit):
    address = address_for()
    with later(days=16):
        expired = telephone.open(address)
    forged = telephone.open("/l/" + "a" * 22)
    changed = telephone.open(address[:-1] + ("A" if address[-1] != "A" else "B"))
    assert {answer.status_code for answer in (expired, forged, changed)} == {404}
    assert expired.content == forged.content == changed.content


def test_a_ticket_opens_its_own_link_for_half_an_hour(address_for, telephone):
    """The cookie of one link is none for another, is not to be forged, and ends."""
    telephone.come_in(address_for())
    link, other = PatientLink.objects.get(), LinkFactory(appointment=AppointmentFactory(patient=PatientFactory()))
    page = reverse("links:page", args=[link.pk])
    ticket = telephone.client.cookies["link"].value
    stranger = Client()
    stranger.cookies["link"] = ticket
    assert stranger.get(reverse("links:page", args=[other.pk])).status_code == 404
    assert stranger.get(page).status_code == 200
    stranger.cookies["link"] = ticket.replace(ticket[:4], "AAAA", 1)
    assert stranger.get(page).status_code == 404
    stranger.cookies["link"] = ticket
    with later(minutes=31):
        assert stranger.get(page).status_code == 404
    PatientLink.objects.filter(pk=link.pk).update(closed_at=link.issued_at)
    stranger.cookies["link"] = ticket
    assert stranger.get(page).status_code == 404, "replaced is over at once"


def test_one_purpose(address_for, telephone, visit):
    """Who may read how to prepare may not cancel."""
    telephone.come_in(address_for(Purpose.PREPARE))
    for name in ("confirm", "cancel", "move", "taken", "stop"):
        assert telephone.do(name).status_code == 404, name
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_guessing_is_slowed_down_and_finds_nothing(address_for, client):
    address_for()
    answers = [client.get(reverse("links:open", args=[f"guess{number:017d}"])).status_code for number in range(40)]
    assert answers == [404] * 30 + [429] * 10


def test_the_token_is_in_no_log_and_not_in_the_trail(address_for, telephone, caplog):
    address = address_for()
    token = address.rpartition("/")[2]
    telephone.come_in(address)
    Client(enforce_csrf_checks=True).post(f"/l/{token}")
    stop = services.unsubscribe_headers(
        patient=PatientLink.objects.get().patient, channel="email", topic=Topic.REMINDERS
    )["List-Unsubscribe"]
    Client().post(path_of(stop.strip("<>")).replace("/off", "x/off"))
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any("/l/***" in line for line in lines)
    trail = json.dumps([str(vars(event)) for event in AuditEvent.objects.all()])
    for secret in (token, stop.split("/")[4]):
        assert len(secret) == 22 and secret not in trail and not any(secret in line for line in lines)


def test_twice_the_same_message_at_once_is_one_link(visit, monkeypatch):
    """The other writer was between our look and our writing."""
    first = services.issue_link(purpose=Purpose.VISIT, visit=visit)
    answers = iter([None, PatientLink.objects.get()])
    monkeypatch.setattr(services.queries, "link_that_stands", lambda key: next(answers))
    assert services.issue_link(purpose=Purpose.VISIT, visit=visit) == first
    assert PatientLink.objects.count() == 1


def test_a_sample_is_as_long_and_leads_nowhere(address_for, telephone):
    assert len(services.sample_link()) == len(address_for())
    assert telephone.open(services.sample_link()).status_code == 404


def test_every_public_page_carries_what_keeps_it_private(address_for, telephone):
    page = telephone.come_in(address_for())
    assert page["Cache-Control"] == "private, no-store" and page["Referrer-Policy"] == "same-origin"
    text = text_of(page)
    assert 'name="robots" content="noindex' in text and "<script" not in text and "htmx" not in text


def test_what_the_patient_does_is_in_the_trail_as_the_patients(address_for, telephone, visit):
    telephone.come_in(address_for())
    telephone.do("confirm")
    events = AuditEvent.objects.filter(patient_id=visit.patient_id, actor_roles="patient")
    done = set(events.values_list("action", "subject_type"))
    assert done >= {
        ("view", "links.PatientLink"),
        ("change", "links.PatientLink"),
        ("change", "scheduling.Appointment"),
    }
    assert not events.exclude(actor_id=None).exists()
    services.issue_link(purpose=Purpose.TAKEN, visit=visit, by=visit.booked_by)
    assert AuditEvent.objects.latest("pk").actor_roles != "patient", "the next act is not the patient's"
