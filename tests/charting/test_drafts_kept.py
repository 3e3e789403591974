"""Earlier versions of a draft: kept when it matters, looked at and brought back by its author, and by nobody else."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from tests.charting.drafts import WHEN
from tests.factories.people import PractitionerFactory
from treatments.charting import services
from treatments.charting.editing import added_syringe
from treatments.charting.models import DraftVersion, SessionDraft
from treatments.charting.queries import draft_of
from treatments.charting.services import DraftConflict, restore_draft, save_draft


@pytest.fixture
def typing(kit):
    """typing(content, seconds): the next save of one open draft, so many seconds after its start."""
    session = kit.start()

    def save(content, seconds, **changes):
        version = SessionDraft.objects.get(pk=session.pk).version
        at = WHEN + timedelta(seconds=seconds)
        return save_draft(session_id=session.pk, version=version, content=content, by=kit.practitioner, at=at)

    save.session = session
    return save


def kept(session) -> list:
    return [row.content.get("note", "") for row in DraftVersion.objects.filter(session=session).order_by("version")]


def test_two_minutes_of_typing_are_kept_once(typing):
    for second in range(0, 300, 3):
        typing({"note": "a" * (second + 1)}, second)
    assert [len(note) for note in kept(typing.session)] == [121, 241]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"note": "A long and very careful note."}, {"note": "A"}),
        ({"preparations": [{"id": "p1"}], "note": "x"}, {"preparations": [], "note": "x"}),
        ({"injections": [{"id": "i1", "points": [[0.1, 0.1], [0.2, 0.2]]}]}, {"injections": []}),
        ({"injections": [{"id": "i1", "count": "40"}]}, {"injections": [{"id": "i1", "count": "4"}]}),
    ],
)
def test_what_is_taken_away_is_kept_at_once(typing, before, after):
    typing(before, 1)
    typing(after, 2)
    assert DraftVersion.objects.get().content == before


def test_a_word_or_a_point_taken_back_keeps_nothing(typing):
    typing({"note": "Well tolerated", "injections": [{"id": "i1", "points": [[0.1, 0.1], [0.2, 0.2]]}]}, 1)
    typing({"note": "Well", "injections": [{"id": "i1", "points": [[0.1, 0.1]]}]}, 2)
    assert not DraftVersion.objects.exists()


def test_going_back_brings_the_old_content_and_keeps_the_new(typing, kit):
    typing({"note": "A long and very careful note."}, 1)
    typing({"note": "Oops"}, 2)
    draft = restore_draft(
        session_id=typing.session.pk, kept_id=DraftVersion.objects.get().pk, version=2, by=kit.practitioner, at=WHEN
    )
    assert (draft.version, draft.content) == (3, {"note": "A long and very careful note.", "drawn_up": 0})
    assert kept(typing.session) == ["A long and very careful note.", "Oops"]


def test_going_back_gives_no_number_out_twice(typing, kit):
    typing({"preparations": [{"id": "p1"}], "note": "A long and very careful note."}, 1)
    typing({"preparations": [{"id": "p1"}], "drawn_up": 1}, 2)
    typing({"preparations": [{"id": "p1"}, {"id": "p3"}], "drawn_up": 3}, 3)
    back = {"session_id": typing.session.pk, "kept_id": DraftVersion.objects.get().pk, "version": 3}
    draft = restore_draft(**back, by=kit.practitioner, at=WHEN)
    assert [syringe["id"] for syringe in draft.content["preparations"]] == ["p1"]
    assert added_syringe(draft.content, {})["preparations"][-1]["id"] == "p4"
    assert restore_draft(**back, by=kit.practitioner, at=WHEN).version == 4, "the same again after a lost answer"


def test_a_save_between_reading_and_writing_keeps_each_version_once(typing, kit, monkeypatch):
    """Two requests on PostgreSQL: the second reads, the first is stored, and the second follows it."""
    typing({"note": "A long and very careful note."}, 1)

    def read_too_early(session_id, by):
        draft = draft_of(session_id, by)
        monkeypatch.setattr(services, "draft_of", draft_of)
        typing({"note": "Oops"}, 2)
        return draft

    monkeypatch.setattr(services, "draft_of", read_too_early)
    save_draft(session_id=typing.session.pk, version=2, content={"note": "Well"}, by=kit.practitioner, at=WHEN)
    assert SessionDraft.objects.get().content == {"note": "Well"}
    assert kept(typing.session) == ["A long and very careful note."]


def test_going_back_overwrites_nothing_unseen(typing, kit):
    typing({"note": "A long and very careful note."}, 1)
    typing({"note": "Oops"}, 2)
    typing({"note": "Typed in another window"}, 3)
    with pytest.raises(DraftConflict):
        restore_draft(
            session_id=typing.session.pk, kept_id=DraftVersion.objects.get().pk, version=2, by=kit.practitioner
        )
    assert SessionDraft.objects.get().content == {"note": "Typed in another window"}


def test_the_versions_are_the_authors_alone(typing, kit, client):
    typing({"note": "A long and very careful note."}, 1)
    typing({"note": "Oops"}, 2)
    addresses = [
        reverse("charting:earlier", args=[typing.session.pk]),
        reverse("charting:earlier_version", args=[typing.session.pk, DraftVersion.objects.get().pk]),
    ]
    client.force_login(kit.practitioner)
    assert all("A long and very careful note." in client.get(address).content.decode() for address in addresses)
    assert client.post(addresses[1], {"version": "2"}).status_code == 302
    assert SessionDraft.objects.get().content["note"] == "A long and very careful note."
    colleague = PractitionerFactory()
    client.force_login(colleague)
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    with pytest.raises(Http404):
        restore_draft(session_id=typing.session.pk, kept_id=DraftVersion.objects.first().pk, version=3, by=colleague)


def test_no_version_changes_or_goes(typing):
    typing({"note": "A long and very careful note."}, 1)
    typing({"note": "Oops"}, 2)
    for act in (lambda: DraftVersion.objects.update(content={}), lambda: DraftVersion.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
