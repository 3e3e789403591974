"""Secret addresses by which a patient without an account does one thing, and what came of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from patients.history.enums import MedicineSource
from patients.registry.enums import Channel
from patients.registry.models import Patient
from treatments.charting.models import TreatmentSession
from treatments.links.enums import Answer, LastTaken, Purpose, Topic, When
from treatments.scheduling.enums import PartOfDay
from treatments.scheduling.models import Appointment


class PatientLink(models.Model):
    """An address told to one patient for one purpose. The token is made from `seed` (`clinic.core.tokens`), never kept.

    `key` says what the link is about (see `rules.key_of`): of each there is one that stands, so that a message that is
    sent again carries the same address. `starts_at` is the visit's time that the message told. `tries` counts wrong
    birth dates; `opened_at` is when the right one was given, which no scanner of mails does. `closed_at`: a new
    link took its place.
    """

    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="links")
    appointment = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="links")
    session = models.ForeignKey(TreatmentSession, models.PROTECT, null=True, related_name="links")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, blank=True)
    topic = models.CharField(_("messages"), max_length=12, choices=Topic, blank=True)
    starts_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=80, editable=False)
    seed = models.CharField(max_length=48, unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False)
    issued_at = models.DateTimeField(_("issued"), editable=False)
    expires_at = models.DateTimeField(editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    locked_at = models.DateTimeField(null=True, editable=False)
    opened_at = models.DateTimeField(_("opened"), null=True, editable=False)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(closed_at__isnull=True), name="links_one_that_stands_a_key"
            ),
            models.CheckConstraint(
                name="links_is_about_something",
                condition=Q(purpose__in=["visit", "prepare", "taken"], appointment__isnull=False)
                | Q(purpose="after_care", session__isnull=False)
                | (Q(purpose="stop") & ~Q(channel="") & ~Q(topic="")),
            ),
            models.CheckConstraint(
                name="links_answer_with_date",
                condition=Q(answer="", answered_at__isnull=True) | (~Q(answer="") & Q(answered_at__isnull=False)),
            ),
        ]

    def __str__(self):
        return f"link {self.pk}"

    @property
    def is_plain(self) -> bool:
        """Whether its purpose tells nothing of what the patient takes.

        To which page a message links, does: one about the visit is plain when a person issued it or it was answered.
        """
        asked_for = self.issued_by_id is not None or self.answer != ""
        return self.purpose == Purpose.STOP or (self.purpose == Purpose.VISIT and asked_for)


class MoveRequest(models.Model):
    """A patient asks for another time than `starts_at`. Nothing moves by itself: it is on the desk's page until the
    visit is moved or cancelled, or the desk settled it otherwise."""

    link = models.ForeignKey(PatientLink, models.PROTECT, related_name="+")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="move_requests")
    starts_at = models.DateTimeField()
    when = models.CharField(_("when"), max_length=10, choices=When)
    parts = models.JSONField(_("parts of the day"), default=list)
    asked_at = models.DateTimeField(_("asked"))
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "starts_at"],
                condition=Q(settled_at__isnull=True),
                name="links_one_request_a_time",
            )
        ]

    def __str__(self):
        return f"request {self.pk}"

    @property
    def parts_text(self) -> list[str]:
        return [str(PartOfDay(part).label).lower() for part in self.parts if part in PartOfDay.values]


class MedicinesTold(models.Model):
    """What a patient says they took in the seven days before `told_at`. A practitioner reviews it; until then, and
    unless they write it there, it is not part of the history."""

    link = models.ForeignKey(PatientLink, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="medicines_told")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="medicines_told")
    none_taken = models.BooleanField(default=False)
    told_at = models.DateTimeField(_("told"))
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-told_at", "-pk"]
        indexes = [
            models.Index(fields=["told_at"], name="links_to_review", condition=Q(reviewed_at__isnull=True)),
        ]
        constraints = [
            models.CheckConstraint(
                name="links_review_is_complete",
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
            )
        ]

    def __str__(self):
        return f"medicines told {self.pk}"

    @property
    def names(self) -> str:
        return ", ".join(medicine.name for medicine in self.medicines.all())


class ToldMedicine(models.Model):
    """One medicine of an answer, in the patient's words."""

    told = models.ForeignKey(MedicinesTold, models.PROTECT, related_name="medicines")
    name = models.CharField(_("medicine"), max_length=120)
    last_taken = models.CharField(_("last taken"), max_length=10, choices=LastTaken)
    source = models.CharField(_("how they got it"), max_length=12, choices=MedicineSource)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return f"told medicine {self.pk}"


class MessageStop(models.Model):
    """A patient wants no messages of this topic on this channel, until `resumed_at`."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="message_stops")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    topic = models.CharField(_("messages"), max_length=12, choices=Topic)
    stopped_at = models.DateTimeField(_("stopped"))
    stopped_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    resumed_at = models.DateTimeField(null=True)
    resumed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-stopped_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "channel", "topic"],
                condition=Q(resumed_at__isnull=True),
                name="links_stopped_once",
            )
        ]

    def __str__(self):
        return f"stop {self.pk}"


class LinkSettings(models.Model):
    """What patients may do by link: one row. `cancel_hours` before the visit is the last moment to cancel alone."""

    may_cancel = models.BooleanField(_("patients may cancel by link"), default=True)
    cancel_hours = models.PositiveSmallIntegerField(_("until so many hours before the visit"), default=24)
    cancel_note = models.CharField(_("what they read before they cancel"), max_length=300, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(name="links_one_set_of_settings", condition=Q(pk=1))]

    def __str__(self):
        return "settings of links"
