from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Sex(TextChoices):
    """As FHIR's administrative gender."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Not said")


class Channel(TextChoices):
    """How a patient is written to."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")


class ImportStatus(TextChoices):
    MAPPING = "mapping", _("Columns to be matched")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked, nothing imported yet")
    IMPORTING = "importing", _("Being imported")
    DONE = "done", _("Imported")
    REFUSED = "refused", _("Not imported: see the lines with errors")
