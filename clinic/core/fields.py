"""Exact amounts: what is stored is what was typed and what is shown, or it is refused."""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

_AMOUNT = re.compile(r"(?P<whole>0|[1-9][0-9]*)(?:[.,](?P<part>[0-9]+))?", re.ASCII)


def format_amount(value: Decimal | None) -> str:
    """Plain digits with a point and no trailing zeros: Decimal("0.500") is "0.5", never "5E-1"."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


class DoseField(forms.Field):
    """A dose, volume or depth: ASCII digits and at most one separator, comma or point.

    Refused, with the reason: exponents, signs, underscores, other scripts' digits, fractions, a bare
    separator (".5", "5."), and three digits after a separator where that could be a thousands mark
    ("1,250": one thousand, or one and a quarter?). Language settings never change the meaning.
    """

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    default_error_messages = {
        "invalid": _("Write the amount in digits, for example 0.5."),
        "ambiguous": _("“%(typed)s” could mean two amounts: write %(part)s or %(whole)s."),
        "min": _("The amount must be at least %(limit)s."),
        "positive": _("The amount must be more than zero."),
        "max": _("The amount must be at most %(limit)s."),
        "places": ngettext_lazy(
            "Use at most %(places)d digit after the separator.",
            "Use at most %(places)d digits after the separator.",
            "places",
        ),
    }

    def __init__(self, *, decimal_places: int, max_value, min_value=None, unit: str = "", **kwargs):
        """`min_value` None means: more than zero. `unit` is shown inside the field's end."""
        self.decimal_places = decimal_places
        self.max_value = Decimal(max_value)
        self.min_value = None if min_value is None else Decimal(min_value)
        self.unit = unit
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return format_amount(value) if isinstance(value, Decimal) else value

    def has_changed(self, initial, data) -> bool:
        return self.prepare_value(initial) != data

    def to_python(self, value) -> Decimal | None:
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        typed = str(value).strip(" ")
        if not typed:
            return None
        match = _AMOUNT.fullmatch(typed)
        if not match:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        whole, part = match["whole"], match["part"]
        if part and len(part) == 3 and whole != "0" and len(whole) <= 3:
            raise ValidationError(
                self.error_messages["ambiguous"],
                code="ambiguous",
                params={"typed": typed, "part": _plainly(whole, part), "whole": whole + part},
            )
        return Decimal(f"{whole}.{part}" if part else whole)

    def validate(self, value):
        super().validate(value)
        if value is None:
            return
        if len(format_amount(value).partition(".")[2]) > self.decimal_places:
            raise ValidationError(self.error_messages["places"], code="places", params={"places": self.decimal_places})
        if self.min_value is None and value <= 0:
            raise ValidationError(self.error_messages["positive"], code="positive")
        if self.min_value is not None and value < self.min_value:
            raise ValidationError(
                self.error_messages["min"], code="min", params={"limit": format_amount(self.min_value)}
            )
        if value > self.max_value:
            raise ValidationError(
                self.error_messages["max"], code="max", params={"limit": format_amount(self.max_value)}
            )


def _plainly(whole: str, part: str) -> str:
    """The same amount in a spelling that nobody reads as thousands: 1.250 as 1.25, 1.125 as 1.1250."""
    short = part.rstrip("0")
    return f"{whole}.{short}0" if len(short) == 3 else format_amount(Decimal(f"{whole}.{part}"))
