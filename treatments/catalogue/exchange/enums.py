from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Flow(TextChoices):
    """Where a file comes from decides what becomes of its recipes."""

    RESTORE = "restore", _("Restore our own catalogue: what was approved stays approved")
    TAKE_OVER = "take_over", _("Take over another clinic's catalogue: every recipe arrives as a draft")
    PACKAGE = "package", _("A signed package: every recipe arrives as a draft")


class State(TextChoices):
    """What becomes of a row of a file."""

    NEW = "new", _("will be added")
    SAME = "same", _("is here already")
    DIFFERS = "differs", _("differs from ours")
    STAYS = "stays", _("is not taken over")
