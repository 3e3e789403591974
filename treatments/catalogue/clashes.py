"""What the database will not have twice, said in a sentence."""

from contextlib import contextmanager

from django.db import IntegrityError, transaction

from clinic.core.errors import Refused


@contextmanager
def refusing(message: str, *, field: str):
    """Turns the database's objection to a second row of the same into a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise Refused(message, field=field) from error
