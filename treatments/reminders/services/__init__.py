"""The only writers of messages: planning and sending by clockwork, and what people do with them."""

from treatments.reminders.services.acts import (
    decide_medicine,
    edit_message_text,
    edit_rule,
    load_default_rules_and_texts,
    resend_reminder,
    tell_by_telephone,
)
from treatments.reminders.services.planning import plan_reminders
from treatments.reminders.services.sending import deliver_reminder, sweep_reminders, write_message, write_next

__all__ = [
    "decide_medicine",
    "deliver_reminder",
    "edit_message_text",
    "edit_rule",
    "load_default_rules_and_texts",
    "plan_reminders",
    "resend_reminder",
    "sweep_reminders",
    "tell_by_telephone",
    "write_message",
    "write_next",
]
