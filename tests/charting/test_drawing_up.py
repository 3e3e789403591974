"""Drawing up: what is in a syringe, which lots it comes from, and what that takes from the stock, once."""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from unittest.mock import patch

import pytest
from django.urls import reverse

from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from tests.factories.people import PASSWORD
from tests.factories.treatments import ApprovedVersionFactory, LotFactory
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import FormulationVersion, RecipeLine
from treatments.charting import rules, services, signing
from treatments.charting.draft import read_chart
from treatments.charting.mixture import parts_of, recipe_share, strengths_in, variation_text, volume_in
from treatments.charting.models import Preparation, PreparationLot, SessionDraft, TreatmentSession
from treatments.charting.numbers import CHARACTERS, is_mixture_number, mixture_number
from treatments.charting.queries import chart_of, offer_for, reference_of, session_for, signed_rows
from treatments.charting.services import Incomplete, verify_signature, void_session
from treatments.stock import services as stock
from treatments.stock.models import Lot, Movement


@pytest.fixture
def counted(kit):
    """The kit's lots, counted: 10 mL of each."""
    for line, lot in zip(kit.lines, kit.lots, strict=True):
        kit.lots[kit.lots.index(lot)] = receive(kit, line.ingredient, "10")
    return kit


def receive(kit, ingredient, volume_ml, *, expires_on=date(2030, 1, 31), number=None) -> Lot:
    number = number or f"C{Lot.objects.count()}"
    return stock.receive_lot(
        ingredient=ingredient,
        number=number,
        expires_on=expires_on,
        volume_ml=Decimal(volume_ml),
        by=kit.practitioner,
        at=WHEN - timedelta(days=30),
    )


def varied(kit, *amounts, reason="sensitive skin", **changes):
    """A syringe with these amounts of its lines, None for what follows the recipe."""
    typed = {str(line.pk): amount for line, amount in zip(kit.lines, amounts, strict=True) if amount is not None}
    return kit.syringe(amounts=typed, variation_reason=reason, **changes)


def read(content):
    chart, problems = read_chart(content, 7)
    return chart, reference_of(chart), problems


def problems_of(content, at=WHEN):
    chart, reference, problems = read(content)
    return [(p.path, p.message) for p in problems + rules.problems_in(chart, reference, at)]


def left(*lots) -> list[Decimal]:
    return [Lot.objects.get(pk=lot.pk).balance_ml for lot in lots]


# the arithmetic ----------------------------------------------------------------------------------------------------


def thirds(kit):
    """A recipe whose shares are no decimals: 1 mL and 2 mL of 3 mL, with 20 mg/mL and without a strength."""
    version = FormulationVersion.objects.create(
        formulation=kit.version.formulation,
        number=9,
        total_volume_ml=3,
        created_by=kit.practitioner,
        created_at=WHEN,
    )
    pairs = [(kit.lines[0].ingredient, Decimal(20), Decimal(1)), (kit.lines[1].ingredient, None, Decimal(2))]
    for position, (ingredient, strength, volume) in enumerate(pairs):
        RecipeLine.objects.create(
            version=version, position=position, ingredient=ingredient, concentration=strength, volume_ml=volume
        )
    return version


def test_a_syringe_follows_its_recipe_to_a_thousandth_of_a_ml(kit):
    version = thirds(kit)
    syringe = read({"preparations": [kit.syringe(version_id=version.pk, volume_ml="5")]})[0].preparations[0]
    one, two = version.lines.all()
    assert [recipe_share(line, version, Decimal(5)) for line in (one, two)] == [Decimal("1.667"), Decimal("3.333")]
    assert volume_in(syringe, version) == 5
    # not varied: the recipe's own strength, whatever the measuring rounds
    assert [s.final for s in strengths_in(syringe, version)] == [Fraction(20, 3), None]


