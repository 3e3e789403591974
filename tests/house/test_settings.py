"""Settings that are expensive to get wrong, and what the checks say about a real installation."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.template.loader import get_template
from django.utils.module_loading import import_string

from clinic.celery import app
from clinic.staff.permissions import ROLES
from tests.house.urls import pages

pytestmark = pytest.mark.once

ROOT = Path(settings.BASE_DIR)
PRODUCTION = {
    "DATABASE_URL": "postgres://nappage:none@db.invalid/nappage",
    "REDIS_URL": "redis://queue.invalid/0",
    "NAPPAGE_BASE_URL": "https://clinic.example.org",
    "NAPPAGE_ALLOWED_HOSTS": "clinic.example.org",
    "NAPPAGE_SMTP_HOST": "mail.invalid",
}


def shell(code: str, tmp_path, **environment) -> str:
    """Runs a line of code with the settings of another environment."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NAPPAGE_", "DATABASE_", "REDIS_", "DJANGO_"))
    }
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); from django.conf import settings as s; {code}"],
        env=clean | {"DJANGO_SETTINGS_MODULE": "clinic.settings", "NAPPAGE_DATA_DIR": str(tmp_path)} | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_check_deploy_has_nothing_to_say_about_a_real_installation(tmp_path):
    assert (
        shell(
            "from django.core.checks import run_checks; print(run_checks(include_deployment_checks=True))",
            tmp_path,
            **PRODUCTION,
        )
        == "[]"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ({"NAPPAGE_DEMO": "true"}, "nappage.E002"),
        ({"NAPPAGE_REQUIRE_SECOND_FACTOR": "false"}, "nappage.E001"),
        ({"NAPPAGE_DEBUG": "true"}, "security.W018"),
        ({"NAPPAGE_HTTPS": "false"}, "security.W008"),
        ({"REDIS_URL": ""}, "nappage.W001"),
    ],
)
def test_and_much_about_a_wrong_one(tmp_path, wrong, number):
    code = (
        "from django.core.checks import run_checks; print([m.id for m in run_checks(include_deployment_checks=True)])"
    )
    assert number in shell(code, tmp_path, **PRODUCTION | wrong)


@pytest.mark.slow
def test_a_real_installation_is_strict(tmp_path):
    code = (
        "print(s.REQUIRE_SECOND_FACTOR, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SESSION_COOKIE_NAME, "
        "s.SECURE_SSL_REDIRECT, s.DEBUG, s.DATABASES['default']['CONN_HEALTH_CHECKS'])"
    )
    assert shell(code, tmp_path, **PRODUCTION) == "True True True __Host-session True False True"


@pytest.mark.slow
def test_sqlite_waits_its_turn_and_keeps_what_it_acknowledged(tmp_path):
    code = (
        "from django.db import connection as c; k = c.cursor(); "
        "v = lambda p: k.execute('PRAGMA ' + p).fetchone()[0]; "
        "print(v('journal_mode'), v('synchronous'), v('foreign_keys'), v('busy_timeout'), c.transaction_mode)"
    )
    assert shell(code, tmp_path) == "wal 2 1 20000 IMMEDIATE"


@pytest.mark.slow
def test_what_is_kept_in_files_is_for_nobody_else_on_the_machine(tmp_path):
    """The embedded database, e-mails and text messages all lie in the data folder."""
    home = tmp_path / "data"
    shell("", home)
    assert home.stat().st_mode & 0o077 == 0


def test_no_request_is_a_transaction():
    """With IMMEDIATE every page view would take the one write lock."""
    for database in settings.DATABASES.values():
        assert not database.get("ATOMIC_REQUESTS")


def test_what_comes_first_comes_first():
    names = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    outer = ["RequestContextMiddleware", "HeadersMiddleware", "CSPMiddleware", "XFrameOptionsMiddleware"]
    assert names[:4] == outer, "so that every answer carries the headers"
    assert names[-2:] == ["SessionLimitMiddleware", "AccessMiddleware"]
    assert names.index("PlausibleRequestMiddleware") < names.index("SessionMiddleware")


def test_cookies_are_out_of_the_reach_of_scripts_and_other_sites():
    assert settings.SESSION_COOKIE_HTTPONLY
    assert settings.CSRF_COOKIE_HTTPONLY
    assert settings.SESSION_COOKIE_SAMESITE == settings.CSRF_COOKIE_SAMESITE == "Lax"
    assert settings.SESSION_EXPIRE_AT_BROWSER_CLOSE


