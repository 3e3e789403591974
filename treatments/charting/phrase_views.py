"""The pages on which the clinic keeps its phrases for notes."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting import phrases as writers
from treatments.charting import queries
from treatments.charting.phrase_forms import PhraseForm


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_PHRASES)
def phrases(request):
    """All phrases, and the form for one more."""
    form = PhraseForm(request.POST or None)
    if form.is_valid() and _done(form, lambda: writers.add_phrase(**form.cleaned_data, by=request.user)):
        messages.success(request, _("Saved."))
        return redirect("charting:phrases")
    context = {"phrases": queries.phrases(), "form": form, "section": "phrases"}
    return render(request, "charting/phrases.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_PHRASES)
def edit_phrase(request, phrase_id):
    phrase = queries.get_phrase(phrase_id)
    form = PhraseForm(request.POST or None, initial={"code": phrase.code, "text": phrase.text})
    if form.is_valid() and _done(
        form, lambda: writers.edit_phrase(phrase=phrase, **form.cleaned_data, by=request.user)
    ):
        messages.success(request, _("Saved."))
        return redirect("charting:phrases")
    return _page(request, phrase, form, _("Save"))


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_PHRASES)
def retire_phrase(request, phrase_id):
    phrase = queries.get_phrase(phrase_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid() and _done(
        form, lambda: writers.retire_phrase(phrase=phrase, **form.cleaned_data, by=request.user)
    ):
        messages.success(request, _("It is out of use."))
        return redirect("charting:phrases")
    return _page(request, phrase, form, _("Take out of use"))


def _done(form, write) -> bool:
    try:
        write()
    except Refused as refusal:
        refusal.add_to(form)
        return False
    return True


def _page(request, phrase, form, submit: str):
    context = {"phrase": phrase, "form": form, "submit": submit, "section": "phrases"}
    return render(request, "charting/phrase.html", context)
