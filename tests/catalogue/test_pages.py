"""The catalogue's pages: what they show, keep, refuse and store."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from tests.factories.people import PASSWORD
from tests.factories.treatments import (
    ApprovedVersionFactory,
    AreaFactory,
    DraftVersionFactory,
    IngredientClassFactory,
    IngredientFactory,
)
from treatments.catalogue import queries, services
from treatments.catalogue import vocabulary_forms as forms
from treatments.catalogue.models import Area, Formulation, FormulationVersion, Incompatibility, Indication, Technique

pytestmark = pytest.mark.usefixtures("clinic_row")
BAD_AMOUNTS = ["-1", "0", "1e2", "½", "1_000", "1,250", "NaN", "٣", "0,5.", "1000000000", "0.00001", "abc"]


@pytest.fixture
def admin(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def doctor(client_of, practitioner):
    return client_of(practitioner)


def posted(version, rows, total="5", **more):
    """What the editor sends: rows of (ingredient, strength, volume)."""
    data = {"edits": version.edits, "total_volume_ml": total, "notes": "", "change_note": ""}
    data |= {"line-TOTAL_FORMS": len(rows), "line-INITIAL_FORMS": 0}
    for number, (ingredient, strength, volume) in enumerate(rows):
        data |= {
            f"line-{number}-ingredient": getattr(ingredient, "pk", ingredient),
            f"line-{number}-concentration": strength,
            f"line-{number}-volume_ml": volume,
        }
    return data | more


def edit(client, version, rows, **more):
    return client.post(reverse("catalogue:edit_draft", args=[version.pk]), posted(version, rows, **more))


def recipe(version):
    return [(row.ingredient_id, row.concentration, row.volume_ml) for row in version.lines.all()]


def test_from_a_name_to_an_approved_recipe(admin, doctor):
    response = admin.post(
        reverse("catalogue:new_formulation"), {"name": "Glow", "purpose": "Fine lines", "total_volume_ml": "5"}
    )
    version = FormulationVersion.objects.get()
    assert response.url == reverse("catalogue:edit_draft", args=[version.pk])
    drug, saline = IngredientFactory(), IngredientFactory(unit="mL")
    response = edit(admin, version, [(drug, "0,5", "2"), ("", "", ""), (saline, "", "3")], notes="Slowly.")
    assert response.url == reverse("catalogue:version", args=[version.pk])
    assert recipe(version) == [(drug.pk, Decimal("0.5"), 2), (saline.pk, None, 3)]
    page = doctor.get(response.url).text
    assert "0.2\N{NO-BREAK SPACE}mg/mL" in page and "60\N{NO-BREAK SPACE}%" in page
    response = doctor.post(reverse("catalogue:approve", args=[version.pk]), {"edits": 1, "password": PASSWORD})
    assert response.status_code == 302
    version.refresh_from_db()
    assert version.status == "approved"
    assert "Approved" in admin.get(reverse("catalogue:formulations")).text


def test_a_name_taken_keeps_what_was_typed(admin):
    Formulation.objects.create(name="Glow")
    data = {"name": "glow", "purpose": "Mine", "total_volume_ml": "7"}
    page = admin.post(reverse("catalogue:new_formulation"), data).text
    assert "There is a formulation of this name already." in page
    assert 'value="Mine"' in page and 'value="7"' in page


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
@pytest.mark.parametrize("field", ["total", "strength", "volume"])
def test_an_unreadable_amount_is_refused_beside_its_field(admin, amount, field):
    version = DraftVersionFactory()
    before = recipe(version)
    row = (IngredientFactory(), amount if field == "strength" else "1", amount if field == "volume" else "5")
    response = edit(admin, version, [row], total=amount if field == "total" else "5", notes="Keep me")
    assert response.status_code == 200
    form, lines = response.context["form"], response.context["lines"]
    name = {"total": "total_volume_ml", "strength": "concentration", "volume": "volume_ml"}[field]
    assert (form if field == "total" else lines.forms[0]).errors[name]
    assert "Keep me" in response.text and f'value="{amount}"' in response.text
    assert recipe(version) == before


def test_half_a_row_says_what_is_missing(admin):
    version = DraftVersionFactory()
    drug = IngredientFactory()
    response = edit(admin, version, [(drug, "", ""), ("", "5", "1"), (drug, "1", "2")])
    first, second, third = (form.errors for form in response.context["lines"])
    assert set(first) == {"concentration", "volume_ml"}
    assert set(second) == {"ingredient"}
    assert "already" in str(third)


def test_an_ingredient_that_may_not_be_used_says_why(admin):
    version = DraftVersionFactory()
    hormone = IngredientFactory(ingredient_class=IngredientClassFactory(key="hormone", name="Hormones", enabled=False))
    assert hormone.name not in admin.get(reverse("catalogue:edit_draft", args=[version.pk])).text
    response = edit(admin, version, [(hormone, "1", "5")])
    assert "which this clinic has not turned on" in response.text
    assert hormone.name in response.text


@pytest.mark.parametrize("value", ["999999", "abc", "-1", "1' OR 1=1", "\u0661", "9" * 40])
def test_an_ingredient_that_does_not_exist_is_no_choice(admin, value):
    response = edit(admin, DraftVersionFactory(), [(value, "1", "5")])
    assert response.status_code == 200 and "Choose an ingredient from the list." in response.text


@pytest.mark.parametrize(
    "tampered",
    [
        {"line-TOTAL_FORMS": "9999"},
        {"line-TOTAL_FORMS": "x"},
        {"edits": "x"},
        {"edits": "-1"},
        {"edits": "9" * 30},
        {"notes": "x" * 2001},
    ],
)
def test_a_tampered_form_is_no_error_page(admin, tampered):
    version = DraftVersionFactory()
    before = recipe(version)
    response = edit(admin, version, [(IngredientFactory(), "1", "5")], **tampered)
    assert response.status_code == 200
    assert recipe(version) == before


def test_lines_are_added_and_taken_away_without_javascript(admin):
    version = DraftVersionFactory()
    drug = IngredientFactory()
    rows = [(drug, "1.", "2"), ("", "7", "")]
    more = edit(admin, version, rows, add="1", notes="Typed")
    assert len(more.context["lines"].forms) == 3
    assert 'value="1."' in more.text and "Typed" in more.text and "is-invalid" not in more.text
    less = edit(admin, version, rows, remove="0")
    assert 'value="7"' in less.text and 'value="1."' not in less.text
    assert FormulationVersion.objects.get(pk=version.pk).edits == 0
    full = [("", "", "")] * 20
    assert len(edit(admin, version, full, add="1").context["lines"].forms) == 20


def test_two_tabs(admin):
    version = DraftVersionFactory()
    mine, theirs = IngredientFactory(name="Mine"), IngredientFactory(name="Theirs")
    edit(admin, version, [(theirs, "1", "5")])
    response = edit(admin, version, [(mine, "2.5", "5")])
    assert "Somebody else changed this meanwhile" in response.text
    assert "Theirs" in response.text and 'value="2.5"' in response.text
    assert recipe(version)[0][0] == theirs.pk
    version.edits = response.context["form"]["edits"].value()
    assert edit(admin, version, [(mine, "2.5", "5")]).status_code == 302
    assert recipe(version)[0][0] == mine.pk


def test_a_draft_approved_in_another_tab_keeps_what_was_typed(admin):
    version = DraftVersionFactory()
    FormulationVersion.objects.filter(pk=version.pk).update(
        status="approved", approved_by=version.created_by, approved_at=version.created_at
    )
    before = recipe(version)
    response = edit(admin, version, [(IngredientFactory(), "2.5", "5")])
    assert "no longer a draft" in response.text and 'value="2.5"' in response.text
    assert recipe(version) == before
    assert admin.get(reverse("catalogue:edit_draft", args=[version.pk])).status_code == 302


def test_the_preview_judges_what_is_typed_and_stores_nothing(admin):
    version = DraftVersionFactory()
    before = recipe(version)
    a, b = IngredientFactory(), IngredientFactory()
    Incompatibility.objects.create(key="a_b", first=a, second=b, effect="stop", note="Turns milky.")
    address = reverse("catalogue:draft_preview")
    page = admin.post(address, posted(version, [(a, "10", "1"), (b, "10", "2"), (a, "x", "")], total="3")).text
    assert "≈ <strong>3.333\N{NO-BREAK SPACE}mg/mL" in page and "Turns milky." in page
    assert "<html" not in page
    assert "Write the volume" in admin.post(address, posted(version, [(a, "10", "1")], total="x")).text
    assert recipe(version) == before


def test_approval_asks_for_reason_and_password(doctor):
    version = DraftVersionFactory()
    first, second = (row.ingredient for row in version.lines.all())
    Incompatibility.objects.create(key="x", first=first, second=second, effect="reason", note="May cloud.")
    address = reverse("catalogue:approve", args=[version.pk])
    assert "May cloud." in doctor.get(address).text
    response = doctor.post(address, {"edits": 0, "password": PASSWORD, "reason": " "})
    assert set(response.context["form"].errors) == {"reason"}
    response = doctor.post(address, {"edits": 0, "password": "wrong", "reason": "Tested."})
    assert set(response.context["form"].errors) == {"password"} and "Tested." in response.text
    assert "wrong" not in response.text
    assert doctor.post(address, {"edits": 0, "password": PASSWORD, "reason": "Tested."}).status_code == 302
    assert "Tested." in doctor.get(reverse("catalogue:version", args=[version.pk])).text


def test_approving_what_changed_meanwhile_shows_the_new_recipe(doctor, admin):
    version = DraftVersionFactory()
    edit(admin, version, [(IngredientFactory(name="New one"), "1", "5")])
    address = reverse("catalogue:approve", args=[version.pk])
    page = doctor.post(address, {"edits": 0, "password": PASSWORD}, follow=True).text
    assert "Somebody else changed this meanwhile" in page and "New one" in page
    assert FormulationVersion.objects.get().status == "draft"


def test_a_new_version_starts_once_from_the_old(admin):
    version = ApprovedVersionFactory()
    address = reverse("catalogue:new_version", args=[version.pk])
    draft_page = admin.post(address).url
    draft = FormulationVersion.objects.get(number=2)
    assert draft_page == reverse("catalogue:edit_draft", args=[draft.pk])
    assert recipe(draft) == recipe(version)
    assert "There is a draft already" in admin.post(address, follow=True).text
    assert FormulationVersion.objects.count() == 2


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_retiring_asks_why(admin, reason):
    version = ApprovedVersionFactory()
    address = reverse("catalogue:retire_version", args=[version.pk])
    assert admin.post(address, {"reason": reason}).status_code == 200
    assert admin.post(address, {"reason": "Replaced"}).status_code == 302
    assert "Replaced" in admin.get(reverse("catalogue:version", args=[version.pk])).text
    assert "cannot become" in admin.post(address, {"reason": "Again"}).text


def test_the_panel_lists_drafts(doctor):
    version = DraftVersionFactory()
    ApprovedVersionFactory()
    page = doctor.get(reverse("catalogue:drafts_panel"), headers={"HX-Request": "true"}).text
    assert version.formulation.name in page and page.count("<tr>") == 1 and "<html" not in page


# The vocabulary --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["areas", "indications", "techniques", "ingredients", "classes"])
def test_the_lists_show_filter_and_open(kind, catalogue, doctor, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = doctor.get(reverse(f"catalogue:{kind}"))
    rows = list(page.context["page"])
    assert len(rows) > 7
    found = doctor.get(reverse(f"catalogue:{kind}"), {"q": rows[0].name.upper()})
    assert rows[0] in found.context["page"].object_list
    assert "Nothing fits" in doctor.get(reverse(f"catalogue:{kind}"), {"q": "zzzz"}).text
    opened = doctor.get(reverse(page.context["kind"].page, args=[rows[0].pk]))
    assert opened.status_code == 200 and 'rel="noreferrer"' in opened.text


def test_a_filter_reads_anything(doctor):
    for typed in ("' OR 1=1 --", "\u202e", "%", "<script>", "a" * 5000, "é̂"):
        assert doctor.get(reverse("catalogue:ingredients"), {"q": typed, "page": "x"}).status_code == 200


def test_lists_ask_as_much_for_thirty_rows_as_for_one(doctor):
    def asked(name):
        with CaptureQueriesContext(connection) as found:
            assert doctor.get(reverse(name)).status_code == 200
        return len(found)

    ApprovedVersionFactory()
    DraftVersionFactory()
    AreaFactory()
    names = [f"catalogue:{name}" for name in ("formulations", "drafts_panel", "areas", "ingredients", "classes")]
    doctor.get(reverse("catalogue:formulations"))
    one = [asked(name) for name in names]
    ApprovedVersionFactory.create_batch(29)
    DraftVersionFactory.create_batch(29)
    AreaFactory.create_batch(29, parent=AreaFactory())
    assert [asked(name) for name in names] == one


def test_every_word_of_the_shipped_catalogue_can_be_saved_as_it_is(catalogue, admin):
    """The edit forms accept what is shipped, and saving it unchanged changes nothing."""
    for kind, form_class in forms.TERM_FORMS.items():
        for row in queries.terms(kind):
            blank = form_class(term=row)
            data = {}
            for name, field in blank.fields.items():
                value = field.prepare_value(blank.initial.get(name))
                if value not in (None, False):
                    data[name] = value
            form = form_class(data, term=row)
            assert form.is_valid(), (kind, row.key, form.errors)
            assert services.edit_term(term=row, values=form.cleaned_data, by=None) == [], (kind, row.key)


def test_an_area_is_edited_retired_and_taken_back(admin):
    area = AreaFactory(name="Thigh", region_code="68367000", sources=["https://example.org/a"])
    data = {"name": "Upper leg", "laterality": "sided", "diagrams": ["body_front", "body_back"], "note": "Front.",
            "region_code": "68367000", "sources": "https://example.org/a\r\nhttps://example.org/b\r\n"}  # fmt: skip
    assert admin.post(reverse("catalogue:edit_area", args=[area.pk]), data).status_code == 302
    area.refresh_from_db()
    assert (area.name, area.treatable, area.diagrams) == ("Upper leg", False, ["body_front", "body_back"])
    assert area.sources == ["https://example.org/a", "https://example.org/b"]
    event = AuditEvent.objects.get(action=Action.CHANGE)
    assert event.fields == ["diagrams", "name", "note", "sources", "treatable"]
    admin.post(reverse("catalogue:retire_area", args=[area.pk]), {"reason": "Not done here"})
    assert "Not done here" in admin.get(reverse("catalogue:area", args=[area.pk])).text
    assert "Upper leg" not in admin.get(reverse("catalogue:areas")).text
    assert "Upper leg" in admin.get(reverse("catalogue:areas"), {"retired": "on"}).text
    admin.post(reverse("catalogue:restore_area", args=[area.pk]))
    assert Area.objects.current().get() == area


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " \u200b "),
        ("name", "x" * 121),
        ("laterality", "both"),
        ("diagrams", "no_such"),
        ("region_code", "12a45678"),
        ("region_code", "1" * 19),
        ("sources", "javascript:alert(1)"),
        ("sources", "https://example.org/a not one"),
    ],
)
def test_a_bad_value_of_an_area_is_refused(admin, field, value):
    area = AreaFactory(name="Thigh")
    data = {"name": "Thigh", "laterality": "sided", "diagrams": "body_front"} | {field: value}
    response = admin.post(reverse("catalogue:edit_area", args=[area.pk]), data)
    assert response.context["form"].errors[field]
    assert Area.objects.get().name == "Thigh"


def test_an_indication_s_areas(admin):
    areas = AreaFactory.create_batch(3)
    indication = Indication.objects.create(key="cellulite", code="CELL", name="Cellulite")
    address = reverse("catalogue:edit_indication", args=[indication.pk])
    admin.post(address, {"name": "Cellulite", "code": "CELL", "areas": [areas[0].pk, areas[2].pk]})
    assert set(indication.areas.all()) == {areas[0], areas[2]}


def test_a_technique_s_range_runs_upwards(admin, catalogue):
    row = Technique.objects.get(key="nappage")
    response = admin.post(
        reverse("catalogue:edit_technique", args=[row.pk]),
        {"name": "Nappage", "depth_min_mm": "4", "depth_max_mm": "2", "spacing_min_mm": "½"},
    )
    assert set(response.context["form"].errors) == {"depth_max_mm", "spacing_min_mm"}


def test_a_class_is_switched_only_when_said_so(admin):
    row = IngredientClassFactory(key="hormone", name="Hormones", enabled=False)
    address = reverse("catalogue:switch_class", args=[row.pk])
    for to, enabled in (("", False), ("on", True), ("maybe", True), ("off", False)):
        admin.post(address, {"to": to})
        row.refresh_from_db()
        assert row.enabled is enabled
    assert AuditEvent.objects.filter(action=Action.CHANGE, subject_type="catalogue.IngredientClass").count() == 2
