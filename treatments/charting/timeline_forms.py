"""What is chosen in the address of a patient's maps: ids and keys only."""

from collections.abc import Sequence

from crispy_forms.layout import Div, Layout
from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import Form
from treatments.catalogue.models import Area, Ingredient
from treatments.charting.models import TreatmentSession


class HeatForm(Form):
    """Which of all points are shown; what cannot be chosen shows all."""

    mark_optional = False
    area = forms.ChoiceField(label=_("Area"), required=False)
    ingredient = forms.TypedChoiceField(label=_("Ingredient"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args, areas: list[Area], ingredients: list[Ingredient], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = [("", _("All areas")), *((area.key, area.name) for area in areas)]
        self.fields["ingredient"].choices = [("", _("All ingredients")), *((i.pk, i.name) for i in ingredients)]
        self.helper.layout = Layout(Div("area", "ingredient", css_class="heat-fields"))

    def wanted(self) -> dict:
        return self.cleaned_data if self.is_valid() else {}


class CompareForm(Form):
    """Two of the patient's signed sessions; by default the last two."""

    mark_optional = False
    one = forms.TypedChoiceField(label=_("Session"), coerce=int)
    other = forms.TypedChoiceField(label=_("Beside it"), coerce=int)

    def __init__(self, data, *, sessions: Sequence[TreatmentSession], **kwargs):
        latest = {"one": sessions[1].pk, "other": sessions[0].pk} if len(sessions) > 1 else {}
        super().__init__(latest | {name: data[name] for name in ("one", "other") if data.get(name)}, **kwargs)
        choices = [(session.pk, _named(session)) for session in sessions]
        for name in ("one", "other"):
            self.fields[name].choices = choices
        self.helper.layout = Layout(Div("one", "other", css_class="heat-fields"))


def _named(session: TreatmentSession) -> str:
    return f"{date_format(clock.local(session.started_at), 'j M Y')}, {session.practitioner.full_name}"
