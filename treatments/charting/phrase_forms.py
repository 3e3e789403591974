"""The form of a phrase for notes."""

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, TextField


class PhraseForm(Form):
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        validators=[RegexValidator(r"\A[a-z0-9]+\Z", _("Use small letters and digits only."))],
        help_text=_("Short: typing a dot, the code and a space in a note puts the phrase there."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )
    text = TextField(label=_("Phrase"), max_length=1000)
