from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, TextField, TimeField
from patients.registry.enums import Channel
from treatments.reminders import texts
from treatments.reminders.enums import Decision

MAX_SMS_PARTS = 4


class RuleForm(Form):
    days_before = forms.IntegerField(
        label=_("Days before the visit"),
        min_value=0,
        max_value=60,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Days of the clinic's calendar."),
    )
    send_at = TimeField(label=_("At"), help_text=_("On the clinic's clock, for example 10:00."))
    active = forms.BooleanField(label=_("In use"), required=False)


class TextForm(Form):
    """The words of one kind of message. A text message has no subject and stays short, measured when filled in."""

    subject = forms.CharField(
        label=_("Subject"), max_length=120, help_text=_("Others may see it: no medicine, no treatment.")
    )
    body = TextField(label=_("Text"), max_length=4000, rows=18)

    def __init__(self, *args, channel: str, sample: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        self.sample = sample
        self.is_sms = channel == Channel.SMS
        if self.is_sms:
            del self.fields["subject"]
            self.fields["body"].widget.attrs["rows"] = 5
            self.fields["body"].help_text = _("Others may see it: no medicine, no treatment.")
        self.helper.layout = Layout(*self.fields)

    def clean_subject(self):
        subject = " ".join(self.cleaned_data["subject"].split())
        self._check_marks(subject)
        return subject

    def clean_body(self):
        body = self.cleaned_data["body"]
        self._check_marks(body)
        if self.is_sms and texts.sms_parts(texts.fill(body, self.sample)) > MAX_SMS_PARTS:
            raise forms.ValidationError(
                _("This is longer than %(parts)d text messages. Please shorten it."), params={"parts": MAX_SMS_PARTS}
            )
        return body

    def _check_marks(self, text: str) -> None:
        if unknown := texts.unknown_marks(text):
            raise forms.ValidationError(
                _("This cannot be filled in: %(marks)s. See the list of what can."), params={"marks": " ".join(unknown)}
            )


class DecisionForm(Form):
    choice = forms.ChoiceField(
        label=_("Decision"),
        choices=[choice for choice in Decision.choices if choice[0] != Decision.WAITING],
        widget=forms.RadioSelect,
    )
    note = TextField(
        label=_("Note"),
        max_length=300,
        required=False,
        help_text=_("When the prescriber agreed to a pause: who, and from when to when."),
    )