@pytest.mark.parametrize(
    ("amounts", "volume", "finals", "text"),
    [
        ((None, None), "5", ["5", "5"], ""),
        (("2.5", "2.50"), "5", ["5", "5"], ""),
        (("1", None), "3.5", ["20/7", "50/7"], "{0} 1 mL instead of 2.5 mL"),
        (("0", None), "2.5", ["10"], "without {0}"),
        (("0", "4"), "4", ["10"], "without {0}; {1} 4 mL instead of 2.5 mL"),
        (("0,001", "0.1"), "0.101", ["10/101", "1000/101"], "{0} 0.001 mL instead of 2.5 mL; {1} 0.1 mL instead…"),
    ],
)
def test_a_varied_syringe_is_the_sum_of_what_was_drawn_up(kit, amounts, volume, finals, text):
    syringe = read({"preparations": [varied(kit, *amounts)]})[0].preparations[0]
    names = [line.ingredient.name for line in kit.lines]
    assert volume_in(syringe, kit.version) == Decimal(volume)
    assert [s.final for s in strengths_in(syringe, kit.version)] == [Fraction(final) for final in finals]
    said = variation_text(syringe, kit.version)
    assert said.startswith(text.format(*names).removesuffix("instead…")) and bool(said) == bool(text)


def test_totals_follow_the_varied_amounts(kit):
    groups = [kit.group(points=[[0.6, 0.6]] * 10, volume_ml="0.07")]  # 0.7 mL of 3.5 mL
    chart, reference, _ = read(kit.content(syringes=[varied(kit, "1", None)], groups=groups))
    totals = rules.totals_of(chart, reference)
    assert [(t.amount, t.unit) for t in totals.ingredients] == [(Decimal(2), "mg"), (Decimal(5), "mg")]
    assert totals.syringes[0].left_ml == Decimal("2.8")


def test_a_variation_needs_its_reason_and_something_in_the_syringe(kit):
    paths = [path for path, _ in problems_of(kit.content(syringes=[varied(kit, "1", None, reason="")]))]
    assert paths == ["preparations.p1.variation_reason"]
    assert problems_of(kit.content(syringes=[varied(kit, "2.5", None, reason="")])) == []
    paths = [path for path, _ in problems_of(kit.content(syringes=[varied(kit, "0", "0")]))]
    assert paths == ["preparations.p1.volume_ml"]


def test_no_more_is_injected_than_was_drawn_up_after_the_variation(kit):
    groups = [kit.group(points=[[0.6, 0.6]] * 80)]  # 4 mL
    assert problems_of(kit.content(groups=groups)) == []
    ((path, message),) = problems_of(kit.content(syringes=[varied(kit, "1", None)], groups=groups))
    assert path == "preparations.p1.volume_ml" and "4 mL was injected, but only 3.5 mL drawn up" in message


def test_what_was_left_out_needs_no_lot(kit):
    syringe = varied(kit, "0", None, lots={str(kit.lines[1].pk): kit.lots[1].pk})
    assert problems_of(kit.content(syringes=[syringe])) == []


# lots --------------------------------------------------------------------------------------------------------------


def test_the_lots_proposed_are_open_ones_then_those_that_expire_first_and_hold_enough(kit, client_of):
    line = kit.lines[0]
    Lot.objects.filter(ingredient=line.ingredient).update(retired_at=WHEN, retire_reason="old")
    expired = receive(kit, line.ingredient, "10", expires_on=date(2026, 2, 10))
    little = receive(kit, line.ingredient, "1", expires_on=date(2026, 4, 1))
    aside = receive(kit, line.ingredient, "10", expires_on=date(2026, 4, 2))
    stock.quarantine_lot(lot=aside, reason="cloudy", by=kit.practitioner)
    first = receive(kit, line.ingredient, "10", expires_on=date(2026, 5, 1))
    late = receive(kit, line.ingredient, "10", expires_on=date(2027, 5, 1))
    offers = offer_for(kit.start({}), WHEN).lots_of(line)
    assert [o.lot for o in offers if not o.why_not] == [little, first, late]
    assert {o.lot for o in offers if o.why_not} == {expired, aside}
    assert rules.proposed_lot(offers, Decimal(1)) == little
    assert rules.proposed_lot(offers, Decimal("1.001")) == first
    Lot.objects.filter(pk=late.pk).update(opened_at=WHEN - timedelta(hours=1))
    offers = offer_for(TreatmentSession.objects.get(), WHEN).lots_of(line)
    assert rules.proposed_lot(offers, Decimal("1.001")) == late
    assert rules.proposed_lot(offers, Decimal(11)) is None


