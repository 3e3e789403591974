"""The only writer of a session's photos: added while it is charted, removed while no point is on them."""

import hashlib
from functools import partial
from uuid import uuid4

from django.core.files.base import ContentFile, File
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.pictures import BadPicture, read_picture
from treatments.charting.models import SessionDraft, SessionPhoto
from treatments.charting.queries import draft_of

MOST_PHOTOS = 12  # of a session


def add_photo(*, session_id: int, photo: File, by, at=None) -> SessionPhoto:
    """Keeps a photo for points to be put on, byte for byte as it was sent, under a name that says nothing.

    Raises Refused (field "photo") when it is no picture that can be shown, or when there are too many.
    """
    at = at or clock.now()
    draft_of(session_id, by)  # nobody else's file is even looked at
    try:
        picture = read_picture(photo)
    except BadPicture as problem:
        raise Refused(str(problem), field="photo") from problem
    photo.seek(0)
    content = photo.read()
    with transaction.atomic():
        draft = _held(session_id, by)
        if draft.session.photos.count() >= MOST_PHOTOS:
            raise Refused(_("A session may have at most %d photos.") % MOST_PHOTOS, field="photo")
        added = SessionPhoto.objects.create(
            session_id=session_id,
            file=ContentFile(content, name=uuid4().hex),
            sha256=hashlib.sha256(content).hexdigest(),
            width=picture.width,
            height=picture.height,
            added_by=by,
            added_at=at,
        )
        record(by=by, action=Action.CREATE, subject=added, patient_id=draft.session.patient_id, at=at)
    return added


@transaction.atomic
def remove_photo(*, session_id: int, photo_id: int, by, at=None) -> None:
    """Takes a photo out of an open draft, with its file. Raises Refused while points of the draft are on it."""
    draft = _held(session_id, by)
    photo = get_object_or_404(SessionPhoto, pk=photo_id, session=session_id)
    groups = draft.content.get("injections", [])
    points = sum(len(group.get("points", [])) for group in groups if group.get("diagram") == photo.key)
    if points:
        message = ngettext("%d point is on this photo.", "%d points are on this photo.", points) % points
        raise Refused(" ".join([message, _("Remove the points first.")]))
    record(by=by, action=Action.VOID, subject=photo, patient_id=draft.session.patient_id, at=at)
    photo.delete()
    transaction.on_commit(partial(photo.file.delete, save=False))


def _held(session_id: int, by) -> SessionDraft:
    """The open draft, locked first: whoever signs it or saves it waits, or was waited for."""
    get_object_or_404(SessionDraft.objects.select_for_update(), pk=session_id)
    return draft_of(session_id, by)
