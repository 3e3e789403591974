"""The label of a mixture: what somebody with the syringe in their hand must be able to read.

It carries the mixture's number, the recipe and its version, the lots, when it was drawn up, until when it may be
used, the clinic, and of the patient the number and the initials. A syringe with nothing of the patient on it can be
given to the wrong one; a full name would tell everyone who passes the tray or the bin who is treated with what.
Number and initials can be compared with the top of the patient's page, and tell a stranger nothing.

The QR code holds the mixture's number alone. A GS1 element string with lot (10) and expiry (17) must begin with a
GTIN (01), which only what is sold has: without one a scanner would take the syringe for a box on the shelf.

Lots that find no room on a small label are cut off: the number leads to all of them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import segno

from clinic.core import clock
from treatments.catalogue.models import FormulationVersion
from treatments.charting import rules
from treatments.charting.draft import Chart, Syringe
from treatments.charting.mixture import parts_of, volume_in
from treatments.charting.queries import Reference
from treatments.stock.models import Lot


@dataclass(frozen=True)
class Label:
    """`lots` pairs each ingredient with its lot's number, "" where none is chosen; `use_by` is the last minute."""

    syringe_id: str
    number: str
    version: FormulationVersion
    volume_ml: Decimal
    lots: list[tuple[str, str]]
    drawn_at: datetime
    use_by: datetime | None
    qr: "Code"


@dataclass(frozen=True)
class Code:
    """A QR code as an SVG path, and its side in modules with the four on each side that stay empty."""

    path: str
    side: int


def labels_of(chart: Chart, reference: Reference, started_at: datetime) -> list[Label]:
    """A label for each syringe that has a number and whose recipe is known, in their order."""
    known = [syringe for syringe in chart.preparations if syringe.number and syringe.version_id in reference.versions]
    return [_label(syringe, reference, rules.drawn_moment(syringe, started_at)) for syringe in known]


def _label(syringe: Syringe, reference: Reference, drawn_at: datetime) -> Label:
    version = reference.versions[syringe.version_id]
    parts = [part for part in parts_of(syringe, version) if part.drawn_ml]
    lots = [(part.line.ingredient, reference.lots.get(syringe.lots.get(part.line.pk))) for part in parts]
    return Label(
        syringe_id=syringe.id,
        number=syringe.number,
        version=version,
        volume_ml=volume_in(syringe, version),
        lots=[(ingredient.name, lot.number if lot else "") for ingredient, lot in lots],
        drawn_at=drawn_at,
        use_by=min((_keeps_until(lot, drawn_at) for _ingredient, lot in lots if lot), default=None),
        qr=code_of(syringe.number),
    )


def _keeps_until(lot: Lot, drawn_at: datetime) -> datetime:
    """The last minute of a lot: of its expiry day, or of the vial that was open or was opened for this syringe."""
    ends = [clock.day_bounds(lot.expires_on)[1]]
    if lot.open_until and lot.opened_at <= drawn_at:
        ends.append(lot.open_until)
    elif lot.opened_shelf_life:
        ends.append(drawn_at + lot.opened_shelf_life)
    return min(ends) - timedelta(minutes=1)


def code_of(text: str) -> Code:
    """The QR code of a text; each run of dark modules is a rectangle one module high."""
    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix_iter(border=4)]
    path = "".join(f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(rows) for x, length in _runs(row))
    return Code(path, len(rows))


def _runs(row: list) -> list[tuple[int, int]]:
    """Where dark modules begin in a row, and how many follow each other."""
    starts = [x for x, dark in enumerate(row) if dark and not (x and row[x - 1])]
    return [(x, next(n for n in range(1, len(row)) if not row[x + n])) for x in starts]
