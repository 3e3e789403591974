import pytest

from clinic.audit.models import AuditEvent
from patients.history.models import Allergen, Condition, Medicine, Product
from patients.history.services import load_vocabulary
from tests.database import undone
from tests.factories.patients import PatientFactory


@pytest.fixture(autouse=True)
def history_alone(settings):
    """The history's pages are tested without the apps above, whose tabs and places the frame asks for by name."""
    settings.NAVIGATION = [place for place in settings.NAVIGATION if place["view"] in {"home", "registry:patients"}]
    settings.PATIENT_TABS = [tab for tab in settings.PATIENT_TABS if tab["view"].startswith(("registry:", "history:"))]


@pytest.fixture(scope="module")
def vocabulary(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), undone():
        load_vocabulary()
        yield


@pytest.fixture
def patient(vocabulary, clinic_row, madrid):
    """A woman of 41 about whom nothing is known."""
    return PatientFactory(sex="female")


@pytest.fixture
def word():
    """word("soy"): the row of the vocabulary with that key."""

    def find(key):
        for model in (Product, Medicine, Condition, Allergen):
            if row := model.objects.filter(key=key).first():
                return row
        raise KeyError(key)

    return find


@pytest.fixture
def trail():
    """trail(row): actions and fields of the events about a row, oldest first."""

    def events(row):
        about = AuditEvent.objects.filter(subject_type=row._meta.label, subject_id=str(row.pk))
        return [(event.action, event.fields) for event in about.order_by("pk")]

    return events
