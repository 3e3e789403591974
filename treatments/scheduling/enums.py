from django.db.models import IntegerChoices, TextChoices
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


class RoomKind(TextChoices):
    """What a room is made for; a room without a kind serves for everything."""

    CONSULTING = "consulting", _("Consulting room")
    TREATMENT = "treatment", _("Treatment room")


class Colour(TextChoices):
    """The colours of visit types: dark enough to be read on paper, and apart from each other."""

    TEAL = "#0f6b6b", _("Teal")
    BLUE = "#1f4f82", _("Blue")
    VIOLET = "#5b3f8c", _("Violet")
    PLUM = "#8a2f63", _("Plum")
    RED = "#9b1c1c", _("Red")
    OCHRE = "#7a4b00", _("Ochre")
    OLIVE = "#566017", _("Olive")
    GREEN = "#1d5f3a", _("Green")
    SLATE = "#46555e", _("Slate")


class Priority(IntegerChoices):
    URGENT = 1, _("As soon as possible")
    USUAL = 2, _("Usual")
    WHENEVER = 3, _("Whenever it suits")


class WaitingStatus(TextChoices):
    WAITING = "waiting", _("Waiting")
    BOOKED = "booked", _("Booked")
    CLOSED = "closed", _("Taken off the list")


class OfferStatus(TextChoices):
    OPEN = "open", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    TAKEN = "taken", _("Was taken by another")
    WITHDRAWN = "withdrawn", _("Withdrawn")


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
