"""The only writer of what was asked before a session started.

`TreatmentSession.review` (JSON; part of what is signed):

    at        when it was asked, ISO, UTC
    by        the name of whoever asked
    nsaid     "yes" or "no": whether aspirin or another NSAID was taken in the last 7 days
    what      which, in the patient's words
    gaps      [key, what was said, reason] of every gap that was open, and why it was gone on all the same
"""

from datetime import UTC

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.text import clean_line
from treatments.charting.draft import REASON_LENGTH
from treatments.charting.gates import Start, start_of
from treatments.charting.models import SessionDraft, TreatmentSession
from treatments.charting.queries import draft_of

YES, NO = "yes", "no"
NSAID = "nsaid"
WHAT_LENGTH = 200


class Unanswered(Refused):
    """Gaps that are open and have no reason: `keys` says which."""

    def __init__(self, keys: list[str]):
        super().__init__(_("Close these gaps, or say why you go on."))
        self.keys = keys


@transaction.atomic
def review_session(
    *, session_id: int, nsaid: str, what: str = "", reasons: dict[str, str], by, at=None
) -> TreatmentSession:
    """Records what was asked before an open session of `by` starts; a review can be done again until it is signed.

    `reasons` are for going on, by the gap's key. Reasons for what the safety rules say are put beside the same answers
    in the draft. The gates are asked again: raises Unanswered for a gap without a reason, and Refused (with the field).
    """
    at = at or clock.now()
    draft = SessionDraft.objects.select_for_update().get(pk=draft_of(session_id, by).pk)
    session = draft_of(session_id, by).session
    what, reasons = clean_line(what), {key: clean_line(reason) for key, reason in reasons.items()}
    start = start_of(session, at)
    gaps = [*_about_nsaid(nsaid, what), *((gap.key, gap.message) for gap in start.gaps)]
    _check(gaps, reasons)
    session.review = {
        "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "by": by.full_name,
        "nsaid": nsaid,
        "what": what if nsaid == YES else "",
        "gaps": [[key, message, reasons[key]] for key, message in gaps],
    }
    session.save(update_fields=["review"])
    _put_beside_answers(draft, start, reasons, at)
    rules = list(dict.fromkeys(key.partition(".")[0] for key, _message in gaps))
    action = Action.OVERRIDE if rules else Action.CHANGE
    record(by=by, action=action, subject=session, patient_id=session.patient_id, fields=rules or ["review"], at=at)
    return session


def _about_nsaid(nsaid: str, what: str) -> list[tuple[str, str]]:
    """The question that every patient is asked: unanswered it cannot be overridden, and a yes is a gap of its own."""
    if nsaid not in {YES, NO}:
        raise Refused(_("Ask the patient, then choose yes or no."), field="nsaid")
    if nsaid == NO:
        return []
    if not what:
        raise Refused(_("Write what was taken, and when."), field="what")
    if len(what) > WHAT_LENGTH:
        raise Refused(_("Use at most %d characters.") % WHAT_LENGTH, field="what")
    return [(NSAID, _("An NSAID or aspirin was taken in the last 7 days: %s.") % what)]


def _check(gaps: list[tuple[str, str]], reasons: dict[str, str]) -> None:
    missing = [key for key, _message in gaps if not reasons.get(key)]
    if missing:
        raise Unanswered(missing)
    if any(len(reason) > REASON_LENGTH for reason in reasons.values()):
        raise Refused(_("A reason may have at most %d characters.") % REASON_LENGTH)


def _put_beside_answers(draft: SessionDraft, start: Start, reasons: dict[str, str], at) -> None:
    """The draft moves on: what was open on it meanwhile finds it changed, and neither saves nor signs over it."""
    given = {answer.key: reasons[answer.key] for answer in start.answers if reasons.get(answer.key)}
    draft.content = draft.content | {"reasons": draft.content.get("reasons", {}) | given}
    draft.version, draft.saved_at = draft.version + 1, at
    draft.save(update_fields=["content", "version", "saved_at"])
