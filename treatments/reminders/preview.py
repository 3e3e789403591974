"""What a patient will get, when and why: the planner's own answers, written nowhere.

The same questions as in planning, asked of a visit as it is, as it would be at another time, or made up.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from clinic.core import clock
from patients.history.models import Medicine, PatientMedicine
from patients.registry.enums import Channel
from patients.registry.models import Patient
from treatments.charting.models import TreatmentSession
from treatments.reminders import own_list, queries, rules, sources, texts
from treatments.reminders.enums import (
    COUNTED_BACK,
    OPEN_TO_PLANNING,
    RULE_TEXTS,
    Decision,
    ReminderStatus,
    TextKind,
    Trigger,
    Unit,
    Why,
)
from treatments.reminders.models import MessageText, Reminder, ReminderRule
from treatments.reminders.services.clockwork import clinic_time
from treatments.reminders.services.planning import current, new
from treatments.reminders.services.writing import Message, write_message
from treatments.reminders.sources import Source
from treatments.scheduling.enums import OPEN, VisitKind
from treatments.scheduling.models import Appointment
from treatments.scheduling.queries import latest_visit, visits_to_come

R = ReminderStatus


@dataclass(frozen=True)
class Line:
    """One message: sent, waiting, or to be planned. `at`: when it left or leaves. `if_signed`: only after a session
    that has not taken place yet."""

    rule: ReminderRule
    channel: str
    status: str
    why: str
    at: datetime
    about: datetime
    if_signed: bool = False
    message: Message | None = None

    @property
    def label(self) -> str:
        return ReminderStatus(self.status).label

    def get_status_display(self) -> str:
        return self.label

    def get_why_display(self) -> str:
        return Why(self.why).label if self.why else ""

    def get_channel_display(self) -> str:
        return Channel(self.channel).label

    @property
    def what(self) -> tuple:
        """Two lines that say the same differ in nothing of this."""
        return *self.sending, self.about

    @property
    def sending(self) -> tuple:
        return self.rule.pk, self.channel, self.status, self.at


@dataclass(frozen=True)
class Comparison:
    """The messages of a visit as it is, and as it would be at another time."""

    before: list[Line]
    after: list[Line]

    @property
    def gone(self) -> list[Line]:
        """What waits now and would not be sent."""
        kept = {line.sending for line in self.after}
        return [line for line in self._waiting if line.sending not in kept]

    @property
    def rewritten(self) -> list[Line]:
        """What would be sent when it is to be sent now, and say the new time."""
        waiting, known = {line.sending for line in self._waiting}, {line.what for line in self.before}
        return [line for line in self.after if line.sending in waiting and line.what not in known]

    @property
    def added(self) -> list[Line]:
        waiting, known = {line.sending for line in self._waiting}, {line.what for line in self.before}
        return [line for line in self.after if line.sending not in waiting and line.what not in known]

    @property
    def _waiting(self) -> list[Line]:
        return [line for line in self.before if line.status in (R.PLANNED, R.SKIPPED)]


def of_visit(visit_id: int, *, words: bool = False, at: datetime | None = None) -> list[Line]:
    """All messages of a visit in their order: what was sent, what waits, and what would follow a signed session."""
    at = at or clock.now()
    with clinic_time() as clinic:
        found = sources.visits([visit_id], at, plan=True, forms=True)
        return _lines(found[0], at, clinic, words=words) if found else []


def of_session(session_id: int, *, words: bool = False, at: datetime | None = None) -> list[Line]:
    """All messages that follow a signed session, in their order: what was sent, and what waits or is to be planned."""
    at = at or clock.now()
    with clinic_time() as clinic:
        found = sources.sessions([session_id], at, plan=True, medicines=True)
        rules_in_use = queries.rules_in_use()
        lines = []
        for signed in found:
            rows = queries.reminders_about([signed])[signed.key]
            lines += _of_source(signed, rules_in_use, rows, at, clinic, words=words)
        return sorted(lines, key=lambda line: (line.at, line.rule.pk))


def of_move(visit_id: int, starts_at: datetime, *, at: datetime | None = None) -> Comparison:
    """What moving a visit would change of its messages; what follows the session, follows it wherever it goes.

    Only "keep taking it" of the decisions outlives a move.
    """
    at = at or clock.now()
    with clinic_time() as clinic:
        (source,) = sources.visits([visit_id], at, plan=True, forms=True)
        length = source.ends_at - source.starts_at
        kept = {pk: decision for pk, decision in source.decided.items() if decision == Decision.CONTINUE}
        moved = replace(source, starts_at=starts_at, ends_at=starts_at + length, known_at=at, decided=kept)
        before, after = (_lines(one, at, clinic) for one in (source, moved))
        return Comparison(*([line for line in lines if not line.if_signed] for lines in (before, after)))


def of_rule(
    rule: ReminderRule,
    *,
    visit_type,
    starts_at: datetime,
    booked_at: datetime,
    channel: str,
    language: str,
    medicine: Medicine | None = None,
    medicine_source: str = "",
    clinical_words: bool = False,
) -> tuple[Line | None, str]:
    """The message that a rule would send to a made-up patient, with its words; or None, and why there would be none."""
    with clinic_time() as clinic:
        source = _made_up(visit_type, starts_at, booked_at, channel, language, clinical_words)
        if medicine:
            row = PatientMedicine(pk=0, patient=source.patient, medicine=medicine, source=medicine_source)
            source.medicines = [row]
        if rule.trigger == Trigger.AFTER_SESSION:
            source = as_signed(source)
        source.lacks_form = True
        rule.in_use_since = None
        wanted = rules.wanted_of(source, [rule], booked_at, clinic).get(rule.pk)
        if wanted is None or wanted.status != R.PLANNED:
            return None, Why(wanted.why).label if wanted else ""
        words = _words(source, rule, wanted, clinic)
        return Line(rule, wanted.channel, R.PLANNED, "", wanted.due_at, source.starts_at, message=words), ""


@dataclass(frozen=True)
class Filled:
    """What stands for a text's placeholders, and the visit that it was taken from, if there is one.

    `instead`: the wording that the patient would get in the place of this text, or that none goes out; else empty.
    """

    values: dict[str, str]
    visit: Appointment | None
    instead: str = ""


def of_text(text: MessageText, patient: Patient, *, names: bool, at: datetime | None = None) -> Filled:
    """What would be filled into the text for this patient: of their next visit or the last, or else the sample's.

    `names`: also of the patient's own list, in an e-mail to who wished it. The links lead nowhere.
    """
    at = at or clock.now()
    with clinic_time() as clinic:
        values = texts.sample_values(clinic, text.language)
        values["name"] = patient.given_name or patient.family_name
        visit = next(iter(visits_to_come(patient, at)), None) or latest_visit(patient, at)
        if visit is None:
            return Filled(values, None)
        (source,) = sources.visits([visit.pk], at)
        named = text.channel == Channel.EMAIL and patient.clinical_words
        instead = _instead(text, source, named=named) if names else ""
        rows = source.medicines if names and named else []
        kept = [row.pk for row in rows if own_list.must_be_decided(row)]
        lines = own_list.to_stop(rows, clock.local(visit.starts_at).date())
        general = rules.avoid_from(visit.starts_at, days_before=_days_before(text), at=at)
        own = texts.values_for(
            clinic=clinic,
            name=values["name"],
            starts_at=visit.starts_at,
            since=max(min([*(line.since for line in lines), general]), clock.local(at).date()),
            language=text.language,
            today=clock.local(at).date(),
            to_stop=lines,
            agreed=queries.agreed_pauses(visit.pk, kept) if kept else (),
        )
        return Filled(values | own, visit, instead)


def _instead(text: MessageText, source: Source, *, named: bool) -> str:
    """What the patient's own list puts in the place of a text about painkillers; empty when it is this text."""
    if text.kind in RULE_TEXTS and text.kind != TextKind.STOP_SELF_BOUGHT:
        return ""
    kind = own_list.which_text(source.medicines, source.decided)
    if kind == TextKind.STOP_OWN_LIST and not named:
        kind = TextKind.STOP_SELF_BOUGHT
    if kind == text.kind:
        return ""
    return TextKind(kind).label if kind else _("no message: the visit is on hold")


