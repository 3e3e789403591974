"""The queue only says "look at row N"; what must happen is in the row."""

from clinic.celery import app
from treatments.reminders import services


@app.task
def plan_reminders(**kwargs):
    services.plan_reminders()


@app.task
def sweep_reminders(**kwargs):
    services.sweep_reminders(publish=deliver_reminder.delay)


@app.task
def deliver_reminder(reminder_id: int):
    services.deliver_reminder(reminder_id=reminder_id)
