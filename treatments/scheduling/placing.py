"""Dropping a visit somewhere else: what is wanted, whether it fits, and the way back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.formats import date_format

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.models import User
from treatments.scheduling import queries, rules, services
from treatments.scheduling.free_times import FreeTime
from treatments.scheduling.intervals import instant_text
from treatments.scheduling.models import Appointment, Room

NO_ROOM = "0"  # says so in a form, where nothing would say "as it is"


@dataclass(frozen=True)
class Place:
    """When, with whom and where a visit is, or is to be."""

    starts_at: datetime
    length: timedelta
    practitioner: User
    room: Room | None

    @classmethod
    def of(cls, visit: Appointment) -> "Place":
        return cls(visit.starts_at, visit.ends_at - visit.starts_at, visit.practitioner, visit.room)

    @property
    def arguments(self) -> dict:
        """For the services."""
        return vars(self)

    @property
    def text(self) -> str:
        end = clock.local(self.starts_at + self.length)
        day = date_format(clock.local(self.starts_at), "D j M, H:i")
        where = [self.practitioner.full_name, *([self.room.name] if self.room else [])]
        return " · ".join([f"{day}\N{EN DASH}{end:%H:%M}", *where])

    @property
    def slot_value(self) -> str:
        """As it travels in the form that moves a visit."""
        return FreeTime(self.starts_at, self.practitioner, self.room).slot_value

    def way_back(self, version: int) -> dict[str, str]:
        """The form that puts a visit of this version here again."""
        return {
            "start": instant_text(self.starts_at),
            "minutes": str(self.length // timedelta(minutes=1)),
            "practitioner": str(self.practitioner.pk),
            "room": str(self.room.pk) if self.room else NO_ROOM,
            "version": str(version),
        }


def fitting_place(visit: Appointment, wanted: dict, *, by) -> Place:
    """The place that was wanted, in another room if only the visit's own is taken; Refused when it does not fit."""
    now = Place.of(visit)
    starts_at = wanted["start"] or now.starts_at
    if wanted["day"]:
        starts_at = rules.instant_of(wanted["day"], clock.local(now.starts_at).time(), fold=0)
    length = timedelta(minutes=wanted["minutes"]) if wanted["minutes"] else now.length
    room = now.room if wanted["room"] is None else (wanted["room"] or None)
    place = Place(starts_at, length, wanted["practitioner"] or now.practitioner, room)
    try:
        services.check_move(appointment_id=visit.pk, by=by, **place.arguments)
    except Refused as refusal:
        if refusal.field != "room" or wanted["room"] is not None:
            raise
        return _in_another_room(visit, place, refusal, by=by)
    return place


def _in_another_room(visit: Appointment, place: Place, refusal: Refused, *, by) -> Place:
    for room in queries.rooms_for(visit.visit_type):
        other = Place(place.starts_at, place.length, place.practitioner, room)
        try:
            services.check_move(appointment_id=visit.pk, by=by, **other.arguments)
        except Refused:
            continue
        return other
    raise refusal
