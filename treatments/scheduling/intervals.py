"""Arithmetic of stretches of time, without a database: [from, until), or first and last possible start."""

from collections.abc import Iterable, Iterator
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
    windows = [(start, end - length) for start, end in merge(open_) if end - start >= length]
    for start, end in merge(busy):
        windows = [left for window in windows for left in _cut(window, start - length - after, end + before)]
    return windows


def _cut(window: Stretch, start: datetime, end: datetime) -> Iterator[Stretch]:
    """The window without what lies strictly between start and end."""
    first, last = window
    if end <= first or start >= last:
        yield window
        return
    if first <= start:
        yield first, start
    if end <= last:
        yield end, last


def quarters(windows: Iterable[Stretch]) -> Iterator[datetime]:
    """Every quarter of an hour in the windows. All zones in use differ from UTC by whole quarters."""
    for first, last in windows:
        late = timedelta(minutes=first.minute % 15, seconds=first.second, microseconds=first.microsecond)
        start = first + (QUARTER - late if late else timedelta(0))
        while start <= last:
            yield start
            start += QUARTER


def instant_text(instant: datetime) -> str:
    """An instant as addresses and forms say it: 2027-03-01T08:30Z."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M}Z"
