"""Feeds and single visits as calendar programs read them: a real parser, stable ids, growing sequences, no secrets."""

from datetime import UTC, date, time, timedelta

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from clinic.core import clock
from clinic.staff.queries import clinic_profile
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import AppointmentFactory, CalendarFeedFactory
from tests.scheduling.conftest import NINE, NOW
from treatments.scheduling import feeds, ics, services
from treatments.scheduling.links import token_of
from treatments.scheduling.models import CalendarFeed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def feed(calendar):
    return feeds.add_feed(practitioner=calendar.practitioner, busy_only=False, by=calendar.practitioner)


def address(feed) -> str:
    return reverse("scheduling:feed", args=[token_of("feed", feed.nonce)])


def read(client, feed) -> list:
    answer = client.get(address(feed))
    assert answer.status_code == 200 and answer["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(answer.content).walk("VEVENT")


def move(calendar, visit, days):
    return services.move_appointment(
        appointment_id=visit.pk,
        version=visit.version,
        starts_at=visit.starts_at + timedelta(days=days),
        practitioner=calendar.practitioner,
        room=calendar.room,
        by=calendar.desk,
        at=clock.now() + timedelta(minutes=1),
    )


def test_a_visit_keeps_its_id_while_its_sequence_grows(calendar, feed, client):
    visit = calendar.book()
    (booked,) = read(client, feed)
    visit = move(calendar, visit, 1)
    (moved,) = read(client, feed)
    services.cancel_appointment(
        appointment_id=visit.pk, version=2, reason="ill", by=calendar.desk, at=NOW + timedelta(minutes=2)
    )
    (gone,) = read(client, feed)
    assert booked["UID"] == moved["UID"] == gone["UID"]
    assert [event["SEQUENCE"] for event in (booked, moved, gone)] == [0, 1, 2]
    assert [event["STATUS"] for event in (booked, moved, gone)] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert booked["DTSTAMP"].dt < moved["DTSTAMP"].dt < gone["DTSTAMP"].dt
    assert (moved["DTSTART"].dt, moved["DTEND"].dt) == (visit.starts_at, visit.ends_at)


def test_a_feed_names_no_patient(calendar, feed, client):
    calendar.book(patient=PatientFactory(given_name="Zqpatient", family_name="Zqfamily", phone="+34600111222"))
    text = client.get(address(feed)).content.decode()
    assert "Consultation" in text and "Blue room" in text
    assert "Zq" not in text and "600111222" not in text


def test_the_busy_variant_says_nothing_else(calendar, client):
    feed = feeds.add_feed(practitioner=calendar.practitioner, busy_only=True, by=calendar.practitioner)
    calendar.book()
    (event,) = read(client, feed)
    assert event["SUMMARY"] == "Busy" and "LOCATION" not in event


def test_only_their_own_visits_of_the_time_around_now(calendar, feed, client):
    calendar.book()
    AppointmentFactory(practitioner=PractitionerFactory(), starts_at=NINE)
    AppointmentFactory(practitioner=calendar.practitioner, starts_at=NINE - timedelta(days=60))
    assert len(read(client, feed)) == 1


def test_nine_o_clock_stays_nine_across_the_change_of_clocks(calendar, feed, client):
    for day in (date(2027, 3, 27), date(2027, 3, 29)):
        calendar.book(starts_at=clock.exact_instant(day, time(9)), patient=PatientFactory())
    starts = [event["DTSTART"].dt for event in read(client, feed)]
    assert [start.astimezone(UTC).hour for start in starts] == [8, 7]
    assert {clock.local(start).hour for start in starts} == {9}


def test_a_revoked_feed_answers_nothing(calendar, feed, client, client_of):
    own = client_of(calendar.practitioner)
    assert address(feed) in own.get(reverse("scheduling:feeds")).content.decode()
    assert own.post(reverse("scheduling:revoke_feed", args=[feed.pk])).status_code == 302
    assert client.get(address(feed)).status_code == 404
    assert own.post(reverse("scheduling:revoke_feed", args=[feed.pk]), follow=True).status_code == 200


def test_the_feed_of_somebody_who_left_answers_nothing(calendar, feed, client):
    calendar.practitioner.is_active = False
    calendar.practitioner.save()
    assert client.get(address(feed)).status_code == 404


def test_nobody_sees_or_revokes_anothers_feed(calendar, feed, client_of):
    other = client_of(PractitionerFactory())
    assert address(feed) not in other.get(reverse("scheduling:feeds")).content.decode()
    assert other.post(reverse("scheduling:revoke_feed", args=[feed.pk])).status_code == 404


def test_feeds_are_added_by_a_button(calendar, client_of):
    own = client_of(calendar.practitioner)
    for posted in ({}, {"busy": "1"}):
        own.post(reverse("scheduling:feeds"), posted)
    assert sorted(CalendarFeed.objects.values_list("busy_only", flat=True)) == [False, True]


def test_guessing_an_address_is_slowed_down(client, clinic_row):
    url = reverse("scheduling:feed", args=["guess"])
    assert [client.get(url).status_code for _ in range(22)] == [404] * 20 + [429] * 2


def test_questions_of_a_feed_do_not_grow(calendar, client, django_assert_max_num_queries):
    feed = CalendarFeedFactory(practitioner=calendar.practitioner)
    for number in range(30):
        AppointmentFactory(practitioner=calendar.practitioner, starts_at=NINE + timedelta(days=number))
    with django_assert_max_num_queries(5):
        assert len(read(client, feed)) == 30


# A single visit -----------------------------------------------------------------------------------------------


def test_the_patients_copy_is_cancelled_with_the_same_id(calendar):
    visit = calendar.book()
    kept = Calendar.from_ical(feeds.visit_ics(visit, clinic_profile()))
    cancelled = services.cancel_appointment(appointment_id=visit.pk, version=1, reason="ill", by=calendar.desk, at=NOW)
    gone = Calendar.from_ical(feeds.visit_ics(cancelled, clinic_profile()))
    assert (kept["METHOD"], gone["METHOD"]) == ("PUBLISH", "CANCEL")
    (one,), (two,) = kept.walk("VEVENT"), gone.walk("VEVENT")
    assert one["UID"] == two["UID"] and two["SEQUENCE"] > one["SEQUENCE"] and two["STATUS"] == "CANCELLED"
    assert one["SUMMARY"] == "Clínica Aurora" and one["LOCATION"] == "Calle Mayor 1, Madrid"
    assert one["ORGANIZER"].startswith("tel:")


@pytest.mark.parametrize(
    "words", ["Señal; coma, barra \\ y más", "日本語" * 40, "é" * 200, "two\r\nlines BEGIN:VEVENT"]
)
def test_any_words_survive_and_no_line_is_too_long(words):
    event = ics.Event("1@x", 0, NOW, NINE, NINE + timedelta(hours=1), summary=words)
    text = ics.calendar("Aurora", [event])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    (read_back,) = Calendar.from_ical(text).walk("VEVENT")
    assert read_back["SUMMARY"] == " ".join(words.split())
