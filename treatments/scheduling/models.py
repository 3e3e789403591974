"""Who comes when, to whom, in which room."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable
from clinic.staff.models import COLOUR
from patients.registry.models import Patient
from treatments.charting.models import TreatmentSession
from treatments.scheduling.enums import (
    Colour,
    OfferStatus,
    PartOfDay,
    Priority,
    RoomKind,
    VisitKind,
    VisitStatus,
    WaitingStatus,
)


class VisitType(Retirable):
    """What can be booked. Minutes before and after keep practitioner and room busy, not the patient.

    `practitioners` are those who may do it; when there are none, everybody may.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=VisitKind)
    minutes = models.PositiveSmallIntegerField(_("duration, minutes"), validators=[MaxValueValidator(720)])
    minutes_before = models.PositiveSmallIntegerField(_("minutes kept free before"), default=0)
    minutes_after = models.PositiveSmallIntegerField(_("minutes kept free after"), default=0)
    consultation_within_days = models.PositiveSmallIntegerField(
        _("needs a consultation within, days"), null=True, blank=True, help_text=_("Empty: needs none.")
    )
    days_between = models.PositiveSmallIntegerField(
        _("days between two of this type"), null=True, blank=True, help_text=_("Empty: any.")
    )
    room_kind = models.CharField(_("kind of room"), max_length=12, choices=RoomKind, blank=True)
    practitioners = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="visit_types", blank=True)
    colour = models.CharField(_("colour"), max_length=7, default=Colour.TEAL, validators=[COLOUR])

    class Meta(Retirable.Meta):
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(name="scheduling_type_takes_time", condition=Q(minutes__gt=0)),
            models.CheckConstraint(
                name="scheduling_type_within_a_day",
                condition=Q(minutes__lte=720, minutes_before__lte=240, minutes_after__lte=240),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def before(self) -> timedelta:
        return timedelta(minutes=self.minutes_before)

    @property
    def after(self) -> timedelta:
        return timedelta(minutes=self.minutes_after)


class Room(Retirable):
    name = models.CharField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=RoomKind, blank=True)

    class Meta(Retirable.Meta):
        ordering = ["name"]

    def __str__(self):
        return self.name


class WorkingHours(models.Model):
    """A weekly stretch in clinic-local wall time; Monday is 0."""

    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="working_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=list(WEEKDAYS.items()))
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        ordering = ["practitioner", "weekday", "starts"]
        constraints = [models.CheckConstraint(name="scheduling_hours_end_later", condition=Q(ends__gt=F("starts")))]

    def __str__(self):
        return f"hours {self.pk}"


class HoursException(models.Model):
    """Days on which hours are others than in the week; without times: days off.

    Of one practitioner (instead of their week), or of the whole clinic (nobody works outside these hours).
    """

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="hours_exceptions"
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("to"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=80, blank=True)

    class Meta:
        ordering = ["first_day", "starts", "pk"]
        indexes = [models.Index(fields=["last_day"], name="scheduling_exception_until")]
        constraints = [
            models.CheckConstraint(name="scheduling_exception_in_order", condition=Q(last_day__gte=F("first_day"))),
            models.CheckConstraint(
                name="scheduling_exception_hours",
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(ends__gt=F("starts")),
            ),
        ]

    def __str__(self):
        return f"exception {self.pk}"

    @property
    def is_off(self) -> bool:
        return self.starts is None


