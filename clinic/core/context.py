"""What belongs to the request (or task) that is being served: its id, and where it came from."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    request_id: str = ""
    address: str | None = None


_current: ContextVar[Context] = ContextVar("context", default=Context())  # noqa: B039 -- frozen


def current() -> Context:
    return _current.get()


def begin(context: Context):
    """Makes `context` current; give the returned token to `end`."""
    return _current.set(context)


def end(token) -> None:
    _current.reset(token)
