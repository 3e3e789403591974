"""Lists for the desk: who is here, whom to ring up, and the printed sheet of a day."""

from django.shortcuts import render

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.staff.access import background, requires
from clinic.staff.permissions import Permission
from treatments.scheduling import flow
from treatments.scheduling.calendar_rows import near_day
from treatments.scheduling.live import unless_known
from treatments.scheduling.marks import mark_visits


@requires(Permission.VIEW_CALENDAR)
def board(request):
    """Today's visits by state: expected, waiting, in the room, done."""
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["board"])
    return render(request, "scheduling/board.html", _flow(request))


@background
@requires(Permission.VIEW_CALENDAR)
def board_live(request):
    return unless_known(request, "scheduling/_board.html", _flow(request))


def _flow(request) -> dict:
    today = flow.todays_flow(clock.now(), request.user)
    mark_visits(today.visits, request.user)
    return {"flow": today, "may_book": request.user.may(Permission.BOOK_VISITS)}


@requires(Permission.BOOK_VISITS)
def unconfirmed(request):
    """The visits of tomorrow, or of the next day that has any, that nobody has confirmed; with telephone numbers."""
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["unconfirmed"])
    day = flow.next_day_with_visits(clock.today())
    visits, confirmed = flow.to_confirm(day)
    mark_visits(visits, request.user)
    return render(request, "scheduling/unconfirmed.html", {"day": day, "visits": visits, "confirmed": confirmed})


@requires(Permission.VIEW_CALENDAR)
def sheet(request, day):
    """The day on paper, a table for each practitioner."""
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["sheet"])
    day = near_day(day)
    return render(request, "scheduling/sheet.html", {"day": day, "people": flow.sheet(day), "at": clock.now()})
