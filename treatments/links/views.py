"""The patient's pages. Opening an address changes nothing: programs that read mails open it too. Buttons act."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock, context
from clinic.core.errors import Refused
from clinic.core.views import too_many_requests
from clinic.staff.access import public
from treatments.links import care, forms, queries, rules, services
from treatments.links.door import admit, behind, language_of, locked, may_ask, not_open, visitor_of
from treatments.links.enums import Answer, Purpose
from treatments.scheduling.feeds import visit_attachment

require_form = require_http_methods(["GET", "HEAD", "POST"])


@public
@require_safe
def open_link(request, token):
    """Takes the token out of the address. Of one that is over it says the same as of one that never was."""
    link = queries.link_of_token(token)
    if not rules.stands(link, clock.now()):
        response = not_open(request) if may_ask() else too_many_requests(request)
    else:
        response = admit(redirect("links:page", link.pk), link, known=link.purpose in rules.UNASKED)
    response["Referrer-Policy"] = "no-referrer"
    return response


@csrf_exempt
@public
@require_http_methods(["GET", "HEAD", "POST"])
def one_click(request, token):
    """Where a mail program's "unsubscribe" posts, without cookies (RFC 8058); a person who opens it is led on."""
    if request.method != "POST":
        return redirect("links:open", token)
    link = queries.link_of_token(token)
    if not may_ask():
        return too_many_requests(request)
    if not rules.stands(link, clock.now()) or link.purpose != Purpose.STOP:
        return HttpResponse(status=404)
    context.act_as(context.PATIENT)
    services.stop_messages(link=link)
    return HttpResponse(_("Done."), content_type="text/plain; charset=utf-8")


@public
@require_form
def page(request, link):
    """The one page that a link leads to; before it, for all but unsubscribing, the birth date."""
    if request.method == "POST" and not may_ask():
        return too_many_requests(request)
    visitor = visitor_of(request, link)
    if visitor is None:
        return not_open(request)
    with translation.override(language_of(request, visitor.link)):
        context.act_as(context.PATIENT)
        if visitor.link.locked_at:
            return locked(request)
        if not visitor.known:
            return _ask(request, visitor.link)
        return SHOW[visitor.link.purpose](request, visitor.link)


def _ask(request, link):
    """The second question. Nothing on this page tells anything of the patient but the language."""
    form = forms.BirthDateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if services.answer_birth_date(link=link, birth_date=form.birth_date):
            return admit(redirect("links:page", link.pk), link, known=True)
        if link.locked_at:
            return locked(request)
        form.add_error(None, _("That is not the date of birth that we have."))
    left = rules.TRIES - link.tries if link.tries else None
    return _show(request, "question", {"form": form, "left": left})


def _show(request, name: str, page: dict, status: int = 200):
    return render(request, f"links/{name}.html", page | {"clinic": request.clinic}, status=status)


def _opened(link) -> None:
    record(by=None, action=Action.VIEW, subject=link, patient_id=link.patient_id, fields=[link.purpose])


def _about_visit(request, link, name: str = "visit", **more):
    """The visit as it is now, whatever the message said."""
    visit, now = link.appointment, clock.now()
    _opened(link)
    page = {
        "link": link,
        "visit": visit,
        "ahead": rules.is_ahead(visit, now),
        "moved": link.starts_at != visit.starts_at,
        "may_cancel": rules.may_cancel(visit, queries.link_settings(), now),
        "wish": queries.open_request_of(visit, now),
        "step": forms.StepForm(initial={"version": visit.version}),
    }
    return _show(request, name, page | more)


def _preparation(request, link):
    visit = link.appointment
    if not rules.is_ahead(visit, clock.now()):
        return _about_visit(request, link)
    return _about_visit(request, link, "care", sheet=care.preparation(visit, clock.now()))


def _after_care(request, link):
    _opened(link)
    return _show(request, "care", {"link": link, "session": link.session, "sheet": care.after_care(link.session)})


def _taken(request, link, form=None):
    if not rules.is_ahead(link.appointment, clock.now()):
        return _about_visit(request, link)
    told = link.answer == Answer.TOLD and form is None and "again" not in request.GET
    return _about_visit(request, link, "taken", form=form or forms.TakenForm(), told=told)


def _stop(request, link):
    stopped = queries.is_stopped(link.patient_id, link.channel, link.topic)
    return _show(request, "stop", {"link": link, "stopped": stopped})


SHOW = {
    Purpose.VISIT: _about_visit,
    Purpose.PREPARE: _preparation,
    Purpose.AFTER_CARE: _after_care,
    Purpose.TAKEN: _taken,
    Purpose.STOP: _stop,
}


@behind(Purpose.VISIT)
@require_POST
def confirm(request, link):
    return _step(request, link, services.confirm_visit)


@behind(Purpose.VISIT)
@require_form
def cancel(request, link):
    """Asks first; the button cancels."""
    if request.method == "POST":
        return _step(request, link, services.cancel_visit)
    return _about_visit(request, link, "cancel", note=queries.link_settings().cancel_note)


def _step(request, link, act):
    form = forms.StepForm(request.POST)
    if not form.is_valid():
        return redirect("links:page", link.pk)
    try:
        act(link=link, version=form.cleaned_data["version"])
    except Refused as refusal:
        link.appointment.refresh_from_db()
        return _about_visit(request, link, refused=refusal.message)
    return redirect("links:page", link.pk)


@behind(Purpose.VISIT)
@require_form
def move(request, link):
    """A wish for another time; the visit stays until somebody at the clinic moves it."""
    form = forms.MoveForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.ask_to_move(link=link, **form.cleaned_data)
        except Refused as refusal:
            return _about_visit(request, link, refused=refusal.message)
        return redirect("links:page", link.pk)
    return _about_visit(request, link, "move", form=form)


@behind(Purpose.VISIT)
@require_safe
def calendar_file(request, link):
    """The visit for the calendar of the telephone. It names nobody and no treatment."""
    name, text, kind = visit_attachment(link.appointment, request.clinic)
    return HttpResponse(text, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@behind(Purpose.PREPARE, Purpose.AFTER_CARE)
@require_POST
def read(request, link):
    services.note_read(link=link)
    return redirect("links:page", link.pk)


@behind(Purpose.TAKEN)
@require_POST
def taken(request, link):
    form = forms.TakenForm(request.POST)
    if not form.is_valid():
        return _taken(request, link, form)
    try:
        services.tell_taken(link=link, medicines=form.medicines)
    except Refused:
        return _about_visit(request, link)
    return redirect("links:page", link.pk)


@behind(Purpose.STOP, asked=False)
@require_POST
def stop(request, link):
    form = forms.StopForm(request.POST)
    if form.is_valid():
        act = services.stop_messages if form.cleaned_data["act"] == "stop" else services.resume_messages
        act(link=link)
    return redirect("links:page", link.pk)
