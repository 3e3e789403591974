"""The person who comes: who they are, how to reach them, and the list they may be imported from."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.registry.enums import Channel, ImportStatus, Sex


class Patient(models.Model):
    """Identity and contact. Nothing clinical: the front desk reads all of it.

    `search_key` and `phone_digits` are derived from the name and telephone (see `names`), so that a
    search is one indexed comparison on both engines. `version` counts changes, for compare-and-set.
    """

    number = models.CharField(_("patient number"), max_length=12, unique=True, editable=False)
    given_name = models.CharField(_("given name"), max_length=100, blank=True)
    family_name = models.CharField(_("family name"), max_length=100)
    birth_date = models.DateField(_("birth date"), db_index=True)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex, default=Sex.UNKNOWN)
    phone = models.CharField(_("telephone"), max_length=16, blank=True, help_text=_("With the country code."))
    email = models.EmailField(_("e-mail"), blank=True)
    channel = models.CharField(_("preferred way to be written to"), max_length=8, choices=Channel, blank=True)
    may_message = models.BooleanField(_("agrees to be sent messages about visits"), default=False)
    language = models.CharField(_("language"), max_length=8, default="en")
    desk_note = models.CharField(_("note for the desk"), max_length=300, blank=True)
    search_key = models.CharField(max_length=220, editable=False, db_index=True)
    phone_digits = models.CharField(max_length=16, editable=False, db_index=True)
    import_key = models.CharField(max_length=64, unique=True, null=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["search_key", "pk"]
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


class PatientImport(models.Model):
    """One uploaded list: matched, checked as a whole, then imported as a whole or not at all.

    `content` is the file as it came; it is emptied once the import is done. `mapping` says which column is which
    field, `day_order` how ambiguous dates are read; `errors` lists at most 200 of {line, column, message}.
    """

    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
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
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return f"import {self.pk}"
