"""Who received it: by every path, drafts and voided sessions told apart, on paper and as a file."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core import clock
from tests.factories.patients import PatientFactory
from tests.factories.people import PASSWORD
from tests.factories.treatments import AppointmentFactory, LotFactory
from treatments.catalogue.models import Product
from treatments.recall import receipts, sheets
from treatments.recall.receipts import find_subject, received
from treatments.stock.models import Lot

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")


def names(rows) -> list[str]:
    return [row.patient.family_name for row in rows]


def url(subject, page="received") -> str:
    return reverse(f"recall:{page}", args=[subject.kind, subject.row_id])


class TestFinding:
    def test_a_lot(self, give, lot, subject):
        give(LotFactory(ingredient=lot.ingredient))
        session = give(lot, points=12)
        [row], more = received(subject, clock.now())
        assert (row.session, row.places, row.points, row.volume_ml) == (
            session,
            ["Thigh, left"],
            12,
            Decimal("0.600"),
        )
        assert more is None

    def test_a_product_an_ingredient_a_version_and_a_mixture(self, give, lot, version):
        product = Product.objects.create(name="Maker's vial", ingredient=lot.ingredient)
        Lot.objects.filter(pk=lot.pk).update(product=product)
        other = LotFactory(ingredient=lot.ingredient, number="OTHER")
        give(other, patient=PatientFactory(family_name="Other"), number="M-2")
        session = give(lot, patient=PatientFactory(family_name="Ours"), number="M-1")
        preparation = session.preparations.get()
        expected = {
            ("product", product.pk): ["Ours"],
            ("ingredient", lot.ingredient_id): ["Ours", "Other"],
            ("version", version.pk): ["Ours", "Other"],
            ("mixture", preparation.pk): ["Ours"],
        }
        for (kind, row_id), people in expected.items():
            rows, _more = received(find_subject(kind, row_id), clock.now())
            assert names(rows) == people, kind

    def test_a_mixture_without_number_is_that_preparation_only(self, give, lot):
        first, _second = give(lot), give(lot)
        rows, _more = received(find_subject("mixture", first.preparations.get().pk), clock.now())
        assert [row.session for row in rows] == [first]

    def test_two_lots_of_one_ingredient_are_named(self, give, lot):
        give(lot)
        give(LotFactory(ingredient=lot.ingredient, number="SECOND"))
        rows, _more = received(find_subject("ingredient", lot.ingredient_id), clock.now())
        assert [row.lots for row in rows] == [["SECOND"], ["BAD1"]]

    def test_pages_go_on_where_the_last_ended(self, give, lot, subject):
        sessions = [give(lot) for _n in range(5)]
        first, more = received(subject, clock.now(), size=2)
        second, more = received(subject, clock.now(), before=more, size=2)
        third, none = received(subject, clock.now(), before=more, size=2)
        assert [row.session for row in [*first, *second, *third]] == sessions[::-1]
        assert none is None

    def test_the_next_visit_is_the_soonest_to_come(self, give, lot, subject):
        patient = PatientFactory()
        give(lot, patient=patient)
        now = clock.now()
        for days in (-3, 9, 4):
            AppointmentFactory(patient=patient, starts_at=now + timedelta(days=days))
        AppointmentFactory(patient=patient, starts_at=now + timedelta(days=1), status="cancelled", cancel_reason="ill")
        [row], _more = received(subject, now)
        assert row.next_visit == now + timedelta(days=4)

    @pytest.mark.parametrize("kind", ["lots", "patient", "LOT"])
    def test_no_such_kind(self, client_of, practitioner, lot, kind):
        address = reverse("recall:received", args=[kind, lot.pk])
        assert client_of(practitioner).get(address).status_code == 404


class TestPage:
    def test_a_practitioner_sees_it_all(self, client_of, practitioner, give, lot, subject):
        patient = PatientFactory(family_name="Soler", phone="+34600111222", may_message=False)
        give(lot, patient=patient, number="M-77")
        text = client_of(practitioner).get(url(subject)).content.decode()
        for word in (
            "Soler",
            "600 11 12 22",
            "no messages",
            "Thigh, left",
            "10 points",
            "0.5\u00a0mL",
            "M-77",
            "Dr Ana Ruiz",
        ):
            assert word in text, word

    def test_an_administrator_sees_nothing_clinical(self, client_of, administrator, give, lot, subject):
        session = give(lot, patient=PatientFactory(family_name="Soler"))
        text = client_of(administrator).get(url(subject)).content.decode()
        assert "Soler" in text
        assert "Thigh, left" not in text
        assert reverse("charting:session", args=[session.pk]) not in text

    def test_the_desk_is_refused(self, client_of, front_desk, subject):
        for page in ("received", "export", "open"):
            assert client_of(front_desk).get(url(subject, page)).status_code == 403

    def test_a_voided_session_is_told_apart(self, client_of, practitioner, give, lot, subject):
        give(lot)
        assert "Voided" not in client_of(practitioner).get(url(subject)).content.decode()
        give(lot, status="voided")
        assert client_of(practitioner).get(url(subject)).content.decode().count("Voided") == 1

    def test_an_open_draft_comes_first(self, client_of, administrator, practitioner, draft_with, give, lot, subject):
        give(lot)
        draft_with(lot, patient=PatientFactory(family_name="Waiting"))
        draft_with(LotFactory(), patient=PatientFactory(family_name="Unconcerned"))
        for person in (administrator, practitioner):
            text = client_of(person).get(url(subject)).content.decode()
            assert "Not signed yet: stop" in text
            assert text.index("Waiting") < text.index("<table")
            assert "Unconcerned" not in text

    def test_a_draft_is_found_by_its_version_too(self, draft_with, lot, version):
        session = draft_with(lot)
        assert receipts.open_drafts(find_subject("version", version.pk)) == [session]
        assert receipts.open_drafts(find_subject("ingredient", lot.ingredient_id)) == [session]

    @pytest.mark.parametrize("content", [{}, {"preparations": []}, {"preparations": [{"id": "p1"}]}, {"note": "x"}])
    def test_unfinished_drafts_do_no_harm(self, subject, content):
        from tests.factories.treatments import SessionFactory

        SessionFactory(draft=content)
        assert receipts.open_drafts(subject) == []

    @pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "½", "1e3", ""])
    def test_a_bad_place_is_the_first_page(self, client_of, practitioner, give, lot, subject, before):
        give(lot, patient=PatientFactory(family_name="Soler"))
        response = client_of(practitioner).get(url(subject), {"before": before})
        assert response.status_code == 200
        assert "Soler" in response.content.decode()

    @pytest.mark.parametrize("kind", ["lot", "product", "ingredient", "version", "mixture"])
    def test_the_same_statements_for_one_and_thirty(
        self, client_of, practitioner, give, draft_with, lot, version, kind
    ):
        product = Product.objects.create(name="Maker's vial", ingredient=lot.ingredient)
        Lot.objects.filter(pk=lot.pk).update(product=product)
        LotFactory(ingredient=lot.ingredient, product=product)
        first = give(lot)
        draft_with(lot)
        row_ids = {
            "lot": lot.pk,
            "product": product.pk,
            "ingredient": lot.ingredient_id,
            "version": version.pk,
            "mixture": first.preparations.get().pk,
        }
        address, client = reverse("recall:received", args=[kind, row_ids[kind]]), client_of(practitioner)

        def statements():
            with CaptureQueriesContext(connection) as queries:
                client.get(address)
            return len(queries)

        statements()
        one = statements()
        for _n in range(29):
            give(lot)
            draft_with(lot)
        assert statements() == one

    def test_it_does_not_count(self, client_of, practitioner, give, lot, subject):
        give(lot)
        client = client_of(practitioner)
        with CaptureQueriesContext(connection) as queries:
            client.get(url(subject))
        assert [query["sql"] for query in queries if "COUNT(" in query["sql"]] == []

    def test_looking_is_on_record(self, client_of, practitioner, lot, subject):
        client_of(practitioner).get(url(subject))
        event = AuditEvent.objects.get(action="list", subject_type="stock.Lot")
        assert (event.subject_id, event.actor_id) == (str(lot.pk), practitioner.pk)

    def test_printing_shows_many_on_one_page(self, client_of, practitioner, give, lot, subject, monkeypatch):
        monkeypatch.setattr(receipts, "PAGE", 2)
        for _n in range(3):
            give(lot)
        client = client_of(practitioner)
        assert client.get(url(subject)).content.decode().count("3 Mar 2026") == 2
        printed = client.get(url(subject), {"print": ""}).content.decode()
        assert printed.count("3 Mar 2026") == 3
        assert "data-print" in printed


def confirmed(client_of, person):
    """A client whose person has just typed their password."""
    client = client_of(person)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


def cells(response) -> list[list[str]]:
    body = b"".join(response.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(body.decode("utf-8-sig").splitlines()))


class TestExport:
    def test_the_password_is_asked_for(self, client_of, practitioner, give, lot, subject):
        give(lot)
        response = client_of(practitioner).get(url(subject, "export"))
        assert response.status_code == 302
        assert "reauthenticate" in response["Location"]
        assert not AuditEvent.objects.filter(action="export").exists()

    def test_every_row_in_the_clinics_time(self, client_of, practitioner, give, lot, subject, monkeypatch):
        monkeypatch.setattr(receipts, "CHUNK", 2)
        for number in range(5):
            give(lot, patient=PatientFactory(family_name=f"Soler{number}"))
        response = confirmed(client_of, practitioner).get(url(subject, "export"))
        assert response.streaming
        assert "attachment" in response["Content-Disposition"]
        head, *rows = cells(response)
        assert [row[1] for row in rows] == [f"Soler{n}" for n in (4, 3, 2, 1, 0)]
        assert rows[0][head.index("Session")] == "2026-03-03 10:30"
        assert rows[0][head.index("Where")] == "Thigh, left"

    def test_it_is_on_record_with_the_count(self, client_of, practitioner, give, lot, subject):
        for _n in range(3):
            give(lot)
        confirmed(client_of, practitioner).get(url(subject, "export"))
        event = AuditEvent.objects.get(action="export")
        assert event.fields == ["3 rows", "recall"]
        assert event.subject_id == str(lot.pk)

    def test_an_administrator_gets_nothing_clinical(self, client_of, administrator, give, lot, subject):
        give(lot)
        head, row = cells(confirmed(client_of, administrator).get(url(subject, "export")))
        assert "Where" not in head
        assert "Thigh, left" not in row

    def test_nobody_received_it(self, client_of, practitioner, subject):
        assert len(cells(confirmed(client_of, practitioner).get(url(subject, "export")))) == 1

    def test_no_cell_is_a_formula(self, client_of, practitioner, give, lot, subject):
        patient = PatientFactory(family_name="=HYPERLINK(1)", given_name="@SUM(A1)", phone="+34600111222")
        give(lot, patient=patient)
        _head, row = cells(confirmed(client_of, practitioner).get(url(subject, "export")))
        assert row[1:4] == ["'=HYPERLINK(1)", "'@SUM(A1)", "'+34600111222"]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", " =1", "\u3000+1", "＝1", "－1", "-"]
)
def test_harmless(cell):
    assert sheets.harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "a=b", "O'Brien", "3-4", "Łukasz", 12, "0.5"])
def test_left_as_it_is(cell):
    assert sheets.harmless(cell) == str(cell)


def test_quotes_and_separators_stay_in_their_cell():
    [line] = sheets.lines([['a"b', "c;d", "e\nf"]], delimiter=";")
    assert line == '"a""b";"c;d";"e\nf"\r\n'
