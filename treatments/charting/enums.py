from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SessionStatus(TextChoices):
    DRAFT = "draft", _("Draft")
    SIGNED = "signed", _("Signed")
    VOIDED = "voided", _("Voided")


class PlanStatus(TextChoices):
    ACTIVE = "active", _("Active")
    FINISHED = "finished", _("Finished")
    STOPPED = "stopped", _("Stopped")


# The moves a session may make; everything else is refused, by the database too.
SESSION_MOVES = {
    SessionStatus.DRAFT: {SessionStatus.SIGNED, SessionStatus.VOIDED},
    SessionStatus.SIGNED: {SessionStatus.VOIDED},
    SessionStatus.VOIDED: set(),
}


class RuleEffect(TextChoices):
    """What a safety rule asks for; "listed" means that the catalogue says it row by row."""

    LISTED = "listed", _("As the catalogue says")
    STOP = "stop", _("Stop")
    REASON = "reason", _("Needs a reason")
    NOTE = "note", _("Note")


class NextVisit(TextChoices):
    """What is said about the next visit when a session is closed."""

    WANTED = "wanted", _("To be booked")
    BOOKED = "booked", _("Booked already")
    NONE = "none", _("None is needed")


class CoSignatureKind(TextChoices):
    """What a supervisor does with a colleague's signed session."""

    SIGNED = "signed", _("Co-signed")
    ASKED = "asked", _("Asked")
