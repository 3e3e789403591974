"""Each link on a telephone without JavaScript: what is pressed works, nothing is fetched from elsewhere, and no further
request tells the token."""

from datetime import timedelta

import pytest

from clinic.core import clock
from tests.factories.patients import PatientFactory
from tests.factories.treatments import AppointmentFactory, SessionFactory
from treatments.links import queries, services
from treatments.links.enums import Purpose, Topic
from treatments.links.models import MedicinesTold, MoveRequest, PatientLink
from treatments.scheduling.models import Appointment

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZE = {"width": 360, "height": 740}


@pytest.fixture
def visit(clinic_row):
    patient = PatientFactory(given_name="Berta", family_name="Soler")
    return AppointmentFactory(patient=patient, starts_at=clock.now() + timedelta(days=5))


@pytest.fixture
def telephone(browser, live_server, settings):
    """A page with JavaScript off; afterwards every request it made is looked at."""
    settings.BASE_URL = live_server.url
    context = browser.new_context(viewport=SIZE, java_script_enabled=False)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request))
    yield page
    tokens = [services.token_for(link) for link in PatientLink.objects.all()]
    assert all(request.url.startswith(live_server.url) for request in asked), "nothing from elsewhere"
    assert not any(token in request.headers.get("referer", "") for request in asked for token in tokens)
    assert not any(token in page.url for token in tokens)
    assert not any(request.resource_type == "script" for request in asked)
    context.close()


def born(page):
    for name, number in (("day", "17"), ("month", "4"), ("year", "1985")):
        page.fill(f"[name={name}]", number)
    page.get_by_role("button", name="Go on").click()


def open_link(page, purpose, **about):
    page.goto(services.issue_link(purpose=purpose, **about))
    if purpose != Purpose.STOP:
        born(page)


def press(page, words):
    page.get_by_role("button", name=words).click()


def fits(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]
    small = (
        "[...document.querySelectorAll('button, .button, .call, label.choice')].filter(e => e.offsetHeight < 44).length"
    )
    assert page.evaluate(small) == 0


def test_the_visit(telephone, visit):
    open_link(telephone, Purpose.VISIT, visit=visit)
    fits(telephone)
    press(telephone, "Yes, I will come")
    assert telephone.get_by_text("You told us that you will come").is_visible()
    telephone.get_by_role("link", name="I need another time").click()
    telephone.get_by_label("About a week later").check()
    telephone.get_by_label("Evening").check()
    fits(telephone)
    press(telephone, "Ask for another time")
    assert MoveRequest.objects.get().parts == ["evening"]
    telephone.get_by_role("link", name="I cannot come").click()
    press(telephone, "Yes, cancel my visit")
    assert telephone.get_by_role("heading", name="This visit was cancelled").is_visible()
    assert Appointment.objects.get().status == "cancelled"


def test_what_is_read(telephone, visit):
    open_link(telephone, Purpose.PREPARE, visit=visit)
    fits(telephone)
    press(telephone, "I have read it")
    assert telephone.get_by_text("You told us that you have read it").is_visible()
    session = SessionFactory(patient=visit.patient)
    open_link(telephone, Purpose.AFTER_CARE, session=session)
    fits(telephone)
    assert telephone.get_by_role("heading", name="Ring us at once").is_visible()
    press(telephone, "I have read it")
    assert PatientLink.objects.filter(answer="read").count() == 2


def test_what_was_taken(telephone, visit):
    open_link(telephone, Purpose.TAKEN, visit=visit)
    telephone.get_by_label("Yes, these:").check()
    press(telephone, "Send my answer")
    assert telephone.get_by_text("at least one").is_visible()
    telephone.fill("[name=m0-name]", "Nurofen")
    telephone.get_by_text("More medicines").click()
    telephone.fill("[name=m4-name]", "ginkgo")
    fits(telephone)
    press(telephone, "Send my answer")
    assert telephone.get_by_text("Your practitioner reads your answer").is_visible()
    assert MedicinesTold.objects.get().names == "Nurofen, ginkgo"


def test_unsubscribing(telephone, visit):
    open_link(telephone, Purpose.STOP, patient=visit.patient, channel="sms", topic=Topic.REMINDERS)
    press(telephone, "Yes, stop them")
    assert telephone.get_by_role("heading", name="You get no more of these messages").is_visible()
    assert queries.is_stopped(visit.patient_id, "sms", "reminders")


def test_right_to_left_and_readable_by_everybody(clean_page, live_server, settings, visit, axe_clean):
    settings.BASE_URL = live_server.url
    clean_page.set_viewport_size(SIZE)
    type(visit.patient).objects.update(language="ar")
    visit.refresh_from_db()
    clean_page.goto(services.issue_link(purpose=Purpose.TAKEN, visit=visit))
    assert clean_page.evaluate("document.documentElement.dir") == "rtl"
    axe_clean(clean_page)
    for name, number in (("day", "17"), ("month", "4"), ("year", "1985")):
        clean_page.fill(f"[name={name}]", number)
    clean_page.locator("form button").click()
    assert clean_page.locator("[name=m0-name]").is_visible()
    axe_clean(clean_page)
    fits(clean_page)
