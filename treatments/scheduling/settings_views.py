"""What can be booked: visit types, rooms and working hours, kept by administrators."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.scheduling import forms, queries, services


@requires(Permission.EDIT_CALENDAR)
def settings(request):
    return render(request, "scheduling/settings.html", queries.calendar_settings())


@requires(Permission.EDIT_CALENDAR)
def add_visit_type(request):
    return _edit(request, forms.VisitTypeForm(request.POST or None), services.add_visit_type, _("Add a visit type"))


@requires(Permission.EDIT_CALENDAR)
def edit_visit_type(request, visit_type_id):
    row = queries.get_visit_type(visit_type_id)
    form = forms.VisitTypeForm(request.POST or None, initial=vars(row))

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
    return _edit(request, forms.RoomForm(request.POST or None), services.add_room, _("Add a room"))


@requires(Permission.EDIT_CALENDAR)
def edit_room(request, room_id):
    row = queries.get_room(room_id)
    form = forms.RoomForm(request.POST or None, initial=vars(row))

    def save(**fields):
        services.rename_room(room=row, **fields)

    return _edit(request, form, save, row.name, retire=("scheduling:retire_room", row))


@requires(Permission.EDIT_CALENDAR)
def retire_room(request, room_id):
    row = queries.get_room(room_id)
    warning = _("It will no longer be offered. Past visits still show it.")
    return _retire(request, row, lambda **fields: services.retire_room(room=row, **fields), warning)


@requires(Permission.EDIT_CALENDAR)
def hours(request, practitioner_id):
    person = queries.get_practitioner(practitioner_id)
    initial = forms.WeekForm.text_of(queries.week_of(person))
    form = forms.WeekForm(request.POST or None, initial=initial)

    def save(by, **fields):
        services.set_working_hours(practitioner=person, hours=form.hours, by=by)

    heading = _("Working hours of %(name)s") % {"name": person.full_name}
    return _edit(request, form, save, heading, hint=_("Write hours as 9:00-13:00, 15:00-19:00. Empty: a day off."))


def _edit(request, form, save, heading: str, retire=None, hint: str = ""):
    if request.method == "POST" and form.is_valid():
        try:
            save(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved."))
            return redirect("scheduling:settings")
    url = reverse(retire[0], args=[retire[1].pk]) if retire and not retire[1].retired_at else ""
    context = {"form": form, "heading": heading, "hint": hint, "retire_url": url}
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
