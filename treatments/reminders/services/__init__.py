"""The only writers of messages: planning and sending by clockwork, and what people do with them."""

from treatments.reminders.services.acts import (
    RULE_FIELDS,
    decide_medicine,
    edit_rule,
    load_default_rules_and_texts,
    resend_reminder,
    tell_by_telephone,
)
from treatments.reminders.services.planning import effect_of, plan_changes, plan_reminders
from treatments.reminders.services.reporting import note_report
from treatments.reminders.services.sending import deliver_reminder, deliver_reminders
from treatments.reminders.services.sweeping import sweep_reminders
from treatments.reminders.services.wording import edit_message_text, restore_text_version
from treatments.reminders.services.writing import write_message, write_next

__all__ = [
    "RULE_FIELDS",
    "decide_medicine",
    "deliver_reminder",
    "deliver_reminders",
    "edit_message_text",
    "edit_rule",
    "effect_of",
    "load_default_rules_and_texts",
    "note_report",
    "plan_changes",
    "plan_reminders",
    "resend_reminder",
    "restore_text_version",
    "sweep_reminders",
    "tell_by_telephone",
    "write_message",
    "write_next",
]
