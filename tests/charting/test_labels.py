"""The label of a mixture: until when it may be used, what stands on it, and what does not."""

import re
from datetime import date, datetime, timedelta

import pytest
import segno
from django.urls import reverse

from clinic.core import clock
from tests.charting.drafts import WHEN
from tests.factories.people import PractitionerFactory
from treatments.catalogue.models import Ingredient
from treatments.charting.draft import read_chart
from treatments.charting.labels import code_of, labels_of
from treatments.charting.numbers import mixture_number
from treatments.charting.queries import reference_of
from treatments.stock.models import Lot


def label_of(kit, **changes):
    chart, _problems = read_chart({"preparations": [kit.syringe(**changes)]}, 7)
    return labels_of(chart, reference_of(chart), WHEN)[0]


def last_minute(day: date) -> datetime:
    return clock.day_bounds(day)[1] - timedelta(minutes=1)


def test_use_by_is_the_earliest_of_expiry_open_vial_and_what_an_opened_one_keeps(kit):
    one, two = kit.lots
    assert label_of(kit).use_by == last_minute(one.expires_on)
    Lot.objects.filter(pk=two.pk).update(expires_on=date(2026, 3, 20))
    assert label_of(kit).use_by == last_minute(date(2026, 3, 20))
    Ingredient.objects.filter(pk=one.ingredient_id).update(opened_shelf_life_hours=24)
    assert label_of(kit).use_by == WHEN + timedelta(hours=24, minutes=-1)
    drawn_at = WHEN + timedelta(minutes=10)
    assert label_of(kit, drawn_at=drawn_at.isoformat()).use_by == drawn_at + timedelta(hours=24, minutes=-1)
    opened = {"opened_at": WHEN - timedelta(hours=20), "open_until": WHEN + timedelta(hours=4)}
    Lot.objects.filter(pk=one.pk).update(**opened)
    assert label_of(kit).use_by == WHEN + timedelta(hours=4, minutes=-1)
    left_out = {str(kit.lines[0].pk): "0"}
    assert label_of(kit, amounts=left_out).use_by == last_minute(date(2026, 3, 20))


def test_the_code_holds_the_number_and_nothing_else(kit):
    number = mixture_number(7, 1)
    code = code_of(number)
    dark = set()
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", code.path):
        dark |= {(int(x) + step, int(y)) for step in range(int(length))}
    rows = enumerate(segno.make(number, error="m", micro=False).matrix_iter(border=4))
    assert dark == {(x, y) for y, row in rows for x, module in enumerate(row) if module}
    assert code.side == 21 + 8


def test_a_label_has_the_patients_number_and_initials_and_no_name(kit, client_of):
    session = kit.start(kit.content())
    page = client_of(kit.practitioner).get(reverse("charting:labels", args=[session.pk])).content.decode()
    label = page[page.index('<article class="label"') : page.index("</article>")]
    assert kit.patient.number in label and mixture_number(session.pk, 1) in label
    assert kit.patient.family_name not in label and kit.patient.given_name not in label
    assert all(lot.number in label for lot in kit.lots) and "style=" not in page


@pytest.mark.parametrize("query", ["", "?size=sheet&used=5", "?of=p1", "?of=p9", "?size=huge&used=99&of=" + "x" * 99])
def test_whatever_the_address_says(kit, client_of, query):
    session = kit.start(kit.content(syringes=[kit.syringe(), kit.syringe(id="p2"), {"id": "p3", "volume_ml": "?"}]))
    desk, address = client_of(kit.practitioner), reverse("charting:labels", args=[session.pk])
    answer = desk.get(address + query)
    assert answer.status_code == 200
    assert len(answer.context["labels"]) == {"?of=p1": 1, "?of=p9": 0}.get(query, 2)
    assert client_of(PractitionerFactory()).get(address).status_code == 404


def test_a_signed_syringe_can_be_labelled_again_and_a_voided_one_not(kit, client_of):
    session = kit.signed()
    desk, address = client_of(kit.practitioner), reverse("charting:labels", args=[session.pk])
    assert mixture_number(session.pk, 1) in desk.get(address).content.decode()
    type(session).objects.filter(pk=session.pk).update(
        status="voided", voided_at=WHEN, voided_by=kit.practitioner, void_reason="mistake"
    )
    assert desk.get(address).status_code == 302
