"""The registry's writers."""

import hashlib
import logging
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.celery import app as queue
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.text import clean_line, digits
from patients.registry import lists, names, numbers, queries, rules, sheets
from patients.registry.enums import Channel, ImportStatus
from patients.registry.models import NumberCounter, Patient, PatientImport

logger = logging.getLogger(__name__)

CONTACT_MARKS = {Channel.EMAIL: ("email", "refused_email"), Channel.SMS: ("phone", "refused_phone")}


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
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=before, patient_id=patient_id, fields=changed, at=at)
    return queries.get_patient(patient_id)


@transaction.atomic
def mark_undeliverable(*, patient_id: int, channel: Channel, address: str, by=None, at=None) -> bool:
    """Notes that nothing reaches the patient at that address or number; nothing when they have another one by now."""
    own, mark = CONTACT_MARKS[channel]
    theirs = Patient.objects.filter(pk=patient_id, **{f"{own}__iexact": address})
    if not address or not theirs.update(**{mark: F(own)}):
        return False
    patient = queries.get_patient(patient_id)
    record(by=by, action=Action.CHANGE, subject=patient, patient_id=patient_id, fields=[mark], at=at)
    return True


@transaction.atomic
def trust_contact(*, patient_id: int, channel: Channel, by, at=None) -> None:
    """Somebody has made sure that the address or number is right after all: messages go there again."""
    mark = CONTACT_MARKS[channel][1]
    if Patient.objects.filter(pk=patient_id).exclude(**{mark: ""}).update(**{mark: ""}):
        patient = queries.get_patient(patient_id)
        record(by=by, action=Action.CHANGE, subject=patient, patient_id=patient_id, fields=[mark], at=at)


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


@transaction.atomic
def keep_upload(*, content: bytes, file_name: str, by, at=None) -> PatientImport:
    """Keeps a file whose columns are to be matched; Refused (field "file") when it cannot be read."""
    try:
        text, encoding = sheets.decode(content)
        delimiter = sheets.find_delimiter(text)
        header = sheets.read_header(text, delimiter)
    except sheets.Unreadable as unreadable:
        raise Refused(unreadable.message, field="file") from unreadable
    now = at or clock.now()
    upload = PatientImport.objects.create(
        file_name=clean_line(file_name)[-200:],
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        mapping=lists.guess_mapping(header),
        created_by=by,
        created_at=now,
        touched_at=now,
    )
    record(by=by, action=Action.CREATE, subject=upload, at=at)
    return upload


@transaction.atomic
def start_check(*, import_id: int, by, mapping: dict[str, int] | None = None, day_order: str = "", at=None) -> None:
    """Sends the list to be checked as a whole; nothing is imported by that. Without `mapping`: again, as before."""
    changes = {} if mapping is None else {"mapping": mapping, "day_order": day_order}
    _start(
        import_id, ImportStatus.CHECKING, by=by, not_from=[ImportStatus.IMPORTING, ImportStatus.DONE], at=at, **changes
    )


@transaction.atomic
def start_import(*, import_id: int, by, at=None) -> None:
    """Sends a checked list to be imported; also one whose import was cut off."""
    allowed = {ImportStatus.CHECKED, ImportStatus.IMPORTING}
    _start(import_id, ImportStatus.IMPORTING, by=by, not_from=set(ImportStatus) - allowed, at=at)


def _start(import_id: int, status: ImportStatus, *, by, not_from, at, **changes) -> None:
    standing = PatientImport.objects.filter(pk=import_id).exclude(status__in=not_from)
    changes |= {"status": status, "done": 0, "attempt": F("attempt") + 1, "touched_at": at or clock.now()}
    if not standing.update(**changes):
        raise Conflict(_("This list is in another state by now. Look at the page again."))
    row = PatientImport.objects.defer("content", "rows").get(pk=import_id)
    record(by=by, action=Action.CHANGE, subject=row, fields=list(changes), at=at)
    name = "check_import" if status == ImportStatus.CHECKING else "run_import"
    transaction.on_commit(lambda: _enqueue(f"patients.registry.tasks.{name}", import_id, row.attempt))


def _enqueue(task: str, *args) -> None:
    """Wakes the worker. When the queue is away, the row still says what is to be done; the page can start it again."""
    try:
        queue.send_task(task, args=args)
    except Exception:  # whatever the broker raises: the work is kept in the row
        logger.warning("The queue did not take %s%s.", task, args)
