"""Charting's pages without the script: who may open what, what they answer, and that the plain forms do the work."""

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN
from tests.factories.patients import PatientFactory, asked
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.treatments import ApprovedVersionFactory, LotFactory
from treatments.charting.models import Addendum, SessionDraft, TreatmentSession
from treatments.charting.services import save_draft

PAGES = ["session", "chart", "save", "present", "sign", "addendum", "void"]


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


def url(name, row):
    return reverse(f"charting:{name}", args=[row.pk])


def test_front_desk_and_administrators_see_nothing_of_it(kit, client_of, front_desk, administrator):
    session = kit.signed()
    addresses = [url(name, session) for name in PAGES] + [url("tab", kit.patient), reverse("charting:unsigned_panel")]
    for person in (front_desk, administrator):
        client = client_of(person)
        assert {client.get(address).status_code for address in addresses} == {403}
        assert client.post(url("start", kit.patient)).status_code == 403


def test_a_draft_is_its_authors_and_a_signed_session_every_practitioners(kit, client_of):
    colleague = client_of(PractitionerFactory())
    draft = kit.start(kit.content())
    assert {colleague.get(url(name, draft)).status_code for name in PAGES if name != "present"} == {404}
    assert b"/chart/" not in colleague.get(url("tab", kit.patient)).content
    kit.sign(draft)
    assert colleague.get(url("session", draft)).status_code == 200
    assert url("session", draft) in colleague.get(url("tab", kit.patient)).content.decode()


def test_starting_leads_to_the_chart_by_way_of_the_review(kit, desk):
    response = desk.post(url("start", kit.patient))
    session = TreatmentSession.objects.get()
    assert response["Location"] == url("chart", session)
    assert desk.get(response["Location"])["Location"] == url("review", session)
    assert desk.post(url("review", session), {"nsaid": "no"})["Location"] == url("chart", session)
    assert desk.get(response["Location"]).status_code == 200


def test_opening_a_page_leaves_a_trace(kit, desk):
    session = kit.signed()
    before = AuditEvent.objects.count()
    desk.get(url("session", session))
    desk.get(url("tab", kit.patient))
    traces = AuditEvent.objects.order_by("pk")[before:]
    assert [(t.action, t.patient_id) for t in traces] == [("view", kit.patient.pk)] * 2


# the plain forms ---------------------------------------------------------------------------------------------


def post(desk, session, do, version=0, **fields):
    return desk.post(url("chart", session), {"do": do, "version": version, **fields})


def signature(desk, session, **changes):
    """What the sign page's form sends."""
    return desk.get(url("sign", session)).context["form"].initial | {"password": PASSWORD} | changes


def content_of(session):
    return SessionDraft.objects.get(pk=session.pk).content


def test_a_whole_chart_without_the_script(kit, desk):
    session = kit.start({})
    fields = {"new-version_id": kit.version.pk, "new-volume_ml": "5"}
    assert post(desk, session, "add-preparation", **fields).status_code == 302
    group = {"preparation": "p1", "technique": "nappage", "depth_mm": "3", "volume_ml": "0,05"}
    group |= {"area": "thigh_front", "side": "left", "count": "40", "needle": "4 mm"}
    assert post(desk, session, "add-points", version=1, **group).status_code == 302
    page = desk.get(url("chart", session)).text
    assert "40 × 0.05\u00a0mL · 3\u00a0mm" in page, "as it is read, not as it was typed"
    texts = {"indication": "", "note": "Calm.", "reactions": "", "advice": "Ice.", "findings-reaction": "none"}
    assert post(desk, session, "texts", version=2, **texts).status_code == 302
    response = desk.post(url("sign", session), signature(desk, session), follow=True)
    assert b"The session is signed." in response.content
    session.refresh_from_db()
    assert (session.status, session.note, session.advice) == ("signed", "Calm.", "Ice.")
    injection = session.injections.get()
    assert (injection.count, str(injection.volume_ml), injection.points) == (40, "0.050", [])
    assert session.preparations.get().lots.count() == 2


def test_any_unfinished_draft_can_be_opened(kit, desk):
    unfinished = [
        {},
        {"injections": [{"id": "i1"}], "preparations": [{"id": "p1"}]},
        {"preparations": [{"id": "p1", "version_id": 10**9}]},
    ]
    unfinished.append({"injections": [{"id": "i1", "points": [[0.5, 0.5]], "diagram": "nowhere", "side": "both"}]})
    for content in unfinished:
        session = kit.start(content, patient=PatientFactory())
        assert {desk.get(url(name, session)).status_code for name in ("chart", "sign")} == {200}