def test_a_lot_that_a_colleague_set_aside_is_named_and_nothing_is_lost(counted, client_of):
    kit = counted
    session = kit.start(kit.content())
    page = client_of(kit.practitioner).get(reverse("charting:chart", args=[session.pk])).content.decode()
    assert "is in quarantine" not in page
    stock.quarantine_lot(lot=kit.lots[0], reason="cloudy", by=kit.practitioner)
    stock.retire_lot(lot=kit.lots[1], reason="broken", by=kit.practitioner)
    for name in ("chart", "sign"):
        page = client_of(kit.practitioner).get(reverse(f"charting:{name}", args=[session.pk])).content.decode()
        assert f"Lot {kit.lots[0].number} is in quarantine." in page, name
        assert f"Lot {kit.lots[1].number} was taken off the shelf." in page, name
    with pytest.raises(Incomplete) as refusal:
        kit.sign(session)
    assert [p.path for p in refusal.value.problems] == [f"preparations.p1.lots.{line.pk}" for line in kit.lines]
    assert SessionDraft.objects.get(pk=session.pk).content == kit.content()


def test_autosave_tells_how_the_chosen_lots_stand_now(counted, client_of):
    kit = counted
    session = kit.start({})
    stock.quarantine_lot(lot=kit.lots[0], reason="cloudy", by=kit.practitioner)
    answer = client_of(kit.practitioner).post(
        reverse("charting:save", args=[session.pk]),
        {"version": 0, "content": kit.content()},
        content_type="application/json",
    )
    lots = answer.json()["lots"]
    assert lots[str(kit.lots[0].pk)]["whyNot"] == f"Lot {kit.lots[0].number} is in quarantine."
    assert lots[str(kit.lots[1].pk)] == {"left": "10", "thousandths": "10000", "isOpen": False, "whyNot": ""}


def test_two_syringes_from_one_lot_need_what_both_take(counted):
    kit = counted
    syringes = [kit.syringe(volume_ml="10"), kit.syringe(id="p2", volume_ml="12")]  # 5 mL and 6 mL of each lot
    found = problems_of(kit.content(syringes=syringes))
    assert len(found) == 4
    assert f"Lot {kit.lots[0].number} holds 10 mL, and 11 mL are needed." in found[0][1]


def test_a_session_signed_on_a_later_day_is_judged_by_the_day_it_took_place(counted):
    kit = counted
    session = kit.start(kit.content())
    Lot.objects.filter(pk=kit.lots[0].pk).update(expires_on=WHEN.date())
    services.sign_session(
        session_id=session.pk, version=0, password=PASSWORD, by=kit.practitioner, at=WHEN + timedelta(days=2)
    )
    assert left(*kit.lots) == [Decimal("7.5")] * 2


# the stock ---------------------------------------------------------------------------------------------------------


def test_signing_takes_the_amounts_and_voiding_gives_them_back(counted):
    kit = counted
    session = kit.signed(kit.content(syringes=[varied(kit, "1", None), kit.syringe(id="p3", volume_ml="2")]))
    assert left(*kit.lots) == [Decimal(8), Decimal("6.5")]
    rows = PreparationLot.objects.order_by("preparation__position", "line__position")
    assert [row.volume_ml for row in rows] == [Decimal(1), Decimal("2.5"), Decimal(1), Decimal(1)]
    one, two = Preparation.objects.all()
    assert (one.volume_ml, two.volume_ml) == (Decimal("3.5"), Decimal(2))
    assert one.variation == f"{kit.lines[0].ingredient.name} 1 mL instead of 2.5 mL"
    assert (one.number, two.number) == (mixture_number(session.pk, 1), mixture_number(session.pk, 3))
    kit.sign(session)
    assert left(*kit.lots) == [Decimal(8), Decimal("6.5")]
    void_session(session_id=session.pk, reason="wrong patient", password=PASSWORD, by=kit.practitioner, at=WHEN)
    assert left(*kit.lots) == [Decimal(10)] * 2
    assert Movement.objects.filter(kind="taken").count() == 4


