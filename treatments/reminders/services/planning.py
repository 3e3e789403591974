"""Planning: what there is to say gets its messages and decisions, and messages that lost their reason are withdrawn.

Nobody tells the planner what has changed: where to look it reads in the trail. It compares what stands with what
should stand, as often as one likes: twice, or two at once, end the same as once.
"""

from collections import defaultdict
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from clinic.core import clock
from treatments.reminders import own_list, queries, rules, sources
from treatments.reminders.enums import OPEN_TO_PLANNING, Clockwork, Decision, ReminderStatus, Why
from treatments.reminders.models import MedicineDecision, Reminder, ReminderRule
from treatments.reminders.rules import Wanted
from treatments.reminders.services.clockwork import clinic_time, move, note_run
from treatments.reminders.sources import Patients, Source
from treatments.scheduling.enums import OPEN, VisitKind

BATCH = 500  # visits in one transaction: short enough that nobody who books waits for it
OVERLAP = timedelta(minutes=10)  # a change may come to light after a pass that began later, by its clock or another's
R = ReminderStatus


@dataclass
class Steps:
    """What makes the messages what they should be: rows to add, and rows to move by compare-and-set."""

    missing: list[Reminder] = field(default_factory=list)
    changes: dict[tuple[str, Wanted], list[int]] = field(default_factory=lambda: defaultdict(list))


def plan_changes(*, at: datetime | None = None) -> int:
    """As `plan_reminders`, but only for the patients of whom something was written since it last ran.

    Every service leaves its line in the trail; a change that concerns everybody has everything planned. What comes by
    time alone (a session whose message is near enough to be planned) and what no service wrote, `plan_reminders` finds.
    """
    at = at or clock.now()
    last = queries.last_run(Clockwork.PLANNER)
    return plan_reminders(at=at, patients=queries.patients_changed(min(last, at) - OVERLAP) if last else None)


def plan_reminders(*, at: datetime | None = None, patients: Patients = None) -> int:
    """Brings all messages that wait, and the decisions, up to date; or those of these patients. Returns how many rows
    it wrote.
    """
    at = at or clock.now()
    with clinic_time() as clinic:
        written = _withdraw(at, patients)
        in_use = queries.rules_in_use()
        plan, medicines = sources.asks_for_plan(in_use), sources.asks_for_medicines(in_use)
        forms = sources.asks_for_forms(in_use)
        for some in _chunks(sources.visits_to_plan(in_use, at, patients)):
            written += _plan(sources.visits(some, at, plan=plan, forms=forms), in_use, at, clinic)
        for some in _chunks(sources.sessions_to_plan(in_use, at, patients)):
            written += _plan(sources.sessions(some, at, plan=plan, medicines=medicines), in_use, at, clinic)
    note_run(Clockwork.PLANNER, at)
    return written


@dataclass(frozen=True)
class Effect:
    """What a change of a rule would do to messages: how many it adds, changes and takes back."""

    added: int
    changed: int
    withdrawn: int


def effect_of(rule: ReminderRule, values: dict, *, at: datetime | None = None) -> Effect:
    """What changing the rule to `values` would do. Writes nothing."""
    at = at or clock.now()
    since = rules.in_use_since(rule, values, at)
    rule = copy(rule)
    for name, value in (values | {"in_use_since": since}).items():
        setattr(rule, name, value)
    with clinic_time() as clinic:
        in_use = [rule if other.pk == rule.pk else other for other in queries.rules_in_use()]
        if rule.active and rule not in in_use:
            in_use.append(rule)
        in_use = [other for other in in_use if other.active]
        steps = Steps()
        plan, medicines = sources.asks_for_plan(in_use), sources.asks_for_medicines(in_use)
        forms = sources.asks_for_forms(in_use)
        looked_at = set()
        for some in _chunks(sources.visits_to_plan(in_use, at)):
            looked_at |= _foresee(sources.visits(some, at, plan=plan, forms=forms), in_use, rule, at, clinic, steps)
        for some in _chunks(sources.sessions_to_plan(in_use, at)):
            found = sources.sessions(some, at, plan=plan, medicines=medicines)
            looked_at |= _foresee(found, in_use, rule, at, clinic, steps)
    lost = queries.waiting_by_rule(rule.pk) - looked_at
    moved = {True: 0, False: 0}
    for (_was, wanted), pks in steps.changes.items():
        moved[wanted.status == R.CANCELLED] += len(pks)
    return Effect(len(steps.missing), moved[False], moved[True] + len(lost))


def _foresee(found, in_use, rule, at, clinic, steps: Steps) -> set[int]:
    """Adds to `steps` what the rule would do; answers which of its rows were looked at."""
    standing, looked_at = queries.reminders_about(found), set()
    for source in found:
        rows = [row for row in standing[source.key] if row.rule_id == rule.pk]
        wanted = rules.wanted_of(source, in_use, at, clinic)
        compare(source, rows, wanted, [rule], at, steps)
        if rule.pk in wanted:
            looked_at |= {row.pk for row in rows if row.starts_at == source.starts_at}
    return looked_at


