from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from treatments.links.enums import Purpose


class ReminderStatus(TextChoices):
    """PLANNED is waiting for its time. The sender never moves a message on from SENT, FAILED, UNKNOWN or TOLD."""

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
# back to that time or the patient can be reached again. What the provider reports later moves SENT to FAILED, and a
# message whose end was not known to what became of it.
REMINDER_MOVES = {
    R.PLANNED: {R.PLANNED, R.CLAIMED, R.CANCELLED, R.SKIPPED, R.SENT, R.FAILED},
    R.CLAIMED: {R.PLANNED, R.SENT, R.FAILED, R.UNKNOWN, R.CANCELLED, R.SKIPPED},
    R.SENT: {R.FAILED},
    R.FAILED: {R.PLANNED, R.TOLD},
    R.UNKNOWN: {R.PLANNED, R.TOLD, R.SENT, R.FAILED},
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
    VISIT_CHANGED = "visit_changed", _("What it was about has changed")
    RULE_OFF = "rule_off", _("The rule is not in use")
    NOT_MEANT = "not_meant", _("The rule is not for this visit")
    TOO_LATE = "too_late", _("Its time had passed")
    COVERED = "covered", _("A later message says the same")
    ON_HOLD = "on_hold", _("The practitioner speaks with the patient first")
    OTHER_CHANNEL = "other_channel", _("It goes out another way")
    OPTED_OUT = "opted_out", _("The patient does not want messages")
    NO_CONTACT = "no_contact", _("No e-mail address or telephone number")
    REFUSED = "refused", _("The address or number was refused")
    TOO_MANY_TRIES = "too_many_tries", _("It could not be sent in five tries")
    NO_ANSWER = "no_answer", _("It is not known whether it was sent")
    NOT_WRITTEN = "not_written", _("The message could not be written")
    BOUNCED = "bounced", _("It came back: it did not reach the patient")


class Outcome(TextChoices):
    """How one try to send a message ended."""

    SENT = "sent", _("Accepted for delivery")
    LATER = "later", _("Not sent, for a reason that may pass")
    REFUSED = "refused", _("Refused for good")
    UNCLEAR = "unclear", _("Perhaps sent")
    LOST = "lost", _("The sender stopped before the end was known")


class Report(TextChoices):
    """What the provider told afterwards about a message it had accepted."""

    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Came back")
    COMPLAINED = "complained", _("Marked as unwanted by the patient")


class Trigger(TextChoices):
    """What a message counts its time from."""

    BOOKED = "booked", _("When a visit is booked or moved")
    BEFORE_VISIT = "before_visit", _("Before a visit")
    AFTER_VISIT = "after_visit", _("After a visit")
    AFTER_SESSION = "after_session", _("After a signed session")
    CANCELLED = "cancelled", _("When a visit is cancelled")
    NO_SHOW = "no_show", _("When a patient did not come")
    MISSING_FORM = "missing_form", _("Before a visit, when a form is missing")


T = Trigger

# Counted back from the visit, and all that speak of a visit still to come
COUNTED_BACK = (T.BEFORE_VISIT, T.MISSING_FORM)
TO_COME = (T.BOOKED, *COUNTED_BACK)


class Unit(TextChoices):
    DAYS = "days", _("days of the clinic's calendar")
    HOURS = "hours", _("hours")


class IfLate(TextChoices):
    """What becomes of a message whose time had passed when the visit was booked or moved."""

    SEND = "send", _("Send it at once")
    SKIP = "skip", _("Leave it out")


class TextKind(TextChoices):
    """Which wording a patient gets; chosen when the message is sent, from what is known then."""

    HOW_TO_PREPARE = "how_to_prepare", _("Booked: when, and how to prepare")
    STOP_SELF_BOUGHT = "stop_self_bought", _("Stop self-bought painkillers")
    STOP_OWN_LIST = "stop_own_list", _("Stop the painkillers they told us of")
    KEEP_TAKING = "keep_taking", _("Keep taking your prescribed medicine")
    KEEP_DECIDED = "keep_decided", _("Keep taking it, as your practitioner decided")
    AS_AGREED = "as_agreed", _("Do as agreed with your prescriber")
    ASK_MEDICINES = "ask_medicines", _("Tell us exactly what you take")
    DAY_BEFORE = "day_before", _("See you tomorrow")
    AFTER_CARE = "after_care", _("After-care")
    CHECK_DAY_2 = "check_day_2", _("How is your skin?")
    LUMP_CHECK = "lump_check", _("Any new lumps?")
    VISIT_CANCELLED = "visit_cancelled", _("Your visit is cancelled")
    MISSED_VISIT = "missed_visit", _("We missed you")
    MISSING_FORM = "missing_form", _("We need an answer from you")
    SUPPLEMENTS = "supplements", _("Leave out supplements")
    RETINOIDS = "retinoids", _("Leave out retinoid creams")
    SUN = "sun", _("Keep out of the sun")
    SHAVING = "shaving", _("Shaving and waxing")
    ALCOHOL = "alcohol", _("Leave out alcohol")


K = TextKind

# The page behind {link}; a kind without one has nothing to answer or to read.
PAGE_OF = {
    K.HOW_TO_PREPARE: Purpose.PREPARE,
    K.STOP_SELF_BOUGHT: Purpose.PREPARE,
    K.STOP_OWN_LIST: Purpose.PREPARE,
    K.SUPPLEMENTS: Purpose.PREPARE,
    K.RETINOIDS: Purpose.PREPARE,
    K.SUN: Purpose.PREPARE,
    K.SHAVING: Purpose.PREPARE,
    K.ALCOHOL: Purpose.PREPARE,
    K.ASK_MEDICINES: Purpose.TAKEN,
    K.MISSING_FORM: Purpose.TAKEN,
    K.KEEP_TAKING: Purpose.VISIT,
    K.KEEP_DECIDED: Purpose.VISIT,
    K.AS_AGREED: Purpose.VISIT,
    K.DAY_BEFORE: Purpose.VISIT,
    K.AFTER_CARE: Purpose.AFTER_CARE,
    K.CHECK_DAY_2: Purpose.AFTER_CARE,
    K.LUMP_CHECK: Purpose.AFTER_CARE,
}

# What a rule may say; the other kinds take the place of STOP_SELF_BOUGHT, from the patient's own list.
RULE_TEXTS = [
    kind
    for kind in TextKind
    if kind not in {"stop_own_list", "keep_taking", "keep_decided", "as_agreed", "ask_medicines"}
]


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
