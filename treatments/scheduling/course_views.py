"""Courses: several visits planned, booked, moved and cancelled at once."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.registry.queries import get_patient
from treatments.scheduling import course_forms, course_plan, courses, queries
from treatments.scheduling.forms import PatientForm


@requires(Permission.BOOK_VISITS)
def book_course(request):
    """What is wished for stands in the address (a plan may fill it in); the preview and the booking are one page."""
    wanted = PatientForm(request.GET)
    if not wanted.is_valid():
        return redirect("scheduling:book")
    patient = get_patient(wanted.cleaned_data["patient"])
    asked = {"start": clock.today().isoformat(), "weeks": "0, 1, 2, 3"} | request.GET.dict()
    wish = course_forms.CourseWishForm(asked)
    is_asked = "type" in request.GET and wish.is_valid()
    lines, form = [], None
    if is_asked:
        data = request.POST if request.method == "POST" else None
        may_override = request.user.may(Permission.OVERRIDE_CONSULTATION)
        form = course_forms.BookCourseForm(data, count=len(wish.cleaned_data["weeks"]), may_override=may_override)
        if form.is_bound and form.is_valid():
            try:
                course = courses.book_course(
                    patient=patient, visit_type=wish.cleaned_data["type"], by=request.user, **form.chosen()
                )
            except Refused as refusal:
                _refuse(form, refusal, form.numbers)
            else:
                return _booked(request, course)
        lines = course_plan.plan_course(wish.cleaned_data, patient, clock.now())
    record(by=request.user, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=["scheduling:course"])
    context = {
        "patient": patient,
        "wish": wish,
        "is_asked": is_asked,
        "form": form,
        "lines": _with_choices(lines, form),
        "action": "?" + urlencode(request.GET.dict()),
        "tab": "scheduling:tab",
    }
    return render(request, "scheduling/course.html", context)


def _booked(request, course):
    visits = queries.visits_of_course(course)
    count = len(visits)
    messages.success(
        request, ngettext("%(count)d visit is booked.", "%(count)d visits are booked.", count) % {"count": count}
    )
    return redirect("scheduling:visit", visits[0].pk)


def _refuse(form, refusal: Refused, numbers: list[int]) -> None:
    """The service counts the slots it got; the form also those left out."""
    name, _underscore, number = (refusal.field or "").partition("_")
    if name == "slot":
        refusal.field = f"slot_{numbers[int(number)]}"
    refusal.add_to(form)


def _with_choices(lines, form) -> list[dict]:
    """Each line with what stands in its field: what was posted, else what the plan has chosen."""
    return [
        {
            "plan": line,
            "posted": form.data.get(f"slot_{line.number}", "") if form.is_bound else None,
            "errors": form.errors_of(line) if form.is_bound else [],
        }
        for line in lines
    ]


def _rest_of_course(appointment_id: int, which: str):
    """The visit and those of its course that may still be moved or cancelled, from it on or all."""
    visit = queries.get_visit(appointment_id)
    if visit.course_id is None:
        raise Http404
    visits = queries.open_visits_of_course(visit.course_id)
    return visit, [other for other in visits if which == "all" or other.starts_at >= visit.starts_at]


@requires(Permission.BOOK_VISITS)
def move_course(request, appointment_id):
    which = "all" if request.GET.get("which") == "all" else "following"
    visit, visits = _rest_of_course(appointment_id, which)
    local = clock.local(visit.starts_at)
    asked = {"day": local.date().isoformat(), "time": f"{local:%H:%M}", "which": which} | request.GET.dict()
    shift = course_forms.ShiftForm(asked)
    is_asked = "day" in request.GET and shift.is_valid()
    form = course_forms.MoveCourseForm(request.POST if request.method == "POST" else None, visits=visits)
    if is_asked and form.is_bound and form.is_valid():
        moves = form.chosen()
        try:
            courses.move_visits(moves=moves, by=request.user)
        except Refused as refusal:
            _refuse(form, refusal, [n for n, other in enumerate(visits) if form.slot(n)])
        else:
            count = len(moves)
            text = ngettext("%(count)d visit is moved.", "%(count)d visits are moved.", count)
            messages.success(request, text % {"count": count})
            return redirect("scheduling:visit", visit.pk)
    lines = []
    if is_asked:
        data = shift.cleaned_data
        lines = course_plan.plan_move(visits, data["day"] - local.date(), data["time"], clock.now())
    record(by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=["scheduling:move"])
    context = {"visit": visit, "patient": visit.patient, "wish": shift, "is_asked": is_asked, "form": form}
    context |= {"lines": _with_choices(lines, form), "action": "?" + urlencode(request.GET.dict())}
    return render(request, "scheduling/move_course.html", context | {"tab": "scheduling:tab"})


@requires(Permission.BOOK_VISITS)
def cancel_course(request, appointment_id):
    """This visit and the following ones of its course."""
    visit, visits = _rest_of_course(appointment_id, "following")
    initial = {"versions": course_forms.versions_text(visits)}
    form = course_forms.CancelCourseForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            cancelled = courses.cancel_visits(by=request.user, **form.chosen())
        except Refused as refusal:
            refusal.add_to(form)
        else:
            count = len(cancelled)
            text = ngettext("%(count)d visit is cancelled.", "%(count)d visits are cancelled.", count)
            messages.success(request, text % {"count": count})
            return redirect("scheduling:visit", visit.pk)
    record(
        by=request.user, action=Action.VIEW, subject=visit, patient_id=visit.patient_id, fields=["scheduling:cancel"]
    )
    context = {"visit": visit, "visits": visits, "patient": visit.patient, "form": form, "tab": "scheduling:tab"}
    return render(request, "scheduling/cancel_course.html", context)