def test_a_draft_that_is_voided_took_nothing(counted):
    session = counted.start(counted.content())
    void_session(session_id=session.pk, reason="mistake", password=PASSWORD, by=counted.practitioner, at=WHEN)
    assert left(*counted.lots) == [Decimal(10)] * 2 and not Movement.objects.filter(kind="given_back").exists()


def test_the_last_of_a_lot_used_up_at_this_very_moment_refuses_and_keeps_everything(counted, monkeypatch, client_of):
    """The rules saw enough, and then a colleague signed: the stock itself says no, in the same transaction."""
    kit = counted
    session = kit.start(kit.content())
    monkeypatch.setattr(rules, "lack_of", lambda lot, wanted: "")
    Lot.objects.filter(pk=kit.lots[1].pk).update(balance_ml=1)
    with pytest.raises(Refused, match=f"Lot {kit.lots[1].number} holds 1 mL, and 2.5 mL are needed"):
        kit.sign(session)
    session.refresh_from_db()
    assert (session.status, session.draft.version) == ("draft", 0)
    assert not Preparation.objects.exists() and left(kit.lots[0]) == [Decimal(10)]
    address = reverse("charting:sign", args=[session.pk])
    monkeypatch.undo()
    page = client_of(kit.practitioner).get(address).content.decode()
    assert f"Lot {kit.lots[1].number} holds 1 mL, and 2.5 mL are needed." in page and "#preparations-p1" in page


# the record --------------------------------------------------------------------------------------------------------


def test_the_record_adds_up_as_the_draft_did(counted):
    kit = counted
    groups = [kit.group(points=[[0.6, 0.6]] * 7, volume_ml="0.033")]
    for syringe in (kit.syringe(volume_ml="3.7"), varied(kit, "0.7", None), varied(kit, "0", "1.1")):
        content = kit.content(syringes=[syringe], groups=groups)
        chart, reference, _ = read(content)
        before = rules.totals_of(chart, reference)
        session = kit.signed(content)
        stored = session_for(session.pk, kit.practitioner)
        record = chart_of(stored, *signed_rows(stored))
        after = rules.totals_of(record, reference_of(record))
        assert [(t.ingredient, t.amount, t.unit) for t in after.ingredients] == [
            (t.ingredient, t.amount, t.unit) for t in before.ingredients
        ]
        assert after.syringes[0].left_ml == before.syringes[0].left_ml
        drawn = [part.drawn_ml for part in parts_of(record.preparations[0], kit.version)]
        assert drawn == [part.drawn_ml for part in parts_of(chart.preparations[0], kit.version)]


def test_amounts_numbers_and_times_are_signed(counted):
    kit = counted
    drawn_at = (WHEN + timedelta(minutes=3)).isoformat()
    session = kit.start(kit.content(syringes=[varied(kit, "1", None, drawn_at=drawn_at)]))
    at = WHEN + timedelta(hours=1)
    services.sign_session(session_id=session.pk, version=0, password=PASSWORD, by=kit.practitioner, at=at)
    stored = session_for(session.pk, kit.practitioner)
    rows = signed_rows(stored)
    assert rows[0][0].drawn_at == datetime.fromisoformat(drawn_at)
    assert verify_signature(stored)
    for row, name, value in [
        (rows[0][0], "number", "M-1-02-X"),
        (rows[0][0], "drawn_at", None),
        (rows[1][0], "volume_ml", Decimal("1.001")),
        (rows[1][0], "volume_ml", None),
    ]:
        before = getattr(row, name)
        setattr(row, name, value)
        assert signing.content_hash(stored, *rows) != stored.content_hash
        setattr(row, name, before)


