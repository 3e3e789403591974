"""The trail: who saw or did what to whom, and when. One table without foreign keys, so that the trail never
holds up the record and the record never holds up the trail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clinic.audit.enums import Action


class AuditEvent(models.Model):
    """One act. Names of changed fields, never their values; no free text; no patient data but the row's id."""

    at = models.DateTimeField(_("at"), db_index=True)
    actor_id = models.BigIntegerField(_("person"), null=True)
    actor_roles = models.CharField(_("roles"), max_length=80, blank=True)
    action = models.CharField(_("action"), max_length=20, choices=Action)
    subject_type = models.CharField(_("kind of row"), max_length=60)
    subject_id = models.CharField(_("row"), max_length=40, blank=True)
    patient_id = models.BigIntegerField(_("patient"), null=True)
    fields = models.JSONField(_("fields"), default=list)
    request_id = models.CharField(max_length=32, blank=True)
    address = models.GenericIPAddressField(null=True)
    mac = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["patient_id", "-at"], name="audit_patient"),
            models.Index(fields=["actor_id", "-at"], name="audit_actor"),
            models.Index(fields=["subject_type", "subject_id", "-at"], name="audit_subject"),
        ]

    def __str__(self):
        return f"audit event {self.pk}"


class AuditSeal(models.Model):
    """Chains the events up to `last_id` to the seal before it, so that a missing row is noticed."""

    at = models.DateTimeField()
    first_id = models.BigIntegerField(unique=True)
    last_id = models.BigIntegerField(unique=True)
    count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)

    def __str__(self):
        return f"seal up to event {self.last_id}"
