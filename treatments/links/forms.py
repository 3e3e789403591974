"""What patients fill in behind a link, and the clinic about links. Patients' forms need no script."""

import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import Form, NameField, VersionField
from patients.history.enums import MedicineSource
from treatments.links.enums import LastTaken, When
from treatments.scheduling.enums import PartOfDay

MEDICINES = 6
SHOWN_AT_FIRST = 2


def _number(label, most: int, **attrs) -> forms.IntegerField:
    widget = forms.TextInput(attrs={"inputmode": "numeric", "maxlength": len(str(most))} | attrs)
    return forms.IntegerField(label=label, min_value=1, max_value=most, widget=widget)


class BirthDateForm(forms.Form):
    """Three numbers: every telephone has digits, and few people find their birth date in a date picker."""

    day = _number(_("Day"), 31, autocomplete="bday-day")
    month = _number(_("Month"), 12, autocomplete="bday-month")
    year = _number(_("Year"), 9999, autocomplete="bday-year")

    def clean(self):
        told = super().clean()
        if self.errors:
            raise forms.ValidationError(_("Fill in the day, the month and the year in numbers, for example 27 3 1985."))
        try:
            self.birth_date = datetime.date(told["year"], told["month"], told["day"])
        except ValueError:
            raise forms.ValidationError(_("There is no such day.")) from None
        if not 1900 <= self.birth_date.year <= clock.today().year:
            raise forms.ValidationError(_("Write the year with four digits, for example 1985."))
        return told


class StepForm(forms.Form):
    version = VersionField()


class MoveForm(forms.Form):
    when = forms.ChoiceField(label=_("When would suit you?"), choices=When.choices, widget=forms.RadioSelect)
    parts = forms.MultipleChoiceField(
        label=_("At what time of day?"),
        help_text=_("None ticked: any."),
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class MedicineForm(forms.Form):
    """One line; a line without a name is none."""

    name = NameField(label=_("What did you take?"), max_length=120, required=False)
    last_taken = forms.ChoiceField(
        label=_("When last?"), choices=[("", _("Choose")), *LastTaken.choices], required=False
    )
    source = forms.ChoiceField(
        label=_("How did you get it?"),
        choices=[
            ("", _("Choose")),
            (MedicineSource.SELF_BOUGHT, _("I bought it myself")),
            (MedicineSource.PRESCRIBED, _("A doctor prescribed or advised it")),
            (MedicineSource.UNKNOWN, _("I am not sure")),
        ],
        required=False,
    )

    def clean(self):
        told = super().clean()
        if told.get("name"):
            told["last_taken"] = told.get("last_taken") or LastTaken.UNSURE
            told["source"] = told.get("source") or MedicineSource.UNKNOWN
        elif (told.get("last_taken") or told.get("source")) and "name" not in self.errors:
            self.add_error("name", _("Write its name, as it stands on the packet."))
        return told


class TakenForm(forms.Form):
    """Nothing was taken, or these medicines."""

    taken = forms.ChoiceField(
        choices=[("no", _("No, none")), ("yes", _("Yes, these:"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose no or yes.")},
    )

    def __init__(self, data=None):
        super().__init__(data)
        self.lines = [MedicineForm(data, prefix=f"m{number}") for number in range(MEDICINES)]

    @property
    def has_more(self) -> bool:
        """Whether something was written into a line that is folded away at first."""
        return any(line.has_changed() for line in self.lines[SHOWN_AT_FIRST:])

    def clean(self):
        told = super().clean()
        wrong = [line for line in self.lines if not line.is_valid()]
        self.medicines = [line.cleaned_data for line in self.lines if line.cleaned_data.get("name")]
        if wrong:
            self.add_error(None, _("Look at the medicines below: something is missing."))
        elif told.get("taken") == "yes" and not self.medicines:
            self.add_error("taken", _("Write what you took, at least one."))
        if told.get("taken") == "no" and self.medicines:
            self.add_error("taken", _("You chose no, but wrote a medicine below. Which is right?"))
        return told


class StopForm(forms.Form):
    act = forms.ChoiceField(choices=[("stop", ""), ("resume", "")])


class SettingsForm(Form):
    may_cancel = forms.BooleanField(label=_("Patients may cancel a visit by link"), required=False)
    cancel_hours = forms.IntegerField(
        label=_("Until so many hours before the visit"),
        min_value=0,
        max_value=720,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=_("Later they read that they must ring."),
    )
    cancel_note = NameField(
        label=_("What they read before they cancel"),
        max_length=300,
        required=False,
        help_text=_("For example what a late cancellation costs. Shown as it is written here, in every language."),
    )
