"""What the pages of the exchange show, each fetched whole."""

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404

from treatments.catalogue.exchange import packages
from treatments.catalogue.exchange.packages import Seal
from treatments.catalogue.models import ExchangeFile, KnownKey


@dataclass(frozen=True)
class Signer:
    """Whose key signed a package: our own, one that an administrator has named, or one not known before."""

    fingerprint: str
    name: str
    own: bool

    @property
    def known(self) -> bool:
        return self.own or bool(self.name)


def get_file(file_id: int, *, by) -> ExchangeFile:
    """A file of this person that waits for a decision. Raises Http404."""
    row = get_object_or_404(ExchangeFile, pk=file_id, uploaded_by=by, imported_at=None)
    if not row.content:
        raise Http404
    return row


def signer_of(seal: Seal | None) -> Signer | None:
    if seal is None:
        return None
    known = KnownKey.objects.current().filter(public_key=seal.public_key).first()
    own = seal.public_key == packages.public_key()
    return Signer(seal.fingerprint, known.name if known else "", own)


def known_keys() -> list[KnownKey]:
    """The list of keys, those that are trusted first, each with its `fingerprint`."""
    rows = sorted(KnownKey.objects.select_related("named_by"), key=lambda row: row.retired_at is not None)
    for row in rows:
        row.fingerprint = packages.fingerprint(row.public_key)
    return rows


def get_key(key_id: int) -> KnownKey:
    return get_object_or_404(KnownKey.objects.current(), pk=key_id)


def is_distrusted(seal: Seal) -> bool:
    return KnownKey.objects.filter(public_key=seal.public_key, retired_at__isnull=False).exists()
