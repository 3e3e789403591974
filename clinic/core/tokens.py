"""Secret addresses: a token that is told to one person, and of which the database keeps only a digest.

The token is made from a random seed kept beside the digest and the house's secret key: who steals the database alone
cannot open an address, and who may tell it to its owner can do so again, in a message that is sent a second time.
"""

import base64
import hashlib
import secrets

from django.utils.crypto import salted_hmac

BYTES = 24
SHORT = 16  # 128 bits, 22 letters: for what must fit into a text message


def new_seed() -> str:
    """192 random bits, as 48 letters."""
    return secrets.token_hex(BYTES)


def token_of(purpose: str, seed: str, *, size: int = BYTES) -> str:
    """The token of `size` bytes, in letters that need no escape; a seed gives another one for every purpose."""
    mac = salted_hmac(purpose, seed, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(mac[:size]).decode().rstrip("=")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
