"""What the calendar's addresses and the dragging of visits say."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import VersionField
from treatments.scheduling import queries
from treatments.scheduling.calendar_rows import Choice
from treatments.scheduling.forms import CalendarDay, InstantField
from treatments.scheduling.placing import NO_ROOM

BY = [("practitioner", _("Practitioners")), ("room", _("Rooms"))]


class ChoiceForm(forms.Form):
    """Columns and filters of the calendar, from the address; whatever makes no sense is left out."""

    by = forms.ChoiceField(choices=BY, required=False)
    practitioner = forms.IntegerField(min_value=1, max_value=10**18, required=False)
    room = forms.IntegerField(min_value=1, max_value=10**18, required=False)
    type = forms.IntegerField(min_value=1, max_value=10**18, required=False)

    @property
    def asked(self) -> dict:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def choice(self) -> Choice:
        return Choice(**self.asked)


class PlaceForm(forms.Form):
    """Where a visit was dropped: what is not said stays as it is. `day` keeps the visit's wall time."""

    version = VersionField()
    start = InstantField(required=False)
    day = CalendarDay(required=False)
    minutes = forms.IntegerField(min_value=1, max_value=1440, required=False)
    practitioner = forms.ModelChoiceField(queryset=None, required=False)
    room = forms.CharField(max_length=18, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["practitioner"].queryset = queries.practitioners()

    def clean_room(self):
        """A room; False for none; None for no answer."""
        text = self.cleaned_data["room"]
        if not text:
            return None
        if text == NO_ROOM:
            return False
        room = next((room for room in queries.rooms() if str(room.pk) == text), None)
        if room is None:
            raise forms.ValidationError(_("This room is no longer used."), code="gone")
        return room

    @property
    def fault(self) -> str:
        return " ".join(error for errors in self.errors.values() for error in errors)
