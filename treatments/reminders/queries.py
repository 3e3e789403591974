"""What each screen and each step of the clockwork reads, in a constant number of statements."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Case, Count, F, Min, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.queries import changed_since
from clinic.core import clock
from patients.history.models import Medicine
from patients.history.models import Product as MedicineProduct
from patients.registry.models import Patient
from treatments.catalogue.models import Area, Indication, Ingredient, Product
from treatments.catalogue.queries import current_terms
from treatments.charting.enums import SessionStatus
from treatments.reminders.enums import FOR_THE_DESK, TO_COME, Clockwork, Decision, ReminderStatus, Trigger
from treatments.reminders.models import Heartbeat, MedicineDecision, MessageText, Reminder, ReminderRule, TextVersion
from treatments.scheduling.enums import OPEN, VisitStatus
from treatments.scheduling.models import VisitType
from treatments.scheduling.queries import visit_types

R = ReminderStatus
# What a message is about, and the long columns of a session that nobody reads here.
ABOUT = ("appointment__visit_type", "session", "patient", "rule")
UNREAD = ("session__note", "session__reactions", "session__advice", "session__content_hash", "session__signature")
AFTERWARDS = (Trigger.AFTER_VISIT, Trigger.AFTER_SESSION, Trigger.CANCELLED, Trigger.NO_SHOW)
LISTED = timedelta(days=7)  # for so long the desk sees that a message after a visit failed
# What messages are planned by that belongs to no patient, as the trail names it
CLINIC_WIDE = (
    "staff.ClinicProfile",
    "scheduling.VisitType",
    "reminders.ReminderRule",
    "registry.",
    "history.",
    "catalogue.",
)
SILENCE = timedelta(minutes=5)  # after which a standstill of the clockwork is shown


# For the clockwork


def rules_in_use() -> list[ReminderRule]:
    return list(ReminderRule.objects.current().filter(active=True))


def reminders_about(found) -> dict[tuple[str, int], list[Reminder]]:
    """All messages about these visits and sessions, of whatever time, by what they are about."""
    visits = [source.visit.pk for source in found if source.visit]
    sessions = [source.session.pk for source in found if source.session]
    rows = Reminder.objects.filter(Q(appointment__in=visits) if visits else Q(session__in=sessions))
    columns = ("appointment", "session", "rule", "starts_at", "turn", "status", "channel", "why", "resends")
    about = defaultdict(list)
    for row in rows.only(*columns, "due_at", "sent_at", "claimed_at").order_by("pk"):
        about[("session", row.session_id) if row.session_id else ("visit", row.appointment_id)].append(row)
    return about


def agreed_pauses(visit_id: int, medicine_ids: Collection[int]) -> list[MedicineDecision]:
    """To what prescribers agreed, of these medicines of the patient's list, before the visit at its present time."""
    rows = MedicineDecision.objects.filter(appointment=visit_id, medicine__in=medicine_ids, replaced_at=None)
    rows = rows.filter(decision=Decision.PRESCRIBER_AGREED, starts_at=F("appointment__starts_at"))
    return list(rows.select_related("medicine__medicine", "medicine__product").order_by("pk"))


def last_run(part: Clockwork) -> datetime | None:
    return Heartbeat.objects.filter(name=part).values_list("at", flat=True).first()


def patients_changed(since: datetime) -> set[int] | None:
    """Of whom the trail says that something was written since then; None when it may concern everybody."""
    changes = changed_since(since)
    everybody = any(patient is None and kind.startswith(CLINIC_WIDE) for patient, kind in changes)
    return None if everybody else {patient for patient, _kind in changes if patient is not None}


def waiting_for_nothing(at: datetime, patients: Collection[int] | None = None) -> list[Reminder]:
    """Planned messages that may have lost their visit, its time, their session or their rule."""
    rows = Reminder.objects.filter(status=R.PLANNED).select_related(*ABOUT)
    if patients is not None:
        rows = rows.filter(patient__in=patients)
    to_come = Q(appointment__status__in=OPEN, starts_at__gt=at, rule__trigger__in=TO_COME)
    over = Q(appointment__status=VisitStatus.DONE, rule__trigger=Trigger.AFTER_VISIT)
    fine = Q(to_come | over, appointment__starts_at=F("starts_at")) | Q(session__status=SessionStatus.SIGNED)
    return list(rows.exclude(fine, rule__active=True, rule__retired_at=None))


