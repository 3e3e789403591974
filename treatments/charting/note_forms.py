"""The forms of the note: its texts, and what was used and seen, chosen by a tap each."""

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.charting import findings
from treatments.charting.inline import InlineForm

AS_LIST = ("device", "anaesthesia")


class NoteForm(InlineForm):
    """Texts and findings, under the names that problems lead to. Everything may be unfinished."""

    indication = forms.ChoiceField(label=_("Indication"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}))
    reactions = forms.CharField(
        label=_("Reactions during and right after"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    advice = forms.CharField(
        label=_("Advice given"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, indications, content: dict, **kwargs):
        super().__init__(*args, initial=content, auto_id="%s", **kwargs)
        self.fields["indication"].choices = [("", _("Not said")), *((i.key, i.name) for i in indications)]
        for name, choices in findings.CHOICES.items():
            self._add_finding(name, choices, content.get("findings", {}).get(name, ""))

    def _add_finding(self, name: str, choices: dict, chosen: str) -> None:
        as_list = name in AS_LIST
        blank = _("Not said") if as_list else "–"
        self.fields[f"findings-{name}"] = forms.ChoiceField(
            label=findings.LABELS[name],
            required=False,
            choices=[("", blank), *choices.items()],
            initial=chosen,
            widget=(forms.Select if as_list else forms.RadioSelect)(attrs={"data-finding": name}),
        )
        self.fields[f"findings-{name}"].widget.attrs["class"] = "form-select" if as_list else "btn-check"

    @property
    def lists(self) -> list:
        return [self[f"findings-{name}"] for name in AS_LIST]

    @property
    def chips(self) -> list:
        """The rows of buttons, but for the immediate reactions, which stand with their text."""
        return [self[f"findings-{name}"] for name in findings.CHOICES if name not in {*AS_LIST, "reaction"}]

    @property
    def reaction(self):
        return self["findings-reaction"]

    def entered(self, content: dict) -> dict:
        """The content with what was entered."""
        data = self.cleaned_data
        chosen = {name: data[f"findings-{name}"] for name in findings.CHOICES}
        texts = {name: text for name, text in data.items() if not name.startswith("findings-")}
        return content | texts | {"findings": {name: value for name, value in chosen.items() if value}}
