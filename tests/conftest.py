"""Fixtures for all tests: a clinic, its three kinds of people, the browser, and databases of our own."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

DATA = Path(tempfile.mkdtemp(prefix="nappage-data-"))
MIGRATED = os.environ.get("MIGRATED_DATABASE")  # to start with a copy of; without it, each process migrates
os.environ["NAPPAGE_DATA_DIR"] = str(DATA)
os.environ.setdefault("NAPPAGE_REQUIRE_SECOND_FACTOR", "false")
os.environ.setdefault("NAPPAGE_HTTPS", "false")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps an event loop in the test's thread

import pytest  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client, TransactionTestCase  # noqa: E402

pytest_plugins = ["tests.services", "tests.no_skips", "tests.browser"]


def pytest_configure(config):
    """Test databases: SQLite as a file (threads get their own connections), quick rather than durable."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(DATA / "test.sqlite3")
        database["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    else:
        database.setdefault("TEST", {})["TEMPLATE"] = MIGRATED
        database.setdefault("OPTIONS", {})["options"] = "-c nappage.may_truncate=yes"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.WHITENOISE_USE_FINDERS = True
    settings.WHITENOISE_AUTOREFRESH = True  # else each new client lists all of static/
    settings.SECURE_SSL_REDIRECT = False


def pytest_unconfigure(config):
    shutil.rmtree(DATA, ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Slow ones first, so that no process ends long after the others; browser tests last, for their event loop."""

    def place(item):
        return item.get_closest_marker("browser") is not None, item.get_closest_marker("slow") is None

    items.sort(key=place)


def pytest_collection_finish():
    """The house and its tests stay to the end: the collector of garbage need not look at them again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings) -> bool:
    """Whether this process's database stands already. PostgreSQL copies by itself, from its TEMPLATE."""
    if not MIGRATED or connection.vendor != "sqlite":
        return False
    shutil.copyfile(MIGRATED, connection.settings_dict["TEST"]["NAME"])
    return True


@pytest.fixture(scope="session", autouse=True)
def flush_past_the_guards():
    """Emptying the test database between transactional tests is the one thing that may pass the guards.

    Django's flush ends with post_migrate, which puts them back.
    """
    from clinic.core import guards

    ordinary = TransactionTestCase._fixture_teardown

    def teardown(self):
        guards.remove_triggers()
        ordinary(self)

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = ordinary


@pytest.fixture
def clinic_row(db):
    from clinic.staff.models import ClinicProfile

    return ClinicProfile.objects.create(
        pk=1,
        name="Clínica Aurora",
        phone="+34 910 000 000",
        time_zone="Europe/Madrid",
        address="Calle Mayor 1, Madrid",
        quiet_from=None,
        quiet_until=None,
    )


@pytest.fixture
def madrid():
    """Makes the clinic's zone the active one, as a request or task does."""
    from django.utils import timezone

    with timezone.override("Europe/Madrid"):
        yield


@pytest.fixture
def practitioner(db):
    from tests.factories.people import PractitionerFactory

    return PractitionerFactory(full_name="Dr Ana Ruiz")


@pytest.fixture
def front_desk(db):
    from tests.factories.people import FrontDeskFactory

    return FrontDeskFactory(full_name="Marta Gil")


@pytest.fixture
def administrator(db):
    from tests.factories.people import AdministratorFactory

    return AdministratorFactory(full_name="Luis Vega")


@pytest.fixture
def client_of(db):
    """client_of(user): a client signed in as that person."""

    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
