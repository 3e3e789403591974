"""The worker's side of importing a list. Longer than other tasks: a hundred thousand lines take a minute."""

from clinic.celery import app
from patients.registry import importing

LIMITS = {"soft_time_limit": 1500, "time_limit": 1530}


@app.task(**LIMITS)
def check_import(import_id: int, attempt: int, **kwargs):
    importing.check_import(import_id, attempt)


@app.task(**LIMITS)
def run_import(import_id: int, attempt: int, **kwargs):
    importing.run_import(import_id, attempt)
