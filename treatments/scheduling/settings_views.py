"""What can be booked: visit types, rooms and working hours, kept by administrators."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.forms import Form, ReasonForm
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.scheduling import hours as working_hours
from treatments.scheduling import queries, settings_forms
from treatments.scheduling import settings_services as services


@requires(Permission.EDIT_CALENDAR)
def settings(request):
    return render(request, "scheduling/settings.html", queries.calendar_settings())


@requires(Permission.EDIT_CALENDAR)
def add_visit_type(request):
    return _edit(
        request,
        settings_forms.VisitTypeForm(request.POST or None),
        services.add_visit_type,
        _("Add a visit type"),
    )


@requires(Permission.EDIT_CALENDAR)
def edit_visit_type(request, visit_type_id):
    row = queries.get_visit_type(visit_type_id)
    form = settings_forms.VisitTypeForm(
        request.POST or None, initial=vars(row) | {"practitioners": row.practitioners.all()}
    )

    def save(**fields):
        services.edit_visit_type(visit_type=row, **fields)

    return _edit(request, form, save, row.name, retire=("scheduling:retire_visit_type", row))


@requires(Permission.EDIT_CALENDAR)
def retire_visit_type(request, visit_type_id):
    row = queries.get_visit_type(visit_type_id)
    warning = _("It will no longer be offered. Visits that are booked stay as they are.")
    return _retire(request, row, lambda **fields: services.retire_visit_type(visit_type=row, **fields), warning)


@requires(Permission.EDIT_CALENDAR)
def add_room(request):
    return _edit(request, settings_forms.RoomForm(request.POST or None), services.add_room, _("Add a room"))


@requires(Permission.EDIT_CALENDAR)
def edit_room(request, room_id):
    row = queries.get_room(room_id)
    form = settings_forms.RoomForm(request.POST or None, initial=vars(row))

    def save(**fields):
        services.edit_room(room=row, **fields)

    return _edit(request, form, save, row.name, retire=("scheduling:retire_room", row))


@requires(Permission.EDIT_CALENDAR)
def retire_room(request, room_id):
    row = queries.get_room(room_id)
    warning = _("It will no longer be offered. Past visits still show it.")
    return _retire(request, row, lambda **fields: services.retire_room(room=row, **fields), warning)


@requires(Permission.EDIT_CALENDAR)
def hours(request, practitioner_id):
    person = queries.get_practitioner(practitioner_id)
    initial = settings_forms.WeekForm.text_of(queries.week_of(person))
    form = settings_forms.WeekForm(request.POST or None, initial=initial)

    def save(by, accepted, **fields):
        working_hours.set_working_hours(practitioner=person, hours=form.hours, accepted=accepted, by=by)

    heading = _("Working hours of %(name)s") % {"name": person.full_name}
    return _edit_hours(request, form, save, heading, _("Write hours as 9:00-13:00, 15:00-19:00. Empty: a day off."))


@requires(Permission.EDIT_CALENDAR)
def add_exception(request, practitioner_id):
    """Leave, or days with other hours, of one practitioner."""
    person = queries.get_practitioner(practitioner_id)
    heading = _("Leave or other hours of %(name)s") % {"name": person.full_name}
    return _add_exception(request, person, heading, _("On these days these hours replace the week's."))


@requires(Permission.EDIT_CALENDAR)
def add_closed_days(request):
    """Days on which the whole clinic is closed, or open for less long."""
    return _add_exception(request, None, _("Closed days"), _("On these days nobody works outside these hours."))


def _add_exception(request, practitioner, heading: str, hint: str):
    form = settings_forms.ExceptionForm(request.POST or None)

    def save(**fields):
        working_hours.add_exception(practitioner=practitioner, **fields)

    return _edit_hours(request, form, save, heading, hint)


@requires(Permission.EDIT_CALENDAR)
def remove_exception(request, exception_id):
    row = queries.get_exception(exception_id)
    form = Form(request.POST if request.method == "POST" else None)

    def save(**fields):
        working_hours.remove_exception(exception=row, **fields)

    owner = row.practitioner.full_name if row.practitioner else request.clinic.name
    days = {"name": owner, "first": date_format(row.first_day, "j F Y"), "last": date_format(row.last_day, "j F Y")}
    hint = _("%(name)s, %(first)s to %(last)s: the days will be as every week again.") % days
    return _edit_hours(request, form, save, _("Take back these days"), hint, submit=_("Take back"))


def _edit_hours(request, form, save, heading: str, hint: str, submit: str = ""):
    """Saves the hours; visits that this would strand are shown first, and stay where they are."""
    stranded, accepted = [], settings_forms.AcceptForm(request.POST).ids
    if request.method == "POST" and form.is_valid():
        try:
            save(by=request.user, accepted=accepted, **form.cleaned_data)
        except working_hours.Strands as found:
            stranded = found.visits
            record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["stranded"])
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved."))
            return redirect("scheduling:settings")
    context = {"form": form, "heading": heading, "hint": hint, "stranded": stranded}
    context |= {"submit": submit or _("Save"), "back": reverse("scheduling:settings")}
    return render(request, "scheduling/edit_hours.html", context)


@requires(Permission.VIEW_CALENDAR)
def stranded(request):
    """Visits that lie outside the hours of their practitioner."""
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["stranded"])
    return render(request, "scheduling/stranded.html", {"visits": queries.stranded_visits(clock.now())})


def _edit(request, form, save, heading: str, retire=None):
    if request.method == "POST" and form.is_valid():
        try:
            save(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved."))
            return redirect("scheduling:settings")
    url = reverse(retire[0], args=[retire[1].pk]) if retire and not retire[1].retired_at else ""
    context = {"form": form, "heading": heading, "retire_url": url}
    return render(request, "scheduling/edit.html", context | {"back": reverse("scheduling:settings")})


def _retire(request, row, save, warning: str):
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            save(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Retired."))
            return redirect("scheduling:settings")
    context = {"form": form, "row": row, "warning": warning, "back": reverse("scheduling:settings")}
    return render(request, "scheduling/retire.html", context)
