"""The words of one message, from what is known at the moment it is written."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clinic.core import clock
from patients.registry.enums import Channel
from treatments.links.services import ready_links
from treatments.reminders import own_list, queries, rules, sources, texts
from treatments.reminders.enums import COUNTED_BACK, ReminderStatus, TextKind, Unit
from treatments.reminders.models import MedicineDecision, MessageText, Reminder
from treatments.reminders.services.addresses import addresses_in, headers_of, links_in
from treatments.reminders.services.kit import Kit
from treatments.reminders.sources import Source
from treatments.scheduling.feeds import visit_attachment

R = ReminderStatus
# What puts the visit into the patient's calendar, or takes it out
WITH_CALENDAR = {TextKind.HOW_TO_PREPARE, TextKind.VISIT_CANCELLED}


@dataclass(frozen=True)
class Message:
    """The words, and from which text of the clinic they were made."""

    kind: str
    subject: str
    body: str
    sms_parts: int
    text: MessageText
    headers: dict[str, str] = field(default_factory=dict)
    attachments: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Words:
    """Which text, and what of the patient's own list goes into it."""

    kind: TextKind
    to_stop: tuple[own_list.ToStop, ...] = ()
    agreed: tuple[MedicineDecision, ...] = ()


def write_message(
    reminder: Reminder, clinic, at: datetime, *, source: Source | None = None, kit: Kit | None = None
) -> Message:
    """The words for this patient, from what is known now, in their language or else the clinic's.

    With a `source` the medicines and decisions are taken from it and not read; texts and links so from a `kit`.
    """
    patient, kit = reminder.patient, kit or Kit()
    words = words_for(reminder, at, source)
    text = kit.text_for(words.kind, reminder, clinic)
    values = texts.values_for(
        clinic=clinic,
        name=patient.given_name or patient.family_name,
        starts_at=reminder.starts_at,
        since=_since(reminder, words, at),
        language=text.language,
        to_stop=words.to_stop,
        agreed=words.agreed,
        today=clock.local(at).date(),
    )
    values |= addresses_in(text, words.kind, reminder, at, kit.links)
    body = texts.fill(text.body, values)
    parts = texts.sms_parts(body) if reminder.channel == Channel.SMS else 0
    return Message(
        words.kind,
        texts.fill(text.subject, values),
        body,
        parts,
        text,
        headers_of(reminder, at, kit.links),
        _calendar_file(words.kind, reminder, clinic),
    )


def make_kit(about: Iterable[tuple[Reminder, Source]], clinic, at: datetime) -> Kit:
    """For messages that leave next: with the links that they will carry."""
    kit, wishes = Kit(), []
    for reminder, source in about:
        if rules.why_not(reminder, at, source):
            continue
        with suppress(LookupError):
            kind = words_for(reminder, at, source).kind
            wishes += links_in(kit.text_for(kind, reminder, clinic), kind, reminder)
    kit.links = ready_links(wishes, at=at)
    return kit


def _calendar_file(kind: TextKind, reminder: Reminder, clinic) -> list[tuple[str, str, str]]:
    """The visit as it is when the e-mail leaves; previews go without."""
    leaves = reminder.status == R.CLAIMED and reminder.channel == Channel.EMAIL
    if not leaves or kind not in WITH_CALENDAR or not reminder.appointment_id:
        return []
    return [visit_attachment(reminder.appointment, clinic)]


def words_for(reminder: Reminder, at: datetime, source: Source | None = None) -> Words:
    """The rule's text; in the place of STOP_SELF_BOUGHT what the patient's own list allows.

    Medicines are named only in e-mails, and only to patients who wished it. LookupError when nothing may be said.
    """
    kind = TextKind(reminder.rule.text_kind)
    if kind != TextKind.STOP_SELF_BOUGHT:
        return Words(kind)
    rows, decided = (source.medicines, source.decided) if source else _known(reminder, at)
    kind = own_list.which_text(rows, decided)
    if kind is None:
        raise LookupError("the visit is on hold")
    names = reminder.channel == Channel.EMAIL and reminder.patient.clinical_words
    if kind == TextKind.STOP_OWN_LIST:
        lines = tuple(own_list.to_stop(rows, clock.local(reminder.starts_at).date()))
        return Words(kind if names else TextKind.STOP_SELF_BOUGHT, lines)
    if kind == TextKind.AS_AGREED:
        kept = [row.pk for row in rows if own_list.must_be_decided(row)]
        return Words(kind, agreed=tuple(queries.agreed_pauses(reminder.appointment_id, kept)) if names else ())
    return Words(kind)


def _known(reminder: Reminder, at: datetime) -> tuple[list, dict[int, str]]:
    """The patient's medicines, and what was decided of them for this visit."""
    rows = sources.medicines_taken([reminder.patient_id], clock.local(at).date()).get(reminder.patient_id, [])
    visit = reminder.appointment_id
    if not visit or not any(map(own_list.must_be_decided, rows)):
        return rows, {}
    return rows, sources.decisions({visit: reminder.starts_at}).get(visit, {})


def _since(reminder: Reminder, words: Words, at: datetime):
    """The clinic-local day from which to prepare: the rule's, or an earlier one of the patient's own list.

    Only words that name each medicine may go by a shorter window than the rule's. Today when the day is over.
    """
    rule = reminder.rule
    days = rule.offset if rule.trigger in COUNTED_BACK and rule.unit == Unit.DAYS else 0
    general = clock.local(reminder.starts_at).date() - timedelta(days=days)
    named = [line.since for line in words.to_stop]
    day = min(named) if words.kind == TextKind.STOP_OWN_LIST else min([*named, general])
    return max(day, clock.local(at).date())


def write_next(reminders, clinic, at: datetime | None = None) -> tuple[Reminder, Message] | None:
    """The soonest message that waits, with the words it would have if it went out now."""
    waiting = [reminder for reminder in reminders if reminder.status == R.PLANNED]
    if not waiting:
        return None
    soonest = min(waiting, key=lambda reminder: reminder.next_try_at)
    try:
        return soonest, write_message(soonest, clinic, at or clock.now())
    except LookupError:
        return None
