"""The forms kit: one crispy helper for the whole site, so that every form looks and fails alike."""

from crispy_forms.helper import FormHelper
from django import forms

from clinic.core.text import clean_line


class Kit:
    """Mix in before `forms.Form`: labels above, hints below, errors beside their field; the page draws the form tag."""

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
