from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _


class Effect(TextChoices):
    """What a warning asks of the practitioner, strongest first."""

    STOP = "stop", _("Stop")
    REASON = "reason", _("Needs a reason")
    WAIT = "wait", _("Wait")
    NOTE = "note", _("Note")


class Topic(TextChoices):
    """What is asked about; each can be answered with "none known", which is not the same as not asked."""

    ALLERGIES = "allergies", _("Allergies")
    CONDITIONS = "conditions", _("Conditions")
    MEDICINES = "medicines", _("Medicines")


class AllergenKind(TextChoices):
    SUBSTANCE = "substance", _("In what is injected")
    MATERIAL = "material", _("In what touches the skin")
    CONDITION = "condition", _("Inborn")


class Otc(TextChoices):
    """Whether a medicine is sold without a prescription."""

    YES = "yes", _("Sold freely")
    NO = "no", _("On prescription only")
    VARIES = "varies", _("Sold freely in some strengths or countries")


class MedicineGroup(TextChoices):
    """Kinds that matter before a treatment."""

    NSAID = "nsaid", _("Anti-inflammatory painkiller (NSAID)")
    ASPIRIN = "aspirin", _("Aspirin")
    SALICYLATE = "salicylate", _("Salicylate")
    ANTICOAGULANT = "anticoagulant", _("Blood thinner (anticoagulant)")
    ANTIPLATELET = "antiplatelet", _("Blood thinner (antiplatelet)")
    PARACETAMOL = "paracetamol", _("Paracetamol")
    SUPPLEMENT = "supplement", _("Supplement")
    OTHER = "other", _("Other")


class MedicineSource(TextChoices):
    """Only what a patient bought for themselves may ever be stopped by a message."""

    SELF_BOUGHT = "self_bought", _("Bought without prescription")
    PRESCRIBED = "prescribed", _("Prescribed or advised by a doctor")
    UNKNOWN = "unknown", _("Not known")


class Pregnancy(TextChoices):
    NOT_ASKED = "not_asked", _("Not asked")
    NO = "no", _("Not pregnant")
    PREGNANT = "pregnant", _("Pregnant")
    TRYING = "trying", _("Trying to become pregnant")
    RECENT_BIRTH = "recent_birth", _("Gave birth less than 6 weeks ago")
    BREASTFEEDING = "breastfeeding", _("Breast-feeding")
    NOT_APPLICABLE = "not_applicable", _("Does not apply")


class Severity(IntegerChoices):
    UNKNOWN = 0, _("Not known")
    MILD = 1, _("Mild")
    MODERATE = 2, _("Moderate")
    SEVERE = 3, _("Severe")
