"""The forms kit: one crispy helper for the whole site, so that every form looks and fails alike."""

from crispy_forms.helper import FormHelper
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.text import clean, clean_line


class MarkedField(forms.BoundField):
    """A field as it stands on the page. Few may be left empty, so those are marked and not the others."""

    def __init__(self, form, field, name):
        super().__init__(form, field, name)
        is_tick = isinstance(field, forms.BooleanField)
        if form.mark_optional and not (field.required or self.is_hidden or is_tick):
            self.label = _("%(label)s (optional)") % {"label": self.label}


class Kit:
    """Mix in before `forms.Form`: labels above, hints below, errors beside their field; the page draws the form tag.

    `mark_optional` is off where leaving a field empty is the usual thing: in filters, and where other fields decide.
    """

    bound_field_class = MarkedField
    mark_optional = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        if layout := self.layout():
            self.helper.layout = layout

    def layout(self):
        """A crispy Layout, or None for the fields in their order."""


class Form(Kit, forms.Form):
    pass


class NameField(forms.CharField):
    """A person's or thing's name: one line, NFC, no characters that reorder what follows, not only spaces."""

    def to_python(self, value):
        return clean_line(super().to_python(value) or "")


class TextField(forms.CharField):
    """Text of several lines: NFC, with plain line ends."""

    def __init__(self, *, rows: int = 3, **kwargs):
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value):
        return clean((super().to_python(value) or "").replace("\r\n", "\n"))


class LinesField(forms.CharField):
    """A list of words or addresses, one on each line and each once; at most `most` of at most `longest` letters."""

    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(self, *, most: int = 60, longest: int = 80, **kwargs):
        super().__init__(**kwargs)
        self.limits = {"most": most, "longest": longest}

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:
        lines = (clean_line(line) for line in (super().to_python(value) or "").splitlines())
        return list(dict.fromkeys(filter(None, lines)))

    def validate(self, value):
        super().validate(value)
        if len(value) > self.limits["most"] or any(len(line) > self.limits["longest"] for line in value):
            message = _("At most %(most)d lines, of at most %(longest)d letters each.")
            raise forms.ValidationError(message, code="long", params=self.limits)


class VersionField(forms.IntegerField):
    """The version that the page showed, so that nobody overwrites what they have not seen."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs):
        super().__init__(min_value=0, max_value=2**31 - 1, **kwargs)


class DateInput(forms.DateInput):
    """The browser's own date picker; the value travels as 2026-03-29, whatever the language."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class DateField(forms.DateField):
    """Accepts ISO dates only, so that 03/04 is never guessed."""

    widget = DateInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%Y-%m-%d"], **kwargs)


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs=None):
        super().__init__(attrs=attrs, format="%H:%M")


class TimeField(forms.TimeField):
    widget = TimeInput

    def __init__(self, **kwargs):
        super().__init__(input_formats=["%H:%M"], **kwargs)


class ReasonForm(Form):
    """Why something is taken out of use or taken back."""

    reason = NameField(label=_("Reason"), max_length=200)


class PasswordForm(Form):
    """Whoever signs or approves proves that they are who is signed in."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
