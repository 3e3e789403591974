"""When a message is due, to whom it goes by which way, and whether it may still go out. Nothing here writes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from clinic.core import clock
from patients.registry.enums import Channel
from treatments.links.enums import Topic
from treatments.reminders import own_list, sources
from treatments.reminders.enums import COUNTED_BACK, TO_COME, IfLate, ReminderStatus, Trigger, Unit, Why
from treatments.reminders.models import Reminder, ReminderRule
from treatments.reminders.sources import STALE, Source
from treatments.scheduling.enums import OPEN, VisitStatus

MAX_TRIES = 5
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
LEASE = timedelta(minutes=2)  # how long a sender may take; well over the 30 s after which it is ended

R, T = ReminderStatus, Trigger


@dataclass(frozen=True)
class Wanted:
    """What a message should be that has not been sent. CANCELLED: there should be none."""

    status: str
    channel: str
    why: str
    due_at: datetime


# When


def due_at(starts_at: datetime, *, days_before: int, send_at: time) -> datetime:
    """`days_before` clinic-local calendar days before the local date of `starts_at`, at the wall time `send_at`."""
    return clock.instant(clock.local(starts_at).date() - timedelta(days=days_before), send_at)


def time_of(rule: ReminderRule, source: Source) -> datetime:
    """The moment the rule names, whether or not it has passed; quiet hours are not looked at."""
    if rule.trigger in COUNTED_BACK:
        return _shifted(rule, source.starts_at, -1)
    if rule.trigger == T.BOOKED:
        return _shifted(rule, source.known_at, 1)
    if rule.trigger in {T.CANCELLED, T.NO_SHOW}:
        return _shifted(rule, source.changed_at, 1)
    return _shifted(rule, source.ends_at if rule.unit == Unit.HOURS else source.starts_at, 1)


def _shifted(rule: ReminderRule, anchor: datetime, way: int) -> datetime:
    if rule.unit == Unit.HOURS:
        return anchor + way * timedelta(hours=rule.offset)
    return due_at(anchor, days_before=-way * rule.offset, send_at=rule.send_at)


def in_use_since(rule: ReminderRule, values: Mapping, at: datetime) -> datetime | None:
    """Since when a rule that is changed to `values` at `at` is in use: anew when it is switched on, or turned to
    another trigger. A message whose moment came before is not sent after all; a visit booked since is in time."""
    switched_on = values.get("active") and not rule.active
    turned = values.get("trigger", rule.trigger) != rule.trigger
    return at if switched_on or turned else rule.in_use_since


def after_quiet(clinic, at: datetime, starts_at: datetime | None = None) -> datetime:
    """`at`, or the end of the clinic's quiet hours it falls into; but `at` when a visit begins before that end."""
    if clinic.quiet_from is None:
        return at
    here = clock.local(at)
    wall = here.time()
    over_night = clinic.quiet_from > clinic.quiet_until
    if over_night:
        quiet = wall >= clinic.quiet_from or wall < clinic.quiet_until
    else:
        quiet = clinic.quiet_from <= wall < clinic.quiet_until
    if not quiet:
        return at
    day = here.date() + timedelta(days=over_night and wall >= clinic.quiet_from)
    end = clock.instant(day, clinic.quiet_until)
    return at if starts_at is not None and at < starts_at <= end else max(at, end)


def avoid_from(starts_at: datetime, *, days_before: int, at: datetime) -> date:
    """The clinic-local day from which to avoid painkillers; today when that day is over."""
    return max(clock.local(starts_at).date() - timedelta(days=days_before), clock.local(at).date())


def next_try(attempts: int, at: datetime) -> datetime | None:
    """When to try again after `attempts` tries that failed for the moment; None: never."""
    return at + WAITS[attempts - 1] if attempts < MAX_TRIES else None


# To whom


def topic_of(rule: ReminderRule) -> Topic:
    """Of which kind of messages the rule's are, for those who unsubscribe from one kind."""
    return Topic.AFTER_CARE if rule.trigger in {T.AFTER_VISIT, T.AFTER_SESSION} else Topic.REMINDERS


