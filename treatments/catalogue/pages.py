"""What the views of the catalogue share: a page in its section, the question for a reason, a list in its order."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.core.http import page_of, panels_for
from treatments.catalogue.lists import COLUMNS, heads, ordered


def show(request, template: str, section: str, context: dict):
    return render(request, f"catalogue/{template}.html", context | {"section": section})


def ask_reason(request, back: str, act, template: str, section: str, shown: dict):
    """Asks for the reason, takes something out of use and goes back to its page."""
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            act(**form.cleaned_data, by=request.user)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("It is out of use."))
            return redirect(back)
    return show(request, template, section, shown | {"form": form})


def panels_of(version, viewer) -> list[dict]:
    """What higher apps know of a version, by address: settings.VERSION_PANELS, those that the viewer may see."""
    return panels_for(viewer, settings.VERSION_PANELS, version.pk)


def asked(request) -> dict:
    """The words typed into a list's filter, and whether it shows what is retired."""
    return {"typed": request.GET.get("q", "")[:100], "retired": "retired" in request.GET}


def listed(request, name: str, rows, *, size: int = 100) -> dict:
    """The page of a list in the order that the address names, with its column heads."""
    sort = request.GET.get("sort", "")
    columns = COLUMNS[name]
    return {"page": page_of(request, ordered(rows, columns, sort), size=size), "heads": heads(columns, sort)}
