"""What the desk fills in about people who wait."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField
from treatments.scheduling import queries
from treatments.scheduling.enums import PartOfDay, Priority
from treatments.scheduling.forms import CalendarDay, PersonChoice

VALID_FOR = {30: _("30 minutes"), 120: _("2 hours"), 1440: _("a day")}


class WaitingForm(Form):
    visit_type = forms.ModelChoiceField(label=_("Visit"), queryset=None)
    practitioner = PersonChoice(label=_("With"), queryset=None, required=False, empty_label=_("Anyone"))
    from_day = CalendarDay(label=_("From"))
    until_day = CalendarDay(label=_("Until"))
    parts = forms.MultipleChoiceField(
        label=_("Parts of the day"),
        required=False,
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: any."),
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), coerce=int, choices=Priority.choices, initial=Priority.USUAL.value
    )
    note = NameField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("For the desk, such as: ring after five. Nothing medical."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["visit_type"].queryset = queries.visit_types()
        self.fields["practitioner"].queryset = queries.practitioners()


class OfferForm(forms.Form):
    """Whom the time is offered to, and how long it stands."""

    entries = forms.TypedMultipleChoiceField(coerce=int, required=False)
    valid_for = forms.TypedChoiceField(coerce=int, choices=list(VALID_FOR.items()), initial=120)

    def __init__(self, data=None, *, waiting=()):
        super().__init__(data)
        self.waiting = {entry.pk: entry for entry in waiting}
        self.fields["entries"].choices = [(pk, "") for pk in self.waiting]

    def chosen(self) -> dict:
        return {
            "entries": [self.waiting[pk] for pk in self.cleaned_data["entries"]],
            "valid_for": timedelta(minutes=self.cleaned_data["valid_for"]),
        }


class OfferStepForm(forms.Form):
    step = forms.ChoiceField(choices=[("accept", ""), ("withdraw", ""), ("told", "")])


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=[("accept", ""), ("decline", "")])
