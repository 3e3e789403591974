from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class VisitKind(TextChoices):
    CONSULTATION = "consultation", _("Consultation")
    SESSION = "session", _("Session")
    FOLLOW_UP = "follow_up", _("Follow-up")


class VisitStatus(TextChoices):
    BOOKED = "booked", _("Booked")
    CONFIRMED = "confirmed", _("Confirmed")
    ARRIVED = "arrived", _("Arrived")
    IN_SESSION = "in_session", _("In session")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("Did not come")


class PartOfDay(TextChoices):
    """By the clinic's wall clock; the hours are in PART_HOURS."""

    MORNING = "morning", _("Morning")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")


PART_HOURS = {PartOfDay.MORNING: (0, 12), PartOfDay.AFTERNOON: (12, 17), PartOfDay.EVENING: (17, 24)}

S = VisitStatus

# Visits that occupy their practitioner, room and patient.
LIVE = (S.BOOKED, S.CONFIRMED, S.ARRIVED, S.IN_SESSION, S.DONE)
# Visits that are still to come about, and may be moved or cancelled.
OPEN = (S.BOOKED, S.CONFIRMED)
# The moves a visit may make; everything else is refused.
VISIT_MOVES = {
    S.BOOKED: {S.CONFIRMED, S.ARRIVED, S.CANCELLED, S.NO_SHOW},
    S.CONFIRMED: {S.ARRIVED, S.CANCELLED, S.NO_SHOW},
    S.ARRIVED: {S.IN_SESSION, S.DONE, S.CANCELLED},
    S.IN_SESSION: {S.DONE},
    S.DONE: set(),
    S.CANCELLED: set(),
    S.NO_SHOW: set(),
}
