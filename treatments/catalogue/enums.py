from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Laterality(TextChoices):
    SIDED = "sided", _("Left or right")
    MIDLINE = "midline", _("Middle")
    FIXED = "fixed", _("Named for its side")


class Side(TextChoices):
    """The patient's own left and right."""

    LEFT = "left", _("Left")
    RIGHT = "right", _("Right")
    NONE = "none", _("Middle")


class Diagram(TextChoices):
    """The drawings that points are placed on: templates/diagrams/<value>.svg."""

    BODY_FRONT = "body_front", _("Body, front")
    BODY_BACK = "body_back", _("Body, back")
    FACE_FRONT = "face_front", _("Face, front")
    FACE_LEFT = "face_left", _("Face, left side")
    FACE_RIGHT = "face_right", _("Face, right side")
    SCALP_TOP = "scalp_top", _("Scalp, top")
    SCALP_FRONT = "scalp_front", _("Scalp, front")
    SCALP_BACK = "scalp_back", _("Scalp, back")
    SCALP_LEFT = "scalp_left", _("Scalp, left side")
    SCALP_RIGHT = "scalp_right", _("Scalp, right side")
    HAND_DORSAL_LEFT = "hand_dorsal_left", _("Back of the left hand")
    HAND_DORSAL_RIGHT = "hand_dorsal_right", _("Back of the right hand")


class Unit(TextChoices):
    """Units of an amount; concentrations are per millilitre."""

    MG = "mg", "mg"
    MCG = "mcg", "mcg"
    IU = "IU", _("IU")
    U = "U", _("U")
    ML = "mL", "mL"


class Vehicle(TextChoices):
    """What an ingredient is dissolved in: oil and alcohol must not be injected into skin."""

    AQUEOUS = "aqueous", _("Water")
    OIL = "oil", _("Oil")
    ALCOHOL = "alcohol", _("Alcohol")
    GEL = "gel", _("Gel")
    OWN_BLOOD = "own_blood", _("Patient's own blood")
    UNKNOWN = "unknown", _("Not known")


class Evidence(TextChoices):
    """The best that a statement about an ingredient rests on."""

    LABEL = "A", _("A: label or authority")
    PAPER = "B", _("B: published paper")
    CLINIC = "C", _("C: page of a clinic or maker")
    UNCONFIRMED = "D", _("D: not confirmed")


class LimitPer(TextChoices):
    """What a limit of an ingredient counts; "interval_days" is the fewest days between two sessions."""

    POINT = "point", _("Most in one point")
    AREA = "area", _("Most in one area")
    SESSION = "session", _("Most in one session")
    INTERVAL = "interval_days", _("Days between sessions, at least")


class VersionStatus(TextChoices):
    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    RETIRED = "retired", _("Retired")


# The moves a version may make; everything else is refused.
VERSION_MOVES = {
    VersionStatus.DRAFT: {VersionStatus.APPROVED, VersionStatus.RETIRED},
    VersionStatus.APPROVED: {VersionStatus.RETIRED},
    VersionStatus.RETIRED: set(),
}
