"""The waiting list: whom a freed time suits, offers by link, and the first to accept."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from clinic.core.logs import JsonFormatter
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import SlotOfferFactory, VisitTypeFactory, WaitingEntryFactory
from tests.house.answers import assert_wrote_nothing
from tests.scheduling.conftest import NINE, NOW, work_always
from tests.scheduling.racing import at_once
from treatments.scheduling import services, waiting, waiting_queries
from treatments.scheduling.enums import OfferStatus, PartOfDay, Priority, VisitKind, WaitingStatus
from treatments.scheduling.links import BYTES, digest_of, token_of
from treatments.scheduling.models import Appointment, SlotOffer, WaitingEntry

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 3, 1)


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


def cancelled(calendar, **more):
    visit = calendar.book(**more)
    return services.cancel_appointment(appointment_id=visit.pk, version=1, reason="ill", by=calendar.desk, at=NOW)


def freed(calendar, **more):
    return waiting_queries.freed_by(cancelled(calendar, **more), NOW)


def test_a_cancelled_visit_frees_its_time_until_somebody_takes_it(calendar):
    visit = cancelled(calendar)
    slot = waiting_queries.freed_by(visit, NOW)
    assert (slot.starts_at, slot.practitioner, slot.room) == (NINE, calendar.practitioner, calendar.room)
    assert waiting_queries.freed_by(visit, NINE) is None
    calendar.book(patient=PatientFactory())
    assert waiting_queries.freed_by(visit, NOW) is None


def test_a_moved_visit_frees_where_it_was(calendar):
    visit = calendar.book()
    assert waiting_queries.freed_by(visit, NOW) is None
    where = {"practitioner": calendar.practitioner, "room": calendar.room, "by": calendar.desk, "at": NOW}
    later = {"appointment_id": visit.pk, "starts_at": NINE + timedelta(days=1)} | where
    services.move_appointment(version=1, **later)
    visit.refresh_from_db()
    assert waiting_queries.freed_by(visit, NOW) is None, "it was there for no time at all"
    services.move_appointment(version=2, **later | {"starts_at": NINE, "at": NOW + timedelta(seconds=5)})
    visit.refresh_from_db()
    assert waiting_queries.freed_by(visit, NOW) is None, "an undone move frees nothing"
    services.move_appointment(version=3, **later | {"at": NOW + timedelta(minutes=5)})
    visit.refresh_from_db()
    assert waiting_queries.freed_by(visit, NOW).starts_at == NINE


@pytest.mark.parametrize(
    ("wish", "suits"),
    [
        ({}, True),
        ({"from_day": MONDAY + timedelta(days=1)}, False),
        ({"from_day": MONDAY - timedelta(days=9), "until_day": MONDAY - timedelta(days=1)}, False),
        ({"parts": [PartOfDay.MORNING]}, True),
        ({"parts": [PartOfDay.EVENING, PartOfDay.AFTERNOON]}, False),
        ({"status": WaitingStatus.CLOSED}, False),
        ({"minutes": 60}, False),
        ({"practitioner": "another"}, False),
        ({"practitioner": "same"}, True),
    ],
)
def test_whom_a_time_suits(calendar, wish, suits):
    person = {"another": PractitionerFactory(), "same": calendar.practitioner}.get(wish.pop("practitioner", None))
    kind = VisitTypeFactory(kind=VisitKind.FOLLOW_UP, minutes=wish.pop("minutes", 30))
    entry = WaitingEntryFactory(practitioner=person, visit_type=kind, **wish)
    assert waiting_queries.who_waits_for(freed(calendar)) == ([entry] if suits else [])


def test_the_urgent_come_first_and_who_gave_the_time_back_does_not(calendar):
    usual, urgent = WaitingEntryFactory(), WaitingEntryFactory(priority=Priority.URGENT)
    WaitingEntryFactory(patient=calendar.patient)
    assert waiting_queries.who_waits_for(freed(calendar), but=calendar.patient) == [urgent, usual]


def test_questions_do_not_grow(calendar, django_assert_max_num_queries):
    slot = freed(calendar)
    for _ in range(30):
        SlotOfferFactory()
    with django_assert_max_num_queries(4):
        assert len(waiting_queries.people_waiting(NOW)) == 30
        assert len(waiting_queries.who_waits_for(slot)) == 30


# Offers -------------------------------------------------------------------------------------------------------


def offer(calendar, *entries, valid_for=timedelta(hours=1), starts_at=NINE):
    return waiting.offer_slot(
        entries=entries,
        starts_at=starts_at,
        practitioner=calendar.practitioner,
        room=calendar.room,
        valid_for=valid_for,
        by=calendar.desk,
        at=NOW,
    )


def statuses():
    return list(SlotOffer.objects.order_by("pk").values_list("status", flat=True))


def test_the_first_to_accept_gets_it_and_the_others_are_told(calendar):
    one, two = offer(calendar, WaitingEntryFactory(), WaitingEntryFactory())
    accepted = waiting.accept_offer(offer_id=two.pk, at=NOW)
    visit = accepted.entry.appointment
    assert (visit.starts_at, visit.patient, visit.booked_by) == (NINE, two.entry.patient, calendar.desk)
    assert statuses() == [OfferStatus.TAKEN, OfferStatus.ACCEPTED]
    assert waiting.accept_offer(offer_id=one.pk, at=NOW).status == OfferStatus.TAKEN
    assert waiting.accept_offer(offer_id=two.pk, at=NOW).entry.appointment == visit, "twice is once"
    assert Appointment.objects.count() == 1
    assert WaitingEntry.objects.get(pk=one.entry_id).status == WaitingStatus.WAITING
    assert AuditEvent.objects.filter(action="create", subject_type="scheduling.Appointment", actor_id=None).exists()


def test_a_time_that_the_desk_gave_to_somebody_else_is_taken(calendar):
    (one,) = offer(calendar, WaitingEntryFactory())
    calendar.book(patient=PatientFactory())
    assert waiting.accept_offer(offer_id=one.pk, at=NOW).status == OfferStatus.TAKEN
    assert Appointment.objects.count() == 1


def test_an_offer_ends_with_its_time_or_before_the_visit(calendar):
    entry = WaitingEntryFactory()
    (one,) = offer(calendar, entry, valid_for=timedelta(days=1))
    assert one.expires_at == NINE
    assert offer(calendar, entry) == [], "one that stands is not made again"
    with pytest.raises(Refused, match="expired"):
        waiting.accept_offer(offer_id=one.pk, at=NINE)
    assert not Appointment.objects.exists()


def test_who_has_a_visit_takes_no_second(calendar):
    entry = WaitingEntryFactory()
    offers = [*offer(calendar, entry), *offer(calendar, entry, starts_at=NINE + timedelta(hours=1))]
    waiting.accept_offer(offer_id=offers[0].pk, at=NOW)
    assert statuses() == [OfferStatus.ACCEPTED, OfferStatus.WITHDRAWN]
    assert waiting.accept_offer(offer_id=offers[1].pk, at=NOW).status == OfferStatus.WITHDRAWN
    assert Appointment.objects.count() == 1


def test_taking_off_the_list_withdraws(calendar):
    (one,) = offer(calendar, WaitingEntryFactory())
    waiting.take_off_list(entry=one.entry, by=calendar.desk, at=NOW)
    assert waiting.accept_offer(offer_id=one.pk, at=NOW).status == OfferStatus.WITHDRAWN
    with pytest.raises(Refused):
        waiting.take_off_list(entry=one.entry, by=calendar.desk, at=NOW)


def test_the_token_has_192_bits_and_the_database_only_its_digest(calendar):
    (one,) = offer(calendar, WaitingEntryFactory())
    token = token_of("offer", one.nonce)
    assert BYTES * 8 == 192 and len(token) == 32
    assert one.token_digest == digest_of(token) and token not in str(vars(one))
    assert token_of("feed", one.nonce) != token


@pytest.mark.django_db(transaction=True)
def test_twenty_accept_at_once_and_one_has_it(racing_calendar):
    """Ten rounds on rows that are committed, each person with a connection of their own."""
    calendar = racing_calendar
    for number in range(5):
        offers = offer(calendar, *(WaitingEntryFactory() for _ in range(20)), starts_at=NINE + timedelta(hours=number))
        found = at_once([lambda one=one: waiting.accept_offer(offer_id=one.pk, at=NOW) for one in offers])
        assert all(isinstance(answer, SlotOffer) for answer in found), found
        assert sorted(answer.status for answer in found) == ["accepted"] + ["taken"] * 19
        assert Appointment.objects.filter(starts_at=NINE + timedelta(hours=number)).count() == 1


# Pages --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(calendar, client_of):
    return client_of(calendar.desk)


def url(name, *args):
    return reverse(f"scheduling:{name}", args=args)


def test_from_a_cancelled_visit_to_a_booked_one(calendar, desk, client):
    entry = WaitingEntryFactory(note="rings back after five")
    visit = cancelled(calendar)
    assert "1 person waits" in desk.get(url("visit", visit.pk)).content.decode()
    page = desk.get(url("offer", visit.pk)).content.decode()
    assert "rings back after five" in page and f'value="{entry.pk}"' in page
    assert desk.post(url("offer", visit.pk), {"valid_for": 120}).content.decode().count("Choose whom") == 1
    assert desk.post(url("offer", visit.pk), {"entries": [entry.pk], "valid_for": 120}).status_code == 302
    link = url("answer_offer", token_of("offer", SlotOffer.objects.get().nonce))
    assert link in desk.get(url("offer", visit.pk)).content.decode()
    shown = client.get(link).content.decode()
    assert "Yes, I will come" in shown and "9:00" in shown
    assert entry.patient.family_name not in shown and entry.visit_type.name not in shown
    answer = client.post(link, {"answer": "accept"})
    assert "It is yours" in answer.content.decode()
    assert Appointment.objects.filter(patient=entry.patient).exists()


def test_opening_the_link_changes_nothing(calendar, client):
    (one,) = offer(calendar, WaitingEntryFactory())
    link = url("answer_offer", token_of("offer", one.nonce))
    with CaptureQueriesContext(connection) as queries:
        for method in (client.get, client.head):
            assert method(link).status_code == 200
    assert_wrote_nothing(queries)
    assert statuses() == ["open"]
    answer = client.get(link)
    assert answer["Referrer-Policy"] == "same-origin" and answer["Cache-Control"] == "private, no-store"


def test_the_loser_reads_that_it_has_just_been_taken(calendar, client):
    one, two = offer(calendar, WaitingEntryFactory(), WaitingEntryFactory())
    client.post(url("answer_offer", token_of("offer", one.nonce)), {"answer": "accept"})
    page = client.post(url("answer_offer", token_of("offer", two.nonce)), {"answer": "accept"}).content.decode()
    assert "has just been taken" in page


def test_losers_stay_before_the_desks_eyes_until_they_know(calendar, desk, client):
    one, two, three = offer(calendar, *(WaitingEntryFactory() for _number in range(3)))
    links = [url("answer_offer", token_of("offer", row.nonce)) for row in (one, two)]
    for link in links:  # the second reads that it is gone
        client.post(link, {"answer": "accept"})
    assert waiting_queries.to_tell(NOW) == [three]
    page = desk.get(url("waiting")).content.decode()
    assert "has been taken" in page and three.entry.patient.phone in page
    assert "Tell one person" in desk.get(url("today_panel")).content.decode()
    desk.post(url("offer_step", three.pk), {"step": "told"})
    assert waiting_queries.to_tell(NOW) == [] and statuses() == ["accepted", "taken", "taken"]
    assert "has been taken" not in desk.get(url("waiting")).content.decode()


def test_an_offered_time_that_the_desk_booked_is_gone_too(calendar, desk):
    (one,) = offer(calendar, WaitingEntryFactory())
    assert not waiting_queries.to_tell(NOW)
    calendar.book(patient=PatientFactory())
    assert waiting_queries.to_tell(NOW) == [one]
    assert not waiting_queries.to_tell(NINE), "nobody is told of a time that has passed"
    desk.post(url("offer_step", one.pk), {"step": "told"})
    assert statuses() == ["taken"] and not waiting_queries.to_tell(NOW)


def test_offers_and_wishes_that_ran_out_are_shown(calendar, desk):
    offer(calendar, WaitingEntryFactory(), starts_at=NINE + timedelta(days=1), valid_for=timedelta(minutes=10))
    late = WaitingEntryFactory(from_day=MONDAY - timedelta(days=9), until_day=MONDAY - timedelta(days=1))
    page = desk.get(url("waiting")).content.decode()
    assert "Their days have passed" in page and late.patient.family_name in page and "no answer" not in page
    with time_machine.travel(NOW + timedelta(minutes=10), tick=False):
        assert "no answer about 2 Mar" in desk.get(url("waiting")).content.decode()


@pytest.mark.parametrize("posted", [{}, {"answer": "perhaps"}])
def test_an_answer_that_is_none_changes_nothing(calendar, client, posted):
    (one,) = offer(calendar, WaitingEntryFactory())
    page = client.post(url("answer_offer", token_of("offer", one.nonce)), posted)
    assert page.status_code == 200 and statuses() == ["open"]


def test_declining_keeps_the_place_on_the_list(calendar, client):
    (one,) = offer(calendar, WaitingEntryFactory())
    page = client.post(url("answer_offer", token_of("offer", one.nonce)), {"answer": "decline"}).content.decode()
    assert "You stay on our list" in page and statuses() == ["declined"]
    assert WaitingEntry.objects.get().status == WaitingStatus.WAITING


def test_a_log_does_not_tell_the_token(calendar, caplog):
    """A browser without cookies is refused, and that is logged with its path."""
    (one,) = offer(calendar, WaitingEntryFactory())
    token = token_of("offer", one.nonce)
    answer = Client(enforce_csrf_checks=True).post(url("answer_offer", token), {"answer": "accept"})
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert answer.status_code == 403 and any("/calendar/offer/***/" in line for line in lines)
    assert not any(token in line for line in lines)


def test_guessing_is_slowed_down(calendar, client):
    answers = [client.get(url("answer_offer", f"guess{number}")).status_code for number in range(25)]
    assert answers == [404] * 20 + [429] * 5


def test_on_the_telephone_the_desk_accepts(calendar, desk):
    one, two = offer(calendar, WaitingEntryFactory(), WaitingEntryFactory())
    answer = desk.post(url("offer_step", one.pk), {"step": "accept"})
    assert Appointment.objects.count() == 1
    assert answer["Location"] == url("waiting"), "where somebody is to be told that they lost"
    assert (
        desk.post(url("offer_step", two.pk), {"step": "accept"}, follow=True).content.decode().count("just been taken")
    )


WISH = {"from_day": "2027-03-01", "until_day": "2027-03-20", "parts": ["morning"], "priority": 1, "note": "ring"}


def test_the_desk_keeps_the_list(calendar, desk):
    add = url("add_to_list") + f"?patient={calendar.patient.pk}"
    wish = WISH | {"visit_type": calendar.consultation.pk}
    assert desk.post(add, wish | {"until_day": "2027-02-01"}).status_code == 200
    assert desk.post(add, wish | {"visit_type": 0}).status_code == 200
    assert not WaitingEntry.objects.exists()
    assert desk.post(add, wish).status_code == 302
    entry = WaitingEntry.objects.get()
    assert "morning" in desk.get(url("waiting")).content.decode()
    assert desk.post(url("edit_wish", entry.pk), wish | {"note": "later"}).status_code == 302
    assert "later" in desk.get(url("waiting")).content.decode()
    assert desk.post(url("take_off_list", entry.pk)).status_code == 302
    assert "Nobody waits" in desk.get(url("waiting")).content.decode()


def test_nothing_of_a_get_is_written(calendar, desk, django_assert_max_num_queries):
    visit = cancelled(calendar)
    with django_assert_max_num_queries(40) as queries:
        desk.get(url("offer", visit.pk))
    assert_wrote_nothing(queries)


def test_a_free_time_of_another_person_is_not_offered(calendar):
    other = work_always(PractitionerFactory())
    WaitingEntryFactory(practitioner=other)
    assert waiting_queries.who_waits_for(freed(calendar)) == []
