"""Packages of recipes: who signed them, and whether every byte is still what was signed.

The clinic's Ed25519 key is made from the secret PACKAGE_KEY, which is kept beside the other keys and never in the
database. The signature stands at the end of the file and covers every byte before it; it has one spelling only.
"""

import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils.translation import gettext as _

from treatments.catalogue.exchange.yamltext import Broken, Problem

_END = re.compile(
    rb"signature:\n  key: ([0-9a-f]{64})\n  sha256: ([0-9a-f]{64})\n  ed25519: ([0-9a-f]{128})\n\Z",
)
_IS_PACKAGE = re.compile(rb"^(nappage: recipes|signature:)", re.MULTILINE)


@dataclass(frozen=True)
class Seal:
    """What the signature says: by which key, over what."""

    public_key: str
    sha256: str

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public_key)


def sign(body: str) -> bytes:
    """The package: the text with this clinic's signature below it."""
    content = body.encode()
    key = _private_key()
    lines = [
        "signature:",
        f"  key: {public_key()}",
        f"  sha256: {hashlib.sha256(content).hexdigest()}",
        f"  ed25519: {key.sign(content).hex()}",
    ]
    return content + "".join(f"{line}\n" for line in lines).encode()


def is_package(content: bytes) -> bool:
    return bool(_IS_PACKAGE.search(content))


def unseal(content: bytes) -> tuple[bytes, Seal]:
    """The body of a package, and who signed it. Raises Broken where one byte is not what was signed."""
    found = _END.search(content)
    if not found:
        line = content.count(b"\n") + 1
        raise Broken([Problem(line, _("The signature is missing or damaged: ask for the package again."))])
    body, line = content[: found.start()], content.count(b"\n", 0, found.start()) + 1
    key, sha256, signature = (part.decode() for part in found.groups())
    if hashlib.sha256(body).hexdigest() != sha256:
        message = _("The content is not what was signed: the file was changed on its way. Ask for the package again.")
        raise Broken([Problem(line + 2, message)])
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), body)
    except (InvalidSignature, ValueError) as error:
        message = _("The signature does not belong to this content and key: do not trust this package.")
        raise Broken([Problem(line + 3, message)]) from error
    return body, Seal(key, sha256)


def public_key() -> str:
    """This clinic's own key, for comparing."""
    return _private_key().public_key().public_bytes_raw().hex()


def fingerprint(public_key: str) -> str:
    """A key in eight groups of four letters that two people can read to each other."""
    letters = hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:32]
    return " ".join(letters[at : at + 4] for at in range(0, 32, 4))


def _private_key() -> Ed25519PrivateKey:
    seed = hashlib.sha256(b"nappage packages " + settings.PACKAGE_KEY.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
