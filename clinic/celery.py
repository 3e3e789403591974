"""The queue's worker and clock. Tasks are found in each app's `tasks`.

Celery would close the database connection before and after each task, and opening one costs more than sending a
message. A web request keeps it for CONN_MAX_AGE, looking first whether it still answers; so does a task.
"""

import os
import sys

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(CELERY_DB_REUSE_MAX=sys.maxsize)
app.autodiscover_tasks()


@signals.task_prerun.connect
@signals.task_postrun.connect
def keep_connections(sender, **kwargs):
    """Closes only those that are old or broken."""
    from django.db import close_old_connections

    if not sender.request.is_eager:
        close_old_connections()
