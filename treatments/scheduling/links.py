"""Secret addresses: a token of 192 bits that is told to one person, and of which the database keeps only a digest.

The token is made from a number kept beside the digest and the house's secret key: who steals the database alone
cannot open an address, and who may show it to its owner can do so again.
"""

import base64
import hashlib
from uuid import UUID, uuid4

from django.utils.crypto import salted_hmac

BYTES = 24


def new_secret(purpose: str) -> dict:
    """The columns of a new row with an address."""
    nonce = uuid4()
    return {"nonce": nonce, "token_digest": digest_of(token_of(purpose, nonce))}


def token_of(purpose: str, nonce: UUID) -> str:
    mac = salted_hmac(f"treatments.scheduling.{purpose}", nonce.hex, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac[:BYTES]).decode()


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
