"""What is known against an ingredient: the pages of its rules, pairs, limits and legal status."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.catalogue import against, queries
from treatments.catalogue import against_forms as forms
from treatments.catalogue.enums import LimitPer
from treatments.catalogue.pages import ask_reason, show


@requires(Permission.EDIT_CATALOGUE)
def add_rule(request, kind, term_id):
    """Puts on record what speaks against an ingredient."""
    row = queries.get_term("ingredients", term_id)
    form = forms.RuleForm(request.POST or None, kind=kind)

    def write(values):
        against.add_rule(kind=kind, ingredient=row, against=values.pop("against"), values=values, by=request.user)

    return _ask(request, row, form, write)


@requires(Permission.EDIT_CATALOGUE)
def edit_rule(request, kind, rule_id):
    rule = queries.get_rule(kind, rule_id)
    form = forms.RuleForm(request.POST or None, kind=kind, rule=rule)

    def write(values):
        against.edit_rule(rule=rule, values=values, by=request.user)

    return _ask(request, rule.ingredient, form, write, title=getattr(rule, kind).name)


@requires(Permission.EDIT_CATALOGUE)
def add_pair(request, term_id):
    """Puts on record that an ingredient does not belong in one syringe with another."""
    row = queries.get_term("ingredients", term_id)
    form = forms.PairForm(request.POST or None)

    def write(values):
        other, diluent = values.pop("other"), values.pop("diluent")
        against.add_pair(ingredient=row, other=other, diluent=diluent, values=values, by=request.user)

    return _ask(request, row, form, write)


@requires(Permission.EDIT_CATALOGUE)
def edit_pair(request, rule_id):
    pair = queries.get_pair(rule_id)
    form = forms.PairForm(request.POST or None, rule=pair)

    def write(values):
        against.edit_rule(rule=pair, values=values, by=request.user)

    return _ask(request, pair.first, form, write, title=pair.second.name)


@requires(Permission.EDIT_CATALOGUE)
def retire_rule(request, kind, rule_id):
    rule, ingredient, title = _rule(kind, rule_id)

    def retire(**reason):
        against.retire_rule(rule=rule, **reason)

    back = reverse("catalogue:ingredient", args=[ingredient.pk])
    return ask_reason(request, back, retire, "retire_rule", "ingredients", {"term": ingredient, "title": title})


@requires(Permission.EDIT_CATALOGUE)
@require_POST
def restore_rule(request, kind, rule_id):
    rule, ingredient, _title = _rule(kind, rule_id)
    try:
        against.restore_rule(rule=rule, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect("catalogue:ingredient", ingredient.pk)


@requires(Permission.EDIT_CATALOGUE)
def limit(request, term_id, per):
    """Sets one of the four limits of an ingredient, or takes it away."""
    row = queries.get_term("ingredients", term_id)
    if per not in LimitPer:
        raise Http404
    known = _entry(row.limits, "per", per)
    form = forms.LimitForm(request.POST or None, ingredient=row, per=per, known=known)
    return _entry_page(request, row, form, field="limits", name=per, known=known, title=LimitPer(per).label)


@requires(Permission.EDIT_CATALOGUE)
def legal(request, term_id, country=""):
    """Writes what the law of one country says of an ingredient, or takes it away."""
    row = queries.get_term("ingredients", term_id)
    known = _entry(row.legal, "country", country)
    if country and not known:
        raise Http404
    taken = [] if known else [entry["country"] for entry in row.legal]
    form = forms.LegalForm(request.POST or None, known=known, taken=taken)
    return _entry_page(request, row, form, field="legal", name=country, known=known, title=_("Legal status"))


def _entry_page(request, ingredient, form, *, field, name, known, title):
    """One entry of the ingredient's limits or legal status: written, taken away, or asked for."""
    if known and "take_away" in request.POST:
        against.put_entry(ingredient=ingredient, field=field, name=name, entry=None, by=request.user)
        messages.success(request, _("It is taken away."))
        return redirect("catalogue:ingredient", ingredient.pk)

    def write(values):
        entry = form.entry()
        against.put_entry(
            ingredient=ingredient, field=field, name=entry[against.ENTRY_NAMES[field]], entry=entry, by=request.user
        )

    return _ask(request, ingredient, form, write, title=title, known=known)


def _ask(request, ingredient, form, write, **shown):
    """A form about an ingredient; back to its page when it is written."""
    if form.is_valid():
        try:
            write(form.cleaned_data.copy())
            messages.success(request, _("Saved."))
            return redirect("catalogue:ingredient", ingredient.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_rule", "ingredients", {"term": ingredient, "form": form} | shown)


def _rule(kind, rule_id):
    """A rule, the ingredient on whose page it stands, and what it is about."""
    if kind == "pair":
        pair = queries.get_pair(rule_id)
        return pair, pair.first, pair.second.name
    rule = queries.get_rule(kind, rule_id)
    return rule, rule.ingredient, getattr(rule, kind).name


def _entry(entries, key, name):
    return next((entry for entry in entries if entry[key] == name), None)
