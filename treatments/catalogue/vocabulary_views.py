"""The lists of the vocabulary: areas, indications, techniques, ingredients and their classes."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.history import vocabulary
from treatments.catalogue import queries, rules, services
from treatments.catalogue import vocabulary_forms as forms
from treatments.catalogue.enums import LimitPer, Unit
from treatments.catalogue.facts import KINDS, all_words, facts, strength_of
from treatments.catalogue.history import history_of
from treatments.catalogue.pages import ask_reason, asked, listed, show


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def terms(request, kind):
    wanted = asked(request)
    context = {"kind": KINDS[kind]} | wanted
    if kind == "ingredients":
        context["filter"] = forms.IngredientFilter(request.GET)
        wanted |= context["filter"].wanted()
    return show(request, "terms", kind, context | listed(request, kind, queries.terms(kind, **wanted)))


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def term(request, kind, term_id):
    """One word of the vocabulary; an ingredient comes with all that speaks against it."""
    is_ingredient = kind == "ingredients"
    row = queries.get_ingredient(term_id) if is_ingredient else queries.get_term(kind, term_id)
    context = {"kind": KINDS[kind], "term": row, "facts": facts(row, forms.TERM_FORMS[kind](term=row))}
    if is_ingredient:
        context |= {"refusal": rules.ingredient_refusal(row), "limits": _limits(row)} | _converted(request, row)
        parts = {rule: word.name for _kind, word, rule in row.rules}
        context["history"] = history_of(row, parts | {product: product.name for product in row.products.all()})
    else:
        context["history"] = history_of(row)
    return show(request, "ingredient" if is_ingredient else "term", kind, context)


@requires(Permission.EDIT_CATALOGUE)
def add_term(request, kind):
    form = forms.TERM_FORMS[kind](request.POST or None)
    if form.is_valid():
        try:
            row = vocabulary.add_term(model=queries.TERMS[kind], values=form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect(KINDS[kind].page, row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_term", kind, {"kind": KINDS[kind], "form": form})


@requires(Permission.EDIT_CATALOGUE)
def edit_term(request, kind, term_id):
    row = queries.get_term(kind, term_id)
    form = forms.TERM_FORMS[kind](request.POST or None, term=row)
    if form.is_valid():
        try:
            services.edit_term(term=row, values=form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect(KINDS[kind].page, row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_term", kind, {"kind": KINDS[kind], "term": row, "form": form})


@requires(Permission.EDIT_CATALOGUE)
def retire_term(request, kind, term_id):
    row = queries.get_term(kind, term_id)

    def retire(**reason):
        vocabulary.retire_term(term=row, **reason)

    back = reverse(KINDS[kind].page, args=[row.pk])
    return ask_reason(request, back, retire, "retire_term", kind, {"kind": KINDS[kind], "term": row})


@requires(Permission.EDIT_CATALOGUE)
@require_POST
def restore_term(request, kind, term_id):
    row = queries.get_term(kind, term_id)
    try:
        vocabulary.restore_term(term=row, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect(KINDS[kind].page, row.pk)


@requires(Permission.EDIT_CATALOGUE)
def switch_class(request, term_id):
    """Turns a class of ingredients on or off, after saying what that means."""
    row = queries.get_term("classes", term_id)
    to = request.POST.get("to")
    if to in {"on", "off"}:
        services.switch_class(ingredient_class=row, enabled=to == "on", by=request.user)
        return redirect("catalogue:classes")
    return show(request, "switch_class", "classes", {"term": row})


def _limits(ingredient) -> list[tuple]:
    """The four limits with their entry, None where nobody set one."""
    known = {entry["per"]: entry for entry in ingredient.limits}
    return [(per.value, per.label, known.get(per.value)) for per in LimitPer]


def _converted(request, ingredient) -> dict:
    """The small calculator of the ingredient's page: a strength that was typed, in every way it is written."""
    if ingredient.unit == Unit.ML:
        return {}
    form = forms.ConvertForm(request.GET if "strength" in request.GET else None, ingredient=ingredient)
    typed = form.cleaned_data if form.is_valid() else {}
    if typed.get("strength") is None:
        return {"convert": form, "converted": []}
    strength = strength_of(ingredient, typed["strength"], typed["measure"])
    return {"convert": form, "converted": all_words(ingredient, strength)}