def _days_before(text: MessageText) -> int:
    """How long before a visit the last rule speaks that uses the text, or the one in whose place it stands."""
    kind = text.kind if text.kind in RULE_TEXTS else TextKind.STOP_SELF_BOUGHT
    speaking = [rule for rule in queries.rules_in_use() if rule.text_kind == kind and rule.unit == Unit.DAYS]
    return min((rule.offset for rule in speaking if rule.trigger in COUNTED_BACK), default=0)


def as_signed(source: Source) -> Source:
    """The session that a visit is for, as if it were signed at its end."""
    session = TreatmentSession(
        patient=source.patient, status="signed", started_at=source.starts_at, signed_at=source.ends_at
    )
    return replace(source, visit=None, session=session, known_at=source.ends_at, changed_at=source.ends_at)


def _made_up(visit_type, starts_at, booked_at, channel, language, clinical_words) -> Source:
    patient = Patient(
        given_name="Alexandra",
        family_name="",
        birth_date=clock.local(booked_at).date(),
        email="alexandra@example.org",
        phone="+34600000000",
        channel=channel,
        may_message=True,
        language=language,
        clinical_words=clinical_words,
    )
    visit = Appointment(
        patient=patient,
        visit_type=visit_type,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=visit_type.minutes),
        status="booked",
        booked_at=booked_at,
    )
    return sources.of_visit(visit)


