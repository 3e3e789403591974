"""What each screen and each step of the clockwork reads, in a constant number of statements."""

from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q
from django.shortcuts import get_object_or_404

from patients.history.models import PatientMedicine
from patients.registry.models import Patient
from treatments.reminders.enums import FOR_THE_DESK, Clockwork, Decision, ReminderStatus
from treatments.reminders.models import Heartbeat, MedicineDecision, MessageText, Reminder, ReminderRule
from treatments.scheduling.enums import OPEN
from treatments.scheduling.models import Appointment
from treatments.scheduling.queries import unsettled_visits

R = ReminderStatus
SILENCE = timedelta(minutes=5)  # after which a standstill of the clockwork is shown


# For the clockwork


def rules_in_use() -> list[ReminderRule]:
    return list(ReminderRule.objects.current().filter(active=True))


def visits_ahead(kinds, at: datetime) -> list[int]:
    """Ids of the visits of these kinds that are still to take place, but for those whose change may be undone yet."""
    visits = Appointment.objects.filter(status__in=OPEN, starts_at__gt=at, visit_type__kind__in=kinds)
    visits = visits.exclude(pk__in=unsettled_visits(at))
    return list(visits.order_by("starts_at", "pk").values_list("pk", flat=True))


def visits_with_patients(visit_ids) -> list[Appointment]:
    """Those of the visits that are still open, with all that planning needs to know."""
    visits = Appointment.objects.filter(pk__in=visit_ids, status__in=OPEN).select_related("patient", "visit_type")
    return list(
        visits.only(
            "starts_at",
            "patient",
            "visit_type__kind",
            "patient__channel",
            "patient__email",
            "patient__phone",
            "patient__may_message",
        )
    )


def reminders_of_visits(visit_ids) -> list[Reminder]:
    rows = Reminder.objects.filter(appointment__in=visit_ids)
    return list(rows.only("appointment_id", "rule_id", "starts_at", "status", "channel", "why", "due_at"))


def medicines_taken(patient_ids, on: date) -> list[PatientMedicine]:
    """Standing rows of medicines that the patients have not stopped by `on`, with the substances in them."""
    rows = PatientMedicine.objects.standing().filter(patient__in=patient_ids)
    rows = rows.filter(Q(stopped_on=None) | Q(stopped_on__gt=on))
    rows = rows.only(
        "patient",
        "source",
        "medicine__group",
        "medicine__never_auto_stop",
        "medicine__bleeding_risk",
        "product__ambiguous",
    )
    return list(rows.select_related("medicine", "product").prefetch_related("product__contains"))


def decisions_of_visits(visit_ids) -> set[tuple[int, int]]:
    return set(MedicineDecision.objects.filter(appointment__in=visit_ids).values_list("appointment_id", "medicine_id"))


def waiting_for_nothing(at: datetime) -> list[Reminder]:
    """Planned messages whose visit is not open at that time any more, or whose rule is not in use."""
    rows = Reminder.objects.filter(status=R.PLANNED).select_related("appointment", "patient", "rule")
    wanted = Q(appointment__status__in=OPEN, appointment__starts_at=F("starts_at"), starts_at__gt=at)
    return list(rows.exclude(wanted, rule__active=True, rule__retired_at=None))