def due(at: datetime, limit: int) -> list[int]:
    rows = Reminder.objects.filter(status=R.PLANNED, next_try_at__lte=at).order_by("next_try_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def stuck(since: datetime) -> list[Reminder]:
    """Messages whose sender has been silent since then: it has died."""
    return list(Reminder.objects.filter(status=R.CLAIMED, claimed_at__lt=since))


def reminder_to_send(pk: int) -> Reminder:
    """With what sending reads of the row and of what it is about: many of them are sent in a row."""
    return Reminder.objects.select_related(*ABOUT).defer("text", *UNREAD).get(pk=pk)


def reminders_to_send(pks, at: datetime) -> list[Reminder]:
    """Those of the messages that nobody has sent meanwhile, as `reminder_to_send` reads them, in the order given."""
    rows = Reminder.objects.select_related(*ABOUT).defer("text", *UNREAD).filter(status=R.PLANNED, next_try_at__lte=at)
    found = rows.in_bulk(pks)
    return [found[pk] for pk in pks if pk in found]


def texts_of(kind: str, channel: str) -> dict[str, MessageText]:
    """By language."""
    return {text.language: text for text in MessageText.objects.filter(kind=kind, channel=channel)}


def rules_named(ids) -> list[ReminderRule]:
    return list(ReminderRule.objects.filter(pk__in=ids))


# For pages


def outbox(status: str = ""):
    """Messages of one state, or all of them: states and times, never words."""
    rows = Reminder.objects.select_related("patient", "rule").defer("text", "text_kind")
    rows = rows.prefetch_related("tries")
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
    """Messages that did not reach a patient, soonest visit first.

    Those before a visit until it begins; those that follow a visit or its end for a week, when a try failed.
    """
    ahead = Q(appointment__status__in=OPEN, starts_at__gt=at, appointment__starts_at=F("starts_at"))
    afterwards = Q(rule__trigger__in=AFTERWARDS, status__in=(R.FAILED, R.UNKNOWN), due_at__gt=at - LISTED)
    rows = Reminder.objects.filter(ahead | afterwards, status__in=FOR_THE_DESK)
    rows = rows.select_related("patient", "rule", "appointment")
    to_come_first = Case(When(starts_at__gt=at, then=0), default=1)
    return list(rows.defer("text", "text_kind").order_by(to_come_first, "starts_at", "pk")[:limit])


def reminder(pk: int) -> Reminder:
    rows = Reminder.objects.select_related(*ABOUT).defer("text", "text_kind", *UNREAD)
    return get_object_or_404(rows, pk=pk)


def patient(pk: int) -> Patient:
    return get_object_or_404(Patient, pk=pk)


def messages_of(patient_id: int) -> list[Reminder]:
    """The patient's messages, newest first, for people who may not read their words."""
    rows = Reminder.objects.filter(patient=patient_id).select_related("rule", "patient")
    return list(rows.defer("text", "text_kind").prefetch_related("tries")[:200])


def messages_with_words(patient_id: int) -> list[Reminder]:
    rows = Reminder.objects.filter(patient=patient_id).select_related("rule", "patient")
    return list(rows.prefetch_related("tries")[:200])


def waiting_decisions(at: datetime) -> list[MedicineDecision]:
    """Decisions before visits still to come, about medicines still on the patient's list; soonest visit first."""
    rows = MedicineDecision.objects.filter(
        decision=Decision.WAITING,
        replaced_at=None,
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
    waiting = Reminder.objects.filter(rule=OuterRef("pk"), status=R.PLANNED).order_by().values("rule")
    waiting = Coalesce(Subquery(waiting.annotate(count=Count("pk")).values("count")), 0)
    rules = ReminderRule.objects.current().annotate(waiting=waiting)
    return list(rules), list(MessageText.objects.all())


def rule(pk: int) -> ReminderRule:
    return get_object_or_404(ReminderRule.objects.current(), pk=pk)


def rule_choices(rule: ReminderRule) -> dict[str, list[tuple]]:
    """What the conditions of a rule are chosen from: the clinic's own rows, and retired ones that the rule names."""
    terms = {"areas": Area, "indications": Indication, "ingredients": Ingredient}
    offered = {name: list(current_terms(model).values_list("key", "name")) for name, model in terms.items()}
    offered["visit_types"] = [(row.pk, row.name) for row in visit_types()]
    lost = {name: _not_among(offered[name], getattr(rule, name)) for name in offered}
    for name, model in terms.items():
        offered[name] += _retired(lost[name], model.objects.filter(key__in=lost[name]).values_list("key", "name"))
    types = VisitType.objects.filter(pk__in=lost["visit_types"]).values_list("pk", "name")
    offered["visit_types"] += _retired(lost["visit_types"], types)
    return offered


def _not_among(offered: list[tuple], chosen: list) -> list:
    return [value for value in chosen if value not in dict(offered)]


def _retired(values: list, names) -> list[tuple]:
    """Without it in the form, saving would leave it out, and a condition that is empty means "any"."""
    names = dict(names) if values else {}
    return [(value, f"{names.get(value, value)} ({_('retired')})") for value in values]


def try_choices() -> dict[str, list]:
    """Of what a made-up visit is put together."""
    medicines = Medicine.objects.current().order_by("name", "pk")
    return {"visit_types": list(visit_types()), "medicines": list(medicines)}


def message_text(pk: int) -> MessageText:
    return get_object_or_404(MessageText, pk=pk)


def versions_of(text: MessageText) -> list[TextVersion]:
    """The newest first: fifty are enough to choose from."""
    return list(text.versions.select_related("saved_by")[:50])


def text_version(text_id: int, version: int) -> TextVersion:
    return get_object_or_404(TextVersion.objects.select_related("message_text"), message_text=text_id, version=version)


def clinical_names() -> list[str]:
    """Every medicine, product and ingredient that the clinic knows, as it is called."""
    kinds = (Medicine, MedicineProduct, Ingredient, Product)
    return sorted({name for kind in kinds for name in kind.objects.values_list("name", flat=True)})


def waiting_of_rule(pk: int) -> int:
    return Reminder.objects.filter(rule=pk, status=R.PLANNED).count()


def waiting_by_rule(pk: int) -> set[int]:
    return set(Reminder.objects.filter(rule=pk, status=R.PLANNED).values_list("pk", flat=True))


def waiting_in_channel(channel: str) -> int:
    return Reminder.objects.filter(channel=channel, status=R.PLANNED).count()


def clockwork() -> dict:
    """When each part last ran."""
    runs = dict(Heartbeat.objects.values_list("name", "at"))
    return {"planner": runs.get(Clockwork.PLANNER), "sweeper": runs.get(Clockwork.SWEEPER)}


def standstill() -> str:
    """What everybody is told while a part of the clockwork has stood still for too long. One statement."""
    oldest = Heartbeat.objects.aggregate(at=Min("at"))["at"]
    if oldest is None or clock.now() - oldest <= SILENCE:
        return ""
    return _(
        "No messages leave at the moment: the part of Nappage that sends them has not run for five minutes. "
        "Please tell whoever looks after this computer."
    )
