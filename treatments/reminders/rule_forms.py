"""The form of a message rule: when, to whom, by which way, with which text; and with whom to try it."""

from collections.abc import Iterable, Sequence

from crispy_forms.layout import HTML, Div, Layout
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.forms import DateField, Form, NameField, TimeField
from patients.history.enums import MedicineGroup, MedicineSource
from patients.registry.enums import Channel
from treatments.reminders.enums import RULE_TEXTS, IfLate, Trigger, Unit
from treatments.scheduling.enums import VisitKind

MOST = {Unit.DAYS: 365, Unit.HOURS: 240}
AFTERWARDS = {Trigger.AFTER_VISIT, Trigger.AFTER_SESSION, Trigger.CANCELLED, Trigger.NO_SHOW, Trigger.BOOKED}
Choices = Sequence[tuple[str, str]]


class ManyField(forms.TypedMultipleChoiceField):
    """Boxes to tick; none means "any"."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label, choices=(), coerce=str):
        super().__init__(label=label, choices=choices, coerce=coerce, empty_value=[], required=False)


class RuleForm(Form):
    """`choices`: what the clinic's own rows offer for visit_types, areas, indications and ingredients."""

    mark_optional = False
    CONDITIONS = (
        "visit_kinds",
        "visit_types",
        "languages",
        "areas",
        "indications",
        "ingredients",
        "medicine_groups",
        "medicine_sources",
    )

    name = NameField(label=_("Name"), max_length=120, help_text=_("The front desk reads it: nothing clinical."))
    active = forms.BooleanField(label=_("In use"), required=False)
    trigger = forms.ChoiceField(label=_("Counted from"), choices=Trigger)
    offset = forms.IntegerField(
        label=_("How long before or after"),
        min_value=0,
        max_value=365,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(label=_("Counted in"), choices=Unit)
    send_at = TimeField(
        label=_("At"), required=False, help_text=_("On the clinic's clock, for example 10:00. Only with days.")
    )
    if_late = forms.ChoiceField(
        label=_("When its time has passed already"),
        choices=IfLate,
        help_text=_("Of a visit that is booked or moved at short notice."),
    )
    text_kind = forms.ChoiceField(label=_("Text"), choices=[(kind.value, kind.label) for kind in RULE_TEXTS])
    channel = forms.ChoiceField(
        label=_("By"), choices=[("", _("As the patient prefers")), *Channel.choices], required=False
    )
    fallback = forms.ChoiceField(
        label=_("Or else by"), choices=[("", _("No other way")), *Channel.choices], required=False
    )
    visit_kinds = ManyField(_("Kinds of visits"), VisitKind.choices)
    visit_types = ManyField(_("Visit types"), coerce=int)
    areas = ManyField(_("Areas"))
    indications = ManyField(_("Indications"))
    ingredients = ManyField(_("Ingredients of the planned recipe"))
    medicine_groups = ManyField(_("Groups of medicines the patient takes"), MedicineGroup.choices)
    medicine_sources = ManyField(_("How they get the medicine"), MedicineSource.choices)
    languages = ManyField(_("Languages in which patients are written to"), settings.MESSAGE_LANGUAGES)
    window_days = forms.IntegerField(
        label=_("Medicines avoided for at least, days"), min_value=1, max_value=60, required=False
    )

    def __init__(self, *args, choices: dict[str, Choices], **kwargs):
        super().__init__(*args, **kwargs)
        for name, offered in choices.items():
            self.fields[name].choices = offered
        self.helper.layout = self._layout()

    def _layout(self) -> Layout:
        return Layout(
            "name",
            "active",
            HTML(f"<h2>{_('When')}</h2>"),
            "trigger",
            Div("offset", "unit", css_class="pair"),
            Div("send_at", "if_late", css_class="pair"),
            HTML(f"<h2>{_('What and how')}</h2>"),
            "text_kind",
            Div("channel", "fallback", css_class="pair"),
            HTML(f"<h2>{_('Only for')}</h2><p class='text-muted'>{_('Nothing ticked means any.')}</p>"),
            *(self._folded(name) for name in self.CONDITIONS),
            "window_days",
        )

    def _folded(self, name: str) -> Div:
        """Open when something is ticked, or wrong."""
        ticked = len(self[name].value() or [])
        is_open = " open" if ticked or name in self.errors else ""
        count = f' <span class="tag">{ticked}</span>' if ticked else ""
        summary = f'<details class="fold"{is_open}><summary>{self.fields[name].label}{count}</summary>'
        return Div(HTML(summary), name, HTML("</details>"))

    def clean(self):
        data = super().clean()
        if data.get("unit") == Unit.HOURS:
            data["send_at"] = None
        elif "send_at" not in self.errors and data.get("send_at") is None:
            self.add_error("send_at", _("Write the time of day."))
        if (most := MOST.get(data.get("unit"))) and (data.get("offset") or 0) > most:
            self.add_error("offset", _("At most %(most)d.") % {"most": most})
        if not data.get("channel"):
            data["fallback"] = ""
        elif data["channel"] == data.get("fallback"):
            self.add_error("fallback", _("Choose another way than the first, or none."))
        return data


class TryForm(Form):
    """A made-up visit of a made-up patient: who keeps rules does not read patients' histories."""

    mark_optional = False

    visit_type = forms.TypedChoiceField(label=_("Visit type"), coerce=int)
    day = DateField(label=_("Day of the visit"))
    time = TimeField(label=_("At"))
    booked_on = DateField(label=_("Booked on"), help_text=_("At the same time of day."))
    channel = forms.ChoiceField(label=_("The patient prefers"), choices=Channel)
    language = forms.ChoiceField(label=_("Language of messages"), choices=settings.MESSAGE_LANGUAGES)
    medicine = forms.TypedChoiceField(label=_("Takes"), coerce=int, empty_value=None, required=False)
    source = forms.ChoiceField(label=_("How they get it"), choices=MedicineSource)
    clinical_words = forms.BooleanField(label=_("Agrees that e-mails name medicines"), required=False)

    def __init__(self, *args, visit_types: Iterable, medicines: Iterable, **kwargs):
        super().__init__(*args, **kwargs)
        self.types, self.medicines = ({row.pk: row for row in rows} for rows in (visit_types, medicines))
        self.fields["visit_type"].choices = [(pk, row.name) for pk, row in self.types.items()]
        self.fields["medicine"].choices = [("", _("Nothing")), *((pk, row.name) for pk, row in self.medicines.items())]

    def clean(self):
        data = super().clean()
        if data.get("day") and data.get("booked_on") and data["booked_on"] > data["day"]:
            self.add_error("booked_on", _("A visit is booked before it takes place."))
        return data

    def layout(self):
        return Layout(
            "visit_type",
            Div("day", "time", css_class="pair"),
            Div("booked_on", "channel", css_class="pair"),
            Div("medicine", "source", css_class="pair"),
            "language",
            "clinical_words",
        )

    def asked(self) -> dict:
        """As `preview.of_rule` asks for it; a wall time that the clocks skip moves on past the gap."""
        data = self.cleaned_data
        return {
            "visit_type": self.types[data["visit_type"]],
            "starts_at": clock.instant(data["day"], data["time"]),
            "booked_at": clock.instant(data["booked_on"], data["time"]),
            "channel": data["channel"],
            "language": data["language"],
            "medicine": self.medicines.get(data["medicine"]),
            "medicine_source": data["source"],
            "clinical_words": data["clinical_words"],
        }
