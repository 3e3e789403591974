"""Starting and saving: nothing typed is lost, nothing is overwritten in silence, and a draft is its author's."""

from datetime import timedelta

import pytest
from django.http import Http404

from clinic.audit.models import AuditEvent
from clinic.core.errors import Refused
from tests.charting.drafts import WHEN
from tests.factories.people import PractitionerFactory
from treatments.charting.draft import Malformed
from treatments.charting.models import SessionDraft, TreatmentSession
from treatments.charting.services import DraftConflict, save_draft, start_session


def save(session, kit, *, version=0, note="typed", by=None, at=WHEN, **names):
    by = by or kit.practitioner
    return save_draft(session_id=session.pk, version=version, content={"note": note}, by=by, at=at, **names)


def test_a_save_counts_the_version_up(kit):
    session = kit.start()
    assert save(session, kit).version == 1
    assert save(session, kit, version=1, note="more").version == 2
    assert SessionDraft.objects.get().content == {"note": "more"}


def test_a_stale_tab_gets_what_is_stored_and_writes_nothing(kit):
    session = kit.start()
    save(session, kit, note="first tab")
    with pytest.raises(DraftConflict) as conflict:
        save(session, kit, note="second tab")
    assert conflict.value.stored.content == {"note": "first tab"}
    assert SessionDraft.objects.get().content == {"note": "first tab"}


def test_the_same_save_after_a_lost_answer_is_no_conflict(kit):
    session = kit.start()
    assert save(session, kit).version == save(session, kit).version == 1


def test_a_page_being_closed_saves_after_its_own_last_save_and_not_after_anothers(kit):
    """It knows what its save under way will make of the version, and not whether that save came first."""
    session = kit.start()
    save(session, kit, note="under way", save_id="a-1")
    assert save(session, kit, version=1, note="closing", save_id="a-2", after="a-1").version == 2
    for other in ("b-1", ""):
        version = SessionDraft.objects.get().version
        save(session, kit, version=version, note="another window", save_id=other)
        with pytest.raises(DraftConflict) as conflict:
            save(session, kit, version=version + 1, note="closing", save_id="a-4", after="a-3")
        assert conflict.value.stored.content == {"note": "another window"}
    assert SessionDraft.objects.get().content == {"note": "another window"}


def test_only_the_author_saves(kit):
    session = kit.start()
    with pytest.raises(Http404):
        save(session, kit, by=PractitionerFactory())


def test_a_signed_session_takes_no_more_saves(kit):
    session = kit.signed()
    for version in (0, 1):
        with pytest.raises(Http404):
            save(session, kit, version=version)


def test_what_is_no_draft_is_refused(kit):
    with pytest.raises(Malformed):
        save_draft(session_id=kit.start().pk, version=0, content={"surprise": 1}, by=kit.practitioner)


def test_one_entry_in_the_trail_a_sitting(kit):
    session = kit.start()
    for version in range(4):
        save(session, kit, version=version, at=WHEN + timedelta(minutes=version))
    save(session, kit, version=4, at=WHEN + timedelta(minutes=30))
    actions = AuditEvent.objects.order_by("pk").values_list("action", "patient_id")
    assert list(actions) == [(action, kit.patient.pk) for action in ("create", "change", "change")]


def test_starting_twice_on_a_day_continues_the_open_draft(kit):
    def start(at):
        return start_session(patient=kit.patient, practitioner=kit.practitioner, by=kit.practitioner, at=at)

    assert start(WHEN) == start(WHEN + timedelta(hours=2))
    assert start(WHEN + timedelta(days=1)) != start(WHEN)
    assert TreatmentSession.objects.count() == 2


def test_only_a_practitioner_charts(kit, front_desk, administrator):
    for person in (front_desk, administrator):
        with pytest.raises(Refused):
            start_session(patient=kit.patient, practitioner=person, by=person)
