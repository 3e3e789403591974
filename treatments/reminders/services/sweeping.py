"""Sweeping: what is due is handed to the queue, and what a dead sender held is freed."""

import logging
from datetime import datetime

from clinic.core import clock
from treatments.reminders import queries, rules
from treatments.reminders.enums import Clockwork
from treatments.reminders.services.clockwork import note_run
from treatments.reminders.services.ending import free

BATCH = 10_000  # rows handed to the queue by one sweep; the next sweep waits in the queue behind them
CHUNK = 50  # rows in one task: a task costs the queue as much as sending a message
SENDERS = 16  # few rows are shared out among so many, so that one slow mail server does not hold up all of them
log = logging.getLogger(__name__)


def sweep_reminders(*, publish, at: datetime | None = None) -> int:
    """Frees what a dead sender held and hands the ids of every due row to `publish`, some at a time.

    Returns how many rows were handed over. When the queue does not answer, they stay as they are and the next sweep
    finds them.
    """
    at = at or clock.now()
    for reminder in queries.stuck(at - rules.LEASE):
        free(reminder, at)
    note_run(Clockwork.SWEEPER, at)
    due = queries.due(at, BATCH)
    size = max(1, min(CHUNK, len(due) // SENDERS))
    for start in range(0, len(due), size):
        try:
            publish(due[start : start + size])
        except Exception as error:
            log.warning("the queue does not take messages: %s", type(error).__name__)
            return start
    return len(due)
