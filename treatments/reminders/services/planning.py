"""Planning: every visit ahead gets its messages and its decisions, and messages that lost their visit are withdrawn.

Nothing tells the planner what has changed. It compares what stands with what should stand, as often as one likes:
twice, or two at once, end the same as once.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from clinic.core import clock
from patients.registry.enums import Channel
from treatments.reminders import queries, rules
from treatments.reminders.enums import OPEN_TO_PLANNING, Clockwork, ReminderStatus, Why
from treatments.reminders.models import MedicineDecision, Reminder
from treatments.reminders.services.clockwork import clinic_time, move, note_run

BATCH = 500  # visits in one transaction: short enough that nobody who books waits for it
R = ReminderStatus


@dataclass(frozen=True)
class Wanted:
    """What a message should be that has not been sent."""

    status: str
    channel: str
    why: str
    due_at: datetime


def plan_reminders(*, at: datetime | None = None) -> int:
    """Brings all messages that wait, and the decisions, up to date. Returns how many rows it wrote."""
    at = at or clock.now()
    with clinic_time():
        written = _withdraw(at)
        in_use = queries.rules_in_use()
        visit_ids = queries.visits_ahead({rule.visit_kind for rule in in_use}, at)
        for start in range(0, len(visit_ids), BATCH):
            written += _plan(visit_ids[start : start + BATCH], in_use, at)
    note_run(Clockwork.PLANNER, at)
    return written


def _withdraw(at: datetime) -> int:
    """Messages that wait for nothing any more. They are read first and then moved by compare-and-set."""
    by_end = defaultdict(list)
    for reminder in queries.waiting_for_nothing(at):
        if end := rules.why_not(reminder, at):
            by_end[end].append(reminder.pk)
    written = 0
    for (status, why), pks in by_end.items():
        for some in _chunks(pks):
            written += move(some, was=R.PLANNED, to=status, why=why)
    return written


def _plan(visit_ids, in_use, at: datetime) -> int:
    visits = queries.visits_with_patients(visit_ids)
    standing = defaultdict(list)
    for reminder in queries.reminders_of_visits(visit_ids):
        standing[reminder.appointment_id, reminder.rule_id, reminder.starts_at].append(reminder)
    missing, changes = [], defaultdict(list)
    for visit in visits:
        for rule in in_use:
            if rule.visit_kind != visit.visit_type.kind:
                continue
            wanted = _wanted(visit, rule, at)
            rows = standing[visit.pk, rule.pk, visit.starts_at]
            if not rows:
                missing.append(_new(visit, rule, wanted))
            elif all(row.status in OPEN_TO_PLANNING for row in rows):
                _compare(rows, wanted, at, changes)
    return _write(missing, changes, _missing_decisions(visits, at))


def _write(missing, changes, decisions) -> int:
    if not (missing or changes or decisions):
        return 0
    with transaction.atomic():
        Reminder.objects.bulk_create(missing, ignore_conflicts=True)
        MedicineDecision.objects.bulk_create(decisions, ignore_conflicts=True)
        return len(missing) + len(decisions) + _change(changes)


def _wanted(visit, rule, at: datetime) -> Wanted:
    due = rules.due_at(visit.starts_at, days_before=rule.days_before, send_at=rule.send_at)
    channel = rules.channel_of(visit.patient)
    if not visit.patient.may_message:
        return Wanted(R.SKIPPED, channel or Channel.EMAIL, Why.OPTED_OUT, due)
    if not channel:
        return Wanted(R.SKIPPED, visit.patient.channel or Channel.EMAIL, Why.NO_CONTACT, due)
    return Wanted(R.PLANNED, channel, "", max(due, at))


def _new(visit, rule, wanted: Wanted) -> Reminder:
    return Reminder(
        appointment_id=visit.pk,
        patient_id=visit.patient_id,
        rule=rule,
        starts_at=visit.starts_at,
        next_try_at=wanted.due_at,
        **asdict(wanted),
    )


def _compare(rows, wanted: Wanted, at: datetime, changes) -> None:
    """One of the visit's rows becomes what is wanted; two planned at once by two channels do not both go out."""
    chosen = next((row for row in rows if row.channel == wanted.channel), rows[0])
    if (chosen.status, chosen.channel, chosen.why) != (wanted.status, wanted.channel, wanted.why) or (
        chosen.due_at != wanted.due_at and max(chosen.due_at, wanted.due_at) > at
    ):
        changes[chosen.status, wanted].append(chosen.pk)
    for row in rows:
        if row is not chosen and row.status == R.PLANNED:
            changes[row.status, Wanted(R.CANCELLED, row.channel, Why.OTHER_CHANNEL, row.due_at)].append(row.pk)


def _change(changes) -> int:
    return sum(
        move(some, was=was, to=wanted.status, attempts=0, next_try_at=wanted.due_at, **_fields(wanted))
        for (was, wanted), pks in changes.items()
        for some in _chunks(pks)
    )


def _fields(wanted: Wanted) -> dict:
    return {"channel": wanted.channel, "why": wanted.why, "due_at": wanted.due_at}


def _missing_decisions(visits, at: datetime) -> list[MedicineDecision]:
    """One decision for each medicine that no message may touch, before each visit."""
    rows = queries.medicines_taken({visit.patient_id for visit in visits}, clock.local(at).date())
    kept = defaultdict(list)
    for row in rows:
        if rules.must_be_kept(row):
            kept[row.patient_id].append(row)
    opened = queries.decisions_of_visits([visit.pk for visit in visits if visit.patient_id in kept])
    return [
        MedicineDecision(appointment_id=visit.pk, patient_id=visit.patient_id, medicine=row, opened_at=at)
        for visit in visits
        for row in kept[visit.patient_id]
        if (visit.pk, row.pk) not in opened
    ]


def _chunks(pks):
    return [pks[start : start + BATCH] for start in range(0, len(pks), BATCH)]
