"""Rows that many tests only read: written once, undone at the end."""

from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone():
    """What is written inside is rolled back at the end. Tests inside roll back their own to a savepoint."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
