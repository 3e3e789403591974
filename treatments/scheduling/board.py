"""Pictures of the calendar on a grid of five minutes: a day by practitioner or room, a week of one of them.

A place on the grid is said in CSS classes (hour h-9, five minutes f-6, length x-1 hours y-6 five minutes), because
the pages allow no inline style. Hours are counted from the column's beginning and not read off the wall clock, so
that a day of 23 or 25 hours has as many rows.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.core import clock
from treatments.scheduling import queries
from treatments.scheduling.calendar_rows import Choice, Row, open_hours, visits_between, week_of
from treatments.scheduling.enums import LIVE, VisitStatus
from treatments.scheduling.intervals import Stretch, merge

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class BoardVisit:
    pk: int
    version: int
    href: str
    place: str
    time: str
    patient: str
    note: str
    type_id: int
    status: str


@dataclass
class Column:
    """One person's, room's or day's stretch of the grid. `start` is where its hour 0 is; `closed` are to be grey;
    `everywhere` is the room, or the person, of all its visits, which then need not repeat it.
    """

    key: int | None
    name: str
    start: datetime
    practitioner: int | None = None
    room: int | None = None
    day: date | None = None
    href: str = ""
    rows: list[Row] = field(default_factory=list)
    open: list[Stretch] = field(default_factory=list)
    visits: list[BoardVisit] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    now: str = ""
    everywhere: str = ""

    @property
    def minutes(self) -> int:
        """The beginning in minutes since 1970, for the script."""
        return int(self.start.timestamp()) // 60


@dataclass
class Board:
    day: date
    columns: list[Column]
    axis: list[tuple[int, str]]
    types: list[tuple[int, str, str]]
    gone: list[Row]
    visit_count: int
    people: list[tuple[int, str]]
    rooms: list[tuple[int, str]]

    @property
    def first_hour(self) -> int:
        return self.axis[0][0] if self.axis else 0


def day_board(day: date, at: datetime, choice: Choice) -> Board:
    """Everybody who works or has visits that day, or every room."""
    start = clock.day_bounds(day)[0]
    rows, hours = visits_between(day, day), open_hours([day])[day]
    people = {hour.practitioner_id: hour.practitioner for hour in hours}
    people |= {row.practitioner_id: row.practitioner for row in rows}
    rooms = {row.room_id: row.room for row in rows if row.room_id}
    if choice.by == "room":
        rooms |= {room.pk: room.name for room in queries.rooms()}
        roomless = any(row.room_id is None for row in rows)
        columns = {None: Column(None, _("No room"), start, room=0)} if roomless else {}
        columns |= {pk: Column(pk, name, start, room=pk) for pk, name in _sorted(rooms)}
    else:
        columns = {pk: Column(pk, name, start, practitioner=pk) for pk, name in _sorted(people)}
    for hour in hours:
        for column in columns.values() if choice.by == "room" else [columns[hour.practitioner_id]]:
            column.open.append(hour.stretch)
    for row in filter(choice.shows, rows):
        columns[row.room_id if choice.by == "room" else row.practitioner_id].rows.append(row)
    chosen = choice.room if choice.by == "room" else choice.practitioner
    kept = [column for column in columns.values() if chosen in {None, column.key}]
    return _drawn(day, kept, rows, at, choice, _sorted(people), _sorted(rooms))


def week_board(day: date, at: datetime, choice: Choice) -> Board:
    """The week of one practitioner or one room, a column for each day that is worked or booked.

    The clock's change at night must not shift the day that follows it: hours are counted back from noon.
    """
    days = week_of(day)
    rows, hours = visits_between(days[0], days[-1]), open_hours(days)
    people = {hour.practitioner_id: hour.practitioner for day_hours in hours.values() for hour in day_hours}
    people |= {row.practitioner_id: row.practitioner for row in rows}
    rooms = {row.room_id: row.room for row in rows if row.room_id}
    by_day = {day: [] for day in days}
    for row in filter(choice.shows, rows):
        by_day[clock.local(row.starts_at).date()].append(row)
    columns = [
        Column(
            key=None,
            name=date_format(each, "D j"),
            start=clock.instant(each, datetime.min.time().replace(hour=12)) - 12 * HOUR,
            practitioner=choice.practitioner,
            room=choice.room,
            day=each,
            href=reverse("scheduling:day", args=[each]),
            rows=by_day[each],
            open=[hour.stretch for hour in hours[each] if choice.practitioner in {None, hour.practitioner_id}],
        )
        for each in days
        if each.weekday() < 5 or hours[each] or by_day[each]
    ]
    return _drawn(day, columns, rows, at, choice, _sorted(people), _sorted(rooms))


def _sorted(names: dict[int, str]) -> list[tuple[int, str]]:
    return sorted(names.items(), key=lambda item: (item[1], item[0]))


def _drawn(day, columns, rows, at, choice, people, rooms) -> Board:
    """The columns with their visits, grey hours and the line of now, on hours that hold all of it."""
    base = reverse("scheduling:visit", args=[1])[:-2]
    first, last = _span(columns)
    zone = clock.zone()
    shown = [row for row in rows if choice.shows(row)]
    for column in columns:
        live = [row for row in column.rows if row.status in LIVE]
        places = {_where(row, choice) for row in live}
        column.everywhere = (places.pop() or "") if len(places) == 1 else ""
        for row, lane in _lanes(live):
            column.visits.append(_board_visit(row, column, lane, base, choice, zone))
        column.closed = list(_closed(column, first, last))
        column.now = _now_place(column, at, first, last)
    types = {row.type_id: (row.type_id, row.type, row.colour) for row in rows}
    gone = [row for row in shown if row.status not in LIVE]
    return Board(
        day=day,
        columns=columns,
        axis=[(hour, date_format(clock.local(columns[0].start + hour * HOUR), "H:i")) for hour in range(first, last)],
        types=sorted(types.values(), key=lambda kind: kind[1]),
        gone=gone,
        visit_count=len(shown) - len(gone),
        people=people,
        rooms=rooms,
    )


def _span(columns: list[Column]) -> tuple[int, int]:
    """First and last hour of the grid: whatever is open or booked in one of the columns."""
    starts, ends = [], []
    for column in columns:
        for start, end in [*column.open, *((row.starts_at, row.ends_at) for row in column.rows if row.status in LIVE)]:
            starts.append(start - column.start)
            ends.append(end - column.start)
    if not starts:
        return (9, 18) if columns else (0, 0)
    return max(0, min(starts) // HOUR), min(25, -(-max(ends) // HOUR))


def _where(row: Row, choice: Choice) -> str | None:
    return row.practitioner if choice.by == "room" or choice.room else row.room


def _board_visit(row: Row, column: Column, lane: str, base: str, choice: Choice, zone: tzinfo) -> BoardVisit:
    where = "" if column.everywhere else _where(row, choice)
    return BoardVisit(
        pk=row.pk,
        version=row.version,
        href=f"{base}{row.pk}/",
        place=place(row.starts_at - column.start, row.ends_at - column.start) + lane,
        time=f"{row.starts_at.astimezone(zone):%H:%M}",
        patient=row.patient,
        note=", ".join(filter(None, (str(row.label), row.type, where))),
        type_id=row.type_id,
        status=row.status if row.status != VisitStatus.BOOKED else "",
    )


def place(start: timedelta, end: timedelta) -> str:
    """Classes for [start, end), counted from the beginning of the column; a part that is 0 goes without saying."""
    start_fives, fives = start // (5 * MINUTE), max(1, round((end - start) / (5 * MINUTE)))
    parts = {"h": start_fives // 12, "f": start_fives % 12, "x": fives // 12, "y": fives % 12}
    return " ".join(f"{name}-{number}" for name, number in parts.items() if number or name == "h")


def _lanes(rows: list[Row]):
    """Visits that overlap in one column (without a room, or where the clocks go back) stand side by side."""
    for cluster in _clusters(rows):
        ends: list[datetime] = []
        lanes = []
        for row in cluster:
            lane = next((n for n, end in enumerate(ends) if end <= row.starts_at), len(ends))
            ends[lane : lane + 1] = [row.ends_at]
            lanes.append(lane)
        for row, lane in zip(cluster, lanes, strict=True):
            yield row, f" l-{min(lane, 11)} of-{min(len(ends), 12)}" if len(ends) > 1 else ""


def _clusters(rows: list[Row]):
    cluster: list[Row] = []
    for row in rows:
        if cluster and row.starts_at >= max(other.ends_at for other in cluster):
            yield cluster
            cluster = []
        cluster.append(row)
    if cluster:
        yield cluster


def _closed(column: Column, first: int, last: int):
    """The parts of the column without working hours."""
    time = column.start + first * HOUR
    end_of_grid = column.start + last * HOUR
    for start, end in merge(column.open):
        if start > time:
            yield place(time - column.start, start - column.start)
        time = max(time, end)
    if time < end_of_grid:
        yield place(time - column.start, end_of_grid - column.start)


def _now_place(column: Column, at: datetime, first: int, last: int) -> str:
    since = at - column.start
    return place(since, since + 5 * MINUTE) if first * HOUR <= since < last * HOUR else ""