def _lines(source: Source, at: datetime, clinic, *, words: bool = False) -> list[Line]:
    in_use = queries.rules_in_use()
    standing = queries.reminders_about([source])[source.key]
    lines = _of_source(source, in_use, standing, at, clinic, words=words)
    visit = source.visit
    if visit.session_id:
        for signed in sources.sessions([visit.session_id], at, plan=True):
            rows = queries.reminders_about([signed])[signed.key]
            lines += _of_source(signed, in_use, rows, at, clinic, words=words)
    elif source.kind == VisitKind.SESSION and visit.status in OPEN and source.starts_at > at:
        after = _of_source(as_signed(source), in_use, [], at, clinic, words=words)
        lines += [replace(line, if_signed=True) for line in after]
    return sorted(lines, key=lambda line: (line.at, line.rule.pk))


def _of_source(source: Source, in_use, standing: Iterable[Reminder], at, clinic, *, words: bool) -> list[Line]:
    by_id = {rule.pk: rule for rule in queries.rules_named({row.rule_id for row in standing})}
    by_id |= {rule.pk: rule for rule in in_use}
    told = [row for row in standing if row.status not in OPEN_TO_PLANNING]
    lines = [
        Line(by_id[row.rule_id], row.channel, row.status, row.why, row.sent_at or row.due_at, row.starts_at)
        for row in told
    ]
    for pk, wanted in rules.wanted_of(source, in_use, at, clinic).items():
        _turn, here = current([row for row in standing if row.rule_id == pk], source.starts_at)
        if wanted.status == R.CANCELLED or any(row.status not in OPEN_TO_PLANNING for row in here):
            continue
        message = _words(source, by_id[pk], wanted, clinic) if words and wanted.status == R.PLANNED else None
        lines.append(
            Line(by_id[pk], wanted.channel, wanted.status, wanted.why, wanted.due_at, source.starts_at, message=message)
        )
    return lines


def _words(source: Source, rule: ReminderRule, wanted, clinic) -> Message | None:
    """As they would be if what is known now were known then."""
    row = new(source, rule, wanted)
    try:
        return write_message(row, clinic, wanted.due_at, source=source)
    except LookupError:
        return None
