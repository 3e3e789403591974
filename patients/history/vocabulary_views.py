"""The vocabulary's pages, for administrators."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from patients.history import queries
from patients.history import vocabulary as services
from patients.history.vocabulary_forms import FORMS

LABELS = {
    "allergens": gettext_lazy("Allergens"),
    "conditions": gettext_lazy("Conditions"),
    "medicines": gettext_lazy("Medicines"),
}


@requires(Permission.EDIT_CATALOGUE)
@require_safe
def vocabulary(request):
    return redirect("history:words", "conditions")


@requires(Permission.EDIT_CATALOGUE)
@require_safe
def words(request, kind):
    return render(request, "history/words.html", _place(kind) | {"words": queries.vocabulary(kind)})


@requires(Permission.EDIT_CATALOGUE)
def add_word(request, kind):
    form = FORMS[kind](request.POST or None)

    def write():
        services.add_term(model=queries.VOCABULARY[kind], values=form.values, by=request.user)

    return _ask(request, kind, form, write)


@requires(Permission.EDIT_CATALOGUE)
def edit_word(request, kind, term_id):
    term = queries.get_term(kind, term_id)
    form = FORMS[kind](request.POST or None, term=term)

    def write():
        services.edit_term(term=term, values=form.values, by=request.user)

    return _ask(request, kind, form, write, term)


@requires(Permission.EDIT_CATALOGUE)
def retire_word(request, kind, term_id):
    term = queries.get_term(kind, term_id)
    form = ReasonForm(request.POST or None)

    def write():
        services.retire_term(term=term, reason=form.cleaned_data["reason"], by=request.user)

    return _ask(request, kind, form, write, term, retiring=True)


@requires(Permission.EDIT_CATALOGUE)
def restore_word(request, kind, term_id):
    term = queries.get_term(kind, term_id)
    if request.method == "POST":
        try:
            services.restore_term(term=term, by=request.user)
        except Refused as refusal:
            messages.error(request, refusal.message)
    return redirect("history:edit_word", kind, term.pk)


def _ask(request, kind, form, write, term=None, *, retiring=False):
    """A form of one word; back to the list when it is written."""
    if request.method == "POST" and form.is_valid():
        try:
            write()
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved."))
            return redirect("history:words", kind)
    context = _place(kind) | {"form": form, "term": term, "retiring": retiring}
    return render(request, "history/word.html", context)


def _place(kind) -> dict:
    return {"kind": kind, "kinds": LABELS.items(), "kind_label": LABELS[kind]}