def _withdraw(at: datetime, patients: Patients) -> int:
    """Messages that wait for nothing any more. They are read first and then moved by compare-and-set."""
    by_end = defaultdict(list)
    for reminder in queries.waiting_for_nothing(at, patients):
        if end := rules.no_longer(reminder, at):
            by_end[end].append(reminder.pk)
    written = 0
    for (status, why), pks in by_end.items():
        for some in _chunks(pks):
            written += move(some, was=R.PLANNED, to=status, why=why)
    return written


def _plan(found: list[Source], in_use, at: datetime, clinic) -> int:
    """One batch, in one transaction."""
    standing = queries.reminders_about(found)
    steps = Steps()
    for source in found:
        compare(source, standing[source.key], rules.wanted_of(source, in_use, at, clinic), in_use, at, steps)
    replaced, opened = _decisions(found, at)
    if not (steps.missing or steps.changes or replaced or opened):
        return 0
    with transaction.atomic():
        Reminder.objects.bulk_create(steps.missing, ignore_conflicts=True, batch_size=BATCH)
        MedicineDecision.objects.filter(pk__in=replaced, replaced_at=None).update(replaced_at=at)
        MedicineDecision.objects.bulk_create(opened, ignore_conflicts=True)
        return len(steps.missing) + len(opened) + _change(steps.changes)


def compare(
    source: Source, rows: list[Reminder], wanted: dict[int, Wanted], in_use, at: datetime, steps: Steps
) -> None:
    """Adds to `steps` what the messages about one source lack. `rows` are all there are, of whatever time."""
    by_rule = defaultdict(list)
    for row in rows:
        by_rule[row.rule_id].append(row)
    for rule in in_use:
        if rule.pk not in wanted:
            continue
        turn, here = current(by_rule[rule.pk], source.starts_at)
        if here:
            if all(row.status in OPEN_TO_PLANNING for row in here):
                _compare(here, wanted[rule.pk], at, steps.changes)
        elif wanted[rule.pk].status != R.CANCELLED:
            steps.missing.append(new(source, rule, wanted[rule.pk], turn))


def current(rows: list[Reminder], starts_at: datetime) -> tuple[int, list[Reminder]]:
    """The turn that counts for this time, and its rows; none when the patient was told another time meanwhile."""
    here = [row for row in rows if row.starts_at == starts_at]
    turn = max((row.turn for row in here), default=0)
    now = [row for row in here if row.turn == turn]
    told = [row for row in rows if row.status not in (*OPEN_TO_PLANNING, R.FAILED)]
    last = max(told, key=lambda row: (row.sent_at or row.claimed_at or row.due_at, row.pk), default=None)
    if now and last and last.starts_at != starts_at and any(row.status not in OPEN_TO_PLANNING for row in now):
        return turn + 1, []
    return turn, now


def new(source: Source, rule, wanted: Wanted, turn: int = 0) -> Reminder:
    return Reminder(
        appointment=source.visit,
        session=source.session,
        patient=source.patient,
        rule=rule,
        starts_at=source.starts_at,
        turn=turn,
        status=wanted.status,
        channel=wanted.channel,
        why=wanted.why,
        due_at=wanted.due_at,
        next_try_at=wanted.due_at,
    )


def _compare(rows, wanted: Wanted, at: datetime, changes) -> None:
    """One of the rows becomes what is wanted; two planned at once by two channels do not both go out."""
    chosen = next((row for row in rows if row.channel == wanted.channel), rows[0])
    if wanted.status == R.CANCELLED:
        sent_again = chosen.resends and wanted.why == Why.TOO_LATE
        if chosen.status == R.PLANNED and not sent_again:
            changes[chosen.status, Wanted(R.CANCELLED, chosen.channel, wanted.why, chosen.due_at)].append(chosen.pk)
    elif (chosen.status, chosen.channel, chosen.why) != (wanted.status, wanted.channel, wanted.why) or (
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


def _decisions(found: list[Source], at: datetime) -> tuple[list[int], list[MedicineDecision]]:
    """Of the sessions to come: decisions that a move has overtaken, and one for each medicine that lacks one."""
    ahead = {
        source.visit.pk: source
        for source in found
        if source.visit and source.kind == VisitKind.SESSION and source.visit.status in OPEN and source.starts_at > at
    }
    concerned = {pk for pk, source in ahead.items() if any(map(own_list.must_be_decided, source.medicines))}
    if not concerned:
        return [], []
    rows = MedicineDecision.objects.filter(appointment__in=concerned, replaced_at=None)
    overtaken, standing = [], set()
    for pk, visit, medicine, starts_at, decision in rows.values_list(
        "pk", "appointment", "medicine", "starts_at", "decision"
    ):
        if decision in {Decision.WAITING, Decision.CONTINUE} or starts_at == ahead[visit].starts_at:
            standing.add((visit, medicine))
        else:
            overtaken.append(pk)
    opened = [
        MedicineDecision(
            appointment_id=pk,
            patient=ahead[pk].patient,
            medicine=row,
            starts_at=ahead[pk].starts_at,
            opened_at=at,
        )
        for pk in sorted(concerned)
        for row in ahead[pk].medicines
        if own_list.must_be_decided(row) and (pk, row.pk) not in standing
    ]
    return overtaken, opened


def _chunks(pks):
    return [pks[start : start + BATCH] for start in range(0, len(pks), BATCH)]