def address_of(patient, channel: str) -> str:
    """Where the patient can be reached that way; nothing when the address came back as undeliverable."""
    if channel == Channel.EMAIL:
        return patient.email if patient.email_works else ""
    return patient.phone if patient.phone_works else ""


def channel_of(patient, rule: ReminderRule | None = None) -> Channel | None:
    """The rule's way or else its fallback; without a rule's, the way the patient prefers, or else the other.

    None when the patient cannot be reached so.
    """
    ways = [rule.channel, rule.fallback] if rule and rule.channel else [patient.channel, *Channel]
    return next((Channel(way) for way in ways if way and address_of(patient, way)), None)


def is_meant(rule: ReminderRule, source: Source) -> bool:
    """Whether the rule's conditions hold; each empty one does."""
    return (
        (not rule.visit_kinds or source.kind in rule.visit_kinds)
        and (not rule.visit_types or source.type_id in rule.visit_types)
        and (not rule.areas or not source.areas.isdisjoint(rule.areas))
        and (not rule.indications or not source.indications.isdisjoint(rule.indications))
        and (not rule.ingredients or not source.ingredients.isdisjoint(rule.ingredients))
        and (not rule.languages or source.patient.language in rule.languages)
        and _takes(rule, source.medicines)
        and (rule.trigger != T.MISSING_FORM or source.lacks_form)
    )


def _takes(rule: ReminderRule, rows: Iterable) -> bool:
    return not _asks_for_medicines(rule) or bool(_fitting(rule, rows))


def _asks_for_medicines(rule: ReminderRule) -> bool:
    return bool(rule.medicine_groups or rule.medicine_sources or rule.window_days)


def _fitting(rule: ReminderRule, rows: Iterable) -> list:
    """One medicine must fit all that the rule says of medicines."""
    return [
        row
        for row in rows
        if (not rule.medicine_groups or any(s.group in rule.medicine_groups for s in own_list.contents(row)))
        and (not rule.medicine_sources or row.source in rule.medicine_sources)
        and (not rule.window_days or (own_list.window_of(row) or 0) >= rule.window_days)
    ]


# Whether


def wanted_of(source: Source, rules: Collection[ReminderRule], at: datetime, clinic) -> dict[int, Wanted]:
    """What each of the rules wants of this visit or session at `at`, by the rule's id."""
    found = {rule.pk: _wanted(rule, source, at, clinic) for rule in rules if _speaks_of(rule, source)}
    for rule in rules:
        if rule.pk in found and found[rule.pk].status == R.PLANNED and _is_covered(rule, source, rules, found):
            found[rule.pk] = _none(rule, source, Why.COVERED, found[rule.pk].due_at)
    return found


def _wanted(rule: ReminderRule, source: Source, at: datetime, clinic) -> Wanted:
    named = time_of(rule, source)
    if why := _over(rule, source, at) or _passed(rule, source, named, at):
        return _none(rule, source, why, named)
    if not is_meant(rule, source):
        return _none(rule, source, Why.NOT_MEANT, named)
    patient = source.patient
    channel = channel_of(patient, rule)
    due = after_quiet(clinic, max(named, at), source.starts_at if rule.trigger in TO_COME else None)
    if why := _kept_back(rule, source, channel):
        return Wanted(R.SKIPPED, channel or rule.channel or patient.channel or Channel.EMAIL, why, named)
    return Wanted(R.PLANNED, channel, "", due)


def _none(rule: ReminderRule, source: Source, why: Why, due: datetime) -> Wanted:
    channel = channel_of(source.patient, rule) or rule.channel or source.patient.channel or Channel.EMAIL
    return Wanted(R.CANCELLED, channel, why, due)


def why_not(reminder: Reminder, at: datetime, source: Source | None = None) -> tuple[ReminderStatus, Why] | None:
    """What became of a message that must not go out any more, and why; None when it may.

    `source`: what it is about, when that has just been read; else it is read here.
    """
    return no_longer(reminder, at) or _not_now(reminder, source or sources.of_reminder(reminder, at), at)