def test_syringes_are_changed_and_removed_without_the_script(kit, desk):
    session = kit.start(kit.content())
    line = kit.lines[0]
    assert "Thigh, front, left" in desk.get(url("chart", session)).content.decode()
    key = str(line.pk)
    fields = {"p1-volume_ml": "7", f"p1-amount-{key}": "1", "p1-variation_reason": "first time", f"p1-lot-{key}": ""}
    assert post(desk, session, "syringe-p1", **fields).status_code == 302
    syringe = content_of(session)["preparations"][0]
    assert (syringe["volume_ml"], syringe["amounts"], syringe["lots"][key]) == ("7", {key: "1"}, None)
    assert post(desk, session, "remove-injections-i1", version=1).status_code == 302
    assert content_of(session)["injections"] == []
    assert post(desk, session, "remove-preparations-p1", version=2).status_code == 302
    assert content_of(session)["preparations"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("depth_mm", "3.55"), ("volume_ml", "1,250"), ("count", "0"), ("count", "x"), ("area", "groin"), ("side", "both")],
)
def test_a_wrong_value_is_told_beside_its_field_and_kept(kit, desk, field, value):
    session = kit.start({"preparations": [kit.syringe()]})
    group = {"preparation": "p1", "technique": "nappage", "depth_mm": "3", "volume_ml": "0.05"}
    group |= {"area": "thigh_front", "side": "left", "count": "40", field: value}
    response = post(desk, session, "add-points", **group)
    assert response.status_code == 200
    form = response.context["forms"].group
    assert list(form.errors) == [field] and form[field].value() == value
    assert "injections" not in content_of(session)


def test_a_plain_form_from_a_stale_page_is_told_and_overwrites_nothing(kit, desk):
    session = kit.start({})
    save_draft(session_id=session.pk, version=0, content={"note": "other window"}, by=kit.practitioner, at=WHEN)
    response = post(desk, session, "texts", version=0, note="mine", indication="", reactions="", advice="")
    assert response.status_code == 200
    assert b"changed in another window" in response.content and b"mine" in response.content
    assert content_of(session)["note"] == "other window"


@pytest.mark.parametrize(
    "do", ["", "nonsense", "remove-", "remove-notes-1", "syringe-p9", "syringe", "remove-injections"]
)
def test_a_form_that_nobody_sent_changes_nothing(kit, desk, do):
    session = kit.start(kit.content())
    assert post(desk, session, do).status_code in {200, 302}
    assert content_of(session)["injections"] == kit.content()["injections"]


def test_the_next_points_begin_as_they_were_put_last_time(kit, desk):
    kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right", depth_mm="3,5", needle="")]))
    begins = {"preparation": "p1", "technique": "nappage", "volume_ml": "0.05"}

    def next_points(content):
        return desk.get(url("chart", kit.start(content, by=kit.practitioner))).context["forms"].group.initial

    assert next_points({"preparations": [kit.syringe()]}) == begins | {"depth_mm": "3.5", "needle": ""}
    of_another_recipe = {"preparations": [kit.syringe(version_id=ApprovedVersionFactory().pk)]}
    assert next_points(of_another_recipe) == begins | {"volume_ml": "", "depth_mm": "", "needle": ""}
    own = kit.content(groups=[kit.group(depth_mm="2")])
    assert next_points(own) == begins | {"depth_mm": "2", "needle": "4 mm, 30 G"}


# autosave ---------------------------------------------------------------------------------------------------


def autosave(client, session, body, **headers):
    body = body if isinstance(body, bytes | str) else json.dumps(body)
    return client.post(url("save", session), body, content_type="application/json", headers=headers)


def test_autosave_answers_with_the_version_and_the_clinics_time(kit, desk):
    session = kit.start({})
    response = autosave(desk, session, {"version": 0, "content": {"note": "x"}})
    assert response.json()["version"] == 1 and len(response.json()["savedAt"]) == 5
    response = autosave(desk, session, {"version": 0, "content": {"note": "y"}})
    assert response.status_code == 409
    assert (response.json()["version"], response.json()["content"]) == (1, {"note": "x"})


