"""The pages of the exchange, as an administrator walks through them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.catalogue.exchange import empty_clinic, write_catalogue
from tests.factories.people import PASSWORD, AdministratorFactory
from treatments.catalogue.exchange import packages, services
from treatments.catalogue.models import (
    ExchangeFile,
    Formulation,
    FormulationVersion,
    Ingredient,
    IngredientClass,
    KnownKey,
    Product,
)

pytestmark = pytest.mark.usefixtures("clinic_row")
EXCHANGE = reverse("catalogue:exchange")


@pytest.fixture
def visitor(administrator, client_of):
    return client_of(administrator)


def prove(client) -> None:
    """Types the password, as whoever takes something out must."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def upload(client, content: bytes, name: str = "file.yaml"):
    return client.post(EXCHANGE, {"file": SimpleUploadedFile(name, content)}, follow=True)


@pytest.fixture
def whole(administrator) -> bytes:
    write_catalogue()
    content = services.export_catalogue(by=administrator)
    empty_clinic()
    return content


@pytest.fixture
def package(administrator) -> bytes:
    formulation = write_catalogue()
    with override_settings(PACKAGE_KEY="the key of another clinic"):
        ids = [formulation.versions.get(status="approved").pk]
        content = services.export_recipes(version_ids=ids, by=administrator)
    empty_clinic()
    return content


def test_taking_the_catalogue_out_asks_for_the_password_again(visitor, whole, administrator):
    services.import_file(upload=services.open_file(whole), flow="restore", by=administrator)
    url = reverse("catalogue:export")
    assert "/reauthenticate/" in visitor.get(url)["Location"]
    prove(visitor)
    answer = visitor.get(url)
    assert answer.content == whole
    assert answer["Content-Disposition"].startswith('attachment; filename="catalogue-')
    assert answer["Content-Type"] == "application/yaml; charset=utf-8"


def test_a_package_is_made_of_the_recipes_that_are_ticked(visitor):
    formulation = write_catalogue()
    url = reverse("catalogue:export_recipes")
    assert "/reauthenticate/" in visitor.get(url)["Location"]
    prove(visitor)
    assert "Thigh mix, version 2" in visitor.get(url).content.decode()
    assert "Choose at least one" in visitor.post(url, {"csrfmiddlewaretoken": "x"}).content.decode()
    draft = formulation.versions.get(status="draft").pk
    assert visitor.post(url, {"version_ids": [draft]})["Content-Type"].startswith("text/html")
    answer = visitor.post(url, {"version_ids": [formulation.versions.get(status="approved").pk]})
    body, seal = packages.unseal(answer.content)
    assert seal.public_key == packages.public_key()
    assert b"Thigh mix" in body


def test_restoring_is_named_asks_for_the_password_and_keeps_approvals(visitor, whole):
    page = upload(visitor, whole, "our catalogue.yaml")
    assert "Whose catalogue is it?" in page.content.decode()
    kept = ExchangeFile.objects.get()
    url = f"{reverse('catalogue:import', args=[kept.pk])}?flow=restore"
    page = visitor.get(url)
    text = page.content.decode()
    assert "what was approved stays approved" in text and "approved there by Dr Ana Ruiz on 2026-01-02" in text
    answers = {"flow": "restore", "seen": page.context["form"].initial["seen"]}
    assert "not your password" in visitor.post(url, answers | {"password": "wrong"}).content.decode()
    assert Formulation.objects.count() == 0
    answer = visitor.post(url, answers | {"password": PASSWORD}, follow=True)
    assert "The catalogue is restored." in answer.content.decode()
    approved = FormulationVersion.objects.get(status="approved")
    assert "by Dr Ana Ruiz on" in visitor.get(reverse("catalogue:version", args=[approved.pk])).content.decode()
    assert visitor.get(url).status_code == 404, "a file comes in once"


def test_a_package_says_who_signed_it_and_is_imported_after_comparing(visitor, package):
    page = upload(visitor, package)
    text = page.content.decode()
    fingerprint = services.open_file(package).seal.fingerprint
    assert fingerprint in text and "Not known before" in text and "Clínica Aurora" in text and "New draft" in text
    url = reverse("catalogue:import", args=[ExchangeFile.objects.get().pk])
    answers = {"flow": "package", "seen": page.context["form"].initial["seen"]}
    refused = visitor.post(url, answers)
    assert refused.context["form"].errors["compared"]
    assert Formulation.objects.count() == 0
    answer = visitor.post(url, answers | {"compared": "on"}, follow=True)
    assert "a practitioner must approve them" in answer.content.decode()
    assert FormulationVersion.objects.get().status == "draft"


