"""What a transport answers."""

from dataclasses import dataclass

from treatments.reminders.enums import Outcome

__all__ = ["Answer", "Outcome", "safe_id"]


@dataclass(frozen=True)
class Answer:
    """SENT: accepted. LATER: surely not sent, for a reason that may pass. REFUSED: surely not, and never will be.
    UNCLEAR: perhaps sent.

    `provider_id` is the provider's own name of the message; `bad_address` says that the address is what was wrong;
    `wait` is how many seconds the provider asked us to stay away.
    """

    outcome: Outcome
    detail: str = ""
    provider_id: str = ""
    bad_address: bool = False
    wait: int = 0


def safe_id(given) -> str:
    """An id or a code as a provider gave it, without anything that words or addresses are made of."""
    return "".join(c for c in str(given or "") if c.isascii() and (c.isalnum() or c in "-_."))[:100]
