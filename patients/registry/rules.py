"""Who may be registered, and who may be somebody already known."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.text import digits
from patients.registry import names, queries
from patients.registry.models import Patient

OLDEST_YEARS = 120


@dataclass(frozen=True)
class Duplicate:
    """Somebody known who may be the person being registered. `strong`: it must be said that this is somebody new."""

    patient: Patient
    reasons: list[str]
    strong: bool


def check_birth_date(born: date) -> None:
    """Refused when it lies in the future, or more than 120 years back."""
    today = clock.today()
    if born > today:
        raise Refused(_("The birth date lies in the future."), field="birth_date")
    if (born.year, born.month, born.day) < (today.year - OLDEST_YEARS, today.month, today.day):
        message = _("The birth date lies more than %(years)d years back.") % {"years": OLDEST_YEARS}
        raise Refused(message, field="birth_date")


def duplicates(
    *,
    given_name: str = "",
    family_name: str = "",
    birth_date: date | None = None,
    phone: str = "",
    email: str = "",
    exclude: int | None = None,
    **others,
) -> list[Duplicate]:
    """Who this may already be, the strongest first; `exclude` is the patient being changed.

    Strong: two of a similar name, the same birth date, telephone and e-mail address (a name may change by
    marriage). Weak: only the same telephone, as in families. The same birth date alone says nothing.
    """
    key = names.search_key(given_name, family_name)
    found = []
    for patient in queries.namesakes(birth_date=birth_date, phone=phone, email=email, exclude=exclude):
        similar = names.is_similar(key, patient.search_key)
        same = {
            _("same birth date"): birth_date == patient.birth_date,
            _("same telephone"): bool(phone) and digits(phone) == patient.phone_digits,
            _("same e-mail address"): bool(email) and email.casefold() == patient.email.casefold(),
        }
        reasons = [reason for reason, holds in same.items() if holds]
        if similar:
            reasons.insert(0, _("similar name"))
        if len(reasons) >= 2 or same[_("same telephone")]:
            found.append(Duplicate(patient, reasons, strong=len(reasons) >= 2))
    return sorted(found, key=lambda duplicate: (not duplicate.strong, -len(duplicate.reasons)))[:5]
