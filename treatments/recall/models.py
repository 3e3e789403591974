"""A recall: what turned out to be bad, whom it reached, and how far the clinic has come with each of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.registry.enums import Channel
from patients.registry.models import Patient
from treatments.recall.enums import EntryStatus, Kind, MessageState, Way


class RecallCase(models.Model):
    """One recall. `row_id` is the lot, product, ingredient or version, or the preparation of that mixture.

    `title` is the name that it had when the case was opened, `tell` what patients are to be told. Everybody who
    received it in a preparation up to `seen_until` (its id) is in the case.
    """

    kind = models.CharField(_("of"), max_length=10, choices=Kind)
    row_id = models.PositiveBigIntegerField()
    title = models.CharField(_("what is recalled"), max_length=300)
    reason = models.CharField(_("reason"), max_length=300)
    tell = models.TextField(_("what patients are told"))
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened at"))
    seen_until = models.PositiveBigIntegerField(default=0, editable=False)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    close_reason = models.CharField(_("why it was closed"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("recall")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "row_id"], condition=Q(closed_at__isnull=True), name="recall_one_open_case"
            ),
            models.CheckConstraint(
                name="recall_closed_by_somebody",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
            ),
        ]

    def __str__(self):
        return f"recall {self.pk}"


class RecallEntry(models.Model):
    """A patient in a case. `late` ones received it, or their session was signed, after the case was opened."""

    case = models.ForeignKey(RecallCase, models.PROTECT, related_name="entries", db_index=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="recall_entries")
    status = models.CharField(_("status"), max_length=14, choices=EntryStatus, default=EntryStatus.TO_CALL)
    late = models.BooleanField(_("found later"), default=False)
    found_at = models.DateTimeField(_("found at"))
    version = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("patient in a recall")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "patient"], name="recall_patient_once_a_case"),
            models.CheckConstraint(name="recall_status_known", condition=Q(status__in=EntryStatus.values)),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="recall_entries_of_case"),
            models.Index(fields=["case", "status", "id"], name="recall_entries_of_status"),
        ]

    def __str__(self):
        return f"entry {self.pk} of recall {self.case_id}"


class RecallStep(models.Model):
    """What somebody did about a patient: never changed or removed. `status` is what it led to."""

    entry = models.ForeignKey(RecallEntry, models.PROTECT, related_name="steps")
    status = models.CharField(_("status"), max_length=14, choices=EntryStatus)
    way = models.CharField(_("how"), max_length=10, choices=Way, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="recall_no_action_has_reason", condition=~Q(status="no_action") | ~Q(note=""))
        ]

    def __str__(self):
        return f"step {self.pk} of entry {self.entry_id}"


class RecallText(models.Model):
    """The words that messages of a case begin with, per language and channel. Placeholders: see `texts`."""

    case = models.ForeignKey(RecallCase, models.PROTECT, related_name="texts")
    language = models.CharField(_("language"), max_length=8)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    body = models.TextField(_("text"))
    version = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["language", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["case", "language", "channel"], name="recall_text_once"),
            models.CheckConstraint(name="recall_sms_has_no_subject", condition=Q(channel="email") | Q(subject="")),
        ]

    def __str__(self):
        return f"{self.language} {self.channel} of recall {self.case_id}"


class RecallMessage(models.Model):
    """A message that somebody sent to a patient, word for word. `submission` makes a form sent twice send once."""

    entry = models.ForeignKey(RecallEntry, models.PROTECT, related_name="messages")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    text = models.TextField(_("text"))
    state = models.CharField(_("state"), max_length=8, choices=MessageState, default=MessageState.SENDING)
    submission = models.UUIDField(unique=True, editable=False)
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))
    provider_answer = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("message of a recall")
        ordering = ["pk"]

    def __str__(self):
        return f"message {self.pk} of entry {self.entry_id}"
