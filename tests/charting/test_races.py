"""Two windows, two clicks, at the very same moment: one wins, the other is told, nothing is lost in silence."""

import threading

import pytest
from django.db import connection

from clinic.audit.models import AuditEvent
from tests.charting.drafts import WHEN, Kit
from tests.factories.people import PASSWORD, PractitionerFactory
from treatments.charting.models import Injection, SessionDraft, TreatmentSession
from treatments.charting.services import DraftConflict, save_draft, sign_session, start_session

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
