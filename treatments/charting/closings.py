"""The only writer of how a signed session was closed: what was explained, and when to come again."""

from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.text import clean
from treatments.charting.enums import NextVisit, SessionStatus
from treatments.charting.models import CloseOut
from treatments.charting.queries import session_for

CARE_LENGTH = 20_000


def close_session(
    *, session_id: int, care: str, next_visit: str, next_from: date | None = None, submission: UUID, by, at=None
) -> CloseOut:
    """Adds how a signed session was closed; what was said before stays, and the newest counts.

    `next_from` is the clinic's day from which the next visit is wanted; only where one is to be booked. A form that is
    sent again adds nothing.
    """
    at = at or clock.now()
    if next_visit not in NextVisit.values:
        raise Refused(_("Say whether there is a next visit."), field="next_visit")
    if (next_visit == NextVisit.WANTED) and next_from is None:
        raise Refused(_("Say from which day on."), field="next_from")
    care = clean(care)
    if len(care) > CARE_LENGTH:
        raise Refused(_("This text is too long."), field="own_words")
    try:
        with transaction.atomic():
            session = session_for(session_id, by)
            if session.status != SessionStatus.SIGNED:
                raise Refused(_("Only a signed session can be closed."))
            closed = CloseOut.objects.create(
                session=session,
                care=care,
                next_visit=next_visit,
                next_from=next_from if next_visit == NextVisit.WANTED else None,
                closed_by=by,
                closed_at=at,
                submission=submission,
            )
            record(by=by, action=Action.CREATE, subject=closed, patient_id=session.patient_id, at=at)
    except IntegrityError:
        return get_object_or_404(CloseOut, submission=submission, session=session_id, closed_by=by)
    return closed
