from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReminderStatus(TextChoices):
    """PLANNED is waiting for its time. SENT, FAILED, UNKNOWN, CANCELLED and SKIPPED are final."""

    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Perhaps sent: please check")
    CANCELLED = "cancelled", _("Not needed any more")
    SKIPPED = "skipped", _("Not sent")


R = ReminderStatus

REMINDER_MOVES = {
    R.PLANNED: {R.CLAIMED, R.CANCELLED, R.SKIPPED},
    R.CLAIMED: {R.PLANNED, R.SENT, R.FAILED, R.UNKNOWN, R.CANCELLED, R.SKIPPED},
    R.SENT: set(),
    R.FAILED: set(),
    R.UNKNOWN: set(),
    R.CANCELLED: set(),
    R.SKIPPED: set(),
}


class TextKind(TextChoices):
    """Which wording a patient gets; chosen when the message is sent, from what is known then."""

    STOP_SELF_BOUGHT = "stop_self_bought", _("Stop self-bought painkillers")
    KEEP_TAKING = "keep_taking", _("Keep taking your prescribed medicine")


class Decision(TextChoices):
    """What the practitioner decides about a prescribed blood thinner or prescribed aspirin before a session."""

    WAITING = "waiting", _("To be decided")
    CONTINUE = "continue", _("Keeps taking it, session goes ahead")
    PRESCRIBER_AGREED = "prescriber_agreed", _("Prescriber agreed to a pause")
    POSTPONE = "postpone", _("Session is postponed")
    DECLINE = "decline", _("Session is declined")
