from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Action(TextChoices):
    """What somebody did; a sentence in the trail is "who, action, what, when"."""

    VIEW = "view", _("looked at")
    SEARCH = "search", _("searched")
    LIST = "list", _("listed")
    CREATE = "create", _("created")
    CHANGE = "change", _("changed")
    VOID = "void", _("voided")
    RETIRE = "retire", _("retired")
    APPROVE = "approve", _("approved")
    SIGN = "sign", _("signed")
    AMEND = "amend", _("added to")
    MOVE = "move", _("moved")
    CANCEL = "cancel", _("cancelled")
    OVERRIDE = "override", _("went on with a reason")
    DECIDE = "decide", _("decided")
    SEND = "send", _("sent")
    IMPORT = "import", _("imported")
    EXPORT = "export", _("exported")
    GRANT = "grant", _("gave a role")
    REVOKE = "revoke", _("took a role away")
    SIGN_IN = "sign_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("failed to sign in")
    SIGN_OUT = "sign_out", _("signed out")
    TIMED_OUT = "timed_out", _("was signed out after the time limit")
    REFUSED = "refused", _("was refused")


A = Action

# Acts after which what the clinic knows of its patients, and how it works, is as it was.
NO_CHANGE = (
    *(A.VIEW, A.SEARCH, A.LIST, A.SEND, A.EXPORT),
    *(A.SIGN_IN, A.SIGN_IN_FAILED, A.SIGN_OUT, A.TIMED_OUT, A.REFUSED),
)
