"""The catalogue's pages: formulations with their versions."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Conflict, Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.catalogue import forms, queries, rules, services
from treatments.catalogue.costs import cost_of
from treatments.catalogue.differences import difference
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.facts import care_of
from treatments.catalogue.history import history_of
from treatments.catalogue.pages import ask_reason, asked, listed, panels_of, show
from treatments.catalogue.strength import strengths


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def formulations(request):
    wanted = asked(request)
    rows = queries.formulations(**wanted)
    return show(request, "formulations", "formulations", wanted | listed(request, "formulations", rows, size=50))


@requires(Permission.EDIT_CATALOGUE)
def new_formulation(request):
    form = forms.NewFormulationForm(request.POST or None)
    if form.is_valid():
        try:
            version = services.create_formulation(**form.cleaned_data, by=request.user)
            return redirect("catalogue:edit_draft", version.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "new_formulation", "formulations", {"form": form})


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def formulation(request, formulation_id):
    row = queries.get_formulation(formulation_id)
    versions = [(version, queries.final_concentrations(version)) for version in row.versions.all()]
    has_draft = any(version.status == VersionStatus.DRAFT for version, _strengths in versions)
    parts = {version: _("version %(number)s") % {"number": version.number} for version in row.versions.all()}
    context = {"formulation": row, "versions": versions, "has_draft": has_draft, "history": history_of(row, parts)}
    return show(request, "formulation", "formulations", context)


@requires(Permission.EDIT_CATALOGUE)
def edit_formulation(request, formulation_id):
    row = queries.get_formulation(formulation_id)
    form = forms.FormulationForm(request.POST or None, formulation=row)
    if form.is_valid():
        try:
            services.edit_formulation(formulation=row, values=form.cleaned_data, by=request.user)
            return redirect("catalogue:formulation", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_formulation", "formulations", {"formulation": row, "form": form})


@requires(Permission.EDIT_CATALOGUE)
def retire_formulation(request, formulation_id):
    row = queries.get_formulation(formulation_id)

    def retire(**reason):
        services.retire_formulation(formulation=row, **reason)

    back = reverse("catalogue:formulation", args=[row.pk])
    return ask_reason(request, back, retire, "retire_formulation", "formulations", {"formulation": row})


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def version(request, version_id):
    row = queries.get_version(version_id)
    context = {
        "care": care_of(row),
        "cost": cost_of(row.lines.all(), queries.products_for(_ids(row))),
        "others": queries.other_versions(row),
        "panels": panels_of(row, request.user),
        "history": history_of(row),
    }
    return show(request, "version", "formulations", _recipe(row) | context)


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def compare(request, version_id):
    """What changed from another version of the formulation to this one: `?with=`, else from the one before it."""
    row = queries.get_version(version_id)
    others = queries.other_versions(row)
    wanted = request.GET.get("with", "")
    earlier = [other for other in others if other.number < row.number]
    other = next((other for other in others if str(other.pk) == wanted), next(iter(earlier or others), None))
    if other is None:
        return redirect("catalogue:version", row.pk)
    sides = sorted([row, queries.get_version(other.pk)], key=lambda version: version.number)
    context = {"version": row, "others": others, "with": other, "difference": difference(*sides)}
    return show(request, "compare", "formulations", context)


@requires(Permission.EDIT_CATALOGUE)
def duplicate(request, version_id):
    """Another formulation that begins with this version's recipe."""
    row = queries.get_version(version_id)
    form = forms.DuplicateForm(request.POST or None)
    if form.is_valid():
        try:
            draft = services.duplicate_version(version=row, **form.cleaned_data, by=request.user)
            return redirect("catalogue:edit_draft", draft.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "duplicate", "formulations", {"version": row, "form": form})


