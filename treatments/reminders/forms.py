from datetime import datetime

from crispy_forms.layout import Div, Layout
from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField, TextField, TimeField, VersionField
from patients.registry.enums import Channel
from patients.registry.forms import SearchForm
from treatments.reminders import texts
from treatments.reminders.enums import Decision
from treatments.scheduling.forms import OTHER, parse_slot

MAX_SMS_PARTS = 4


class TextForm(Form):
    """The words of one kind of message. A text message has no subject and stays short, measured when filled in."""

    subject = forms.CharField(
        label=_("Subject"), max_length=120, help_text=_("Others may see it: no medicine, no treatment.")
    )
    body = TextField(label=_("Text"), max_length=4000, rows=18)
    version = VersionField()

    def __init__(self, *args, channel: str, language: str, sample: dict[str, str], **kwargs):
        super().__init__(*args, **kwargs)
        direction = "rtl" if get_language_info(language)["bidi"] else "ltr"
        for name in ("subject", "body"):
            self.fields[name].widget.attrs |= {"dir": direction, "lang": language}
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


class WhomForm(SearchForm):
    """With whom a text is looked at: the search, and the patient who was chosen of those it found."""

    patient = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    @property
    def typed(self) -> str:
        return self.cleaned_data.get("q", "") if self.is_valid() else ""

    @property
    def chosen(self) -> int | None:
        return self.cleaned_data.get("patient") if self.is_valid() else None


class SeenVersion(forms.Form):
    """A button that says which version of a text its page has shown."""

    version = VersionField()


class DecisionForm(Form):
    """What is decided; and of a pause who agreed to it, and when it is."""

    mark_optional = False

    choice = forms.ChoiceField(
        label=_("Decision"),
        choices=[choice for choice in Decision.choices if choice[0] != Decision.WAITING],
        widget=forms.RadioSelect,
    )
    prescriber = NameField(
        label=_("The prescriber who agreed"), max_length=120, required=False, help_text=_("Only for a pause.")
    )
    pause_from = DateField(label=_("Paused from"), required=False)
    pause_until = DateField(label=_("until"), required=False)
    note = TextField(label=_("Note"), max_length=300, required=False)
    seen = forms.ChoiceField(choices=Decision, required=False, widget=forms.HiddenInput)
    seen_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def layout(self):
        pause = Div("pause_from", "pause_until", css_class="pair")
        return Layout("choice", "prescriber", pause, "note", "seen", "seen_at")


class ChosenTime(forms.Form):
    """The time that is chosen on the page where a visit is moved: an offered one, or one that is typed."""

    slot = forms.CharField(required=False)
    day = DateField(required=False)
    time = TimeField(required=False)

    def starts_at(self) -> datetime | None:
        """None while nothing is chosen that could be a time."""
        if not self.is_valid():
            return None
        if slot := parse_slot(self.cleaned_data["slot"]):
            return slot["starts_at"]
        day, time = self.cleaned_data["day"], self.cleaned_data["time"]
        return clock.instant(day, time) if day and time and self.cleaned_data["slot"] == OTHER else None
