"""A recall from opening to closing: the frozen list, later ones, each patient's steps, who may."""

from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.factories.patients import PatientFactory
from tests.factories.recalls import CaseFactory, EntryFactory
from tests.factories.treatments import LotFactory
from tests.recall.conftest import TREATED, void
from treatments.catalogue.models import Product
from treatments.recall import queries, receipts, services
from treatments.recall.models import RecallCase, RecallEntry, RecallMessage, RecallStep, RecallText
from treatments.recall.receipts import find_subject
from treatments.stock.models import Lot

pytestmark = pytest.mark.usefixtures("clinic_row", "madrid")
WORDS = {"reason": "Recalled by the maker", "tell": "Call us if the skin turns red."}


@pytest.fixture
def case(subject, give, lot, practitioner):
    """A case with one patient."""
    give(lot, patient=PatientFactory(family_name="Soler", given_name="Berta"))
    return services.open_case(subject=subject, **WORDS, by=practitioner)


@pytest.fixture
def entry(case):
    return case.entries.get()


def page(client, name, *args, **query) -> str:
    response = client.get(reverse(f"recall:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def post(client, name, *args, **data):
    return client.post(reverse(f"recall:{name}", args=args), data)


class TestOpening:
    def test_it_freezes_everybody_so_far(self, client_of, administrator, give, lot, subject):
        twice = PatientFactory()
        give(lot, patient=twice)
        give(lot, patient=twice)
        voided = give(lot, status="voided").patient
        give(LotFactory(ingredient=lot.ingredient))
        post(client_of(administrator), "open", "lot", lot.pk, **WORDS, quarantine="on")
        case = RecallCase.objects.get()
        assert {entry.patient for entry in case.entries.all()} == {twice, voided}
        assert (case.reason, case.opened_by) == (WORDS["reason"], administrator)
        assert "BAD1" in case.title
        lot.refresh_from_db()
        assert (lot.quarantined, lot.quarantine_reason) == (True, WORDS["reason"])
        assert AuditEvent.objects.filter(action="create", subject_type="recall.RecallCase").count() == 1

    def test_quarantine_is_a_choice(self, client_of, administrator, lot):
        post(client_of(administrator), "open", "lot", lot.pk, **WORDS)
        lot.refresh_from_db()
        assert not lot.quarantined

    def test_all_lots_of_a_product_are_set_aside(self, practitioner, lot):
        product = Product.objects.create(name="Maker's vial", ingredient=lot.ingredient)
        lots = LotFactory.create_batch(2, ingredient=lot.ingredient, product=product)
        lots[0].quarantined, lots[0].quarantine_reason = True, "before"
        lots[0].save()
        services.open_case(subject=find_subject("product", product.pk), **WORDS, quarantine=True, by=practitioner)
        assert set(Lot.objects.filter(product=product).values_list("quarantine_reason", flat=True)) == {
            "before",
            WORDS["reason"],
        }
        assert not Lot.objects.get(pk=lot.pk).quarantined

    def test_there_is_one_open_case_of_a_thing(self, client_of, practitioner, case, lot):
        response = post(client_of(practitioner), "open", "lot", lot.pk, **WORDS)
        assert response["Location"] == reverse("recall:case", args=[case.pk])
        assert RecallCase.objects.count() == 1
        services.follow_up(entry=case.entries.get(), version=0, status="seen", by=practitioner)
        services.close_case(case=case, reason="", by=practitioner)
        post(client_of(practitioner), "open", "lot", lot.pk, **WORDS)
        assert RecallCase.objects.count() == 2

    @pytest.mark.parametrize("missing", ["reason", "tell"])
    @pytest.mark.parametrize("typed", ["", "   ", "\u200b"])
    def test_words_are_needed_and_what_was_typed_stays(self, client_of, practitioner, lot, missing, typed):
        response = post(client_of(practitioner), "open", "lot", lot.pk, **WORDS | {missing: typed})
        assert response.status_code == 200
        assert not RecallCase.objects.exists()
        assert WORDS["tell" if missing == "reason" else "reason"] in response.content.decode()

    def test_the_mixture_cannot_be_put_in_quarantine(self, client_of, practitioner, give, lot):
        preparation = give(lot).preparations.get()
        assert "quarantine" not in page(client_of(practitioner), "open", "mixture", preparation.pk)


class TestLater:
    def test_a_session_signed_after_is_shown_and_taken_in(self, client_of, practitioner, case, give, lot):
        client = client_of(practitioner)
        assert "signed after" not in page(client, "case", case.pk)
        late = give(lot, patient=PatientFactory(family_name="Late")).patient
        text = page(client, "case", case.pk)
        assert "1 more patient received it" in text
        assert "Late" not in text
        post(client, "take_in", case.pk)
        post(client, "take_in", case.pk)
        entry = case.entries.get(patient=late)
        assert entry.late
        assert case.entries.count() == 2
        assert "found later" in page(client, "case", case.pk)

    def test_a_signing_that_was_under_way_is_not_missed(self, practitioner, case, subject, give, lot):
        """Its preparation has an id already when the case is opened, and is seen by nobody before it is signed."""
        late = give(lot)
        RecallCase.objects.update(seen_until=late.preparations.get().pk)
        case.refresh_from_db()
        assert queries.count_missing(case, subject) == 1
        assert services.take_in_later_ones(case=case, by=practitioner) == 1

    def test_what_was_seen_long_ago_is_not_looked_at_again(self, practitioner, case, subject, give, lot):
        give(lot)
        assert services.take_in_later_ones(case=case, by=practitioner) == 1
        newest = give(lot).preparations.get().pk
        RecallCase.objects.update(seen_until=newest + receipts.UNDER_WAY)
        case.refresh_from_db()
        assert queries.count_missing(case, subject) == 0

    def test_only_the_newest_sessions_of_a_patient_are_named(self, client_of, practitioner, case, give, lot):
        patient = case.entries.get().patient
        for day in range(4, 8):
            give(lot, patient=patient, at=TREATED.replace(day=day))
        text = page(client_of(practitioner), "case", case.pk)
        assert "7 Mar 2026" in text and "4 Mar 2026" not in text
        assert "and 2 sessions before" in text

    def test_reading_adds_nobody(self, client_of, practitioner, case, give, lot):
        give(lot)
        page(client_of(practitioner), "case", case.pk)
        assert case.entries.count() == 1

    def test_a_session_voided_after_is_told_apart_and_stays(self, client_of, practitioner, case):
        client = client_of(practitioner)
        assert "Voided" not in page(client, "case", case.pk)
        void(case.entries.get().patient.sessions.get())
        text = page(client, "case", case.pk)
        assert "Soler" in text
        assert "Voided" in text
        assert "Every session was voided: decide" in text
        assert case.entries.count() == 1

    def test_open_drafts_are_shown_first(self, client_of, practitioner, case, draft_with, lot):
        draft_with(lot)
        assert "Not signed yet: stop" in page(client_of(practitioner), "case", case.pk)


class TestSteps:
    def test_a_step_is_written_down_with_who_and_when(self, client_of, practitioner, entry):
        data = {"version": 0, "status": "not_reachable", "way": "telephone", "note": "No answer at noon"}
        response = post(client_of(practitioner), "entry", entry.pk, **data)
        assert response.status_code == 302
        entry.refresh_from_db()
        assert (entry.status, entry.version) == ("not_reachable", 1)
        step = entry.steps.get()
        assert (step.status, step.way, step.note, step.by) == (
            "not_reachable",
            "telephone",
            "No answer at noon",
            practitioner,
        )
        text = page(client_of(practitioner), "entry", entry.pk)
        assert "No answer at noon" in text
        assert "Dr Ana Ruiz" in text

    def test_the_same_form_sent_twice_is_one_step(self, client_of, practitioner, entry):
        client = client_of(practitioner)
        for _twice in range(2):
            response = post(client, "entry", entry.pk, version=0, status="to_call", note="Left word")
            assert response.status_code == 302
        assert entry.steps.count() == 1

    def test_whoever_was_slower_is_told_and_keeps_their_words(self, client_of, practitioner, administrator, entry):
        post(client_of(administrator), "entry", entry.pk, version=0, status="reached")
        response = post(client_of(practitioner), "entry", entry.pk, version=0, status="seen", note="Came at ten")
        assert response.status_code == 200
        assert "Somebody else changed this" in response.content.decode()
        assert "Came at ten" in response.content.decode()
        assert RecallEntry.objects.get().status == "reached"

    @pytest.mark.parametrize("note", ["", "  ", "\u200b"])
    def test_no_action_needs_a_reason(self, client_of, practitioner, entry, note):
        response = post(client_of(practitioner), "entry", entry.pk, version=0, status="no_action", note=note)
        assert "Write why no action is needed" in response.content.decode()
        assert not RecallStep.objects.exists()

    @pytest.mark.parametrize(
        ("first", "second", "allowed"),
        [
            ("reached", "seen", True),
            ("reached", "to_call", True),
            ("reached", "not_reachable", False),
            ("seen", "reached", False),
            ("seen", "to_call", True),
            ("no_action", "to_call", True),
            ("no_action", "seen", False),
            ("not_reachable", "reached", True),
        ],
    )
    def test_moves(self, practitioner, entry, first, second, allowed):
        services.follow_up(entry=entry, version=0, status=first, note="n", by=practitioner)
        entry.refresh_from_db()
        if allowed:
            services.follow_up(entry=entry, version=1, status=second, by=practitioner)
        else:
            with pytest.raises(Refused):
                services.follow_up(entry=entry, version=1, status=second, by=practitioner)

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"version": "x", "status": "seen"},
            {"version": "-1", "status": "seen"},
            {"version": "9" * 30, "status": "seen"},
            {"version": "0", "status": "gone"},
            {"version": "0", "status": "seen", "way": "pigeon"},
            {"version": "0", "status": "seen", "note": "x" * 501},
            {"version": "0", "status": "to_call"},
        ],
    )
    def test_bad_input_changes_nothing(self, client_of, practitioner, entry, data):
        response = post(client_of(practitioner), "entry", entry.pk, **data)
        assert response.status_code == 200
        entry.refresh_from_db()
        assert (entry.status, entry.version, RecallStep.objects.count()) == ("to_call", 0, 0)

    def test_told_by_telephone_once(self, client_of, administrator, entry):
        client = client_of(administrator)
        for _twice in range(2):
            post(client, "told", entry.pk, version=0)
        step = entry.steps.get()
        assert (step.status, step.way) == ("reached", "telephone")

    @pytest.mark.parametrize("typed", ["", "x", "7"])
    def test_told_with_a_bad_version_changes_nothing(self, client_of, administrator, entry, typed):
        assert post(client_of(administrator), "told", entry.pk, version=typed).status_code == 302
        assert not RecallStep.objects.exists()

    def test_notes_are_not_for_administrators(self, client_of, practitioner, administrator, case, entry):
        services.follow_up(entry=entry, version=0, status="seen", note="A red swelling", by=practitioner)
        for name, row in (("entry", entry), ("case", case)):
            assert "A red swelling" in page(client_of(practitioner), name, row.pk)
            assert "A red swelling" not in page(client_of(administrator), name, row.pk)


