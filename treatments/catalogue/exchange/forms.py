"""What is typed on the pages of the exchange."""

from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField, PasswordForm
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.plan import Plan
from treatments.catalogue.exchange.yamltext import LARGEST_BYTES


class UploadForm(Form):
    file = forms.FileField(
        label=_("Catalogue or package"),
        max_length=200,
        help_text=_("A YAML file of at most 4 MB. Nothing is imported before you have seen what it would do."),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,application/yaml,text/yaml"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise ValidationError(_("The file is larger than 4 MB: no catalogue is."))
        return file


class PackForm(Form):
    """Which approved recipes go into a package."""

    version_ids = forms.TypedMultipleChoiceField(
        label=_("Recipes"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )

    def __init__(self, *args, versions, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["version_ids"].choices = [
            (row.pk, _("%(name)s, version %(number)s") % {"name": row.formulation.name, "number": row.number})
            for row in versions
        ]


class ImportForm(PasswordForm):
    """The last word before a file comes in: whose rows count, whether the key was compared, and for a restore the
    password, because it lets recipes pass for approved."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
    taken = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)  # the page draws them
    take_all = forms.BooleanField(label=_("Take theirs in every row that differs"), required=False)
    compared = forms.BooleanField(label=_("I compared the fingerprint with the clinic that sent this package"))
    field_order = ["seen", "take_all", "compared", "password"]

    def __init__(self, *args, plan: Plan, asks_to_compare: bool, **kwargs):
        super().__init__(*args, initial={"seen": plan.digest}, **kwargs)
        differing = plan.of(State.DIFFERS)
        self.fields["taken"].choices = [(step.choice, step.title) for step in differing]
        if not differing:
            del self.fields["take_all"]
        if not asks_to_compare:
            del self.fields["compared"]
        if plan.flow != Flow.RESTORE:
            del self.fields["password"]
        self.helper.layout = Layout(*(name for name in self.fields if name != "taken"))

    @property
    def choices_taken(self) -> set[str] | None:
        return None if self.cleaned_data.get("take_all") else set(self.cleaned_data["taken"])


class KeyForm(Form):
    name = NameField(label=_("Which clinic's key is it?"), max_length=120)
