from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ReminderStatus(TextChoices):
    """PLANNED is waiting for its time. The machine never moves a message on from SENT, FAILED, UNKNOWN or TOLD."""

    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Perhaps sent: please check")
    TOLD = "told", _("Told by telephone")
    CANCELLED = "cancelled", _("Not needed any more")
    SKIPPED = "skipped", _("Not sent")


R = ReminderStatus

# FAILED and UNKNOWN are planned again only by a person; CANCELLED and SKIPPED by the planner, when the visit is moved
# back to that time or the patient can be reached again.
REMINDER_MOVES = {
    R.PLANNED: {R.PLANNED, R.CLAIMED, R.CANCELLED, R.SKIPPED},
    R.CLAIMED: {R.PLANNED, R.SENT, R.FAILED, R.UNKNOWN, R.CANCELLED, R.SKIPPED},
    R.SENT: set(),
    R.FAILED: {R.PLANNED, R.TOLD},
    R.UNKNOWN: {R.PLANNED, R.TOLD},
    R.TOLD: set(),
    R.CANCELLED: {R.PLANNED, R.SKIPPED},
    R.SKIPPED: {R.PLANNED, R.SKIPPED, R.CANCELLED, R.TOLD},
}

# Nothing was sent yet: the planner may still change these.
OPEN_TO_PLANNING = (R.PLANNED, R.CANCELLED, R.SKIPPED)
# What a person at the desk should look at.
FOR_THE_DESK = (R.FAILED, R.UNKNOWN, R.SKIPPED)


class Why(TextChoices):
    """Why a message was not sent, in words that are not clinical: the desk reads them."""

    VISIT_CANCELLED = "visit_cancelled", _("The visit was cancelled")
    VISIT_MOVED = "visit_moved", _("The visit was moved")
    VISIT_BEGUN = "visit_begun", _("The visit has begun or is over")
    RULE_OFF = "rule_off", _("The rule is not in use")
    OTHER_CHANNEL = "other_channel", _("It goes out another way")
    OPTED_OUT = "opted_out", _("The patient does not want messages")
    NO_CONTACT = "no_contact", _("No e-mail address or telephone number")
    REFUSED = "refused", _("The address or number was refused")
    TOO_MANY_TRIES = "too_many_tries", _("It could not be sent in five tries")
    NO_ANSWER = "no_answer", _("It is not known whether it was sent")
    NOT_WRITTEN = "not_written", _("The message could not be written")


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


class Clockwork(TextChoices):
    """What must run by itself, so that messages leave."""

    PLANNER = "planner", _("Planning messages")
    SWEEPER = "sweeper", _("Sending messages")