class TestProgress:
    def test_in_numbers(self, client_of, practitioner, case, give, lot):
        for status in ("reached", "seen", "no_action", "not_reachable"):
            EntryFactory(case=case, patient=give(lot).patient, status=status)
        counts = queries.progress(case)
        assert counts == {"to_call": 1, "reached": 1, "seen": 1, "no_action": 1, "not_reachable": 1}
        text = page(client_of(practitioner), "case", case.pk)
        assert 'value="3" max="5"' in text

    @pytest.mark.parametrize("status", ["to_call", "seen", "nonsense"])
    def test_by_status(self, client_of, practitioner, case, status):
        text = page(client_of(practitioner), "case", case.pk, status=status)
        assert ("Soler" in text) == (status != "seen")

    @pytest.mark.parametrize("name", ["case", "cases", "panel"])
    def test_the_same_statements_for_one_and_thirty(self, client_of, practitioner, case, entry, give, lot, name):
        client, args = client_of(practitioner), [case.pk] if name == "case" else []
        services.follow_up(entry=entry, version=0, status="to_call", note="x", by=practitioner)

        def statements():
            with CaptureQueriesContext(connection) as captured:
                page(client, name, *args)
            return len(captured)

        statements()
        one = statements()
        for _n in range(29):
            added = EntryFactory(case=case, patient=give(lot).patient)
            services.follow_up(entry=added, version=0, status="to_call", note="x", by=practitioner)
            EntryFactory()
        assert statements() == one