@requires(Permission.EDIT_CATALOGUE)
@require_POST
def new_version(request, version_id):
    """Starts the next version's draft from this version's recipe; with a draft there already, opens that one."""
    source = queries.get_version(version_id)
    try:
        draft = services.add_draft_version(formulation=source.formulation, copy_of=source, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
        return redirect("catalogue:formulation", source.formulation_id)
    return redirect("catalogue:edit_draft", draft.pk)


@requires(Permission.EDIT_CATALOGUE)
def edit_draft(request, version_id):
    """The editor of a recipe. Without JavaScript, lines are added and taken away by submitting."""
    row = queries.get_version(version_id)
    ingredients = queries.known_ingredients()
    shown = {"version": row, "conflict": None}
    if request.method != "POST":
        if row.status != VersionStatus.DRAFT:
            return redirect("catalogue:version", row.pk)
        values = {name: getattr(row, name) for name in forms.DraftForm.base_fields}
        lines = forms.line_forms(ingredients, rows=forms.rows_of(row.lines.all()))
        shown |= {"form": forms.DraftForm(initial=values), "lines": lines} | _judged(row)
        return show(request, "edit_draft", "formulations", shown)
    form = forms.DraftForm(request.POST)
    lines = forms.line_forms(ingredients, data=request.POST)
    if "add" in request.POST or "remove" in request.POST:
        rows = forms.changed_rows(lines, remove=request.POST.get("remove"))
        shown |= {"form": forms.DraftForm(initial=request.POST.dict()), "focus_last": "add" in request.POST}
        shown |= {"lines": forms.line_forms(ingredients, rows=rows)} | _judged_as_typed(form, lines)
        return show(request, "edit_draft", "formulations", shown)
    if form.is_valid() & lines.is_valid():
        try:
            services.save_draft(version=row, **form.cleaned_data, lines=lines.lines(), by=request.user)
            messages.success(request, _("The draft is saved."))
            return redirect("catalogue:version", row.pk)
        except Conflict as conflict:
            now = queries.get_version(version_id)
            shown |= {"conflict": conflict.message, "now": now, "now_strengths": queries.final_concentrations(now)}
            form.data = form.data.copy()
            form.data["edits"] = now.edits
        except Refused as refusal:
            refusal.add_to(form)
    shown |= {"form": form, "lines": lines} | _judged_as_typed(form, lines)
    return show(request, "edit_draft", "formulations", shown)


@requires(Permission.EDIT_CATALOGUE)
@require_POST
def draft_preview(request):
    """What the recipe that stands in the editor comes to; nothing is stored."""
    form = forms.DraftForm(request.POST)
    lines = forms.line_forms(queries.known_ingredients(), data=request.POST)
    return render(request, "catalogue/_judgement.html", _judged_as_typed(form, lines))


@requires(Permission.APPROVE_FORMULATIONS)
def approve(request, version_id):
    row = queries.get_version(version_id)
    if row.status != VersionStatus.DRAFT:
        return redirect("catalogue:version", row.pk)
    shown = _recipe(row)
    asked = {"asks_reason": rules.needs_reason(shown["problems"]), "has_earlier": queries.has_approved(row)}
    form = forms.ApproveForm(request.POST or None, initial={"edits": row.edits, "replaces": True}, **asked)
    if form.is_valid():
        try:
            services.approve_version(version=row, **form.cleaned_data, by=request.user)
            messages.success(request, _("The version is approved and can be used in sessions."))
            return redirect("catalogue:version", row.pk)
        except Conflict as conflict:
            messages.warning(request, conflict.message)
            return redirect("catalogue:version", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "approve", "formulations", shown | {"form": form})


@requires(Permission.EDIT_CATALOGUE)
def retire_version(request, version_id):
    row = queries.get_version(version_id)

    def retire(**reason):
        services.retire_version(version=row, **reason)

    back = reverse("catalogue:version", args=[row.pk])
    return ask_reason(request, back, retire, "retire_version", "formulations", {"version": row})


@requires(Permission.EDIT_CATALOGUE)
def mixing_rules(request):
    """What the clinic thinks of mixtures."""
    row = queries.mixing_rules()
    initial = {"most_ingredients": row.most_ingredients, "too_many": row.too_many}
    form = forms.MixingRulesForm(request.POST or None, initial=initial)
    if form.is_valid():
        services.set_mixing_rules(values=form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
        return redirect("catalogue:formulations")
    return show(request, "mixing_rules", "formulations", {"form": form, "history": history_of(row)})


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def drafts_panel(request):
    return render(request, "catalogue/drafts_panel.html", {"drafts": queries.drafts()})


def _recipe(row) -> dict:
    return {"version": row} | _judged(row)


def _judged(row) -> dict:
    """What a saved version comes to; the problems only while it can still be mended."""
    lines = list(row.lines.all())
    problems = rules.problems_in(lines, row.total_volume_ml) if row.status == VersionStatus.DRAFT else []
    return {
        "strengths": queries.final_concentrations(row),
        "total_volume_ml": row.total_volume_ml,
        "problems": problems,
        "allergens": queries.allergens_in(_ids(row)),
        "stopped": bool(rules.stops(problems)),
    }


def _ids(version) -> set[int]:
    return {line.ingredient_id for line in version.lines.all()}


def _judged_as_typed(form, lines) -> dict:
    """The same for what stands in the editor, as far as it can be read."""
    lines.is_valid()
    form.is_valid()
    rows, total = lines.recipe_lines(), form.cleaned_data.get("total_volume_ml")
    if total is None:
        return {"strengths": [], "problems": [], "total_volume_ml": None}
    return {
        "strengths": strengths(rows, total),
        "total_volume_ml": total,
        "problems": rules.problems_in(rows, total),
        "allergens": queries.allergens_in({row.ingredient_id for row in rows}),
    }