def test_passwords_are_kept_by_argon2():
    source = (ROOT / "clinic/settings.py").read_text()
    assert 'PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]' in source


def test_the_ordinary_checks_are_silent():
    assert run_checks() == []


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


def test_every_place_in_the_frame_opens_for_those_who_see_it():
    for place in [*settings.NAVIGATION, *settings.TODAY_PANELS, *settings.PATIENT_TABS, settings.PATIENT_WARNINGS]:
        for role in ROLES.values():
            if place["permission"] in role["permissions"]:
                assert pages()[place["view"]].view.permission in role["permissions"], place["view"]


def test_every_notice_of_the_frame_can_be_asked():
    assert all(callable(import_string(place["function"])) for place in settings.SITE_NOTICES)


POLLING = re.compile(r"<[^>]*hx-(?:get|post)=\"\{% url ['\"]([\w:]+)['\"][^>]*hx-trigger=\"[^\"]*every[^>]*>")


def test_what_polls_is_no_sign_of_life():
    polled = {name for path in (ROOT / "templates").rglob("*.html") for name in POLLING.findall(path.read_text())}
    for name in polled:
        assert getattr(pages()[name].view, "background", False), f"{name} needs @background"


def test_every_template_of_ours_compiles():
    for path in (ROOT / "templates").rglob("*.html"):
        get_template(str(path.relative_to(ROOT / "templates")))


def python_files():
    return [path for wing in ("clinic", "patients", "treatments") for path in (ROOT / wing).rglob("*.py")]


def test_nothing_marks_text_as_safe_outside_a_short_list():
    allowed = set()
    found = {
        str(path.relative_to(ROOT))
        for path in [*python_files(), *(ROOT / "templates").rglob("*.html")]
        if re.search(r"mark_safe|\|safe\b|autoescape off", path.read_text())
    }
    assert found <= allowed, "explain it, or use format_html"


def test_views_and_tasks_never_write():
    for path in python_files():
        if path.name in {"views.py", "tasks.py", "forms.py", "queries.py"}:
            source = path.read_text()
            assert not re.search(r"\.objects\b", source) or path.name in {"queries.py", "forms.py"}, path
            assert not re.search(r"\.(save|delete|bulk_create|update_or_create|get_or_create)\(", source), path


def test_only_the_clock_asks_the_time():
    for path in python_files():
        if path.name in {"clock.py"} or "migrations" in path.parts:
            continue
        assert not re.search(
            r"timezone\.now\(|timezone\.localdate\(|datetime\.now\(|date\.today\(", path.read_text()
        ), path


# The walls between the rooms

WRONG = [
    ("clinic/core/text.py", "from clinic.staff.models import User"),
    ("clinic/core/text.py", "import patients.registry.models"),
    ("clinic/audit/models.py", "from clinic.staff.models import User"),
    ("clinic/staff/models.py", "def f():\n    from patients.registry.models import Patient"),
    ("patients/registry/models.py", "from patients.history.models import Allergen"),
    ("patients/registry/models.py", "from treatments.catalogue.models import Area"),
    ("treatments/catalogue/models.py", "from treatments.stock.models import Lot"),
    ("treatments/charting/models.py", "from treatments.scheduling.models import Appointment"),
    ("treatments/scheduling/models.py", "from treatments.reminders.models import Reminder"),
    ("clinic/staff/models.py", "from clinic.staff.services import add_person"),
    ("clinic/staff/services.py", "from clinic.staff.forms import ClinicForm"),
    ("clinic/staff/queries.py", "from clinic.staff.services import add_person"),
    ("clinic/staff/views.py", "from clinic.staff.models import User"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    copy = tmp_path_factory.mktemp("house")
    for name in ("clinic", "patients", "treatments"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def walls_hold(copy) -> bool:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=copy, capture_output=True).returncode == 0


@pytest.mark.slow
def test_the_walls_hold(copy):
    assert walls_hold(copy)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "line"), WRONG)
def test_a_wrong_import_is_noticed(copy, file, line):
    path, source = copy / file, (copy / file).read_text()
    path.write_text(f"{source}\n{line}\n")
    try:
        assert not walls_hold(copy)
    finally:
        path.write_text(source)