class TestClosing:
    def test_when_nobody_is_left(self, client_of, practitioner, case, entry):
        client = client_of(practitioner)
        assert "1 patient is left" in page(client, "close", case.pk)
        assert post(client, "close", case.pk, reason="").status_code == 200
        services.follow_up(entry=entry, version=0, status="reached", by=practitioner)
        assert post(client, "close", case.pk, reason="").status_code == 302
        case.refresh_from_db()
        assert (case.closed_by, case.close_reason) == (practitioner, "")

    def test_or_with_the_reason(self, client_of, practitioner, case):
        post(client_of(practitioner), "close", case.pk, reason="The maker took it back")
        case.refresh_from_db()
        assert case.close_reason == "The maker took it back"

    def test_whoever_came_later_or_has_an_open_draft_counts_as_left(
        self, practitioner, case, entry, give, draft_with, lot
    ):
        services.follow_up(entry=entry, version=0, status="seen", by=practitioner)
        draft = draft_with(lot)
        with pytest.raises(Refused):
            services.close_case(case=case, reason="", by=practitioner)
        draft.draft.content = {}
        draft.draft.save()
        give(lot)
        with pytest.raises(Refused):
            services.close_case(case=case, reason="", by=practitioner)

    def test_a_closed_case_does_not_change_any_more(self, client_of, practitioner, case, entry, give, lot):
        services.close_case(case=case, reason="Over", by=practitioner)
        give(lot)
        client, text = client_of(practitioner), case.texts.first()
        post(client, "take_in", case.pk)
        post(client, "told", entry.pk, version=0)
        post(client, "close", case.pk, reason="Again")
        post(client, "entry", entry.pk, version=0, status="seen")
        post(client, "edit_text", text.pk, version=0, subject="New", body="New")
        message = {"version": 0, "subject": "Call", "body": "Call", "submission": uuid4()}
        post(client, "message", entry.pk, "email", **message)
        case.refresh_from_db()
        assert (case.close_reason, case.entries.count()) == ("Over", 1)
        assert not RecallStep.objects.exists()
        assert not RecallMessage.objects.exists()
        assert not RecallText.objects.filter(body="New").exists()
        for name, row in (("case", case), ("entry", entry), ("texts", case)):
            page(client, name, row.pk)
        page(client, "message", entry.pk, "email")

    def test_two_who_close_at_once(self, practitioner, case):
        seen = RecallCase.objects.get(pk=case.pk)
        services.close_case(case=case, reason="Over", by=practitioner)
        with pytest.raises(Refused):
            services.close_case(case=seen, reason="Over", by=practitioner)


