"""The kinds of fields that the catalogue's forms are made of."""

from django.core.validators import URLValidator
from django.utils.translation import gettext as _now

from clinic.core.fields import DoseField
from clinic.core.forms import LinesField


class SourcesField(LinesField):
    """Web addresses."""

    def validate(self, value):
        super().validate(value)
        check = URLValidator(schemes=["http", "https"], message=_now("Write web addresses, one a line."))
        for address in value:
            check(address)


def measure(label, unit, *, places, most) -> DoseField:
    return DoseField(label=label, decimal_places=places, min_value=0, max_value=most, required=False, unit=unit)
