"""Forms of the clinic's own pages."""

import zoneinfo
from datetime import date, timedelta

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from clinic.audit.enums import Action
from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField, TimeField
from clinic.staff.models import COLOUR
from clinic.staff.permissions import ROLES
from clinic.staff.queries import patient_id_of, people

PHONE = RegexValidator(
    r"^\+?[0-9][0-9 ()/.-]{1,18}$", _("Write the telephone number in digits, such as +34 910 000 000.")
)
DIGITS = RegexValidator(r"^[0-9]{2,10}$", _("Write the number in digits, such as 112."))
COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("Write the two letters of the country, such as ES."))


def zones() -> list[tuple[str, str]]:
    """Zones with a place in their name: "Europe/Madrid", not "EST"."""
    names = (name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(names))]


class ClinicForm(Form):
    name = NameField(label=_("Name"), max_length=60)
    address = NameField(label=_("Address"), max_length=200, required=False)
    phone = NameField(
        label=_("Telephone"), max_length=20, validators=[PHONE], help_text=_("Patients read it in every message.")
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    country = NameField(label=_("Country"), max_length=2, validators=[COUNTRY], help_text=_("Two letters, such as ES."))
    emergency_number = NameField(label=_("Emergency number"), max_length=10, validators=[DIGITS])
    quiet_from = TimeField(
        label=_("No messages from"),
        required=False,
        help_text=_("On the clinic's clock. Messages wait until the morning, unless the visit comes first."),
    )
    quiet_until = TimeField(label=_("No messages until"), required=False)

    def clean(self):
        data = super().clean()
        quiet_from, quiet_until = data.get("quiet_from"), data.get("quiet_until")
        if {"quiet_from", "quiet_until"} & set(self.errors):
            return data
        if (quiet_from is None) != (quiet_until is None):
            empty = "quiet_from" if quiet_from is None else "quiet_until"
            self.add_error(empty, _("Fill in both times, or none."))
        elif quiet_from is not None and quiet_from == quiet_until:
            self.add_error("quiet_until", _("Choose another time than the first."))
        return data


class ColourField(forms.CharField):
    """A person's or visit type's colour in the calendar, by the browser's own picker."""

    widget = forms.TextInput(attrs={"type": "color"})

    def __init__(self):
        super().__init__(label=_("Colour in the calendar"), validators=[COLOUR], initial="#0f6b6b")


class DetailsForm(Form):
    full_name = NameField(label=_("Name"), max_length=120)
    qualification = NameField(
        label=_("Qualification"), max_length=120, required=False, help_text=_("Stands beside the signature.")
    )
    colour = ColourField()
    needs_cosignature = forms.BooleanField(
        label=_("A supervisor signs too"),
        required=False,
        help_text=_("What this practitioner signs waits for a second practitioner, who reads and co-signs it."),
    )


class RolesForm(Form):
    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(role.value, texts["name"]) for role, texts in ROLES.items()],
    )


class PersonForm(RolesForm):
    full_name = NameField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), max_length=254, help_text=_("They sign in with it."))
    qualification = DetailsForm.base_fields["qualification"]

    field_order = ["full_name", "email", "qualification", "roles"]


class AccountForm(Form):
    full_name = NameField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("The clinic's language")), *settings.LANGUAGES]
    )


class TrailForm(Form):
    """The filter of the trail; the period is in the clinic's days, both included."""

    mark_optional = False
    person = forms.ModelChoiceField(label=_("Person"), queryset=None, required=False, empty_label=_("Everybody"))
    patient = forms.CharField(label=_("Patient number"), max_length=12, required=False)
    action = forms.ChoiceField(
        label=_("Action"),
        required=False,
        choices=[("", _("Everything")), *(choice for choice in Action.choices if choice[0] != Action.DECIDE)],
    )
    first = DateField(label=_("From"), required=False)
    last = DateField(label=_("To"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people()

    def clean_patient(self) -> int | None:
        number = self.cleaned_data["patient"]
        if not number:
            return None
        if patient_id := patient_id_of(number):
            return patient_id
        raise forms.ValidationError(_("No patient has this number."))

    def clean_first(self):
        return _plausible(self.cleaned_data["first"])

    def clean_last(self):
        return _plausible(self.cleaned_data["last"])

    def wanted(self) -> dict:
        """The arguments of `audit.queries.trail`."""
        filled = self.cleaned_data
        return {
            "actor_id": filled["person"].pk if filled["person"] else None,
            "patient_id": filled["patient"],
            "action": filled["action"],
            "since": clock.day_bounds(filled["first"])[0] if filled["first"] else None,
            "until": clock.day_bounds(filled["last"])[1] if filled["last"] else None,
        }


def _plausible(day: date | None) -> date | None:
    if day and not date(2000, 1, 1) <= day <= clock.today() + timedelta(days=1):
        raise forms.ValidationError(_("Choose a day between 2000 and today."))
    return day
