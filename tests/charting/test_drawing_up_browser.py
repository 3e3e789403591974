"""Drawing up in a browser: lots proposed, one amount varied with its reason, signed, out of the stock, labelled."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.charting.drafts import WHEN, Kit
from tests.charting.test_browser import choose_tool, saved, tap
from tests.factories.people import PASSWORD, PractitionerFactory
from tests.factories.treatments import ApprovedVersionFactory, PlanFactory
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import FormulationVersion
from treatments.charting.draft import read_chart
from treatments.charting.mixture import volume_in
from treatments.charting.models import SessionDraft, TreatmentSession
from treatments.charting.numbers import mixture_number
from treatments.charting.queries import reference_of
from treatments.charting.rules import totals_of
from treatments.stock import services as stock
from treatments.stock.models import Lot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kit(live_server, clinic_row, madrid):
    kit = Kit(PractitionerFactory(full_name="Dr Ana Ruiz"))
    Lot.objects.update(retired_at=WHEN, retire_reason="before")
    kit.lots = [receive(kit, line, f"C{n}", "10") for n, line in enumerate(kit.lines)]
    return kit


def receive(kit, line, number, volume_ml, *, days=900) -> Lot:
    return stock.receive_lot(
        ingredient=line.ingredient,
        number=number,
        expires_on=date(2027, 1, 1) + timedelta(days=days),
        volume_ml=Decimal(volume_ml),
        by=kit.practitioner,
        at=WHEN,
    )


@pytest.fixture
def open_chart(live_server, sign_in, kit):
    def go(page, content=None):
        session = kit.start(content or {})
        sign_in(kit.practitioner)
        page.goto(f"{live_server.url}/sessions/{session.pk}/chart/")
        expect(page.locator("html")).to_have_class(re.compile("charting-live"))
        return session

    return go


def add_syringe(page, kit, volume="5"):
    if not page.locator("#add-more").evaluate("details => details.open"):
        page.get_by_text("Add a syringe").click()
    page.get_by_label("Recipe").select_option(str(kit.version.pk))
    page.locator("#add-syringe").get_by_label("Drawn up").fill(volume)
    page.locator("#add-syringe").get_by_role("button", name="Add", exact=True).click()


def left(*lots) -> list[Decimal]:
    return [Lot.objects.get(pk=lot.pk).balance_ml for lot in lots]


def test_draw_up_vary_sign_label_and_void(clean_page, open_chart, kit, live_server, axe_clean):
    page = clean_page
    little = receive(kit, kit.lines[0], "LITTLE", "0.4", days=1)
    session = open_chart(page)
    add_syringe(page, kit)
    first, second = (page.locator(f'[data-line="{line.pk}"]') for line in kit.lines)
    for row, lot in zip((first, second), kit.lots, strict=True):
        expect(row.locator("select")).to_have_value(str(lot.pk))
        expect(row.get_by_text("proposed")).to_be_visible()
        expect(row.locator('[data-part="lot-left"]')).to_have_text("lot holds 10 mL")
    # another lot, which holds too little
    first.locator("select").select_option(str(little.pk))
    expect(first).to_contain_text("Lot LITTLE holds 0.4 mL, and 2.5 mL are needed.")
    expect(first.get_by_text("proposed")).to_be_hidden()
    first.locator("select").select_option(str(kit.lots[0].pk))
    # less of the first, and why
    first.get_by_label("drawn up").fill("1")
    expect(page.locator('[data-part="variation-text"]').first).to_have_text(
        f"{kit.lines[0].ingredient.name} 1 mL instead of 2.5 mL"
    )
    expect(page.locator(".syringe").first).to_contain_text("3.5 mL in the syringe")
    expect(page.locator(".syringe").first).to_contain_text("Say why it was varied.")
    page.get_by_label("Why it was varied").first.fill("Fainted last time")
    choose_tool(page)
    tap(page, 0.6, 0.6)
    first.get_by_label("drawn up").press("Enter")  # saves at most: it does not press the first button it finds
    expect(page.locator(".syringe")).to_have_count(1)
    axe_clean(page)
    page.locator("#findings-reaction").get_by_text("none", exact=True).click()  # nothing is signed without it
    saved(page)
    number = mixture_number(session.pk, 1)
    expect(page.locator('.syringe [data-part="number"]').first).to_have_text(number)
    # the label
    page.get_by_role("link", name="Label").click()
    label = page.locator(".label")
    expect(label).to_contain_text(number)
    for text in (kit.patient.number, kit.lots[0].number, "3.5 mL", "Clínica Aurora"):
        expect(label).to_contain_text(text)
    assert kit.patient.family_name not in label.inner_text()
    axe_clean(page)
    page.go_back()
    # sign
    page.get_by_role("link", name="Read and sign").click()
    expect(page.locator(".read-syringe")).to_contain_text("1 mL instead of 2.5 mL")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    page.get_by_role("link", name="The signed record").click()
    expect(page.locator(".signature")).to_contain_text("Dr Ana Ruiz")
    expect(page.locator(".read-syringe")).to_contain_text("Fainted last time")
    expect(page.locator(".read-syringe")).to_contain_text(number)
    assert left(*kit.lots) == [Decimal(9), Decimal("7.5")]
    # void
    page.goto(f"{live_server.url}/sessions/{session.pk}/void/")
    page.get_by_label("Reason").fill("Wrong patient")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Void the session").click()
    expect(page.get_by_text("The session is voided.")).to_be_visible()
    assert left(*kit.lots) == [Decimal(10)] * 2


def test_a_lot_set_aside_while_charting_is_flagged_with_the_next_save(clean_page, open_chart, kit):
    page = clean_page
    open_chart(page)
    add_syringe(page, kit)
    saved(page)
    stock.quarantine_lot(lot=kit.lots[1], reason="cloudy", by=kit.practitioner)
    page.get_by_label("Note").fill("Something typed.")
    expect(page.locator(f'[data-line="{kit.lines[1].pk}"]')).to_contain_text(
        f"Lot {kit.lots[1].number} is in quarantine.", timeout=8000
    )
    expect(page.get_by_label("Note")).to_have_value("Something typed.")
    page.reload()
    expect(page.locator(f'[data-line="{kit.lines[1].pk}"] select')).to_have_value(str(kit.lots[1].pk))


def test_a_second_syringe_reckons_with_the_first_and_numbers_are_given_once(clean_page, open_chart, kit):
    page = clean_page
    session = open_chart(page)
    other = receive(kit, kit.lines[0], "OTHER", "10", days=1000)
    page.reload()
    add_syringe(page, kit, "16")  # 8 mL of the first lot
    add_syringe(page, kit, "6")  # 3 mL more: not from there
    card = page.locator('[data-syringe="p2"]')
    expect(card.locator("select").first).to_have_value(str(other.pk))
    expect(card).to_contain_text("No lot on the shelf holds 3 mL.")
    page.get_by_role("button", name="Undo").click()
    expect(card).to_have_count(0)
    add_syringe(page, kit, "2")
    expect(page.locator('[data-syringe="p3"] [data-part="number"]')).to_have_text(mixture_number(session.pk, 3))
    saved(page)
    content = SessionDraft.objects.get(pk=session.pk).content
    assert [p["id"] for p in content["preparations"]] == ["p1", "p3"] and content["drawn_up"] == 3


def test_a_retired_recipe_is_replaced_with_one_click(clean_page, open_chart, kit):
    page = clean_page
    session = open_chart(page)
    add_syringe(page, kit)
    saved(page)
    FormulationVersion.objects.filter(pk=kit.version.pk).update(
        status=VersionStatus.RETIRED, retired_at=WHEN, retire_reason="replaced"
    )
    newer = ApprovedVersionFactory(formulation=kit.version.formulation, number=2)
    page.reload()
    expect(page.locator(".syringe").first).to_contain_text("is no longer in use: version 2 is.")
    page.get_by_label("Note").fill("Typed just before.")
    page.get_by_role("button", name="Use version 2 instead").click()
    expect(page.locator(".syringe h3").first).to_contain_text("version 2")
    content = SessionDraft.objects.get(pk=session.pk).content
    assert content["preparations"][0]["version_id"] == newer.pk and content["note"] == "Typed just before."


AMOUNTS = [
    ("3.7", {}),
    ("5", {0: "0.7"}),
    ("5", {0: "0", 1: "1.1"}),
    ("4.9990", {1: "0,001"}),
    ("7.0010", {0: "2.3330", 1: "4.6670"}),
    ("5", {0: "2.5"}),
]


def test_the_page_and_the_server_mix_alike(page, open_chart, kit):
    """Recipes, volumes and variations: the same volume in the syringe and the same totals to the last digit."""
    syringes = [
        kit.syringe(
            id=f"p{n}",
            volume_ml=volume,
            amounts={str(kit.lines[place].pk): amount for place, amount in amounts.items()},
            variation_reason="test",
        )
        for n, (volume, amounts) in enumerate(AMOUNTS, 1)
    ]
    groups = [
        kit.group(id=f"i{n}", preparation=f"p{n}", points=[], diagram="", count="7", volume_ml="0.033")
        for n in range(1, len(AMOUNTS) + 1)
    ]
    content = kit.content(syringes=syringes, groups=groups)
    open_chart(page, content)
    chart, problems = read_chart(content)
    reference = reference_of(chart)
    totals = totals_of(chart, reference)
    assert problems == []
    figures = [re.sub(r"\s", " ", text) for text in page.locator('[data-part="ingredients"] td').all_inner_texts()]
    assert figures == [f"{total.amount.normalize():f} {total.unit}" for total in totals.ingredients]
    lefts = page.locator('.syringe [data-part="left"]').all_inner_texts()
    for text, total, syringe in zip(lefts, totals.syringes, chart.preparations, strict=True):
        assert f"{total.left_ml.normalize():f} mL left" in text
        volume = volume_in(syringe, kit.version)
        assert volume == syringe.volume_ml or f"{volume.normalize():f} mL in the syringe" in text
    numbers = page.evaluate(
        """async (cases) => {
      const { mixtureNumber } = await import("/static/js/charting-mixture.js");
      return cases.map(([session, place]) => mixtureNumber(session, `p${place}`));
    }""",
        [[session, place] for session in (1, 42, 1042, 999_999_999) for place in (1, 9, 10, 123)],
    )
    assert numbers == [mixture_number(s, p) for s in (1, 42, 1042, 999_999_999) for p in (1, 9, 10, 123)]


@pytest.mark.parametrize(("size", "page_size"), [("small", (62, 29)), ("sheet", (210, 297))])
def test_labels_print_at_their_size_and_nothing_is_cut(page, open_chart, kit, live_server, size, page_size):
    syringe = kit.syringe(volume_ml="5", drawn_at=WHEN.isoformat())
    session = open_chart(page, kit.content(syringes=[syringe, syringe | {"id": "p2"}]))
    page.goto(f"{live_server.url}/sessions/{session.pk}/labels/?size={size}")
    expect(page.locator(".label")).to_have_count(2)
    printed = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", printed)
    assert len(boxes) == (2 if size == "small" else 1)
    for width, height in boxes:
        assert (round(float(width) / 72 * 25.4), round(float(height) / 72 * 25.4)) == page_size
    page.emulate_media(media="print")
    for label in page.locator(".label-text").all():
        assert label.evaluate("text => text.scrollHeight <= text.clientHeight + 1")


def test_a_session_of_a_plan_starts_with_its_recipe(clean_page, live_server, sign_in, kit, axe_clean):
    page = clean_page
    plan = PlanFactory(patient=kit.patient, version=kit.version, made_by=kit.practitioner, made_at=WHEN)
    sign_in(kit.practitioner)
    page.goto(f"{live_server.url}/sessions/plans/{plan.pk}/")
    axe_clean(page)
    page.get_by_role("button", name="Start session 1").click()
    page.get_by_label("No", exact=True).check()  # the review's one question
    page.get_by_role("button", name="Start the session").click()
    expect(page.locator("html")).to_have_class(re.compile("charting-live"))
    expect(page.get_by_label("Recipe")).to_have_value(str(kit.version.pk))
    expect(page.get_by_label("Indication")).to_have_value(plan.indication.key)
    page.locator("#add-syringe").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".syringe")).to_have_count(1)
    assert TreatmentSession.objects.get().plan == plan
