"""Rules, texts, the outbox, and the decisions that a message must never take."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable
from patients.history.models import PatientMedicine
from patients.registry.enums import Channel
from patients.registry.models import Patient
from treatments.reminders.enums import Clockwork, Decision, ReminderStatus, TextKind, Why
from treatments.scheduling.enums import VisitKind
from treatments.scheduling.models import Appointment


class ReminderRule(Retirable):
    """When a message goes out: `days_before` clinic-local calendar days before the visit, at `send_at` wall time."""

    key = models.SlugField(max_length=40, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    visit_kind = models.CharField(_("before which visits"), max_length=12, choices=VisitKind)
    days_before = models.PositiveSmallIntegerField(_("days before the visit"), validators=[MaxValueValidator(60)])
    send_at = models.TimeField(_("at"))
    active = models.BooleanField(_("in use"), default=True)

    class Meta(Retirable.Meta):
        ordering = ["-days_before", "key"]

    def __str__(self):
        return self.name


class MessageText(models.Model):
    """The words of one kind of message, per language and channel. Placeholders: see `texts.PLACEHOLDERS`."""

    kind = models.CharField(_("kind"), max_length=20, choices=TextKind)
    language = models.CharField(_("language"), max_length=8)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    body = models.TextField(_("text"))

    class Meta:
        ordering = ["kind", "language", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language", "channel"], name="reminders_text_once"),
            models.CheckConstraint(name="reminders_sms_has_no_subject", condition=Q(channel="email") | Q(subject="")),
        ]

    def __str__(self):
        return f"{self.kind} {self.language} {self.channel}"


class Reminder(models.Model):
    """One message of the outbox. `starts_at` is the visit's time it was planned for: a moved visit gets a new row.

    `text_kind` and `text` are what was sent (clinical: they can tell that a patient takes a blood thinner).
    `attempts` counts tries since it was last planned, `resends` how often a person had it sent again.
    """

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="reminders")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reminders")
    rule = models.ForeignKey(ReminderRule, models.PROTECT, related_name="reminders")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    starts_at = models.DateTimeField()
    due_at = models.DateTimeField(_("due at"))
    status = models.CharField(_("status"), max_length=10, choices=ReminderStatus, default=ReminderStatus.PLANNED)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    message_id = models.CharField(max_length=120, blank=True)
    provider_answer = models.CharField(max_length=200, blank=True)
    why = models.CharField(_("why"), max_length=20, choices=Why, blank=True)
    text_kind = models.CharField(max_length=20, choices=TextKind, blank=True)
    text = models.TextField(blank=True)
    sms_parts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "rule", "channel", "starts_at"], name="reminders_one_per_visit_rule_time"
            )
        ]
        indexes = [
            models.Index(fields=["next_try_at"], name="reminders_due", condition=Q(status="planned")),
            models.Index(fields=["claimed_at"], name="reminders_in_flight", condition=Q(status="claimed")),
            models.Index(
                fields=["-due_at"],
                name="reminders_for_a_person",
                condition=Q(status__in=["failed", "unknown", "skipped"]),
            ),
            models.Index(fields=["patient", "-due_at"], name="reminders_of_patient"),
        ]

    def __str__(self):
        return f"reminder {self.pk}"


class MedicineDecision(models.Model):
    """A prescribed blood thinner or prescribed aspirin before a session: a practitioner decides, no message does."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="medicine_decisions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    medicine = models.ForeignKey(PatientMedicine, models.PROTECT, related_name="+")
    decision = models.CharField(_("decision"), max_length=20, choices=Decision, default=Decision.WAITING)
    note = models.CharField(_("note"), max_length=300, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["appointment", "medicine"], name="reminders_decision_once"),
            models.CheckConstraint(
                name="reminders_decision_is_complete",
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(decision="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"decision {self.pk}"


class Heartbeat(models.Model):
    """When a part of the clockwork last ran: one row each, so that a standstill is seen."""

    name = models.CharField(max_length=10, choices=Clockwork, unique=True)
    at = models.DateTimeField()

    def __str__(self):
        return self.name