def test_records_of_before_amounts_were_kept_still_verify_and_read(kit):
    """As they were written then: no number, no time, no amounts; a variation in words."""
    session = kit.start({})
    syringe = Preparation.objects.create(
        session=session, position=1, version=kit.version, volume_ml=5, variation="half", variation_reason="first time"
    )
    for line, lot in zip(kit.lines, kit.lots, strict=True):
        PreparationLot.objects.create(preparation=syringe, line=line, lot=lot)
    session.signed_at, session.signed_by = WHEN, kit.practitioner
    old = signing.content_hash(session, *signed_rows(session))
    assert [syringe.position, kit.version.pk, "5", "half", "first time"] in _hashed(session)["preparations"]
    assert all(len(lot) == 3 for lot in _hashed(session)["lots"]) and len(old) == 64
    record = chart_of(session, *signed_rows(session))
    assert record.preparations[0].amounts == {} and volume_in(record.preparations[0], kit.version) == 5


def _hashed(session) -> dict:
    """What `content_hash` hashes."""
    with patch.object(signing, "_canonical", side_effect=lambda content: json.dumps(content).encode()) as canonical:
        signing.content_hash(session, *signed_rows(session))
    return canonical.call_args[0][0]


# retired recipes -----------------------------------------------------------------------------------------------------


def retire(version):
    values = {"status": VersionStatus.RETIRED, "retired_at": WHEN, "retire_reason": "replaced"}
    FormulationVersion.objects.filter(pk=version.pk).update(**values)


def replacement(kit):
    """Version 2 of the kit's recipe, of other ingredients."""
    retire(kit.version)
    newer = ApprovedVersionFactory(formulation=kit.version.formulation, number=2)
    return newer, *newer.lines.all()


def test_a_draft_of_a_retired_version_says_so_and_takes_the_one_in_use_with_one_click(kit, client_of):
    session = kit.start(kit.content(syringes=[varied(kit, "1", None)]))
    newer, first, _second = replacement(kit)
    LotFactory(ingredient=first.ingredient)
    desk, address = client_of(kit.practitioner), reverse("charting:chart", args=[session.pk])
    page = desk.get(address).content.decode()
    assert "version 1, is no longer in use: version 2 is." in page and "Use version 2 instead" in page
    assert desk.post(address, {"do": "succeed-p1", "version": 0}).status_code == 302
    content = SessionDraft.objects.get(pk=session.pk).content
    (syringe,) = content["preparations"]
    assert (syringe["id"], syringe["version_id"], content["drawn_up"]) == ("p2", newer.pk, 2)
    assert content["injections"][0]["preparation"] == "p2"
    assert syringe["lots"][str(first.pk)] == Lot.objects.get(ingredient=first.ingredient).pk
    assert syringe["amounts"] == {} and syringe["variation_reason"] == "sensitive skin"


def test_a_retired_version_without_another_is_told_too(kit, client_of):
    session = kit.start(kit.content())
    retire(kit.version)
    desk, address = client_of(kit.practitioner), reverse("charting:chart", args=[session.pk])
    assert "and no other version of it is" in desk.get(address).content.decode()
    assert desk.post(address, {"do": "succeed-p1", "version": 0}).status_code == 200
    assert [path for path, _ in problems_of(kit.content())] == ["preparations.p1.version_id"]


# numbers -------------------------------------------------------------------------------------------------------------


def test_numbers_notice_a_wrong_character_and_a_swap(db):
    number = mixture_number(104_287, 3)
    assert number == "M-104287-03-" + number[-1] and is_mixture_number(number)
    wrong = missed = 0
    for place in [*range(2, 8), 9, 10, 12]:
        for character in CHARACTERS:
            if character != number[place]:
                wrong += 1
                missed += is_mixture_number(number[:place] + character + number[place + 1 :])
    assert wrong > 300 and missed == 0
    for place in range(2, 7):
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        assert not is_mixture_number(swapped)
    for text in ("", "M-0-01-A", "M-1-1-A", number.lower(), number + " ", "M-١-01-A"):
        assert not is_mixture_number(text)
