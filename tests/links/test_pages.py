"""What each link leads to, and what comes of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from patients.history.models import PatientMedicine
from tests.factories.links import LinkFactory, MedicinesToldFactory, MoveRequestFactory
from tests.factories.patients import PatientFactory
from tests.factories.treatments import (
    AppointmentFactory,
    ApprovedVersionFactory,
    PlanFactory,
    SessionFactory,
    VisitTypeFactory,
)
from tests.house.answers import assert_nothing_inline
from tests.links.conftest import NOW, VISIT, Telephone, later, text_of
from treatments.charting.models import Preparation, TreatmentSession
from treatments.links import queries, services
from treatments.links.enums import Purpose, Topic
from treatments.links.models import MedicinesTold, MoveRequest, PatientLink
from treatments.scheduling.models import Appointment

pytestmark = pytest.mark.django_db


def status(visit):
    return Appointment.objects.get(pk=visit.pk).status


def answer():
    return PatientLink.objects.latest("pk").answer


def move(visit, **delta):
    """As the desk does it, past its checks."""
    starts_at = VISIT + timedelta(**delta)
    ends_at = starts_at + timedelta(minutes=30)
    times = {"starts_at": starts_at, "busy_from": starts_at, "ends_at": ends_at, "busy_until": ends_at}
    Appointment.objects.filter(pk=visit.pk).update(version=2, **times)


# The visit ------------------------------------------------------------------------------------------------------


def test_confirming(address_for, telephone, visit, front_desk, client_of):
    page = telephone.come_in(address_for())
    assert "Tuesday 16 March 2027" in text_of(page) and "10:00" in text_of(page) and "Dr Ana Ruiz" in text_of(page)
    assert visit.visit_type.name not in text_of(page)
    assert status(visit) == "booked", "opening is no answer"
    assert "You told us that you will come" in text_of(telephone.do("confirm"))
    assert (status(visit), answer()) == ("confirmed", "confirmed")
    assert "You told us that you will come" in text_of(telephone.do("confirm")), "twice is once"
    assert visit.changes.count() == 1
    shown = text_of(client_of(front_desk).get(reverse("scheduling:visit", args=[visit.pk])))
    assert "the patient, by a link" in shown and "/links/visit/" in shown
    assert "Will come" in text_of(client_of(front_desk).get(reverse("links:visit_panel", args=[visit.pk])))


def test_cancelling_asks_first(address_for, telephone, visit):
    telephone.come_in(address_for())
    link = PatientLink.objects.get()
    assert "Yes, cancel my visit" in text_of(telephone.client.get(reverse("links:cancel", args=[link.pk])))
    assert status(visit) == "booked"
    assert "This visit was cancelled" in text_of(telephone.do("cancel"))
    assert "This visit was cancelled" in text_of(telephone.do("cancel")), "twice is once"
    cancelled = Appointment.objects.get(pk=visit.pk)
    assert (cancelled.status, cancelled.cancel_reason) == ("cancelled", "By the patient, by a link")
    assert "cannot" not in text_of(telephone.do("confirm")) and status(visit) == "cancelled"


def test_the_clinics_rule_for_cancelling(address_for, telephone, visit, administrator, client_of):
    admin = client_of(administrator)
    told = {"may_cancel": "on", "cancel_hours": "48", "cancel_note": "Later than that costs 30 euros."}
    assert admin.post(reverse("links:settings"), told | {"cancel_hours": "-1"}).status_code == 200
    assert admin.post(reverse("links:settings"), told).status_code == 302
    address = address_for()
    telephone.come_in(address)
    page = reverse("links:cancel", args=[PatientLink.objects.get().pk])
    assert "costs 30 euros" in text_of(telephone.client.get(page))
    with later(days=13, hours=1, minutes=1):
        late = Telephone()
        late.come_in(address)
        assert "It is too late to cancel here" in text_of(late.client.get(page))
        assert "It is too late to cancel here" in text_of(late.do("cancel"))
        assert status(visit) == "booked"
        assert "You asked for another time" in text_of(late.do("move", when="later"))


def test_asking_for_another_time_moves_nothing(address_for, telephone, visit, front_desk, client_of):
    telephone.come_in(address_for())
    assert "Select" in text_of(telephone.do("move", when="")) or not MoveRequest.objects.exists()
    assert not MoveRequest.objects.exists()
    telephone.do("move", when="later")
    page = telephone.do("move", when="next_week", parts=["morning", "evening"])
    assert "You asked for another time" in text_of(page)
    wish = MoveRequest.objects.get()
    assert (wish.when, wish.parts, status(visit)) == ("next_week", ["morning", "evening"], "booked")
    desk = client_of(front_desk)
    panel = text_of(desk.get(reverse("links:requests_panel")))
    assert "Berta Soler" in panel and "About a week later" in panel and "morning, evening" in panel
    move(visit, days=7)
    assert "Nobody asks" in text_of(desk.get(reverse("links:requests_panel"))), "moved is answered"
    move(visit)
    assert desk.post(reverse("links:settle", args=[wish.pk])).status_code == 302
    assert "Nobody asks" in text_of(desk.get(reverse("links:requests_panel")))
    assert "Somebody has settled" in text_of(desk.post(reverse("links:settle", args=[wish.pk]), follow=True))


def test_an_old_link_says_what_is_true_now(address_for, telephone, visit):
    address = address_for()
    move(visit, days=2)
    page = text_of(telephone.come_in(address))
    assert "It is no longer on Tuesday 16 March at 10:00" in page and "Thursday 18 March 2027" in page
    with later(days=16):
        assert "Thursday 18 March" in text_of(Telephone().come_in(address)), "it lives as long as its visit"
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled", cancel_reason="ill")
    page = text_of(telephone.come_in(address))
    assert "This visit was cancelled" in page and "I will come" not in page and "ill" not in page.replace("will", "")


def test_what_the_page_did_not_show_is_not_confirmed(address_for, telephone, visit):
    """The desk moves the visit while the patient looks at the old time."""
    telephone.come_in(address_for())
    link = PatientLink.objects.get()
    move(visit, days=2)
    page = telephone.client.post(reverse("links:confirm", args=[link.pk]), {"version": 1}, follow=True)
    assert "Somebody else changed this meanwhile" in text_of(page) and "Thursday 18 March" in text_of(page)
    assert (status(visit), answer()) == ("booked", "")


def test_a_version_that_is_none_changes_nothing(address_for, telephone, visit):
    telephone.come_in(address_for())
    for told in ({"version": ""}, {"version": "x"}, {"version": str(2**40)}):
        assert telephone.do("confirm", **told).status_code == 200
    assert status(visit) == "booked"


def test_the_visit_for_the_calendar(address_for, telephone, visit):
    telephone.come_in(address_for())
    file = telephone.client.get(reverse("links:calendar_file", args=[PatientLink.objects.get().pk]))
    assert "text/calendar" in file["Content-Type"] and b"BEGIN:VEVENT" in file.content and b"Soler" not in file.content


# What is read ---------------------------------------------------------------------------------------------------


def recipe(**texts):
    version = ApprovedVersionFactory()
    type(version.formulation).objects.filter(pk=version.formulation_id).update(**texts)
    return version


def test_how_to_prepare(address_for, telephone, visit):
    version = recipe(before_care="Bring your sun glasses.")
    line = version.lines.first()
    type(line.ingredient).objects.filter(pk=line.ingredient_id).update(before_care="Drink two glasses of water.")
    PlanFactory(patient=visit.patient, version=version)
    PlanFactory(patient=visit.patient, version=recipe(before_care="Of a plan that has ended."), status="done",
                ended_at=NOW, ended_by=visit.practitioner)  # fmt: skip
    page = text_of(telephone.come_in(address_for(Purpose.PREPARE)))
    assert "From Tuesday 9 March until your visit: no aspirin, ibuprofen" in page
    assert "A medicine that a doctor prescribed: keep taking it" in page
    assert "Bring your sun glasses." in page and "Drink two glasses of water." in page and "has ended" not in page
    assert "You told us that you have read it" in text_of(telephone.do("read"))
    assert answer() == "read"


def test_a_consultation_asks_for_little(telephone, patient):
    visit = AppointmentFactory(patient=patient, starts_at=VISIT, visit_type=VisitTypeFactory(kind="consultation"))
    page = text_of(telephone.come_in(services.issue_link(purpose=Purpose.PREPARE, visit=visit)))
    assert "Bring a list of the medicines" in page and "ibuprofen" not in page


def signed_session(patient, version):
    session = SessionFactory(patient=patient, started_at=NOW)
    Preparation.objects.create(session=session, position=1, version=version, volume_ml=5)
    TreatmentSession.objects.filter(pk=session.pk).update(
        status="signed",
        signed_at=NOW,
        signed_by=session.practitioner,
        signed_name="Dr",
        content_hash="a",
        signature="b",
    )
    session.refresh_from_db()
    return session


def test_after_care_follows_what_was_given(address_for, telephone, patient):
    session = signed_session(patient, recipe(after_care="Men must not give blood for 6 months."))
    page = text_of(telephone.come_in(address_for(Purpose.AFTER_CARE, session=session)))
    assert "Men must not give blood" in page and "Ring us at once" in page and "ring 112" in page
    telephone.do("read")
    with later(days=100):
        assert "give blood" in text_of(Telephone().come_in(address_for(Purpose.AFTER_CARE, session=session)))
    with later(days=121):
        assert telephone.open(services.address_of(PatientLink.objects.get())).status_code == 404


# What was taken -------------------------------------------------------------------------------------------------


def test_what_was_taken_is_reviewed_and_not_written_into_the_history(
    address_for, telephone, visit, practitioner, front_desk, client_of
):
    telephone.come_in(address_for(Purpose.TAKEN))
    told = {"taken": "yes", "m0-name": "  Nurofen ", "m0-last_taken": "yesterday", "m0-source": "self_bought"}
    told |= {"m3-name": "aspirina"}
    assert "Your practitioner reads your answer" in text_of(telephone.do("taken", **told))
    row = MedicinesTold.objects.get()
    named = list(row.medicines.values_list("name", "last_taken", "source"))
    assert named == [("Nurofen", "yesterday", "self_bought"), ("aspirina", "unsure", "unknown")]
    assert not PatientMedicine.objects.exists()
    doctor, desk = client_of(practitioner), client_of(front_desk)
    assert "Nurofen, aspirina" in text_of(doctor.get(reverse("links:told_panel")))
    page = reverse("links:told", args=[row.pk])
    assert "Nurofen" in text_of(doctor.get(page)) and desk.get(page).status_code == 403
    assert "Nurofen" not in text_of(desk.get(reverse("links:visit_panel", args=[visit.pk])))
    assert doctor.post(page).status_code == 302
    assert "No answers to review" in text_of(doctor.get(reverse("links:told_panel")))
    assert "reviewed this already" in text_of(doctor.post(page, follow=True))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "Choose no or yes"),
        ({"taken": "perhaps"}, "Select a valid choice"),
        ({"taken": "yes"}, "at least one"),
        ({"taken": "no", "m1-name": "Nurofen"}, "Which is right?"),
        ({"taken": "yes", "m0-name": "Nurofen", "m1-last_taken": "today"}, "as it stands on the packet"),
        ({"taken": "yes", "m0-name": "N" * 121}, "at most 120"),
        ({"taken": "yes", "m0-name": "Nurofen", "m0-last_taken": "never"}, "Select a valid choice"),
    ],
)
def test_an_answer_that_cannot_be_understood_is_kept_on_the_page(address_for, telephone, told, said):
    telephone.come_in(address_for(Purpose.TAKEN))
    page = text_of(telephone.do("taken", **told))
    assert said in page
    assert "m0-name" not in told or told["m0-name"] in page
    assert not MedicinesTold.objects.exists()


def test_none_is_an_answer(address_for, telephone):
    telephone.come_in(address_for(Purpose.TAKEN))
    telephone.do("taken", taken="no")
    assert MedicinesTold.objects.get().none_taken


# Unsubscribing --------------------------------------------------------------------------------------------------


def test_unsubscribing_needs_no_birth_date(address_for, telephone, patient, front_desk, client_of):
    address = address_for(Purpose.STOP, patient=patient, channel="sms", topic=Topic.REMINDERS)
    page = text_of(telephone.open(address))
    assert "Stop these messages?" in page and "Soler" not in page and not queries.stopped([patient.pk])
    assert "You get no more" in text_of(telephone.do("stop", act="stop"))
    telephone.do("stop", act="stop")
    assert queries.stopped([patient.pk]) == {(patient.pk, "sms", "reminders")}
    assert not queries.is_stopped(patient.pk, "email", "reminders")
    assert not queries.is_stopped(patient.pk, "sms", "after_care")
    assert "Stop these messages?" in text_of(telephone.do("stop", act="resume"))
    assert not queries.stopped([patient.pk])
    telephone.do("stop", act="stop")
    desk = client_of(front_desk)
    panel = text_of(desk.get(reverse("links:patient_panel", args=[patient.pk])))
    assert "Wants no more of these messages" in panel
    desk.post(reverse("links:lift", args=[queries.stops_of(patient.pk)[0].pk]))
    assert not queries.stopped([patient.pk])


def test_one_click_from_a_mail_program(patient):
    """RFC 8058: a POST without cookies, at the address in the header."""
    headers = services.unsubscribe_headers(patient=patient, channel="email", topic=Topic.AFTER_CARE)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:8000")
    program = Client(enforce_csrf_checks=True)
    assert program.get(address).status_code == 302 and not queries.stopped([patient.pk])
    for _time in range(2):
        assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert queries.stopped([patient.pk]) == {(patient.pk, "email", "after_care")}
    assert program.post("/l/" + "a" * 22 + "/off").status_code == 404


def test_unsubscribing_works_by_the_newest_message_too(patient):
    """The link of the first e-mail is in each later one."""
    about = {"purpose": Purpose.STOP, "patient": patient, "channel": "email", "topic": Topic.REMINDERS}
    address = services.issue_link(**about)
    with later(days=150):
        services.issue_link(**about)
        assert PatientLink.objects.get().expires_at == NOW + timedelta(days=400), "most of it is left"
    with later(days=390):
        assert services.issue_link(**about) == address
    with later(days=700):
        assert "Stop these messages?" in text_of(Telephone().open(address))


def test_no_other_link_unsubscribes(address_for, patient):
    token = address_for().rpartition("/")[2]
    assert Client().post(reverse("links:one_click", args=[token])).status_code == 404
    assert not queries.stopped([patient.pk])


# The patient's language, and the desk ---------------------------------------------------------------------------


def test_the_page_is_in_the_patients_language(address_for, telephone, patient):
    patient.language = "ar"
    patient.save()
    page = telephone.open(address_for())
    assert '<html lang="ar" dir="rtl">' in text_of(page)
    assert translation.get_language() == "en"
    assert_nothing_inline(page)


def test_the_desk_shows_addresses_of_visits_only(visit, front_desk, client_of):
    """Behind the others are clinical words, and the desk knows the birth date."""
    desk = client_of(front_desk)
    page = desk.post(reverse("links:new_link", args=[visit.pk]), follow=True)
    link = PatientLink.objects.get()
    assert services.address_of(link) in text_of(page) and link.issued_by == front_desk
    for purpose in (Purpose.PREPARE, Purpose.TAKEN):
        services.issue_link(purpose=purpose, visit=visit)
        other = PatientLink.objects.get(purpose=purpose)
        assert desk.get(reverse("links:address", args=[other.pk])).status_code == 404
        shown = text_of(desk.post(reverse("links:replace", args=[other.pk]), follow=True))
        fresh = PatientLink.objects.get(purpose=purpose, closed_at=None)
        assert fresh != other and services.address_of(fresh) not in shown


def test_links_do_not_tell_the_desk_what_a_patient_takes(
    visit, telephone, front_desk, practitioner, administrator, client_of
):
    """Which page the message of a week before leads to, and when it left, follows from the patient's medicines."""
    names = ["links:visit_panel", "links:patient_panel"]
    pages = [reverse(name, args=[pk]) for name, pk in zip(names, [visit.pk, visit.patient_id], strict=True)]
    desk, doctor = client_of(front_desk), client_of(practitioner)
    purposes = (Purpose.VISIT, Purpose.PREPARE, Purpose.TAKEN)
    addresses = {purpose: services.issue_link(purpose=purpose, visit=visit) for purpose in purposes}
    for who in (front_desk, administrator):
        assert all("State</th>" not in text_of(client_of(who).get(page)) for page in pages), "as without any link"
    for page in pages:
        shown = text_of(doctor.get(page))
        assert all(str(purpose.label) in shown for purpose in purposes) and "Issued" in shown
    PatientLink.objects.update(locked_at=NOW)
    for page in pages:
        shown = text_of(desk.get(page))
        assert shown.count("A page of theirs") == 3 and shown.count("Issue a new one") == 3
        assert not any(str(purpose.label) in shown for purpose in purposes) and "Issued" not in shown
    PatientLink.objects.update(locked_at=None)
    telephone.come_in(addresses[Purpose.VISIT])
    visit_link = PatientLink.objects.get(purpose=Purpose.VISIT)
    telephone.client.post(reverse("links:confirm", args=[visit_link.pk]), {"version": visit.version})
    shown = text_of(desk.get(pages[0]))
    assert "Answer about the visit" in shown and "Will come" in shown and "Issued" not in shown


def test_questions_do_not_grow(visit, django_assert_max_num_queries):
    for number in range(30):
        LinkFactory(appointment=visit, patient=visit.patient)
        other = AppointmentFactory(patient=PatientFactory(), starts_at=VISIT + timedelta(hours=number))
        MoveRequestFactory(link__appointment=other)
        MedicinesToldFactory(link__appointment=other)
    with django_assert_max_num_queries(6):
        assert len([link.appointment.starts_at for link in queries.links_of_visit(visit.pk, all_of_them=True)]) == 30
        assert len({wish.appointment.patient.full_name for wish in queries.open_requests(NOW)}) == 30
        assert all(row.patient.full_name and row.names for row in queries.told_to_review())
        assert queries.stopped(list(range(100))) == set()


def test_writing_a_link_into_a_message_takes_few_statements(visit, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        services.issue_link(purpose=Purpose.VISIT, visit=visit)
    with django_assert_max_num_queries(1):
        services.issue_link(purpose=Purpose.VISIT, visit=visit)