class TestGuards:
    @pytest.mark.parametrize("model", [RecallCase, RecallEntry, RecallStep, RecallMessage])
    def test_nothing_is_deleted(self, practitioner, entry, model):
        services.follow_up(entry=entry, version=0, status="seen", by=practitioner)
        RecallMessage.objects.create(
            entry=entry, channel="sms", text="x", submission=uuid4(), sent_by=practitioner, at=entry.found_at
        )
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.filter(pk=model.objects.first().pk)._raw_delete("default")
        assert model.objects.exists()

    def test_steps_never_change(self, practitioner, entry):
        services.follow_up(entry=entry, version=0, status="seen", by=practitioner)
        with pytest.raises(DatabaseError), transaction.atomic():
            RecallStep.objects.update(note="other")

    def test_nor_does_a_message_that_has_ended(self, practitioner, entry):
        message = RecallMessage.objects.create(
            entry=entry, channel="sms", text="x", submission=uuid4(), sent_by=practitioner, at=entry.found_at
        )
        RecallMessage.objects.filter(pk=message.pk).update(state="sent")
        with pytest.raises(DatabaseError), transaction.atomic():
            RecallMessage.objects.update(text="other")

    def test_nor_a_closed_case(self, practitioner, case):
        services.close_case(case=case, reason="Over", by=practitioner)
        with pytest.raises(DatabaseError), transaction.atomic():
            RecallCase.objects.update(closed_at=None, closed_by=None)


class TestFindingTheSubject:
    def test_by_number_and_name(self, client_of, practitioner, give, lot, version):
        give(lot, number="M-2026-7")
        Product.objects.create(name="Maker's vial", ingredient=lot.ingredient)
        client = client_of(practitioner)
        for typed, kind in [
            ("bad1", "lot"),
            ("m-2026-7", "mixture"),
            ("Maker", "product"),
            (lot.ingredient.name, "ingredient"),
            ("thigh", "version"),
        ]:
            assert f"/recalls/of/{kind}/" in page(client, "cases", q=typed), typed

    @pytest.mark.parametrize("typed", ["zzz", "%", "'; --", "x" * 300, "\u202e", "  "])
    def test_whatever_is_typed(self, client_of, practitioner, lot, typed):
        assert "/recalls/of/" not in page(client_of(practitioner), "cases", q=typed)

    def test_pages_of_lower_apps_lead_here_for_who_may(self, client_of, practitioner, administrator, lot, version):
        product = Product.objects.create(name="Maker's vial", ingredient=lot.ingredient)
        pages = {
            reverse("stock:lot", args=[lot.pk]): ["lot", lot.pk],
            reverse("catalogue:product", args=[product.pk]): ["product", product.pk],
            reverse("catalogue:ingredient", args=[lot.ingredient_id]): ["ingredient", lot.ingredient_id],
            reverse("catalogue:version", args=[version.pk]): ["version", version.pk],
        }
        for person in (practitioner, administrator):
            for page_of_it, args in pages.items():
                assert reverse("recall:received", args=args) in client_of(person).get(page_of_it).content.decode()

    def test_a_signed_sessions_mixtures_lead_here(self, client_of, practitioner, give, lot):
        session = give(lot)
        text = client_of(practitioner).get(reverse("charting:session", args=[session.pk])).content.decode()
        assert reverse("recall:received", args=["mixture", session.preparations.get().pk]) in text


def test_a_conflict_is_no_refusal_in_disguise(practitioner, entry):
    with pytest.raises(Conflict):
        services.follow_up(entry=entry, version=5, status="seen", by=practitioner)


def test_the_panel_names_open_cases_only(client_of, practitioner, case):
    assert "BAD1" in page(client_of(practitioner), "panel")
    services.close_case(case=case, reason="Over", by=practitioner)
    assert "BAD1" not in page(client_of(practitioner), "panel")
    CaseFactory()
