"""How a message leaves the house. Each transport says what became of it, in three words.

An answer keeps codes and ids only: what servers say in words repeats addresses.
"""

from treatments.reminders.transports.answers import Answer, Outcome
from treatments.reminders.transports.email import send_email
from treatments.reminders.transports.sms import FileSms, HttpSms, send_sms
from treatments.reminders.transports.twilio import TwilioSms

__all__ = ["Answer", "FileSms", "HttpSms", "Outcome", "TwilioSms", "send_email", "send_sms"]
