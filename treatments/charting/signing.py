"""What a signature stands on: the session's rows in one canonical form, its hash, and a keyed digest of that.

The hash says that the content is what was signed; the digest (HMAC, its key is not in the database) says that
the clinic's own application wrote it, for this session and no other.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import format_amount

MEANING = _("I carried out this treatment, and this record of it is complete and correct.")
ADDENDUM_MEANING = _("I wrote this addition to the record.")
COSIGN_MEANING = _("I supervise the person who signed this record, have read it, and agree with it.")


def content_hash(session, preparations, lots, injections, answers=(), photos=()) -> str:
    """SHA-256 of everything that is signed."""
    return hashlib.sha256(canonical_content(session, preparations, lots, injections, answers, photos)).hexdigest()


def canonical_content(session, preparations, lots, injections, answers=(), photos=()) -> bytes:
    """Everything that is signed, as JSON in one fixed form. Rows come as they are stored, in the order of the models.

    What came to be recorded later (a mixture's number and time, amounts, the plan, the safety rules' answers, the
    review before the start, the findings, the spacing of a grid, the photos) counts where it is there: the hash of an
    older record stays what it was.
    """
    positions = {preparation.pk: preparation.position for preparation in preparations}
    content = {
        "session": [session.pk, session.patient_id, session.practitioner_id, _instant(session.started_at)],
        "signed": [_instant(session.signed_at), session.signed_by_id, session.signed_name, session.signed_role],
        "indication": session.indication_id,
        "texts": [session.note, session.reactions, session.advice],
        "preparations": [
            [p.position, p.version_id, format_amount(p.volume_ml), p.variation, p.variation_reason, *_drawn(p)]
            for p in sorted(preparations, key=lambda p: p.position)
        ],
        "lots": sorted([positions.get(lot.preparation_id), lot.line_id, lot.lot_id, *_taken(lot)] for lot in lots),
        "injections": [
            [
                positions.get(i.preparation_id),
                *(i.area_id, i.side, i.diagram, i.technique_id, i.needle),
                *(format_amount(i.depth_mm), format_amount(i.volume_ml), i.count),
                [[f"{x:.4f}", f"{y:.4f}"] for x, y in i.points],
                *_spacing(i),
            ]
            for i in sorted(injections, key=lambda i: i.pk)
        ],
    }
    if session.plan_id:
        content["plan"] = session.plan_id
    if session.copied_from_id:
        content["copied_from"] = session.copied_from_id
    if session.review:
        content["review"] = session.review
    if session.findings:
        content["findings"] = session.findings
    if session.cosignature_needed:
        content["cosignature_needed"] = True
    if answers:
        content["safety"] = sorted([a.rule, a.about, a.effect, a.message, a.sources, a.reason] for a in answers)
    if photos:
        content["photos"] = [
            [p.pk, p.sha256, p.width, p.height, p.added_by_id, _instant(p.added_at)]
            for p in sorted(photos, key=lambda p: p.pk)
        ]
    return _canonical(content)


def photo_is_unchanged(photo) -> bool:
    """Whether the photo's file is there, and holds to the last byte what was added."""
    try:
        with photo.file.open() as file:
            return same(photo.sha256, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError:
        return False


def _drawn(preparation) -> list[str]:
    if not preparation.number and preparation.drawn_at is None:
        return []
    return [preparation.number, _instant(preparation.drawn_at) if preparation.drawn_at else ""]


def _taken(lot) -> list[str]:
    return [] if lot.volume_ml is None else [format_amount(lot.volume_ml)]


def _spacing(injection) -> list[str]:
    return [] if injection.spacing_mm is None else [format_amount(injection.spacing_mm)]


def session_signature(session) -> str:
    return _keyed("session", session.pk, session.content_hash)


def addendum_signature(addendum, session_signature: str) -> str:
    return _keyed(
        "addendum",
        addendum.session_id,
        session_signature,
        addendum.text,
        addendum.written_by_id,
        addendum.written_name,
        _instant(addendum.written_at),
    )


def cosignature_signature(cosignature, session_signature: str) -> str:
    return _keyed(
        "cosignature",
        cosignature.session_id,
        session_signature,
        cosignature.kind,
        cosignature.text,
        cosignature.by_id,
        cosignature.by_name,
        cosignature.by_role,
        _instant(cosignature.at),
    )


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _keyed(*parts) -> str:
    return hmac.new(settings.SIGNATURE_KEY.encode(), _canonical(parts), hashlib.sha256).hexdigest()


def _canonical(content) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
