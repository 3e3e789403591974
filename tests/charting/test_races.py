"""Two windows, two clicks, at the very same moment: one wins, the other is told, nothing is lost in silence."""

import re
import threading
from datetime import date
from decimal import Decimal
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.urls import reverse

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN, Kit
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting.models import Injection, SessionDraft, TreatmentSession
from treatments.charting.services import DraftConflict, save_draft, sign_session, start_session
from treatments.stock.models import Lot, Movement
from treatments.stock.services import receive_lot

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def at_once(*acts):
    """Runs the acts at the same moment, each on its own connection; their results or exceptions, in order."""
    outcomes, barrier = [None] * len(acts), threading.Barrier(len(acts))

    def run(place, act):
        try:
            barrier.wait()
            outcomes[place] = act()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture
def kit(transactional_db, clinic_row, madrid):
    return Kit(PractitionerFactory())


def test_fifty_pairs_of_tabs_never_overwrite_each_other(kit):
    session = kit.start()
    for version in range(50):

        def save(text, version=version):
            return save_draft(
                session_id=session.pk, version=version, content={"note": text}, by=kit.practitioner, at=WHEN
            )

        outcomes = at_once(lambda: save("left"), lambda: save("right"))
        (lost,) = [o for o in outcomes if isinstance(o, DraftConflict)]
        (won,) = [o for o in outcomes if isinstance(o, SessionDraft)]
        assert won.version == version + 1
        assert lost.stored.content == won.content == SessionDraft.objects.get().content


def test_twenty_clicks_sign_once(kit):
    session = kit.start(kit.content())

    def sign():
        return sign_session(session_id=session.pk, version=0, password=PASSWORD, by=kit.practitioner, at=WHEN)

    outcomes = at_once(*[sign] * 20)
    assert [str(o) for o in outcomes if isinstance(o, Exception)] == []
    assert {o.pk for o in outcomes} == {session.pk}
    assert Injection.objects.count() == 1
    assert AuditEvent.objects.filter(action="sign").count() == 1


def test_saving_and_signing_at_once_never_signs_what_was_not_seen(kit):
    for _ in range(20):
        session = kit.start(kit.content())

        def sign(session=session):
            return sign_session(session_id=session.pk, version=0, password=PASSWORD, by=kit.practitioner, at=WHEN)

        def save(session=session):
            return save_draft(
                session_id=session.pk, version=0, content=kit.content(note="later"), by=kit.practitioner, at=WHEN
            )

        signing, saving = at_once(sign, save)
        session.refresh_from_db()
        if session.status == "signed":
            assert session.note == "Well tolerated." and isinstance(saving, Exception)
        else:
            assert isinstance(signing, DraftConflict) and saving.content["note"] == "later"
            TreatmentSession.objects.filter(pk=session.pk).update(
                status="voided", voided_at=WHEN, voided_by=kit.practitioner, void_reason="next round"
            )


def test_two_clicks_on_start_open_one_draft(kit):
    def start():
        return start_session(patient=kit.patient, practitioner=kit.practitioner, by=kit.practitioner, at=WHEN)

    outcomes = at_once(*[start] * 5)
    assert {o.pk for o in outcomes} == {TreatmentSession.objects.get().pk}


def test_the_same_form_sent_twenty_times_over_the_wire_takes_from_the_stock_once(kit, live_server, client_of):
    """Twenty requests at one moment take once of each lot, and twenty that void it give back once."""
    for line in kit.lines:
        lot = receive_lot(
            ingredient=line.ingredient,
            number=f"C{line.pk}",
            expires_on=date(2030, 1, 31),
            volume_ml=Decimal(3),
            by=kit.practitioner,
            at=WHEN,
        )
        kit.lots[kit.lines.index(line)] = lot
    session = kit.start(kit.content())
    wire = Wire(live_server.url, client_of(kit.practitioner))
    for name, more in [("sign", {}), ("void", {"reason": "Charted for the wrong patient"})]:
        address = reverse(f"charting:{name}", args=[session.pk])
        form = wire.form(address) | more | {"password": PASSWORD}
        outcomes = at_once(*[lambda address=address, form=form: wire.post(address, form)] * 20)
        assert {str(o) for o in outcomes} <= {"302", "200"} and outcomes.count(302) >= 1, outcomes
        left = Decimal("0.5") if name == "sign" else Decimal(3)
        assert [Lot.objects.get(pk=lot.pk).balance_ml for lot in kit.lots] == [left] * 2
    kinds = sorted(Movement.objects.exclude(kind="received").values_list("kind", "volume_ml"))
    assert kinds == [("given_back", Decimal("2.5"))] * 2 + [("taken", Decimal("-2.5"))] * 2
    assert AuditEvent.objects.filter(action="sign").count() == AuditEvent.objects.filter(action="void").count() == 1


class Wire:
    """Plain HTTP with a person's cookies, as a browser would send it; every request on a connection of its own."""

    def __init__(self, url, client):
        self.host = url.removeprefix("http://")
        self.client = client

    def form(self, address) -> dict:
        """The hidden fields of the page's own form, its token among them."""
        status, headers, body = self._send("GET", address)
        for cookie in headers.get_all("Set-Cookie") or []:
            self.client.cookies.load(cookie)
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', body[body.index("<main") :])
        assert status == 200 and dict(fields).get("csrfmiddlewaretoken")
        return dict(fields)

    def post(self, address, form) -> int:
        return self._send("POST", address, urlencode(form))[0]

    def _send(self, method, address, body=None):
        connection = HTTPConnection(self.host, timeout=60)
        cookies = "; ".join(f"{key}={cookie.value}" for key, cookie in self.client.cookies.items())
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, address, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text