class Course(models.Model):
    """Visits that were booked together, as sessions of one treatment."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="courses")
    submission = models.UUIDField(unique=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(editable=False)

    def __str__(self):
        return f"course {self.pk}"


class Appointment(models.Model):
    """A visit. Times in UTC, [starts_at, ends_at); busy_from and busy_until add the type's buffers.

    No two live visits overlap on a practitioner or room (busy times) or on a patient (visit times): services
    lock and check, guards in `apps` make sure. `version` is for compare-and-set; `submission` makes a repeated
    form a single booking.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Room, models.PROTECT, null=True, blank=True, related_name="appointments")
    visit_type = models.ForeignKey(VisitType, models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    busy_from = models.DateTimeField(editable=False)
    busy_until = models.DateTimeField(editable=False)
    status = models.CharField(_("status"), max_length=12, choices=VisitStatus, default=VisitStatus.BOOKED)
    cancel_reason = models.CharField(_("reason for cancelling"), max_length=200, blank=True)
    override_reason = models.CharField(_("reason for booking without a consultation"), max_length=200, blank=True)
    session = models.OneToOneField(TreatmentSession, models.PROTECT, null=True, related_name="appointment")
    course = models.ForeignKey(Course, models.PROTECT, null=True, related_name="visits")
    submission = models.UUIDField(unique=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    booked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    booked_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at"], name="scheduling_by_time"),
            models.Index(fields=["practitioner", "busy_from"], name="scheduling_of_practitioner"),
            models.Index(fields=["room", "busy_from"], name="scheduling_of_room"),
            models.Index(fields=["patient", "-starts_at"], name="scheduling_of_patient"),
        ]
        constraints = [
            models.CheckConstraint(name="scheduling_visit_ends_later", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="scheduling_busy_around_visit",
                condition=Q(busy_from__lte=F("starts_at"), busy_until__gte=F("ends_at")),
            ),
            models.CheckConstraint(
                name="scheduling_cancelled_with_reason", condition=~Q(status="cancelled") | ~Q(cancel_reason="")
            ),
        ]

    def __str__(self):
        return f"appointment {self.pk}"


class AppointmentChange(models.Model):
    """One immutable line of a visit's story: what it became, and when it was to take place from then on."""

    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="changes")
    status = models.CharField(max_length=12, choices=VisitStatus)
    starts_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["changed_at", "pk"]
        indexes = [models.Index(fields=["changed_at"], name="scheduling_by_change")]

    def __str__(self):
        return f"change {self.pk} of appointment {self.appointment_id}"


class WaitingEntry(models.Model):
    """A patient who would come at short notice: for what, with whom, on which days and parts of the day."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="waiting_entries")
    visit_type = models.ForeignKey(VisitType, models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    from_day = models.DateField(_("from"))
    until_day = models.DateField(_("until"))
    parts = models.JSONField(_("parts of the day"), default=list, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.USUAL)
    note = models.CharField(_("note"), max_length=200, blank=True)
    status = models.CharField(_("status"), max_length=12, choices=WaitingStatus, default=WaitingStatus.WAITING)
    appointment = models.OneToOneField(Appointment, models.PROTECT, null=True, related_name="waiting_entry")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["priority", "created_at", "pk"]
        indexes = [models.Index(fields=["status", "until_day"], name="scheduling_waiting")]
        constraints = [
            models.CheckConstraint(name="scheduling_waiting_in_order", condition=Q(until_day__gte=F("from_day")))
        ]

    def __str__(self):
        return f"waiting entry {self.pk}"

    @property
    def parts_text(self) -> list[str]:
        return [str(PartOfDay(part).label).lower() for part in self.parts if part in PartOfDay.values]


class SlotOffer(models.Model):
    """A free time, offered to somebody who waits for one. Its link opens by a token of which only a digest is kept.

    `told_at` is when somebody for whom it came to nothing learned that the time is gone.
    """

    entry = models.ForeignKey(WaitingEntry, models.PROTECT, related_name="offers")
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, models.PROTECT, null=True, related_name="+")
    starts_at = models.DateTimeField()
    nonce = models.UUIDField(unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    status = models.CharField(max_length=12, choices=OfferStatus, default=OfferStatus.OPEN)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, editable=False)
    offered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    offered_at = models.DateTimeField(editable=False)

    class Meta:
        ordering = ["offered_at", "pk"]
        indexes = [models.Index(fields=["practitioner", "starts_at"], name="scheduling_offer_of_time")]

    def __str__(self):
        return f"offer {self.pk}"


class CalendarFeed(models.Model):
    """A secret address at which a practitioner's own calendar program reads their visits, until it is revoked."""

    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="calendar_feeds")
    busy_only = models.BooleanField(_("only when I am busy"), default=False)
    nonce = models.UUIDField(unique=True, editable=False)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self):
        return f"feed {self.pk}"
