"""The calendar's pictures: day, week and month, the same kept up to date, and the dragging of visits."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.http import panels_for
from clinic.staff.access import background, requires
from clinic.staff.permissions import Permission
from treatments.scheduling import board, overview, placing, queries, services
from treatments.scheduling.calendar_forms import ChoiceForm, PlaceForm
from treatments.scheduling.calendar_rows import STATUS_MARKS, days_beside, near_day
from treatments.scheduling.forms import DayForm
from treatments.scheduling.live import unless_known

VIEWS = ("day", "week", "month")


@requires(Permission.VIEW_CALENDAR)
def day(request, day=None):
    """A column for each practitioner who works or has visits that day, or for each room."""
    return _page(request, "day", day)


@requires(Permission.VIEW_CALENDAR)
def week(request, day=None):
    """The week of one practitioner or room hour by hour, or of everybody in lines."""
    return _page(request, "week", day)


@requires(Permission.VIEW_CALENDAR)
def month(request, day=None):
    """How many visits each day has, and how much of its open time they take."""
    return _page(request, "month", day)


@background
@requires(Permission.VIEW_CALENDAR)
def day_live(request, day):
    return _live(request, "day", day)


@background
@requires(Permission.VIEW_CALENDAR)
def week_live(request, day):
    return _live(request, "week", day)


def _page(request, view: str, day):
    if "day" in request.GET:
        return _go_to_day(request, view)
    day = near_day(day)
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=[view])
    context = _picture(request, view, day) | _surroundings(request, view, day)
    return render(request, "scheduling/calendar.html", context)


def _live(request, view: str, day):
    return unless_known(request, "scheduling/_picture.html", _picture(request, view, near_day(day)))


def _picture(request, view: str, day) -> dict:
    asked = ChoiceForm(request.GET)
    choice, at = asked.choice, clock.now()
    if view == "month":
        shown, template = overview.month_overview(day, choice), "scheduling/_month.html"
    elif view == "week" and not (choice.practitioner or choice.room):
        shown, template = overview.week_overview(day, choice), "scheduling/_week.html"
    else:
        draw = board.day_board if view == "day" else board.week_board
        shown, template = draw(day, at, choice), "scheduling/_grid.html"
    may_book = request.user.may(Permission.BOOK_VISITS)
    context = {"board": shown, "picture": template, "choice": choice, "today": clock.today(), "may_book": may_book}
    context["status_marks"] = STATUS_MARKS
    return context | {"query": urlencode(asked.asked), "view": view, "day": day}


def _surroundings(request, view: str, day) -> dict:
    """Where the links around the picture lead; they keep the filters."""
    query = urlencode(ChoiceForm(request.GET).asked)

    def address(name, *args):
        return reverse(f"scheduling:{name}", args=args) + (f"?{query}" if query else "")

    before, after = days_beside(view, day)
    return {
        "before": address(view, before),
        "after": address(view, after),
        "now": address(view),
        "views": [(name, address(name, day)) for name in VIEWS],
        "live": address(f"{view}_live", day) if view != "month" else "",
    }


def _go_to_day(request, view: str):
    form, asked = DayForm(request.GET), ChoiceForm(request.GET).asked
    target = reverse(f"scheduling:{view}", args=[form.cleaned_data["day"]] if form.is_valid() else [])
    return redirect(f"{target}?{urlencode(asked)}" if asked else target)


@requires(Permission.BOOK_VISITS)
def place(request, appointment_id):
    """A visit that is being dragged: GET says whether it fits there, and where to read what that changes for the
    patient; POST puts it there and says how to undo that."""
    visit = queries.get_visit_to_change(appointment_id)
    form = PlaceForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return JsonResponse({"ok": False, "text": form.fault}, status=400)
    try:
        wanted = placing.fitting_place(visit, form.cleaned_data, by=request.user)
        if request.method != "POST":
            return JsonResponse({"ok": True, "text": wanted.text, "changes": _changes(request, visit, wanted)})
        before = placing.Place.of(visit)
        moved = services.move_appointment(
            appointment_id=visit.pk, version=form.cleaned_data["version"], by=request.user, **wanted.arguments
        )
    except Refused as refusal:
        return JsonResponse({"ok": False, "text": refusal.message})
    said = _("Moved to %(place)s") % {"place": wanted.text}
    return JsonResponse({"ok": True, "text": said, "undo": before.way_back(moved.version)})


def _changes(request, visit, wanted: placing.Place) -> list[str]:
    """Addresses of the panels that know what another time changes."""
    if wanted.starts_at == visit.starts_at:
        return []
    query = urlencode({"slot": wanted.slot_value})
    return [f"{panel['url']}?{query}" for panel in panels_for(request.user, settings.MOVE_PANELS, visit.pk)]
