"""What people do: send again, tell by telephone, decide about a medicine, edit rules."""

import tomllib
from datetime import date, datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, record_each, save_changes
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from treatments.reminders import rules
from treatments.reminders.enums import REMINDER_MOVES, Clockwork, Decision, ReminderStatus
from treatments.reminders.models import Heartbeat, MedicineDecision, Reminder, ReminderRule
from treatments.reminders.services.clockwork import move
from treatments.reminders.services.planning import plan_reminders
from treatments.reminders.services.wording import add_missing_texts

R = ReminderStatus

DEFAULT_RULES = Path(__file__).parent.parent / "data" / "rules.toml"
# What an administrator may change of a rule
RULE_FIELDS = (
    "name",
    "trigger",
    "offset",
    "unit",
    "send_at",
    "visit_kinds",
    "visit_types",
    "areas",
    "indications",
    "ingredients",
    "medicine_groups",
    "medicine_sources",
    "window_days",
    "languages",
    "channel",
    "fallback",
    "if_late",
    "text_kind",
    "active",
)


@transaction.atomic
def resend_reminder(*, reminder: Reminder, by, at: datetime | None = None) -> None:
    """A failed or unknown message waits again, due now: a patient who perhaps got it may get it twice."""
    at = at or clock.now()
    if reminder.status not in (R.FAILED, R.UNKNOWN):
        raise Refused(_("This message is not one that failed, so it is not sent again."))
    reminder.resends += 1  # what a person sends again is never too late
    if rules.why_not(reminder, at):
        raise Refused(_("This message cannot be sent any more: see the visit and the patient's contact."))
    fields = {"attempts": 0, "resends": reminder.resends, "next_try_at": at, "why": "", "provider_answer": ""}
    if not move([reminder.pk], was=reminder.status, to=R.PLANNED, **fields):
        raise Conflict(_("Somebody else has just dealt with this message."))
    record(by=by, action=Action.SEND, subject=reminder, patient_id=reminder.patient_id, fields=["status"])


@transaction.atomic
def tell_by_telephone(*, reminder: Reminder, by) -> None:
    """The desk has called the patient instead: the message leaves the list and is never sent."""
    if R.TOLD not in REMINDER_MOVES[reminder.status]:
        raise Refused(_("This message does not need a call."))
    if not move([reminder.pk], was=reminder.status, to=R.TOLD):
        raise Conflict(_("Somebody else has just dealt with this message."))
    record(by=by, action=Action.CHANGE, subject=reminder, patient_id=reminder.patient_id, fields=["status"])


@transaction.atomic
def decide_medicine(
    *,
    decision: MedicineDecision,
    choice: str,
    note: str = "",
    prescriber: str = "",
    pause_from: date | None = None,
    pause_until: date | None = None,
    seen: str = Decision.WAITING,
    seen_at: datetime | None,
    by,
    at: datetime | None = None,
) -> MedicineDecision:
    """Decided by a practitioner, about the visit at its present time; deciding again replaces what was decided.

    A pause needs who agreed to it, and the clinic-local days of it. `seen`: what stood when the page was opened, and
    `seen_at` the visit's time then: Conflict when either has changed. The next message obeys.
    """
    at = at or clock.now()
    if choice not in Decision.values or choice == Decision.WAITING:
        raise Refused(_("Choose what is decided."), field="choice")
    if seen_at != decision.appointment.starts_at:
        raise _moved()
    agreed = choice == Decision.PRESCRIBER_AGREED
    if agreed:
        _check_pause(prescriber, pause_from, pause_until)
    decided = {
        "decision": choice,
        "note": note.strip(),
        "prescriber": prescriber.strip() if agreed else "",
        "pause_from": pause_from if agreed else None,
        "pause_until": pause_until if agreed else None,
        "starts_at": seen_at,
        "decided_by": by,
        "decided_at": at,
    }
    current = MedicineDecision.objects.filter(pk=decision.pk, replaced_at=None, decision=seen)
    fields = decided if seen == Decision.WAITING else {"replaced_at": at}
    if not current.filter(appointment__starts_at=seen_at).update(**fields):
        raise _moved() if current.exists() else Conflict(_("This has been decided meanwhile."))
    if seen != Decision.WAITING:
        about = {"appointment": decision.appointment, "patient": decision.patient, "medicine": decision.medicine}
        decision = MedicineDecision.objects.create(**about, **decided, opened_at=at)
    record(by=by, action=Action.DECIDE, subject=decision, patient_id=decision.patient_id, fields=sorted(decided))
    return decision


def _moved() -> Conflict:
    return Conflict(_("The visit was moved meanwhile."))


def _check_pause(prescriber: str, pause_from: date | None, pause_until: date | None) -> None:
    if not prescriber.strip():
        raise Refused(_("Write who agreed to the pause."), field="prescriber")
    if pause_from is None or pause_until is None:
        empty = "pause_from" if pause_from is None else "pause_until"
        raise Refused(_("Write from when to when the medicine is paused."), field=empty)
    if pause_until < pause_from:
        raise Refused(_("The last day comes before the first."), field="pause_until")


def edit_rule(*, rule: ReminderRule, by, at: datetime | None = None, **values) -> int:
    """Changes when a message goes out, to whom and with which text; the ones that wait follow at once.

    `values` are of RULE_FIELDS. Returns how many rows that changed.
    """
    at = at or clock.now()
    unknown = set(values) - set(RULE_FIELDS)
    if unknown:
        raise ValueError(f"no fields of a rule: {sorted(unknown)}")
    with transaction.atomic():
        row = ReminderRule.objects.select_for_update().get(pk=rule.pk)
        since = rules.in_use_since(row, values, at)
        changed = save_changes(row=row, values=values | {"in_use_since": since}, by=by, at=at)
    return plan_reminders(at=at) if changed else 0


@transaction.atomic
def load_default_rules_and_texts(*, by=None, at: datetime | None = None) -> int:
    """Adds what is missing of the rules and the texts a clinic begins with; what it edited stays.

    From now on it counts as a standstill when the clockwork does not run.
    """
    at = at or clock.now()
    for part in Clockwork:
        Heartbeat.objects.get_or_create(name=part, defaults={"at": clock.now()})
    known = set(ReminderRule.objects.values_list("key", flat=True))
    new = ReminderRule.objects.bulk_create(
        ReminderRule(**row, in_use_since=at if row["active"] else None)
        for row in default_rules()
        if row["key"] not in known
    )
    added = [*new, *add_missing_texts(at)]
    record_each(by=by, action=Action.CREATE, subjects=added)
    return len(added)


def default_rules() -> list[dict]:
    """The fields of every rule that a new clinic begins with."""
    with DEFAULT_RULES.open("rb") as file:
        rows = tomllib.load(file)["rule"]
    for row in rows:
        row.pop("confirm", None)
        row["sources"] = row.pop("source", [])
    return rows
