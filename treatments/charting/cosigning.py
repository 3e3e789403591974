"""The only writer of what a supervisor does with a colleague's signed session: sign it too, or ask. Never edit.

The author answers a question with an addition to the record.
"""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.text import clean
from clinic.staff.services import check_password_again
from treatments.charting import rules, signing
from treatments.charting.enums import CoSignatureKind
from treatments.charting.models import CoSignature
from treatments.charting.queries import session_for


def cosign_session(*, session_id: int, password: str, submission: UUID, by, at=None) -> CoSignature:
    """Signs a colleague's signed session as their supervisor; the same form sent again signs once.

    Raises Refused (password, or not for this person to sign), Conflict when somebody else just did.
    """
    check_password_again(user=by, password=password)
    return _add(session_id, CoSignatureKind.SIGNED, "", submission, Action.SIGN, by, at)


def ask_about_session(*, session_id: int, text: str, submission: UUID, by, at=None) -> CoSignature:
    """Puts a question under the session, for its author; the session goes on waiting."""
    text = clean(text)
    if not text:
        raise Refused(_("Write the question."), field="text")
    return _add(session_id, CoSignatureKind.ASKED, text, submission, Action.AMEND, by, at)


def _add(session_id: int, kind: CoSignatureKind, text: str, submission: UUID, action: Action, by, at) -> CoSignature:
    at = at or clock.now()
    try:
        with transaction.atomic():
            session = session_for(session_id, by)
            if known := CoSignature.objects.filter(submission=submission, session=session, by=by).first():
                return known
            if refusal := rules.cosign_refusal(session, by):
                raise Refused(refusal)
            row = CoSignature(
                session=session,
                kind=kind,
                text=text,
                by=by,
                by_name=by.full_name,
                by_role=by.qualification,
                at=at,
                submission=submission,
            )
            row.signature = signing.cosignature_signature(row, session.signature)
            row.save(force_insert=True)
            record(by=by, action=action, subject=row, patient_id=session.patient_id, at=at)
    except IntegrityError as error:
        if CoSignature.objects.filter(submission=submission, session_id=session_id, by=by).exists():
            return get_object_or_404(CoSignature, submission=submission)
        raise Conflict(_("A colleague has just signed this session.")) from error
    return row


def verify_cosignature(row: CoSignature) -> bool:
    return signing.same(row.signature, signing.cosignature_signature(row, row.session.signature))
