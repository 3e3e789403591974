"""The registry's pages."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Conflict, Refused
from clinic.core.http import panels_for
from clinic.staff.access import background, requires
from clinic.staff.permissions import Permission
from patients.registry import queries, rules, services
from patients.registry.enums import Channel, ImportStatus
from patients.registry.forms import EditForm, LookAlikeForm, MappingForm, RegisterForm, SearchForm, UploadForm


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_PATIENTS)
def patients(request):
    """The search. What is searched for is posted, so that no address, log or browser history holds it."""
    if request.method == "GET":
        record(by=request.user, action=Action.LIST, subject="registry.Patient")
        return render(
            request, "registry/patients.html", {"form": SearchForm(), "recent": queries.recently_registered()}
        )
    form = SearchForm(request.POST)
    page = {"form": form, "found": [], "more": False, "similar": [], "typed": ""}
    if form.is_valid() and form.cleaned_data["q"]:
        page |= _search(request, form.cleaned_data["q"])
    elif form.is_valid():
        page["recent"] = queries.recently_registered()
    if len(page["found"]) == 1 and not request.htmx:
        return redirect("registry:patient", page["found"][0].pk)
    return render(request, "registry/_results.html" if request.htmx else "registry/patients.html", page)


def _search(request, typed: str) -> dict:
    services.record_search(by=request.user, typed=typed)
    found, more = queries.find_patients(typed)
    return {"typed": typed, "found": found, "more": more, "similar": [] if found else queries.similar_patients(typed)}


@require_GET
@requires(Permission.VIEW_PATIENTS)
def patient(request, patient_id):
    """The patient's page opens on its first tab."""
    return redirect("registry:details_tab", queries.get_patient(patient_id).pk)


@require_GET
@requires(Permission.VIEW_PATIENTS)
def details_tab(request, patient_id):
    patient = queries.get_patient(patient_id)
    services.record_opened(by=request.user, patient=patient, tab="registry:details_tab")
    panels = panels_for(request.user, settings.PATIENT_PANELS, patient.pk)
    page = {"patient": patient, "tab": "registry:details_tab", "panels": panels}
    return render(request, "registry/details.html", page)


@require_POST
@requires(Permission.EDIT_PATIENTS)
def trust_contact(request, patient_id):
    """An address to which nothing could be delivered is used again."""
    patient = queries.get_patient(patient_id)
    if (channel := request.POST.get("channel")) in Channel.values:
        services.trust_contact(patient_id=patient.pk, channel=channel, by=request.user)
        messages.success(request, _("Messages go there again."))
    return redirect("registry:details_tab", patient.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_PATIENTS)
def register(request):
    form = RegisterForm(request.POST or None, clinic=request.clinic)
    look_alikes = []
    if form.is_valid():
        data = form.cleaned_data
        try:
            patient = services.register_patient(
                by=request.user, submission=data["submission"], is_new=data["is_new"], **form.patient_details
            )
        except Refused as refusal:
            refusal.add_to(form)
            look_alikes = rules.duplicates(**form.patient_details)
        else:
            messages.success(request, _("The patient is registered with number %s.") % patient.number)
            return redirect("registry:patient", patient.pk)
    return render(request, "registry/register.html", {"form": form, "look_alikes": look_alikes})


@require_POST
@requires(Permission.EDIT_PATIENTS)
def look_alikes(request):
    """While a new patient is typed: who is known already that may be the same person."""
    form = LookAlikeForm(request.POST, clinic=request.clinic)
    found = rules.duplicates(**form.so_far())
    if found:
        record(by=request.user, action=Action.SEARCH, subject="registry.Patient", fields=["look_alikes"])
    return render(request, "registry/_look_alikes.html", {"form": form, "look_alikes": found})


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_PATIENTS)
def edit(request, patient_id):
    patient = queries.get_patient(patient_id)
    if request.method == "GET":
        services.record_opened(by=request.user, patient=patient, tab="registry:edit")
        return _edit_page(request, patient, EditForm.of(patient, clinic=request.clinic))
    form = EditForm(request.POST, clinic=request.clinic)
    if form.is_valid():
        try:
            services.update_patient(
                patient_id=patient_id, version=form.cleaned_data["version"], by=request.user, **form.patient_details
            )
        except Conflict:
            return _changed_meanwhile(request, patient_id, form)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("registry:patient", patient_id)
    return _edit_page(request, patient, form)


def _edit_page(request, patient, form, **extra):
    page = {"patient": patient, "tab": "registry:details_tab", "form": form}
    return render(request, "registry/edit.html", page | extra)


def _changed_meanwhile(request, patient_id, form):
    """Shows what stands now beside what was typed; saving again replaces it knowingly."""
    patient = queries.get_patient(patient_id)
    name, at = queries.last_change(patient_id)
    data = request.POST.copy()
    data["version"] = patient.version
    typed = EditForm(data, clinic=request.clinic)
    page = {"differences": form.differences_from(patient), "changed_by": name, "changed_at": at}
    return _edit_page(request, patient, typed, **page)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_PATIENTS)
def imports(request):
    """The lists uploaded so far, and the place for another."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = services.keep_upload(content=file.read(), file_name=file.name, by=request.user)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return redirect("registry:import_columns", upload.pk)
    return render(request, "registry/imports.html", {"form": form, "uploads": queries.imports()})


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_PATIENTS)
def import_columns(request, import_id):
    """Which column is which; the first lines are shown as they stand in the file."""
    upload = queries.get_import(import_id, with_content=True)
    if upload.status in {ImportStatus.IMPORTING, ImportStatus.DONE}:
        return redirect("registry:import", import_id)
    form = MappingForm(request.POST or None, upload=upload)
    if form.is_valid():
        try:
            day_order = form.cleaned_data["day_order"]
            services.start_check(import_id=import_id, by=request.user, mapping=form.mapping, day_order=day_order)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            return redirect("registry:import", import_id)
    record(by=request.user, action=Action.VIEW, subject=upload)
    page = {"upload": upload, "form": form, "lines": queries.first_lines(upload)}
    return render(request, "registry/import_columns.html", page | {"earlier": queries.earlier_import(upload.digest)})


@require_GET
@requires(Permission.IMPORT_PATIENTS)
def import_page(request, import_id):
    """Where the list stands: being checked, checked, being imported, imported, or the lines with errors."""
    upload = queries.get_import(import_id)
    if upload.status == ImportStatus.MAPPING:
        return redirect("registry:import_columns", import_id)
    return render(request, "registry/import.html", {"upload": upload})


@require_GET
@requires(Permission.IMPORT_PATIENTS)
@background
def import_progress(request, import_id):
    page = {"upload": queries.get_import(import_id)}
    return render(request, "registry/_import.html" if request.htmx else "registry/import.html", page)


@require_POST
@requires(Permission.IMPORT_PATIENTS)
def import_start(request, import_id):
    """Imports a checked list; or starts again what does not get on."""
    upload = queries.get_import(import_id)
    start = services.start_check if upload.status == ImportStatus.CHECKING else services.start_import
    try:
        start(import_id=import_id, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect("registry:import", import_id)
