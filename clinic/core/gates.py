"""What may stand in the way of a treatment that is about to start, asked of every app that knows of something.

`SESSION_GATES` (clinic/places.py) names functions, so that the page before a session can show the gaps of apps that it
does not know. Each is called with what is about to start (it has at least `patient` and `at`, an instant) and gives
the gaps that it sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Gap:
    """Something that is missing, or speaks against starting. It is closed at `address`, or overridden with a reason.

    `key` tells the gaps apart and names the reason in the record; `message` is a sentence for the practitioner;
    `tone` is how strongly it speaks, "stop" or "reason".
    """

    key: str
    message: str
    tone: str = "reason"
    address: str = ""
    sources: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        return self.key.replace(".", "-")


def gaps_before(start) -> Iterator[Gap]:
    """Every gap, in the order of the gates."""
    for name in settings.SESSION_GATES:
        yield from import_string(name)(start)
