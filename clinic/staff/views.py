"""The page "today", and the clinic's own pages."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.audit import queries as audit
from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Refused
from clinic.core.http import page_of, panels_for
from clinic.staff import queries, services
from clinic.staff.access import recently_authenticated, requires
from clinic.staff.forms import AccountForm, ClinicForm, DetailsForm, PersonForm, RolesForm, TrailForm
from clinic.staff.permissions import ROLES, Permission

require_form = require_http_methods(["GET", "HEAD", "POST"])


@requires(Permission.HOME)
@require_safe
def home(request):
    """A shell: each panel is a fragment of the app that owns it."""
    return render(request, "staff/home.html", {"panels": panels_for(request.user, settings.TODAY_PANELS)})


@requires(Permission.EDIT_CLINIC)
@require_form
def clinic(request):
    form = ClinicForm(request.POST or None, initial=_initial(ClinicForm, request.clinic))
    if form.is_valid():
        services.update_clinic(by=request.user, **form.cleaned_data)
        messages.success(request, _("The clinic's details are saved."))
        return redirect("staff:clinic")
    return render(request, "staff/clinic.html", {"form": form})


@requires(Permission.MANAGE_STAFF)
@require_safe
def people(request):
    return render(request, "staff/people.html", {"people": queries.people(), "roles": _role_names()})


@requires(Permission.MANAGE_STAFF)
@require_form
@recently_authenticated
def add_person(request):
    form = PersonForm(request.POST or None)
    if form.is_valid():
        try:
            person = services.add_person(by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return redirect("staff:password_link", person.pk)
    return render(request, "staff/add_person.html", {"form": form})


@requires(Permission.MANAGE_STAFF)
@require_form
def person(request, user_id):
    person = queries.person(user_id)
    form = DetailsForm(request.POST or None, initial=_initial(DetailsForm, person))
    if form.is_valid():
        services.edit_person(user=person, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("staff:people")
    return render(request, "staff/person.html", {"form": form, "person": person, "roles": _role_names()})


@requires(Permission.MANAGE_STAFF)
@require_form
@recently_authenticated
def roles(request, user_id):
    person = queries.person(user_id)
    form = RolesForm(request.POST or None, initial={"roles": list(person.role_names)})
    if request.method == "POST" and form.is_valid():
        try:
            services.set_roles(user=person, roles=form.cleaned_data["roles"], by=request.user)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The roles are changed, from the next click on."))
            return redirect("staff:people")
    return render(request, "staff/roles.html", {"form": form, "person": person, "texts": ROLES.values()})


@requires(Permission.MANAGE_STAFF)
@require_form
@recently_authenticated
def password_link(request, user_id):
    """GET explains, POST shows the link: once on this page, and nowhere else."""
    person, link = queries.person(user_id), None
    if request.method == "POST":
        try:
            link = request.build_absolute_uri(services.make_password_link(user=person, by=request.user))
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect("staff:person", user_id)
    return render(request, "staff/password_link.html", {"person": person, "link": link})


@requires(Permission.MANAGE_STAFF)
@require_form
@recently_authenticated
def deactivate(request, user_id):
    """GET asks, POST does it."""
    person = queries.person(user_id)
    if request.method == "POST":
        return _answer(request, services.deactivate_person, person)
    return render(request, "staff/deactivate.html", {"person": person})


@requires(Permission.MANAGE_STAFF)
@require_POST
def reactivate(request, user_id):
    return _answer(request, services.reactivate_person, queries.person(user_id))


@requires(Permission.MANAGE_STAFF)
@require_safe
def permissions(request):
    return render(
        request,
        "staff/permissions.html",
        {
            "roles": ROLES.values(),
            "rows": [
                (permission, [(role["name"], permission in role["permissions"]) for role in ROLES.values()])
                for permission in Permission
            ],
        },
    )


@requires(Permission.VIEW_AUDIT)
@require_safe
def trail(request):
    form = TrailForm(request.GET or None)
    wanted = form.wanted() if form.is_valid() else {}
    page = page_of(request, audit.trail(**wanted), size=50)
    page.object_list = queries.explained(page.object_list)
    record(by=request.user, action=Action.LIST, subject="audit.AuditEvent", patient_id=wanted.get("patient_id"))
    return render(request, "staff/audit.html", {"form": form, "page": page})


@requires(Permission.HOME)
@require_form
def me(request):
    form = AccountForm(request.POST or None, initial=_initial(AccountForm, request.user))
    if form.is_valid():
        services.edit_own_account(by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("staff:me")
    return render(
        request,
        "staff/me.html",
        {"form": form, "roles": _role_names(), "second_factor": queries.has_second_factor(request.user)},
    )


def _initial(form_class, row) -> dict:
    return {name: getattr(row, name) for name in form_class.base_fields}


def _role_names() -> dict:
    return {role.value: texts["name"] for role, texts in ROLES.items()}


def _answer(request, service, person):
    try:
        service(user=person, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("staff:person", person.pk)
