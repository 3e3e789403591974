"""The only writers of the clinic's phrases for notes: added, changed, taken out of use."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused, given
from treatments.charting.models import Snippet


def add_phrase(*, code: str, text: str, by) -> Snippet:
    """A phrase under a short code, which no other phrase in use has."""
    phrase = Snippet(code=code, text=text)
    _save(phrase, Action.CREATE, by)
    return phrase


def edit_phrase(*, phrase: Snippet, code: str, text: str, by) -> Snippet:
    """Notes that were written with it keep their words."""
    phrase.code, phrase.text = code, text
    _save(phrase, Action.CHANGE, by)
    return phrase


def _save(phrase: Snippet, action: Action, by) -> None:
    try:
        with transaction.atomic():
            phrase.save()
            record(by=by, action=action, subject=phrase)
    except IntegrityError as error:
        raise Refused(_("Another phrase has this code."), field="code") from error


@transaction.atomic
def retire_phrase(*, phrase: Snippet, reason: str, by, at=None) -> Snippet:
    """Takes a phrase out of use; its code is free again."""
    phrase.retired_at, phrase.retire_reason = at or clock.now(), given(reason)
    phrase.save(update_fields=["retired_at", "retire_reason"])
    record(by=by, action=Action.RETIRE, subject=phrase)
    return phrase
