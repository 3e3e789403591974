"""Arithmetic of stretches of time, without a database: [from, until), or first and last possible start."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

Stretch = tuple[datetime, datetime]
QUARTER = timedelta(minutes=15)


def merge(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same time in as few stretches as possible, in order; those that touch become one."""
    merged: list[Stretch] = []
    for start, end in sorted(stretches):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def contains(stretches: Iterable[Stretch], start: datetime, end: datetime) -> bool:
    """Whether [start, end) lies within the stretches."""
    return any(first <= start and end <= last for first, last in merge(stretches))


def possible_starts(
    open_: Iterable[Stretch], busy: Iterable[Stretch], *, length: timedelta, before: timedelta, after: timedelta
) -> list[Stretch]:
    """When a visit of `length` may start: within one open stretch and, with its buffers, clear of all that is busy."""
    taken = [(start - length - after, end + before) for start, end in merge(busy)]
    found: list[Stretch] = []
    for start, end in merge(open_):
        first, last = start, end - length
        for begin, over in taken:
            if begin >= last or first > last:
                break
            if over > first:
                if first <= begin:
                    found.append((first, begin))
                first = over
        if first <= last:
            found.append((first, last))
    return found


def quarters(windows: Iterable[Stretch], *, since: datetime) -> list[range]:
    """The quarters of an hour in each window, counted from `since`, where a day begins.

    All zones in use differ from UTC by whole quarters.
    """
    return [range(-((since - first) // QUARTER), (last - since) // QUARTER + 1) for first, last in windows]


def instant_text(instant: datetime) -> str:
    """An instant as addresses and forms say it: 2027-03-01T08:30Z."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