def test_a_key_is_named_and_known_from_then_on(visitor, package):
    upload(visitor, package)
    kept = ExchangeFile.objects.get()
    name_key = reverse("catalogue:name_key", args=[kept.pk])
    assert "Clínica Aurora" in visitor.get(name_key).content.decode()
    page = visitor.post(name_key, {"name": "Clínica del Sur"}, follow=True)
    assert "Known key" in page.content.decode() and "compared" not in page.context["form"].fields
    keys = visitor.get(reverse("catalogue:keys")).content.decode()
    assert "Clínica del Sur" in keys and packages.fingerprint(packages.public_key()) in keys
    retire = reverse("catalogue:retire_key", args=[KnownKey.objects.get().pk])
    assert "Clínica del Sur" in visitor.get(retire).content.decode()
    visitor.post(retire, {"reason": "Lost."})
    assert "no longer trusted" in visitor.get(reverse("catalogue:import", args=[kept.pk])).content.decode()


def test_a_broken_file_is_explained_and_not_kept(visitor, whole):
    bad = whole.replace(b"\n    unit: mg", b"\n    unit: kg").replace(b"treatable: true", b"treatable: <b>")
    page = upload(visitor, bad)
    text = page.content.decode()
    line = bad[: bad.index(b"unit: kg")].count(b"\n") + 1
    assert f"Line {line}" in text and "Write one of: mg" in text and "3 errors" in text
    assert ExchangeFile.objects.count() == 0


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"", "empty.yaml", "empty"),
        (b"\0\1\2", "binary.yaml", "U+0000"),
        (b"nappage: catalogue\n" + b"#" * 5_000_000, "large.yaml", "larger than 4 MB"),
        (b"a: &a [*a]", "loop.yaml", "Anchors"),
        (b"x" * 10, "n" * 300 + ".yaml", "at most 200"),
    ],
)
def test_what_is_no_file_of_ours_is_never_an_error_of_the_server(visitor, content, name, says):
    page = upload(visitor, content, name)
    assert page.status_code == 200 and says in page.content.decode()
    assert ExchangeFile.objects.count() == 0


def test_ours_and_theirs_stand_side_by_side_and_the_ticks_stay(visitor, package):
    upload(visitor, package)
    services.import_file(upload=services.open_file(package), flow="package", by=ExchangeFile.objects.get().uploaded_by)
    Ingredient.objects.filter(key="lidocaine").update(storage="Below 25 °C")
    Ingredient.objects.filter(key="saline").update(name="Our saline")
    url = reverse("catalogue:import", args=[ExchangeFile.objects.get().pk])
    page = visitor.get(url)
    assert "Below 25 °C" in page.content.decode()
    saline = next(d["step"].choice for d in page.context["differences"] if d["step"].title == "Saline")
    again = visitor.post(url, {"flow": "package", "seen": page.context["form"].initial["seen"], "taken": [saline]})
    assert f'value="{saline}" checked' in again.content.decode()
    answers = {"flow": "package", "seen": page.context["form"].initial["seen"], "compared": "on", "taken": [saline]}
    Ingredient.objects.filter(key="lidocaine").update(storage="Below 8 °C")
    late = visitor.post(url, answers)
    assert "changed meanwhile" in late.content.decode() and f'value="{saline}" checked' in late.content.decode()
    answers["seen"] = late.context["form"]["seen"].value()
    assert visitor.post(url, answers).status_code == 302
    assert Ingredient.objects.get(key="saline").name == "Saline"
    assert Ingredient.objects.get(key="lidocaine").storage == "Below 8 °C"


def test_a_file_belongs_to_whoever_uploaded_it(visitor, package, client_of):
    upload(visitor, package)
    kept = ExchangeFile.objects.get()
    other = client_of(AdministratorFactory())
    for name in ("catalogue:import", "catalogue:name_key"):
        assert other.get(reverse(name, args=[kept.pk])).status_code == 404
    upload(visitor, package)
    assert visitor.get(reverse("catalogue:import", args=[kept.pk])).status_code == 404, (
        "a new file replaces the old one"
    )


def test_only_who_keeps_the_catalogue_may_take_it_out_or_in(practitioner, front_desk, client_of):
    for person in (practitioner, front_desk):
        assert client_of(person).get(EXCHANGE).status_code == 403
    assert AuditEvent.objects.filter(action="export").count() == 0


def test_the_page_asks_the_database_no_more_for_more_rows(visitor, whole, administrator):
    services.import_file(upload=services.open_file(whole), flow="take_over", by=administrator)
    upload(visitor, whole)
    url = reverse("catalogue:import", args=[ExchangeFile.objects.get().pk])
    with CaptureQueriesContext(connection) as few:
        visitor.get(url)
    kind = IngredientClass.objects.first()
    for number in range(30):
        Ingredient.objects.create(key=f"k{number}", name="x", unit="mg", ingredient_class=kind)
        Product.objects.create(name="x", ingredient=Ingredient.objects.first())
    with CaptureQueriesContext(connection) as many:
        visitor.get(url)
    assert len(many) == len(few)
