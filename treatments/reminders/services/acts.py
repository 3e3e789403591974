"""What people do: send again, tell by telephone, decide about a medicine, edit rules and texts."""

from datetime import datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from treatments.reminders import rules, texts
from treatments.reminders.enums import REMINDER_MOVES, Decision, ReminderStatus
from treatments.reminders.models import MedicineDecision, MessageText, Reminder, ReminderRule
from treatments.reminders.services.clockwork import move
from treatments.reminders.services.planning import plan_reminders
from treatments.scheduling.enums import VisitKind

R = ReminderStatus

DEFAULT_RULE = {
    "name": "How to prepare",
    "visit_kind": VisitKind.SESSION,
    "days_before": 7,
    "send_at": time(10),
}


@transaction.atomic
def resend_reminder(*, reminder: Reminder, by, at: datetime | None = None) -> None:
    """A failed or unknown message waits again, due now: a patient who perhaps got it may get it twice."""
    at = at or clock.now()
    if reminder.status not in (R.FAILED, R.UNKNOWN):
        raise Refused(_("This message is not one that failed, so it is not sent again."))
    if rules.why_not(reminder, at):
        raise Refused(_("This message cannot be sent any more: see the visit and the patient's contact."))
    fields = {"attempts": 0, "resends": reminder.resends + 1, "next_try_at": at, "why": "", "provider_answer": ""}
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
def decide_medicine(*, decision: MedicineDecision, choice: str, note: str, by, at: datetime | None = None) -> None:
    """Decided once, by a practitioner. A pause needs the prescriber's name and the dates in the note."""
    at = at or clock.now()
    if choice not in Decision.values or choice == Decision.WAITING:
        raise Refused(_("Choose what is decided."), field="choice")
    if choice == Decision.PRESCRIBER_AGREED and not note.strip():
        raise Refused(_("Write who agreed, and from when to when the medicine is paused."), field="note")
    waiting = MedicineDecision.objects.filter(pk=decision.pk, decision=Decision.WAITING)
    if not waiting.update(decision=choice, note=note.strip(), decided_by=by, decided_at=at):
        raise Conflict(_("This has been decided meanwhile."))
    record(by=by, action=Action.DECIDE, subject=decision, patient_id=decision.patient_id, fields=["decision", "note"])


def edit_rule(
    *, rule: ReminderRule, days_before: int, send_at: time, active: bool, by, at: datetime | None = None
) -> int:
    """Changes when a message goes out; the ones that wait follow at once. Returns how many rows that changed."""
    new = {"days_before": days_before, "send_at": send_at, "active": active}
    with transaction.atomic():
        row = ReminderRule.objects.select_for_update().get(pk=rule.pk)
        changed = [name for name, value in new.items() if getattr(row, name) != value]
        ReminderRule.objects.filter(pk=rule.pk).update(**new)
        record(by=by, action=Action.CHANGE, subject=rule, fields=changed, at=at)
    return plan_reminders(at=at) if changed else 0


@transaction.atomic
def edit_message_text(*, text: MessageText, subject: str, body: str, by, at: datetime | None = None) -> None:
    """New words for messages that have not been sent; those that were sent keep theirs."""
    for name, value in (("subject", subject), ("body", body)):
        if unknown := texts.unknown_marks(value):
            raise Refused(_("This cannot be filled in: %(marks)s") % {"marks": " ".join(unknown)}, field=name)
    MessageText.objects.filter(pk=text.pk).update(subject=subject, body=body)
    record(by=by, action=Action.CHANGE, subject=text, fields=["subject", "body"], at=at)


@transaction.atomic
def load_default_rules_and_texts(*, by=None) -> int:
    """Adds what is missing of the rule and the texts a clinic begins with; what it edited stays."""
    rule, is_new = ReminderRule.objects.get_or_create(key="nsaid_week", defaults=DEFAULT_RULE)
    added = [rule] if is_new else []
    for kind, language, channel, subject, body in texts.default_texts():
        text, is_new = MessageText.objects.get_or_create(
            kind=kind, language=language, channel=channel, defaults={"subject": subject, "body": body}
        )
        added += [text] if is_new else []
    for row in added:
        record(by=by, action=Action.CREATE, subject=row)
    return len(added)
