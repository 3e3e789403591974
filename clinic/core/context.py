"""What belongs to the request (or task) that is being served: its id, where it came from, and who acts."""

from contextvars import ContextVar
from dataclasses import dataclass, replace

PATIENT = "patient"


@dataclass(frozen=True)
class Context:
    """`actor` is who acts without an account (PATIENT, by a link); empty for staff and for the clockwork."""

    request_id: str = ""
    address: str | None = None
    actor: str = ""


_current: ContextVar[Context] = ContextVar("context", default=Context())  # noqa: B039 -- frozen


def current() -> Context:
    return _current.get()


def begin(context: Context):
    """Makes `context` current; give the returned token to `end`."""
    return _current.set(context)


def act_as(actor: str) -> None:
    """From here to the end of the request it is this person, who has no account, who acts."""
    _current.set(replace(_current.get(), actor=actor))


def end(token) -> None:
    _current.reset(token)
