"""The queue only says "look at rows N, M, ..."; what must happen is in the row."""

from clinic.celery import app
from treatments.reminders import services

# Looking at everything takes as long as there are visits ahead
LIMITS = {"soft_time_limit": 240, "time_limit": 270}


@app.task(**LIMITS)
def plan_changes(**kwargs):
    """Everything too, when something changed that concerns the whole clinic."""
    services.plan_changes()


@app.task(**LIMITS)
def plan_reminders(**kwargs):
    services.plan_reminders()


@app.task
def sweep_reminders(**kwargs):
    services.sweep_reminders(publish=deliver_reminders.delay)


@app.task
def deliver_reminders(reminder_ids: list[int]):
    services.deliver_reminders(reminder_ids=reminder_ids)
