"""The calendar's secret addresses, of offers and of feeds: see `clinic.core.tokens`."""

from uuid import UUID, uuid4

from clinic.core import tokens
from clinic.core.tokens import BYTES, digest_of

__all__ = ["BYTES", "digest_of", "new_secret", "token_of"]


def new_secret(purpose: str) -> dict:
    """The columns of a new row with an address."""
    nonce = uuid4()
    return {"nonce": nonce, "token_digest": digest_of(token_of(purpose, nonce))}


def token_of(purpose: str, nonce: UUID) -> str:
    return tokens.token_of(f"treatments.scheduling.{purpose}", nonce.hex)
