from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form
from clinic.core.pictures import ACCEPT


class PhotoForm(Form):
    """What is in the file is judged by the service."""

    photo = forms.FileField(label=_("Add a photo"), widget=forms.FileInput(attrs={"accept": ACCEPT}))
