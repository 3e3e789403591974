"""When a message is due, whether it may still go out, and what it may say. Nothing here writes or sends."""

from datetime import date, datetime, time, timedelta

from clinic.core import clock
from patients.history.enums import MedicineGroup, MedicineSource
from patients.registry.enums import Channel
from treatments.reminders import queries
from treatments.reminders.enums import ReminderStatus, TextKind, Why
from treatments.scheduling.enums import OPEN, VisitStatus

PAINKILLERS = {MedicineGroup.NSAID, MedicineGroup.ASPIRIN, MedicineGroup.SALICYLATE}
BLOOD_THINNERS = {MedicineGroup.ANTICOAGULANT, MedicineGroup.ANTIPLATELET}

MAX_TRIES = 5
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
LEASE = timedelta(minutes=2)  # how long a sender may take; well over the 30 s after which it is ended


def due_at(starts_at: datetime, *, days_before: int, send_at: time) -> datetime:
    """`days_before` clinic-local calendar days before the visit's local date, at the wall time `send_at`."""
    return clock.instant(clock.local(starts_at).date() - timedelta(days=days_before), send_at)


def avoid_from(starts_at: datetime, *, days_before: int, at: datetime) -> date:
    """The clinic-local day from which to avoid painkillers; today when that day is over."""
    return max(clock.local(starts_at).date() - timedelta(days=days_before), clock.local(at).date())


def channel_of(patient) -> Channel | None:
    """The way the patient prefers if it can be used, else the other; None when there is neither."""
    reachable = [channel for channel in Channel if address_of(patient, channel)]
    return patient.channel if patient.channel in reachable else next(iter(reachable), None)


def address_of(patient, channel: str) -> str:
    return patient.email if channel == Channel.EMAIL else patient.phone


def why_not(reminder, at: datetime) -> tuple[ReminderStatus, Why] | None:
    """What became of a message that must not go out any more, and why; None when it may."""
    visit, patient = reminder.appointment, reminder.patient
    if visit.status == VisitStatus.CANCELLED:
        return ReminderStatus.CANCELLED, Why.VISIT_CANCELLED
    if visit.starts_at != reminder.starts_at:
        return ReminderStatus.CANCELLED, Why.VISIT_MOVED
    if visit.status not in OPEN or visit.starts_at <= at:
        return ReminderStatus.CANCELLED, Why.VISIT_BEGUN
    if not reminder.rule.active or reminder.rule.retired_at:
        return ReminderStatus.CANCELLED, Why.RULE_OFF
    if not patient.may_message:
        return ReminderStatus.SKIPPED, Why.OPTED_OUT
    if not address_of(patient, reminder.channel):
        return ReminderStatus.SKIPPED, Why.NO_CONTACT
    return None


def next_try(attempts: int, at: datetime) -> datetime | None:
    """When to try again after `attempts` tries that failed for the moment; None: never."""
    return at + WAITS[attempts - 1] if attempts < MAX_TRIES else None


def which_text(patient, at: datetime) -> TextKind:
    """The wording for a patient, from the medicines known at `at`.

    A patient with a prescribed blood thinner or prescribed aspirin is never told to stop it: one medicine that
    a message must not touch, or that nobody knows enough about, and the patient gets KEEP_TAKING.
    """
    rows = queries.medicines_taken([patient.pk], clock.local(at).date())
    return TextKind.KEEP_TAKING if any(must_be_kept(row) for row in rows) else TextKind.STOP_SELF_BOUGHT


def must_be_kept(row) -> bool:
    """Whether no message may touch this medicine of a patient, so that a practitioner decides.

    Blood thinners always; painkillers unless self-bought; and whatever we cannot be sure about: words that nobody
    matched, a name that stands for several products.
    """
    substances = [row.medicine] if row.medicine else []
    if row.product:
        substances += row.product.contains.all()
    if not substances or (row.product and row.product.ambiguous):
        return True
    if any(substance.never_auto_stop or substance.group in BLOOD_THINNERS for substance in substances):
        return True
    if row.source == MedicineSource.SELF_BOUGHT:
        return False
    return any(substance.group in PAINKILLERS or substance.bleeding_risk for substance in substances)