@pytest.mark.parametrize(
    "body",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"version": 0}',
        '{"version": "0", "content": {}}',
        '{"version": true, "content": {}}',
        '{"version": -1, "content": {}}',
        '{"version": 99999999999999999999, "content": {}}',
        '{"version": 0, "content": []}',
        '{"version": 0, "content": {}, "id": 7}',
        '{"version": 0, "content": {}, "id": "' + "a" * 37 + '"}',
        '{"version": 0, "content": {}, "after": "<x>"}',
        '{"version": 0, "content": {}, "save_id": "a"}',
        '{"version": 0, "content": {"surprise": 1}}',
        '{"version": 0, "content": {"injections": [{"points": [[NaN, 0]]}]}}',
        '{"version": 0, "content": {"injections": [{"points": [[1e999, 0]]}]}}',
        '{"version": 0, "content": {"note": "\\u0000"}}',
        '{"version": 0, "content": {"note": "\\ud800"}}',
        b'{"version": 0, "content": {"note": "\xff"}}',
        "[" * 100_000,
        '{"version": 0, "content": {"note": "' + "x" * 500_000 + '"}}',
    ],
    ids=lambda body: str(body)[:40],
)
def test_autosave_takes_nothing_but_drafts(kit, desk, body):
    session = kit.start({})
    assert autosave(desk, session, body).status_code == 400
    assert content_of(session) == {}


def test_autosave_tells_whoever_is_signed_out(kit, client):
    response = autosave(client, kit.start({}), {"version": 0, "content": {}}, accept="application/json")
    assert response.status_code == 401 and response.json()["error"] == "signed_out"


def test_a_renewed_sign_in_gets_a_new_form_token(kit, desk):
    session = kit.start({})
    answer = desk.get(url("save", session)).json()
    assert answer["version"] == 0 and len(answer["csrf"]) == 64


# signing, adding, voiding -----------------------------------------------------------------------------------------


def test_the_sign_page_lists_what_is_missing_and_leads_there(kit, desk):
    session = kit.start(kit.content(groups=[kit.group(volume_ml="1e2")]))
    page = desk.get(url("sign", session)).content.decode()
    assert f"{url('chart', session)}#injections-i1" in page and "Your password" not in page
    assert "Thigh, front, left, volume: Write the amount" in page


def test_a_lot_that_was_not_chosen_is_never_shown_as_another(kit, desk):
    """Also when a chosen lot happens to have the row number of the recipe line that lacks one."""
    version = kit.version.formulation.versions.create(
        number=2, total_volume_ml=5, created_by=kit.practitioner, created_at=WHEN
    )
    version.lines.create(pk=kit.lots[0].pk + 10**6, ingredient=kit.lines[0].ingredient, volume_ml=5)
    lot = LotFactory(pk=kit.lots[0].pk + 10**6, ingredient=kit.lines[0].ingredient)
    chosen = kit.syringe(lots={str(kit.lines[0].pk): lot.pk})
    content = kit.content(syringes=[chosen, kit.syringe(id="p2", version_id=version.pk, lots={})])
    page = desk.get(url("sign", kit.start(content))).content.decode()
    assert page.count(f"Lot {lot.number},") == 1 and page.count("no lot") == 2


def test_signing_with_a_wrong_password_keeps_the_draft(kit, desk):
    session = kit.start(kit.content())
    response = desk.post(url("sign", session), signature(desk, session, password="guess"))
    assert response.context["form"].errors["password"] and TreatmentSession.objects.get().status == "draft"


def test_signing_a_draft_that_moved_on_shows_it_again(kit, desk):
    session = kit.start(kit.content())
    read = signature(desk, session)
    save_draft(session_id=session.pk, version=0, content=kit.content(note="newer"), by=kit.practitioner, at=WHEN)
    response = desk.post(url("sign", session), read)
    assert b"newer" in response.content and b"Read it again" in response.content
    assert response.context["form"]["version"].value() == 1
    assert TreatmentSession.objects.get().status == "draft"


def test_a_signed_session_shows_name_role_time_and_meaning(kit, desk):
    session = kit.signed()
    page = desk.get(url("session", session)).content.decode()
    for part in ("Dr Ana Ruiz", "MD", "2 March 2026, 10:00", "I carried out this treatment", "unchanged since"):
        assert part in page
    assert desk.get(url("chart", session))["Location"] == url("session", session)
    assert desk.get(url("sign", session))["Location"] == url("session", session)


