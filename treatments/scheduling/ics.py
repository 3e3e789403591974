"""iCalendar texts (RFC 5545, 5546), in UTC, so that no calendar program has to know the clinic's zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

FOLD = 74  # bytes of a line; RFC 5545 allows 75


@dataclass(frozen=True)
class Event:
    """`uid` stays with a visit for ever, `sequence` grows whenever it changes, `stamp` says when it last did."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    location: str = ""
    organizer: str = ""
    cancelled: bool = False


def calendar(name: str, events: Iterable[Event], method: str = "PUBLISH") -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Nappage//Calendar//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{method}",
        f"X-WR-CALNAME:{_text(name)}",
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(event: Event) -> Iterable[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{event.uid}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTAMP:{_instant(event.stamp)}"
    yield f"DTSTART:{_instant(event.starts_at)}"
    yield f"DTEND:{_instant(event.ends_at)}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.location:
        yield f"LOCATION:{_text(event.location)}"
    if event.organizer:
        yield f"ORGANIZER:{event.organizer}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    yield "END:VEVENT"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return " ".join(escaped.split())


def _folded(line: str) -> str:
    """Lines of at most 75 bytes, never cut within a letter; what goes on begins with a space."""
    folded, size = [], 0
    for letter in line:
        width = len(letter.encode())
        if size + width > FOLD:
            folded.append("\r\n ")
            size = 1
        folded.append(letter)
        size += width
    return "".join(folded)
