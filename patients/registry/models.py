"""The person who comes: who they are, how to reach them, and the list they may be imported from."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from patients.registry.enums import Channel, ImportStatus, Sex

# How long the work on a list may be silent before the page offers to start it again.
QUIET = timedelta(seconds=45)


class Patient(models.Model):
    """Identity and contact. Nothing clinical: the front desk reads all of it.

    `clinical_words`: the patient wants e-mails to name their medicines; when they said so is in the trail.

    `search_key` and `phone_digits` are derived from the name and telephone (see `names`), so that a
    search is one indexed comparison on both engines. `version` counts changes, for compare-and-set;
    `refused_email` and `refused_phone` are the address and number to which nothing could be delivered: while they are
    the ones in use, nothing is sent there. `submission` makes a form that is sent twice register one person,
    `import_key` does it for a list.
    """

    number = models.CharField(_("patient number"), max_length=12, unique=True, editable=False)
    given_name = models.CharField(_("given name"), max_length=100, blank=True)
    family_name = models.CharField(_("family name"), max_length=100)
    birth_date = models.DateField(_("birth date"))
    sex = models.CharField(_("sex"), max_length=8, choices=Sex, default=Sex.UNKNOWN)
    phone = models.CharField(_("telephone"), max_length=16, blank=True, help_text=_("With the country code."))
    email = models.EmailField(_("e-mail"), blank=True)
    channel = models.CharField(_("preferred way to be written to"), max_length=8, choices=Channel, blank=True)
    refused_email = models.CharField(max_length=254, blank=True, editable=False)
    refused_phone = models.CharField(max_length=16, blank=True, editable=False)
    may_message = models.BooleanField(_("agrees to be sent messages about visits"), default=False)
    clinical_words = models.BooleanField(_("agrees that e-mails name medicines"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en")
    desk_note = models.CharField(_("note for the desk"), max_length=300, blank=True)
    search_key = models.CharField(max_length=220, editable=False)
    phone_digits = models.CharField(max_length=16, editable=False)
    submission = models.UUIDField(unique=True, null=True, editable=False)
    import_key = models.CharField(max_length=64, unique=True, null=True, editable=False)  # noqa: DJ001 -- most have none
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["search_key", "pk"]
        indexes = [
            models.Index(fields=["search_key", "id"], name="registry_patient_name"),
            models.Index(fields=["birth_date"], name="registry_patient_birth"),
            models.Index(fields=["phone_digits"], name="registry_patient_phone"),
        ]
        constraints = [
            models.CheckConstraint(
                name="registry_patient_reachable_as_preferred",
                condition=Q(channel="") | (Q(channel="email") & ~Q(email="")) | (Q(channel="sms") & ~Q(phone="")),
            )
        ]

    def __str__(self):
        return f"patient {self.number}"

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def email_works(self) -> bool:
        return bool(self.email) and self.email != self.refused_email

    @property
    def phone_works(self) -> bool:
        return bool(self.phone) and self.phone != self.refused_phone

    @property
    def age(self) -> int:
        """Completed years today, in the clinic's zone."""
        today = clock.today()
        return (
            today.year
            - self.birth_date.year
            - ((today.month, today.day) < (self.birth_date.month, self.birth_date.day))
        )


class NumberCounter(models.Model):
    """One row: how far patient numbers have been given out (see `numbers`)."""

    last = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="registry_one_number_counter", condition=Q(pk=1))]

    def __str__(self):
        return f"patient numbers up to {self.last}"


class PatientImport(models.Model):
    """One uploaded list: matched, checked as a whole, then imported as a whole or not at all.

    `content` is the file as it came, `rows` the people in it as they were checked (compressed lines of JSON); both
    are emptied once the import is done. `mapping` says which field stands in which column, `day_order` how
    ambiguous dates are read; `errors` lists at most 200 of {line, column, message}. `attempt` counts starts:
    work that was started again does not finish twice.
    """

    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    rows = models.BinaryField(default=b"")
    digest = models.CharField(max_length=64)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    header = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    day_order = models.CharField(max_length=3, blank=True)
    status = models.CharField(max_length=10, choices=ImportStatus, default=ImportStatus.MAPPING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list)
    error_count = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return f"import {self.pk}"

    @property
    def is_running(self) -> bool:
        return self.status in {ImportStatus.CHECKING, ImportStatus.IMPORTING}

    @property
    def is_stuck(self) -> bool:
        """No sign of life from the worker for longer than writing a long list takes."""
        return self.is_running and clock.now() - self.touched_at > QUIET