def test_an_addition_and_its_second_click(kit, desk):
    session = kit.signed()
    form = {"text": "Swelling on day 2.", "password": PASSWORD, "submission": uuid4()}
    for _ in range(2):
        assert b"Swelling on day 2." in desk.post(url("addendum", session), form, follow=True).content
    assert Addendum.objects.count() == 1
    response = desk.post(url("addendum", session), form | {"text": " ", "submission": uuid4()})
    assert response.context["form"].errors["text"]


def test_voiding(kit, desk):
    session = kit.signed()
    response = desk.post(url("void", session), {"reason": "", "password": PASSWORD})
    assert response.context["form"].errors["reason"]
    desk.post(url("void", session), {"reason": "Wrong patient", "password": PASSWORD})
    page = desk.get(url("session", session)).content.decode()
    assert "Voided" in page and "Wrong patient" in page and "Thigh, front" in page


def test_a_voided_draft_stays_readable_for_its_author(kit, desk, client_of):
    session = kit.start(kit.content())
    desk.post(url("void", session), {"reason": "Started by mistake", "password": PASSWORD})
    assert "Well tolerated." in desk.get(url("session", session)).content.decode()
    assert client_of(PractitionerFactory()).get(url("session", session)).status_code == 404


# lists ------------------------------------------------------------------------------------------------------


def test_the_lists_cost_the_same_with_one_row_and_with_thirty(kit, desk):
    def queries(address):
        desk.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert desk.get(address).status_code == 200
        return len(captured)

    addresses = [url("tab", kit.patient), reverse("charting:unsigned_panel")]
    kit.signed()
    kit.start(kit.content())
    few = [queries(address) for address in addresses]
    for _ in range(15):
        kit.start({}, patient=PatientFactory())
    TreatmentSession.objects.filter(status="draft", patient=kit.patient).update(
        status="voided", voided_at=WHEN, voided_by=kit.practitioner, void_reason="room for more"
    )
    for _ in range(15):
        kit.signed(kit.content(groups=[kit.group(), kit.group(id="i2", side="right")]))
    assert [queries(address) for address in addresses] == few


def test_the_unsigned_are_mine_and_the_oldest_comes_first(kit, desk):
    later, earlier = kit.start({}), kit.start({}, patient=PatientFactory())
    TreatmentSession.objects.filter(pk=earlier.pk).update(started_at=WHEN.replace(day=1))
    kit.start({}, patient=PatientFactory(), by=PractitionerFactory())
    shown = desk.get(reverse("charting:unsigned_panel")).context["sessions"]
    assert shown == [earlier, later]


def test_the_chart_costs_the_same_with_many_points(kit, desk):
    def queries(session, name):
        desk.get(url(name, session))
        with CaptureQueriesContext(connection) as captured:
            desk.get(url(name, session))
        return len(captured)

    small = kit.start(kit.content())
    groups = [kit.group(id=f"i{n}", points=[[0.6, 0.6]] * 10) for n in range(30)]
    big = kit.start(
        kit.content(syringes=[kit.syringe(volume_ml="100")], groups=groups), patient=asked(PatientFactory())
    )
    assert queries(small, "chart") == queries(big, "chart")
    assert queries(small, "sign") == queries(big, "sign")
    kit.sign(small)
    kit.sign(big)
    assert queries(small, "session") == queries(big, "session")


@pytest.mark.parametrize("address", ["/sessions/0/", "/sessions/007/chart/", f"/sessions/{10**18}/sign/"])
def test_no_such_session_is_no_such_page(kit, desk, address):
    assert desk.get(address).status_code == 404


CANARY = "<img src=x onerror=alert(1)>"


def test_what_was_typed_is_never_markup(kit, desk):
    syringe = kit.syringe(variation=CANARY, variation_reason=CANARY)
    texts = {"note": CANARY, "reactions": CANARY, "advice": CANARY}
    session = kit.start(kit.content(syringes=[syringe], groups=[kit.group(needle=CANARY)], **texts))
    pages = [desk.get(url(name, session)).content.decode() for name in ("chart", "sign")]
    kit.sign(session)
    desk.post(url("addendum", session), {"text": CANARY, "password": PASSWORD, "submission": uuid4()})
    pages += [desk.get(url("session", session)).content.decode(), desk.get(url("tab", kit.patient)).content.decode()]
    assert not any(CANARY in page for page in pages)
