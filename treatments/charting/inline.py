"""What the forms share that the charting page lays out itself."""

from django import forms
from django.utils.translation import gettext_lazy as _


def blank_first(choices) -> list[tuple[str, str]]:
    return [("", _("Choose")), *choices]


class InlineForm(forms.Form):
    """A form that the charting page lays out itself; its fields tell the page's script their names.

    Nothing is completed: a browser writes the fields that it may complete, in clear, beside the pages to be reopened.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self._dress(name)

    def _dress(self, name: str) -> None:
        widget = self.fields[name].widget
        widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
        widget.attrs |= {"data-field": name, "autocomplete": "off"}
