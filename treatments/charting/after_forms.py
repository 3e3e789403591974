"""The form of the page after a session."""

from hashlib import sha256
from uuid import uuid4

from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import DateField, Form, TextField
from treatments.charting.enums import NextVisit


class CloseOutForm(Form):
    """`care` are the catalogue's after-care texts (whose it is, the text) of what was injected, all chosen at first.

    A choice is the digest of its text: what was changed since the page was read is not taken for what was read.
    """

    mark_optional = False
    texts = forms.MultipleChoiceField(
        label=_("Explained and handed over"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": _("Somebody else changed this meanwhile. Look at it again before you go on.")
        },
    )
    own_words = TextField(label=_("After-care, in your own words"), max_length=4000, required=False, rows=2)
    next_visit = forms.ChoiceField(
        label=_("Next visit"),
        choices=NextVisit.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether there is a next visit.")},
    )
    next_from = DateField(label=_("From"), required=False)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args, care: list[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        lines = [f"{name}: {text}" for name, text in care]
        self.care = {sha256(line.encode()).hexdigest(): line for line in lines}
        self.fields["texts"].choices = list(self.care.items())
        self.fields["texts"].initial = list(self.care)
        if not care:
            del self.fields["texts"]
        self.helper.layout = Layout(*self.fields)

    def clean(self):
        data = super().clean()
        if data.get("next_visit") == NextVisit.WANTED and not data.get("next_from") and "next_from" not in self.errors:
            self.add_error("next_from", _("Say from which day on."))
        return data

    def values(self) -> dict:
        data = self.cleaned_data
        chosen = [self.care[digest] for digest in data.get("texts", [])]
        care = "\n".join(filter(None, [*chosen, data["own_words"]]))
        return {"care": care} | {name: data[name] for name in ("next_visit", "next_from", "submission")}