def due(at: datetime, limit: int) -> list[int]:
    rows = Reminder.objects.filter(status=R.PLANNED, next_try_at__lte=at).order_by("next_try_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def stuck(since: datetime) -> list[Reminder]:
    """Messages whose sender has been silent since then: it has died."""
    return list(Reminder.objects.filter(status=R.CLAIMED, claimed_at__lt=since))


def reminder_to_send(pk: int) -> Reminder:
    """With the few columns that sending reads: many of them are sent in a row."""
    rows = Reminder.objects.select_related("appointment", "patient", "rule").only(
        "channel",
        "starts_at",
        "status",
        "attempts",
        "resends",
        "claimed_at",
        "appointment__status",
        "appointment__starts_at",
        "patient__given_name",
        "patient__family_name",
        "patient__email",
        "patient__phone",
        "patient__may_message",
        "patient__language",
        "rule__days_before",
        "rule__active",
        "rule__retired_at",
    )
    return rows.get(pk=pk)


def text_for(kind: str, channel: str, languages) -> MessageText:
    """The words in the first of the languages that has them; LookupError when none has."""
    texts = {text.language: text for text in MessageText.objects.filter(kind=kind, channel=channel)}
    for language in languages:
        for code in (language, language.partition("-")[0]):
            if code in texts:
                return texts[code]
    raise LookupError(f"no text {kind} {channel}")


# For pages


def outbox(status: str = ""):
    """Messages of one state, or all of them: states and times, never words."""
    rows = Reminder.objects.select_related("patient", "rule", "appointment").defer("text", "text_kind")
    if status == R.SKIPPED:
        return rows.filter(status=status).order_by("-starts_at", "-pk")
    if status == R.PLANNED:
        return rows.filter(status__in=(R.PLANNED, R.CLAIMED)).order_by("next_try_at", "pk")
    if status:
        return rows.filter(status=status).order_by("-due_at", "-pk")
    return rows.order_by("-due_at", "-pk")


def outbox_counts() -> dict[str, int]:
    return dict(Reminder.objects.order_by().values_list("status").annotate(Count("pk")))


def for_the_desk(at: datetime, limit: int = 20) -> list[Reminder]:
    """Messages that did not reach a patient whose visit is still to come, soonest visit first."""
    rows = Reminder.objects.filter(status__in=FOR_THE_DESK, appointment__status__in=OPEN, starts_at__gt=at)
    rows = rows.filter(appointment__starts_at=F("starts_at")).select_related("patient", "rule", "appointment")
    return list(rows.defer("text", "text_kind").order_by("starts_at", "pk")[:limit])


def reminder(pk: int) -> Reminder:
    rows = Reminder.objects.select_related("patient", "rule", "appointment").defer("text", "text_kind")
    return get_object_or_404(rows, pk=pk)


def patient(pk: int) -> Patient:
    return get_object_or_404(Patient, pk=pk)


def messages_of(patient_id: int) -> list[Reminder]:
    """The patient's messages, newest first, for people who may not read their words."""
    rows = Reminder.objects.filter(patient=patient_id).select_related("rule", "appointment", "patient")
    return list(rows.defer("text", "text_kind")[:200])


def messages_with_words(patient_id: int) -> list[Reminder]:
    rows = Reminder.objects.filter(patient=patient_id).select_related("rule", "appointment", "patient")
    return list(rows[:200])


def waiting_decisions(at: datetime) -> list[MedicineDecision]:
    """Decisions before visits still to come, about medicines still on the patient's list; soonest visit first."""
    rows = MedicineDecision.objects.filter(
        decision=Decision.WAITING,
        appointment__status__in=OPEN,
        appointment__starts_at__gt=at,
        medicine__voided_at=None,
    )
    rows = rows.select_related("patient", "appointment__practitioner", "medicine__medicine", "medicine__product")
    return list(rows.order_by("appointment__starts_at", "pk"))


def decision(pk: int) -> MedicineDecision:
    rows = MedicineDecision.objects.select_related(
        "patient", "appointment__practitioner", "medicine__medicine", "medicine__product", "decided_by"
    )
    return get_object_or_404(rows, pk=pk)


def rules_and_texts() -> tuple[list[ReminderRule], list[MessageText]]:
    return list(ReminderRule.objects.current()), list(MessageText.objects.all())


def rule(pk: int) -> ReminderRule:
    return get_object_or_404(ReminderRule.objects.current(), pk=pk)


def message_text(pk: int) -> MessageText:
    return get_object_or_404(MessageText, pk=pk)


def waiting_of_rule(pk: int) -> int:
    return Reminder.objects.filter(rule=pk, status=R.PLANNED).count()


def waiting_in_channel(channel: str) -> int:
    return Reminder.objects.filter(channel=channel, status=R.PLANNED).count()


def clockwork(at: datetime) -> dict:
    """When each part last ran, and whether one has stood still for too long."""
    runs = dict(Heartbeat.objects.values_list("name", "at"))
    return {
        "planner": runs.get(Clockwork.PLANNER),
        "sweeper": runs.get(Clockwork.SWEEPER),
        "stands_still": any(part not in runs or at - runs[part] > SILENCE for part in Clockwork),
    }
