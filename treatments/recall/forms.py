"""The forms of a recall."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField, TextField, VersionField
from patients.registry.enums import Channel
from treatments.recall.enums import ENTRY_MOVES, EntryStatus, Way


class OpenForm(Form):
    reason = NameField(
        label=_("Reason"), max_length=200, help_text=_("For example: recalled by the maker, particles seen.")
    )
    tell = TextField(
        label=_("What patients are told"),
        max_length=2000,
        rows=5,
        help_text=_("Read out on the telephone, and part of the e-mail in the clinic's language."),
    )
    quarantine = forms.BooleanField(label=_("Put it in quarantine now, so that nobody uses it"), required=False)

    def __init__(self, *args, lots: int, **kwargs):
        super().__init__(*args, **kwargs)
        if not lots:
            del self.fields["quarantine"]


class StepForm(Form):
    """What was done about a patient."""

    status = forms.ChoiceField(label=_("Status"), widget=forms.RadioSelect)
    way = forms.ChoiceField(label=_("How"), choices=[("", "–"), *Way.choices], required=False)
    note = NameField(
        label=_("Note"),
        max_length=500,
        required=False,
        help_text=_("Only practitioners read it. Needed with “No action needed”."),
    )
    version = VersionField()

    def __init__(self, *args, status: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = [choice for choice in EntryStatus.choices if choice[0] in ENTRY_MOVES[status]]


class VersionForm(Form):
    """A button that says what its page has shown."""

    version = VersionField()


class WordsForm(Form):
    """Words to a patient; a text message has no subject. What they may say is checked by the service."""

    subject = NameField(
        label=_("Subject"), max_length=120, help_text=_("Others may see it: no medicine, no treatment.")
    )
    body = TextField(label=_("Text"), max_length=4000, rows=16)
    version = VersionField()

    def __init__(self, *args, channel: str, **kwargs):
        super().__init__(*args, **kwargs)
        if channel == Channel.SMS:
            del self.fields["subject"]
            self.fields["body"].widget.attrs["rows"] = 5
            self.fields["body"].help_text = _("Others may see it: no medicine, no treatment.")


class MessageForm(WordsForm):
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class CloseForm(Form):
    reason = NameField(label=_("Why it is closed"), max_length=300, required=False)
