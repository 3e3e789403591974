"""The pages on which the catalogue, or a few recipes, leave this clinic and come in from another."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.forms import ReasonForm
from clinic.staff.access import recently_authenticated, requires
from clinic.staff.permissions import Permission
from clinic.staff.services import check_password_again
from treatments.catalogue.exchange import packages, preview, queries, services
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.forms import ImportForm, KeyForm, PackForm, UploadForm
from treatments.catalogue.exchange.plan import make_plan
from treatments.catalogue.exchange.yamltext import Broken
from treatments.catalogue.queries import approved_versions


@requires(Permission.EDIT_CATALOGUE)
@require_http_methods(["GET", "POST"])
def exchange(request):
    """Where files go out and come in. What is wrong with a file is said line by line, and nothing of it is kept."""
    form, problems = UploadForm(request.POST or None, request.FILES or None), []
    if form.is_valid():
        file = form.cleaned_data["file"]
        content = file.read()
        try:
            services.open_file(content)
        except Broken as broken:
            problems = broken.problems
        else:
            kept = services.keep_file(content=content, file_name=file.name, by=request.user)
            return redirect("catalogue:import", kept.pk)
    return _show(request, "exchange", {"form": form, "problems": problems, "fingerprint": _own_fingerprint()})


@requires(Permission.EDIT_CATALOGUE)
@require_safe
@recently_authenticated
def export(request):
    """The whole catalogue as a file."""
    return _file(services.export_catalogue(by=request.user), f"catalogue-{_today()}.yaml")


@requires(Permission.EDIT_CATALOGUE)
@require_http_methods(["GET", "POST"])
@recently_authenticated
def export_recipes(request):
    """Approved recipes as a signed package."""
    form = PackForm(request.POST or None, versions=approved_versions())
    if form.is_valid():
        try:
            package = services.export_recipes(**form.cleaned_data, by=request.user)
            return _file(package, f"recipes-{_today()}.yaml")
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "exchange_pack", {"form": form, "fingerprint": _own_fingerprint()})


@requires(Permission.EDIT_CATALOGUE)
@require_http_methods(["GET", "POST"])
def import_file(request, file_id):
    """What a file would do here, row by row; then it is done, all of it or nothing."""
    kept = queries.get_file(file_id, by=request.user)
    try:
        upload = services.open_file(bytes(kept.content))
        flow = _flow(request, upload)
        if flow is None:
            return _show(request, "exchange_flow", {"kept": kept, "flows": upload.flows()})
        plan = make_plan(upload.file, flow)
        signer = queries.signer_of(upload.seal)
        form = ImportForm(request.POST or None, plan=plan, asks_to_compare=signer is not None and not signer.known)
        if form.is_valid() and _carry_out(request, form, upload, flow, kept):
            return redirect("catalogue:formulations")
    except Broken as broken:
        return _show(request, "exchange_refused", {"kept": kept, "problems": broken.problems})
    if form.is_bound:  # whoever sends it again has seen what stands on the page now
        form.data = form.data.copy()
        form.data["seen"] = plan.digest
    shown = {"kept": kept, "upload": upload, "flow": flow, "signer": signer, "form": form, "states": State.labels}
    shown |= {"plan": plan, "counts": preview.counts(plan), "recipes": preview.recipes(plan)}
    return _show(request, "exchange_import", shown | {"differences": preview.differences(plan)})


def _carry_out(request, form, upload, flow, kept) -> bool:
    try:
        if flow == Flow.RESTORE:
            check_password_again(user=request.user, password=form.cleaned_data["password"])
        services.import_file(
            upload=upload,
            flow=flow,
            taken=form.choices_taken,
            seen=form.cleaned_data["seen"],
            kept=kept,
            by=request.user,
        )
    except Refused as refusal:
        refusal.add_to(form)
        return False
    if flow == Flow.RESTORE:
        messages.success(request, _("The catalogue is restored."))
    else:
        messages.success(request, _("It is imported. The new recipes are drafts: a practitioner must approve them."))
    return True


@requires(Permission.EDIT_CATALOGUE)
@require_http_methods(["GET", "POST"])
def name_key(request, file_id):
    """Says whose key signed the package that is being looked at."""
    kept = queries.get_file(file_id, by=request.user)
    try:
        upload = services.open_file(bytes(kept.content))
    except Broken as broken:
        return _show(request, "exchange_refused", {"kept": kept, "problems": broken.problems})
    if upload.seal is None:
        return redirect("catalogue:import", kept.pk)
    form = KeyForm(request.POST or None, initial={"name": upload.file.clinic[:120]})
    if form.is_valid():
        try:
            services.name_key(public_key=upload.seal.public_key, **form.cleaned_data, by=request.user)
            return redirect("catalogue:import", kept.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "exchange_name_key", {"form": form, "kept": kept, "upload": upload})


@requires(Permission.EDIT_CATALOGUE)
@require_safe
def keys(request):
    """The keys of other clinics that are known here, and our own."""
    return _show(request, "exchange_keys", {"keys": queries.known_keys(), "fingerprint": _own_fingerprint()})


@requires(Permission.EDIT_CATALOGUE)
@require_http_methods(["GET", "POST"])
def retire_key(request, key_id):
    known_key = queries.get_key(key_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            services.retire_key(known_key=known_key, **form.cleaned_data, by=request.user)
            return redirect("catalogue:keys")
        except Conflict as conflict:
            conflict.add_to(form)
    return _show(request, "exchange_retire_key", {"form": form, "known_key": known_key})


def _flow(request, upload) -> Flow | None:
    """The way that was chosen; the only one there is needs no choosing."""
    flows = upload.flows()
    chosen = request.POST.get("flow") or request.GET.get("flow") or (flows[0] if len(flows) == 1 else None)
    return Flow(chosen) if chosen in flows else None


def _own_fingerprint() -> str:
    return packages.fingerprint(packages.public_key())


def _today() -> str:
    return clock.today().isoformat()


def _file(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _show(request, template: str, context: dict):
    return render(request, f"catalogue/{template}.html", context | {"section": "exchange"})
