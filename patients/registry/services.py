"""The registry's writers."""

from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.text import digits
from patients.registry import names, numbers, queries, rules
from patients.registry.models import NumberCounter, Patient


def record_opened(*, by, patient: Patient, tab: str) -> None:
    """Notes that somebody opened a page of the patient; `tab` says which, as its URL name."""
    record(by=by, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=[tab])


def record_search(*, by, typed: str) -> None:
    """Notes that somebody searched: a digest tells equal searches apart from others without keeping the words."""
    record(by=by, action=Action.SEARCH, subject=Patient._meta.label, fields=[names.digest("search", typed)[:16]])


@transaction.atomic
def register_patient(*, by, submission: UUID | None = None, is_new: bool = False, at=None, **details) -> Patient:
    """Registers a person; `details` are fields of Patient, the telephone in E.164.

    `submission` is the form's own id: sent twice, it is one patient. Refused (field "is_new") while somebody
    known may be the same person, unless `is_new` says that it is not. Taking the number first makes two desks
    that register at once take turns, so that the second sees whom the first has registered.
    """
    (number,) = take_numbers(1)
    if submission and (registered := Patient.objects.filter(submission=submission).first()):
        return registered
    rules.check_birth_date(details["birth_date"])
    if not is_new and any(duplicate.strong for duplicate in rules.duplicates(**details)):
        message = _("Somebody like this is registered already. Open that person, or say that this is somebody new.")
        raise Refused(message, field="is_new")
    patient = Patient.objects.create(
        number=number,
        submission=submission,
        created_by=by,
        created_at=at or clock.now(),
        **details,
        **derived(**details),
    )
    record(by=by, action=Action.CREATE, subject=patient, patient_id=patient.pk, fields=list(details), at=at)
    return patient


@transaction.atomic
def update_patient(*, patient_id: int, version: int, by, at=None, **details) -> Patient:
    """Changes fields of a patient; Conflict when somebody else has changed the patient since `version`."""
    rules.check_birth_date(details["birth_date"])
    before = queries.get_patient(patient_id)
    changed = [name for name, value in details.items() if getattr(before, name) != value]
    if before.version == version and not changed:
        return before
    standing = Patient.objects.filter(pk=patient_id, version=version)
    if not standing.update(**details, **derived(**details), version=F("version") + 1):
        raise Conflict(_("Somebody else has changed this patient in the meantime."))
    record(by=by, action=Action.CHANGE, subject=before, patient_id=patient_id, fields=changed, at=at)
    return queries.get_patient(patient_id)


def derived(*, given_name: str = "", family_name: str, phone: str = "", **others) -> dict:
    """The columns that searching needs."""
    return {"search_key": names.search_key(given_name, family_name), "phone_digits": digits(phone)}


@transaction.atomic
def take_numbers(count: int) -> list[str]:
    """The next patient numbers; whoever asks at the same time waits and gets others."""
    counter, _created = NumberCounter.objects.select_for_update().get_or_create(
        pk=1, defaults={"last": numbers.FIRST - 1}
    )
    taken, counter.last = numbers.numbers_after(counter.last, count)
    counter.save()
    return taken
