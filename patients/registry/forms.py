"""The registry's forms."""

from uuid import uuid4

from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.core.errors import Refused
from clinic.core.forms import DateField, Form, NameField, VersionField
from patients.registry import lists, names, rules, sheets
from patients.registry.enums import Channel, Sex


class PhoneField(forms.CharField):
    """A subscriber's number as E.164; `country` is the clinic's, set by the form."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    country = "GB"

    def to_python(self, value):
        typed = super().to_python(value)
        if not typed:
            return ""
        try:
            return names.e164(typed, self.country)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error


class SearchForm(Form):
    mark_optional = False
    q = forms.CharField(
        label=_("Name, telephone, birth date or number"),
        required=False,
        max_length=names.LONGEST_QUERY,
        error_messages={"max_length": _("That is too long. Type a name, telephone, birth date or number.")},
    )


class PatientForm(Form):
    """Who somebody is and how to reach them."""

    given_name = NameField(label=_("Given name"), max_length=100, required=False)
    family_name = NameField(label=_("Family name"), max_length=100)
    birth_date = DateField(label=_("Birth date"))
    sex = forms.ChoiceField(label=_("Sex"), choices=Sex, initial=Sex.UNKNOWN)
    phone = PhoneField(label=_("Telephone"), max_length=40, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    may_message = forms.BooleanField(label=_("Agrees to be sent messages about visits"), required=False)
    clinical_words = forms.BooleanField(
        label=_("Agrees that e-mails name medicines"),
        required=False,
        help_text=_("Text messages and subject lines never do."),
    )
    channel = forms.ChoiceField(
        label=_("Write by"), choices=[("", _("Nothing chosen")), *Channel.choices], required=False
    )
    language = forms.ChoiceField(label=_("Language of messages"), choices=settings.MESSAGE_LANGUAGES)
    desk_note = NameField(
        label=_("Note for the desk"),
        max_length=300,
        required=False,
        help_text=_("Nothing medical: everybody at the desk reads it."),
    )

    details = [
        "given_name",
        "family_name",
        "birth_date",
        "sex",
        "phone",
        "email",
        "may_message",
        "clinical_words",
        "channel",
        "language",
        "desk_note",
    ]

    def __init__(self, *args, clinic, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["phone"].country = clinic.country
        self.fields["language"].initial = clinic.language

    def layout(self):
        return Layout(
            Div("given_name", "family_name", css_class="pair"),
            Div("birth_date", "sex", css_class="pair"),
            Div("phone", "email", css_class="pair"),
            "may_message",
            "clinical_words",
            Div("channel", "language", css_class="pair"),
            "desk_note",
        )

    def clean_birth_date(self):
        born = self.cleaned_data["birth_date"]
        try:
            rules.check_birth_date(born)
        except Refused as refusal:
            raise ValidationError(refusal.message) from refusal
        return born

    def clean(self):
        data = super().clean()
        channel = data.get("channel")
        if channel == Channel.EMAIL and not data.get("email") and "email" not in self.errors:
            self.add_error("email", _("Write the address to which messages go, or choose another way."))
        if channel == Channel.SMS and not data.get("phone") and "phone" not in self.errors:
            self.add_error("phone", _("Write the telephone to which messages go, or choose another way."))
        if data.get("may_message") and not channel:
            self.add_error("channel", _("Choose how messages are sent."))
        return data

    @property
    def patient_details(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.details}


class RegisterForm(PatientForm):
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    is_new = forms.BooleanField(label=_("This is somebody new"), required=False)

    def layout(self):
        """The look-alikes stand before the button, where the eye ends."""
        look_alikes = HTML('{% include "registry/_look_alikes.html" %}')
        return Layout(*super().layout(), "submission", look_alikes)


class EditForm(PatientForm):
    version = VersionField()

    @classmethod
    def of(cls, patient, *, clinic):
        """The form as it opens, filled with what is stored."""
        return cls(initial={name: getattr(patient, name) for name in [*cls.details, "version"]}, clinic=clinic)

    def layout(self):
        return Layout(*super().layout(), Field("version"))

    def differences_from(self, patient) -> list[dict]:
        """Label, stored and typed value of each field in which the valid form and the patient differ."""
        return [
            {"label": self.fields[name].label, "stored": self._shown(name, stored), "typed": self._shown(name, typed)}
            for name, typed in self.patient_details.items()
            if (stored := getattr(patient, name)) != typed
        ]

    def _shown(self, name: str, value):
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        return dict(getattr(self.fields[name], "choices", ())).get(value, value)


class LookAlikeForm(PatientForm):
    """What is typed so far: fields that are missing or wrong yet are left out rather than refused."""

    is_new = forms.BooleanField(required=False)

    def so_far(self) -> dict:
        self.is_valid()
        return {name: self.cleaned_data[name] for name in self.details if name in self.cleaned_data}


class UploadForm(Form):
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "At most 20 MB. The first line holds the columns' names. Nothing is imported before you have seen it."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > sheets.LARGEST_BYTES:
            raise ValidationError(_("The file is larger than 20 MB. Split it into several."))
        return file


class MappingForm(Form):
    """Which column holds what, and how dates like 03/04/1990 are meant."""

    day_order = forms.ChoiceField(
        label=_("Dates such as 03/04/1990"),
        required=False,
        widget=forms.RadioSelect,
        choices=[
            ("", _("There are none like this")),
            ("dmy", _("Day first: 3 April 1990")),
            ("mdy", _("Month first: March 4, 1990")),
        ],
    )

    def __init__(self, *args, upload, **kwargs):
        super().__init__(*args, **kwargs)
        columns = [(at, name or _("Column %d") % (at + 1)) for at, name in enumerate(upload.header)]
        fields = {}
        for name, (label, _words) in lists.COLUMNS.items():
            needed = name in lists.NEEDED
            fields[name] = forms.TypedChoiceField(
                label=label,
                choices=[("", _("Not in this list")), *columns],
                coerce=int,
                empty_value=None,
                required=needed,
                initial=upload.mapping.get(name),
                error_messages={"required": _("Choose the column in which it stands.")},
            )
        self.fields = fields | self.fields
        self.helper.layout = Layout(Div(*lists.COLUMNS, css_class="pair"), "day_order")
        self.fields["day_order"].initial = upload.day_order

    def clean(self):
        data = super().clean()
        chosen: dict[int, str] = {}
        for name in lists.COLUMNS:
            at = data.get(name)
            if at is not None and at in chosen:
                self.add_error(name, _("This column is chosen twice."))
            chosen[at] = name
        return data

    @property
    def mapping(self) -> dict[str, int]:
        return {name: at for name in lists.COLUMNS if (at := self.cleaned_data[name]) is not None}
