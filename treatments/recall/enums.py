from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    """What may turn out to be bad, from the narrowest to the widest."""

    MIXTURE = "mixture", _("Mixture")
    LOT = "lot", _("Lot")
    VERSION = "version", _("Version of a formulation")
    PRODUCT = "product", _("Product")
    INGREDIENT = "ingredient", _("Ingredient")


class EntryStatus(TextChoices):
    """How far a recall has come with one patient."""

    TO_CALL = "to_call", _("To call")
    NOT_REACHABLE = "not_reachable", _("Not reachable")
    REACHED = "reached", _("Reached")
    SEEN = "seen", _("Seen")
    NO_ACTION = "no_action", _("No action needed")


S = EntryStatus

# The moves of a patient in a case. Staying where one is adds a note. Each way back is open: people press the wrong
# button, and what happened stands in the trail.
ENTRY_MOVES = {
    S.TO_CALL: set(S),
    S.NOT_REACHABLE: set(S),
    S.REACHED: {S.REACHED, S.SEEN, S.NO_ACTION, S.TO_CALL},
    S.SEEN: {S.SEEN, S.TO_CALL},
    S.NO_ACTION: {S.NO_ACTION, S.TO_CALL},
}
# Nobody has spoken with these patients yet
LEFT = (S.TO_CALL, S.NOT_REACHABLE)


class Way(TextChoices):
    """How the clinic and the patient spoke."""

    TELEPHONE = "telephone", _("By telephone")
    IN_PERSON = "in_person", _("In person")
    IN_WRITING = "in_writing", _("The patient wrote")


class MessageState(TextChoices):
    """SENDING turns into one of the others within seconds; where it does not, its sender died on the way."""

    SENDING = "sending", _("Perhaps sent: please check")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    UNKNOWN = "unknown", _("Perhaps sent: please check")
