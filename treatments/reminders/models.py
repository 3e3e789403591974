"""Rules, texts, the outbox, and the decisions that a message must never take."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clinic.core.models import Retirable
from patients.history.models import PatientMedicine
from patients.registry.enums import Channel
from patients.registry.models import Patient
from treatments.charting.models import TreatmentSession
from treatments.reminders.enums import (
    Clockwork,
    Decision,
    IfLate,
    Outcome,
    ReminderStatus,
    Report,
    TextKind,
    Trigger,
    Unit,
    Why,
)
from treatments.scheduling.models import Appointment


class ReminderRule(Retirable):
    """When a message goes out, to whom, and what it says.

    Its time is `offset` clinic-local calendar days from the trigger, at `send_at` wall time; or so many hours from it.
    Of the conditions each list holds keys (of visit types: ids); an empty one means "any". `window_days`: the patient
    takes a self-bought medicine that is avoided for at least so many days. Without `channel` the patient's preferred
    way is used, or else the other; with one, `fallback` when that one is missing. `in_use_since`: messages whose
    moment had come before are not sent (`rules.in_use_since`).
    """

    key = models.SlugField(max_length=40, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    trigger = models.CharField(_("trigger"), max_length=16, choices=Trigger, default=Trigger.BEFORE_VISIT)
    offset = models.PositiveSmallIntegerField(_("how long before or after"), default=0)
    unit = models.CharField(_("counted in"), max_length=8, choices=Unit, default=Unit.DAYS)
    send_at = models.TimeField(_("at"), null=True)
    visit_kinds = models.JSONField(_("kinds of visits"), default=list, blank=True)
    visit_types = models.JSONField(_("visit types"), default=list, blank=True)
    areas = models.JSONField(_("areas"), default=list, blank=True)
    indications = models.JSONField(_("indications"), default=list, blank=True)
    ingredients = models.JSONField(_("ingredients"), default=list, blank=True)
    medicine_groups = models.JSONField(_("groups of medicines"), default=list, blank=True)
    medicine_sources = models.JSONField(_("how they get the medicine"), default=list, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    window_days = models.PositiveSmallIntegerField(_("avoided for at least, days"), null=True, blank=True)
    channel = models.CharField(_("by"), max_length=8, choices=Channel, blank=True)
    fallback = models.CharField(_("or else by"), max_length=8, choices=Channel, blank=True)
    if_late = models.CharField(_("when its time has passed already"), max_length=4, choices=IfLate, default=IfLate.SEND)
    text_kind = models.CharField(_("text"), max_length=20, choices=TextKind, default=TextKind.STOP_SELF_BOUGHT)
    active = models.BooleanField(_("in use"), default=True)
    in_use_since = models.DateTimeField(null=True, editable=False)
    sources = models.JSONField(_("sources"), default=list, blank=True)

    class Meta(Retirable.Meta):
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="reminders_rule_time_fits_unit",
                condition=Q(unit="days", send_at__isnull=False) | Q(unit="hours", send_at__isnull=True),
            )
        ]

    def __str__(self):
        return self.name

    @property
    def plain_name(self) -> str:
        """For who may not know what a patient takes: a rule that asks for medicines would tell it by its name.

        Before a visit all rules have the same one, as some of them ask.
        """
        asks = self.medicine_groups or self.medicine_sources or self.window_days
        tells = asks or self.trigger == Trigger.BEFORE_VISIT
        return str(self.get_trigger_display()) if tells else self.name

    @property
    def when(self) -> str:
        """As people say it: "Before a visit: 7 days, 10:00"."""
        if self.unit == Unit.HOURS:
            count = ngettext("%d hour", "%d hours", self.offset) % self.offset if self.offset else _("at once")
        else:
            days = ngettext("%d day", "%d days", self.offset) % self.offset if self.offset else _("the same day")
            count = f"{days}, {self.send_at:%H:%M}"
        return f"{self.get_trigger_display()}: {count}"


class MessageText(models.Model):
    """The words of one kind of message, per language and channel. Placeholders: see `texts.PLACEHOLDERS`."""

    kind = models.CharField(_("kind"), max_length=20, choices=TextKind)
    language = models.CharField(_("language"), max_length=8)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    body = models.TextField(_("text"))
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["kind", "language", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "language", "channel"], name="reminders_text_once"),
            models.CheckConstraint(name="reminders_sms_has_no_subject", condition=Q(channel="email") | Q(subject="")),
        ]

    def __str__(self):
        return f"{self.kind} {self.language} {self.channel}"


class TextVersion(models.Model):
    """The words of a text as they were from `saved_at` until the next version; without `saved_by` they came with us."""

    message_text = models.ForeignKey(MessageText, models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["message_text", "version"], name="reminders_version_once")]

    def __str__(self):
        return f"version {self.version} of text {self.message_text_id}"


class Reminder(models.Model):
    """One message of the outbox, about a visit or about a signed session.

    `starts_at` is the visit's time it was planned for: a moved visit gets a new row; one that is moved back to a time
    it was told of before, after another was told, gets a row of the next `turn`. Of a session: when it was started.

    `text_kind` and `text` are what was sent (clinical: they can tell that a patient takes a blood thinner), written
    from `text_version` of `message_text`.
    `attempts` counts tries since it was last planned, `resends` how often a person had it sent again; each try is an
    Attempt. `report` is what the provider told afterwards about the last of them.
    """

    # Each is the first column of an index below: one more would be written at every step of every message
    appointment = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="reminders", db_index=False)
    session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, related_name="reminders", db_index=False)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="reminders", db_index=False)
    rule = models.ForeignKey(ReminderRule, models.PROTECT, related_name="reminders", db_index=False)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    starts_at = models.DateTimeField()
    turn = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(_("due at"))
    status = models.CharField(_("status"), max_length=10, choices=ReminderStatus, default=ReminderStatus.PLANNED)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent at"), null=True)
    message_id = models.CharField(max_length=120, blank=True)
    provider_answer = models.CharField(max_length=200, blank=True)
    report = models.CharField(_("delivery"), max_length=10, choices=Report, blank=True)
    reported_at = models.DateTimeField(null=True)
    why = models.CharField(_("why"), max_length=20, choices=Why, blank=True)
    text_kind = models.CharField(max_length=20, choices=TextKind, blank=True)
    text = models.TextField(blank=True)
    message_text = models.ForeignKey(MessageText, models.PROTECT, null=True, related_name="+", db_index=False)
    text_version = models.PositiveIntegerField(null=True)
    sms_parts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-due_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "rule", "channel", "starts_at", "turn"],
                name="reminders_one_per_visit_rule_time",
                condition=Q(appointment__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["session", "rule", "channel", "starts_at", "turn"],
                name="reminders_one_per_session_rule_time",
                condition=Q(session__isnull=False),
            ),
            models.CheckConstraint(
                name="reminders_about_one_thing",
                condition=Q(appointment__isnull=False, session__isnull=True)
                | Q(appointment__isnull=True, session__isnull=False),
            ),
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
            models.Index(fields=["rule"], name="reminders_waiting_of_rule", condition=Q(status="planned")),
        ]

    def __str__(self):
        return f"reminder {self.pk}"


class Attempt(models.Model):
    """One try to send a message, written when it ended. `answer` holds the server's codes, never its words.

    `provider_id` is the name that the provider gave the message, by which it reports later what became of it.
    """

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="tries")
    resend = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    answer = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["provider_id"], name="reminders_attempt_provider", condition=~Q(provider_id=""))
        ]

    def __str__(self):
        return f"attempt {self.pk}"


class MedicineDecision(models.Model):
    """A prescribed or unknown medicine before a session: a practitioner decides, no message does.

    `starts_at` is the visit's time that was decided about. A decision is not changed: a new one replaces it.
    """

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="medicine_decisions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="+")
    medicine = models.ForeignKey(PatientMedicine, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(null=True)
    decision = models.CharField(_("decision"), max_length=20, choices=Decision, default=Decision.WAITING)
    note = models.CharField(_("note"), max_length=300, blank=True)
    prescriber = models.CharField(_("prescriber"), max_length=120, blank=True)
    pause_from = models.DateField(_("paused from"), null=True)
    pause_until = models.DateField(_("until"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "medicine"],
                name="reminders_decision_once",
                condition=Q(replaced_at__isnull=True),
            ),
            models.CheckConstraint(
                name="reminders_decision_is_complete",
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(decision="waiting") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="reminders_pause_in_order",
                condition=Q(pause_from__isnull=True, pause_until__isnull=True) | Q(pause_until__gte=F("pause_from")),
            ),
        ]

    def __str__(self):
        return f"decision {self.pk}"


class Heartbeat(models.Model):
    """When a part of the clockwork last ran, or the clinic was set up: one row each, so that a standstill is seen."""

    name = models.CharField(max_length=10, choices=Clockwork, unique=True)
    at = models.DateTimeField()

    def __str__(self):
        return self.name
