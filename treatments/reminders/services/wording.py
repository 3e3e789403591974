"""What messages say: every change is a new version, and the old ones stay to be read and used again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from patients.registry.enums import Channel
from treatments.reminders import clinical_words, queries, texts
from treatments.reminders.models import MessageText, TextVersion


@transaction.atomic
def edit_message_text(
    *, text: MessageText, version: int, subject: str, body: str, by, at: datetime | None = None
) -> None:
    """New words for messages that have not been sent; those that were sent keep theirs.

    `version` is the one that was seen; Conflict when somebody saved another meanwhile.
    """
    _check_marks(subject=subject, body=body)
    _check_what_others_see(**({"body": body} if text.channel == Channel.SMS else {"subject": subject}))
    seen = MessageText.objects.filter(pk=text.pk, version=version)
    if not seen.update(subject=subject, body=body, version=version + 1):
        raise Conflict
    _version(text.pk, version + 1, subject, body, by=by, at=at or clock.now()).save()
    record(by=by, action=Action.CHANGE, subject=text, fields=["subject", "body"], at=at)


def restore_text_version(*, old: TextVersion, version: int, by, at: datetime | None = None) -> None:
    """The words of an old version are said again, as a new version; they are checked like any others."""
    edit_message_text(text=old.message_text, version=version, subject=old.subject, body=old.body, by=by, at=at)


def add_missing_texts(at: datetime) -> list[MessageText]:
    """The texts a new clinic begins with, as far as it has none in their place. The caller audits."""
    known = set(MessageText.objects.values_list("kind", "language", "channel"))
    added = MessageText.objects.bulk_create(
        MessageText(kind=kind, language=language, channel=channel, subject=subject, body=body)
        for kind, language, channel, subject, body in texts.default_texts()
        if (kind, language, channel) not in known
    )
    TextVersion.objects.bulk_create(_version(row.pk, row.version, row.subject, row.body, at=at) for row in added)
    return added


def _check_marks(**words: str) -> None:
    for field, value in words.items():
        if unknown := texts.unknown_marks(value):
            raise Refused(_("This cannot be filled in: %(marks)s") % {"marks": " ".join(unknown)}, field=field)


def _check_what_others_see(**words: str) -> None:
    names = queries.clinical_names()
    for field, value in words.items():
        if found := clinical_words.found_in(value, names):
            raise Refused(
                _("Others may see this. It says what is treated or taken: %(words)s.") % {"words": ", ".join(found)},
                field=field,
            )


def _version(text_id: int, version: int, subject: str, body: str, *, at: datetime, by=None) -> TextVersion:
    return TextVersion(message_text_id=text_id, version=version, subject=subject, body=body, saved_by=by, saved_at=at)
