"""Static files as an installation serves them: compressed, and under names that browsers may keep for ever."""

import re

import pytest
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from tests.house.test_settings import PRODUCTION, shell

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("clinic_row")]

HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
IMPORTED = re.compile(r'\b(?:from|import) "\./([^"]+)"')


@pytest.fixture
def collected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": "clinic.core.statics.HashedFiles"}}
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = False
    call_command("collectstatic", verbosity=0, interactive=False)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{}, PRODUCTION], ids=["embedded", "grown up"])
def test_every_installation_keeps_them_so(tmp_path, environment):
    code = "print(s.STORAGES['staticfiles']['BACKEND'], s.WHITENOISE_KEEP_ONLY_HASHED_FILES)"
    assert shell(code, tmp_path, **environment) == "clinic.core.statics.HashedFiles True"


def test_what_a_page_loads_is_compressed_and_kept(collected):
    client = Client(headers={"accept-encoding": "gzip"})
    page = client.get(reverse("account_login")).content.decode()
    loaded = re.findall(r'<(?:link|script)\b[^>]*?\b(?:href|src)="(/static/[^"]+)"', page)
    assert len(loaded) > 5
    for address in loaded:
        response = client.get(address)
        assert response.status_code == 200, address
        assert response.headers["Content-Encoding"] == "gzip", address
        assert "immutable" in response.headers["Cache-Control"], address


def test_scripts_import_each_other_by_names_that_change_with_them(collected):
    imports = 0
    for script in (collected / "js").glob("*.js"):
        for name in IMPORTED.findall(script.read_text()):
            assert HASHED.search(name), f"{script.name} imports {name}"
            assert (script.parent / name).is_file(), f"{script.name} imports {name}"
            imports += 1
    assert imports > 50


def test_nothing_is_served_under_a_name_that_could_grow_old(collected):
    assert HASHED.search(static("js/page.js"))
    assert Client().get("/static/js/page.js").status_code == 404
