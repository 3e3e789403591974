"""Charting again what was done last: the map, recipes and amounts of a signed session, as the beginning of a draft.

Lots are not copied: each is chosen anew. Neither are the reasons for a variation, the texts, what was seen, or points
on photos: a photo shows one day.
"""

from datetime import datetime
from decimal import Decimal

from clinic.core.fields import format_amount
from treatments.charting.draft import DRAWN_ML
from treatments.charting.editing import drawn_up
from treatments.charting.enums import SessionStatus
from treatments.charting.mixture import recipe_share
from treatments.charting.models import Injection, Preparation, TreatmentSession
from treatments.charting.photo_models import is_photo


def last_to_copy(patient_id: int) -> TreatmentSession | None:
    """The patient's newest signed session, whole; a constant number of queries."""
    signed = TreatmentSession.objects.filter(patient_id=patient_id, status=SessionStatus.SIGNED)
    rows = ("preparations__lots", "preparations__version__lines", "injections__area", "injections__technique")
    return signed.select_related("draft").prefetch_related(*rows).first()


def source_of(session: TreatmentSession) -> TreatmentSession | None:
    """The signed session of the same patient that the session's draft began as a copy of."""
    named = session.draft.content.get("copied_from")
    if not named:
        return None
    signed = TreatmentSession.objects.filter(patient_id=session.patient_id, signed_at__isnull=False)
    return signed.filter(pk=named).first()


def is_blank(content: dict) -> bool:
    """Whether nothing is charted yet, so that a copy covers up nothing."""
    return not content.get("preparations") and not content.get("injections")


def copied(content: dict, session: TreatmentSession, at: datetime) -> dict:
    """The blank content with the syringes and injections of `session`, drawn up at `at`, and where they came from."""
    first = drawn_up(content) + 1
    preparations = list(session.preparations.all())
    typed = session.draft.content.get("preparations", [])
    names = {preparation.pk: f"p{place}" for place, preparation in enumerate(preparations, first)}
    return content | {
        "preparations": [_syringe(preparation, names[preparation.pk], typed, at) for preparation in preparations],
        "injections": [
            _group(injection, f"i{n}", names[injection.preparation_id])
            for n, injection in enumerate(session.injections.all(), 1)
            if not is_photo(injection.diagram)
        ],
        "drawn_up": first + len(preparations) - 1,
        "copied_from": session.pk,
    }


def _recipe_volume(preparation: Preparation, typed: list[dict]) -> Decimal:
    """How much of the recipe was drawn up, in mL: the record holds what was in the syringe, the draft what was typed.

    Records that were not charted here have an empty draft; there the syringe held what the recipe says.
    """
    place = preparation.position - 1
    return DRAWN_ML.clean(typed[place]["volume_ml"]) if place < len(typed) else preparation.volume_ml


def _syringe(preparation: Preparation, name: str, typed: list[dict], at: datetime) -> dict:
    volume_ml = _recipe_volume(preparation, typed)
    lines = list(preparation.version.lines.all())
    taken = {lot.line_id: lot.volume_ml for lot in preparation.lots.all()}
    shares = {line.pk: recipe_share(line, preparation.version, volume_ml) for line in lines}
    known = None not in taken.values()  # older records do not say how much was taken of each lot
    varied = {line: taken.get(line, Decimal()) for line in shares if known and taken.get(line, 0) != shares[line]}
    return {
        "id": name,
        "version_id": preparation.version_id,
        "volume_ml": format_amount(volume_ml),
        "variation_reason": "",
        "lots": {str(line.pk): None for line in lines},
        "amounts": {str(line): format_amount(drawn) for line, drawn in varied.items()},
        "drawn_at": at.isoformat(timespec="seconds"),
    }


def way_of(injection: Injection) -> dict:
    """How points were put, as a draft says it."""
    return {
        "technique": injection.technique.key,
        "needle": injection.needle,
        "depth_mm": format_amount(injection.depth_mm),
        "volume_ml": format_amount(injection.volume_ml),
    }


def _group(injection: Injection, name: str, preparation: str) -> dict:
    group = way_of(injection) | {
        "id": name,
        "preparation": preparation,
        "area": injection.area.key,
        "side": injection.side,
        "diagram": injection.diagram,
        "points": injection.points,
    }
    if not injection.points:
        group["count"] = str(injection.count)
    if injection.spacing_mm:
        group["spacing_mm"] = format_amount(injection.spacing_mm)
    return group
