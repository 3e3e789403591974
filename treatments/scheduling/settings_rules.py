"""What can be booked at all, and when people work: what may be entered there."""

from datetime import date, datetime, time
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.errors import Refused
from treatments.scheduling import queries, rules
from treatments.scheduling.models import Room


def check_name_is_new(model, name: str, but=None) -> None:
    if queries.is_name_taken(model, name, but):
        raise Refused(_("There is one with this name already."), field="name")


def check_room_is_empty(room: Room, at: datetime) -> None:
    count = queries.visits_to_come_in(room, at)
    if count:
        raise Refused(
            ngettext(
                "%(count)d visit is still booked in this room. Move it first.",
                "%(count)d visits are still booked in this room. Move them first.",
                count,
            )
            % {"count": count}
        )


def check_week(hours: list[tuple[int, time, time]]) -> None:
    """Each stretch ends after it begins, and none overlaps the next of its day."""
    for weekday, starts, ends in hours:
        if ends <= starts:
            raise Refused(_("The end must be later than the beginning."), field=f"day_{weekday}")
    for (weekday, _starts, ends), (next_weekday, next_starts, _ends) in pairwise(hours):
        if weekday == next_weekday and next_starts < ends:
            raise Refused(_("These hours overlap."), field=f"day_{weekday}")


def check_exception(practitioner, first_day: date, last_day: date, hours) -> None:
    if practitioner is not None:
        rules.check_treats(practitioner)
    if last_day < first_day:
        raise Refused(_("The last day must not be before the first."), field="last_day")
    if last_day - first_day > rules.FURTHEST:
        raise Refused(_("At most two years at once."), field="last_day")
    if any(ends <= starts for starts, ends in hours):
        raise Refused(_("The end must be later than the beginning."), field="hours")
    if any(two[0] < one[1] for one, two in pairwise(sorted(hours))):
        raise Refused(_("These hours overlap."), field="hours")
    if hours and queries.has_other_hours(practitioner, first_day, last_day):
        raise Refused(_("There are other hours on some of these days already. Take them back first."), field="hours")
