"""The addresses that go out with a message: the page that belongs to its words, and how to get no more of its kind.

Only a message that is being sent carries real ones; any other is looked at by somebody, and shows a sample.
"""

from datetime import datetime

from patients.registry.enums import Channel
from treatments.links.enums import Purpose
from treatments.links.services import Known, issue_link, sample_link, unsubscribe_headers
from treatments.reminders import rules
from treatments.reminders.enums import PAGE_OF, ReminderStatus
from treatments.reminders.models import MessageText, Reminder


def addresses_in(
    text: MessageText, kind: str, reminder: Reminder, at: datetime, known: Known | None = None
) -> dict[str, str]:
    """What stands for {link} and {unsubscribe}; only what the text asks for is made, and is not `known` yet."""
    asked = {"link": _page(kind, reminder), "unsubscribe": _stop(reminder)}
    return {
        mark: _address(about, reminder, at, known) if about else ""
        for mark, about in asked.items()
        if f"{{{mark}}}" in text.body
    }


def headers_of(reminder: Reminder, at: datetime, known: Known | None = None) -> dict[str, str]:
    """By which mail programs offer to unsubscribe."""
    if reminder.channel != Channel.EMAIL or not _leaves(reminder):
        return {}
    return unsubscribe_headers(**_whom(reminder), at=at, known=known)


def links_in(text: MessageText, kind: str, reminder: Reminder) -> list[dict]:
    """What the links are about that the message carries when it leaves, as `ready_links` wants to be told."""
    page, stop = _page(kind, reminder), _stop(reminder)
    links = [page] if page and "{link}" in text.body else []
    return [*links, stop] if reminder.channel == Channel.EMAIL or "{unsubscribe}" in text.body else links


def _address(about: dict, reminder: Reminder, at: datetime, known: Known | None) -> str:
    return issue_link(**about, at=at, known=known) if _leaves(reminder) else sample_link()


def _page(kind: str, reminder: Reminder) -> dict | None:
    """What the page of these words is about, if there is one."""
    purpose = PAGE_OF.get(kind)
    about = {"session": reminder.session} if purpose == Purpose.AFTER_CARE else {"visit": reminder.appointment}
    if purpose is None or not all(about.values()):
        return None
    return {"purpose": purpose, "patient": reminder.patient, **about}


def _stop(reminder: Reminder) -> dict:
    return {"purpose": Purpose.STOP, **_whom(reminder)}


def _whom(reminder: Reminder) -> dict:
    return {"patient": reminder.patient, "channel": reminder.channel, "topic": rules.topic_of(reminder.rule)}


def _leaves(reminder: Reminder) -> bool:
    return reminder.status == ReminderStatus.CLAIMED
