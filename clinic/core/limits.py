"""Limits how often something may be tried: each try takes one of a fixed number of slots in the shared cache.

Taking a slot is one atomic insert, so twenty tries at once count as twenty, whoever serves them.
"""

from django.core.cache import cache


def take_slot(name: str, *, slots: int, seconds: int) -> str | None:
    """The key of the slot that was free, or None when all are taken; a slot is free again after `seconds`."""
    keys = (f"{name}:{number}" for number in range(slots))
    return next((key for key in keys if cache.add(key, True, seconds)), None)


def free_slot(key: str) -> None:
    cache.delete(key)
