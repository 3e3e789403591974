"""A patient's sessions in time: as a strip, all their points on one map, and two of them side by side."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import ngettext

from clinic.core import clock
from treatments.catalogue.enums import Diagram
from treatments.charting.diagrams import Drawing, PointMap, drawing, maps_of
from treatments.charting.draft import Chart
from treatments.charting.enums import SessionStatus
from treatments.charting.models import Injection, TreatmentSession
from treatments.charting.rules import AreaTotal, Totals

BAR = 44  # height of the largest bar of the strip, in its own units
CELLS = 120  # of the longer side of a drawing: points that fall into one cell are shown as one spot
LEVELS = 5


@dataclass(frozen=True)
class Stop:
    """A session on the strip. `bar` is the height of its volume, `days` since the one before; None for the first."""

    session: TreatmentSession
    day: date
    volume_ml: Decimal
    points: int
    bar: int
    days: int | None

    @property
    def points_text(self) -> str:
        return ngettext("%d point", "%d points", self.points) % self.points

    @property
    def days_text(self) -> str:
        return "" if self.days is None else ngettext("%d day", "%d days", self.days) % self.days

    @property
    def top(self) -> int:
        return BAR - self.bar


def strip_of(sessions: Iterable[TreatmentSession]) -> list[Stop]:
    """The signed ones of a patient's sessions, the newest first as they come; their injections are fetched."""
    signed = [session for session in sessions if session.status == SessionStatus.SIGNED]
    sums = [(sum((i.total_ml for i in s.injections.all()), Decimal()), s) for s in signed]
    largest = max((volume for volume, _session in sums), default=None) or Decimal(1)
    days = [clock.local(session.started_at).date() for session in signed]
    since = [(day - before).days for day, before in zip(days, days[1:], strict=False)]
    return [
        Stop(
            session=session,
            day=day,
            volume_ml=volume,
            points=sum(i.count for i in session.injections.all()),
            bar=max(3, round(BAR * volume / largest)),
            days=gap,
        )
        for (volume, session), day, gap in zip(sums, days, [*since, None], strict=False)
    ]


@dataclass(frozen=True)
class Spot:
    """A cell with points in it, in the units of the drawing; `level` from 1 to 5 is how many lie there and around."""

    x: float
    y: float
    level: int
    count: int


@dataclass
class HeatMap:
    drawing: Drawing
    radius: float
    spots: list[Spot] = field(default_factory=list)
    points: int = 0


def heat_of(injections: Iterable[Injection]) -> list[HeatMap]:
    """One map for each drawing with points on it; levels are counted against the fullest place of all of them."""
    cells: dict[str, Counter] = defaultdict(Counter)
    for injection in injections:
        if injection.points and injection.diagram in Diagram.values:
            shown, step = drawing(injection.diagram), _step(injection.diagram)
            cells[injection.diagram].update(
                (int(x * shown.width / step), int(y * shown.height / step)) for x, y in injection.points
            )
    around = {key: {cell: _around(cell, found) for cell in found} for key, found in cells.items()}
    fullest = max((count for found in around.values() for count in found.values()), default=1)
    return [_heat(key, found, around[key], fullest) for key, found in cells.items()]


def _around(cell: tuple[int, int], found: Counter) -> int:
    """The points in a cell and its neighbours, so that it does not matter where the lines between cells are."""
    x, y = cell
    return sum(found[x + dx, y + dy] for dx in (-1, 0, 1) for dy in (-1, 0, 1))


def _step(key: str) -> float:
    shown = drawing(key)
    return max(shown.width, shown.height) / CELLS


def _heat(key: str, found: Counter, around: dict, fullest: int) -> HeatMap:
    step = _step(key)
    spots = [
        Spot(round((x + 0.5) * step, 1), round((y + 0.5) * step, 1), -(-LEVELS * around[x, y] // fullest), count)
        for (x, y), count in sorted(found.items(), key=lambda cell: around[cell[0]])
    ]
    return HeatMap(drawing(key), round(step * 0.9, 1), spots, sum(found.values()))


@dataclass
class PlaceSum:
    """What one area and side received in all."""

    name: str
    side: str
    volume_ml: Decimal = Decimal()
    points: int = 0
    sessions: set[int] = field(default_factory=set)
    last: datetime | None = None


def sums_of(injections: Iterable[Injection]) -> list[PlaceSum]:
    """By area and side, the largest volume first; points that were charted by count are in it too."""
    sums: dict[tuple, PlaceSum] = {}
    for injection in injections:
        place = sums.setdefault((injection.area_id, injection.side), PlaceSum(injection.area.name, injection.side))
        place.volume_ml += injection.total_ml
        place.points += injection.count
        place.sessions.add(injection.session_id)
        place.last = max(filter(None, [place.last, injection.session.started_at]))
    return sorted(sums.values(), key=lambda place: (-place.volume_ml, place.name, place.side))


def pairs_of_maps(one: Chart, other: Chart) -> list[tuple[Drawing, PointMap | None, PointMap | None]]:
    """The maps of two charts by drawing, so that the same drawing stands side by side."""
    left, right = ({found.drawing.key: found for found in maps_of(chart)} for chart in (one, other))
    return [(drawing(key), left.get(key), right.get(key)) for key in dict.fromkeys([*left, *right])]


def pairs_of_areas(one: Totals, other: Totals) -> list[tuple[AreaTotal, AreaTotal | None, AreaTotal | None]]:
    """The areas of two sessions: whichever names it, then what each of them holds of it."""
    left, right = ({(row.key, row.side): row for row in totals.areas} for totals in (one, other))
    places = dict.fromkeys([*left, *right])
    return [(left.get(place) or right[place], left.get(place), right.get(place)) for place in places]
