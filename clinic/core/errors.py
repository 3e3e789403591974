"""What services raise when they refuse: sentences for the person in front of the screen, without patient data."""

from django.utils.translation import gettext as _

from clinic.core.text import clean_line


class Refused(Exception):
    """A rule says no. `field` names the form field it belongs to, if one does."""

    def __init__(self, message, *, field: str | None = None):
        super().__init__(message)
        self.message = message
        self.field = field

    def add_to(self, form) -> None:
        """Shows the refusal beside its field, or above the form."""
        form.add_error(self.field if self.field in form.fields else None, self.message)


class Conflict(Refused):
    """Somebody else changed the same thing first; what was typed must be kept and shown."""

    def __init__(self, message=None):
        super().__init__(message or _("Somebody else changed this meanwhile. Look at it again before you go on."))


def given(reason: str) -> str:
    """The reason, tidied; raises Refused (field "reason") when nothing is written."""
    reason = clean_line(reason)
    if not reason:
        raise Refused(_("Write the reason."), field="reason")
    return reason