def no_longer(reminder: Reminder, at: datetime) -> tuple[ReminderStatus, Why] | None:
    """Whether what the message is about, or its rule, has ended: only from the row itself and what it names."""
    rule, source = reminder.rule, sources.named_by(reminder)
    if not rule.active or rule.retired_at:
        return R.CANCELLED, Why.RULE_OFF
    if not _speaks_of(rule, source):
        return R.CANCELLED, Why.NOT_MEANT
    if why := _over(rule, source, at):
        return R.CANCELLED, why
    if source.starts_at != reminder.starts_at:
        return R.CANCELLED, Why.VISIT_MOVED
    return None


def _not_now(reminder: Reminder, source: Source, at: datetime) -> tuple[ReminderStatus, Why] | None:
    rule = reminder.rule
    if not is_meant(rule, source):
        return R.CANCELLED, Why.NOT_MEANT
    if rule.trigger not in TO_COME and at - reminder.due_at > STALE and not reminder.resends:
        return R.SKIPPED, Why.TOO_LATE
    channel = reminder.channel if address_of(source.patient, reminder.channel) else None
    if why := _kept_back(rule, source, channel):
        return R.SKIPPED, why
    return None


def _speaks_of(rule: ReminderRule, source: Source) -> bool:
    return (rule.trigger == T.AFTER_SESSION) == (source.session is not None)


def _over(rule: ReminderRule, source: Source, at: datetime) -> Why | None:
    """Why what the rule speaks of is not so, or not any more."""
    if source.session:
        return None if source.session.status == "signed" else Why.VISIT_CHANGED
    status, trigger = source.visit.status, rule.trigger
    if trigger in TO_COME:
        if status == VisitStatus.CANCELLED:
            return Why.VISIT_CANCELLED
        return None if status in OPEN and source.starts_at > at else Why.VISIT_BEGUN
    if trigger == T.AFTER_VISIT:
        return None if status == VisitStatus.DONE else Why.VISIT_CHANGED
    return None if status == sources.CHANGED_TO.get(trigger) else Why.VISIT_CHANGED


def _passed(rule: ReminderRule, source: Source, named: datetime, at: datetime) -> Why | None:
    """Whether the named moment lies so that nothing is sent any more."""
    if rule.in_use_since and _since_when(rule, source, named) < rule.in_use_since:
        return Why.NOT_MEANT
    if rule.trigger in COUNTED_BACK:
        late = named < source.known_at and rule.if_late == IfLate.SKIP
        return Why.TOO_LATE if late else None
    if rule.trigger != T.BOOKED and at - named > STALE:
        return Why.TOO_LATE
    return None


def _kept_back(rule: ReminderRule, source: Source, channel) -> Why | None:
    if rule.trigger in TO_COME and own_list.HOLDS & set(source.decided.values()):
        return Why.ON_HOLD
    if not source.patient.may_message or (channel, topic_of(rule)) in source.stopped:
        return Why.OPTED_OUT
    return None if channel else Why.NO_CONTACT


def _is_covered(rule: ReminderRule, source: Source, rules, found) -> bool:
    """Of messages with the same words only the one nearest the visit goes out, of those late when it was booked.

    So too of those that a medicine, told of late, makes due together; one that went out before it does not count.
    """
    if rule.trigger not in COUNTED_BACK:
        return False
    named = time_of(rule, source)
    nearer = [
        (other, time_of(other, source))
        for other in rules
        if other.pk in found
        and other.pk != rule.pk
        and other.trigger == rule.trigger
        and other.text_kind == rule.text_kind
        and found[other.pk].status == R.PLANNED
    ]
    return any(
        named < later
        and (later <= source.known_at or _since_when(other, source, later) == _since_when(rule, source, named))
        for other, later in nearer
    )


def _since_when(rule: ReminderRule, source: Source, named: datetime) -> datetime:
    """When its `named` moment had come; of a visit ahead also all was known that it asks for: a medicine that fits."""
    if rule.trigger not in TO_COME:
        return named
    told = _fitting(rule, source.medicines) if _asks_for_medicines(rule) else []
    first = min((row.recorded_at for row in told), default=source.known_at)
    return max(named, source.known_at, first)
