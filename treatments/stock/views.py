"""The stock's pages."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.forms import ReasonForm
from clinic.core.http import page_of
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.stock import forms, queries, rules, services
from treatments.stock.enums import LotState


@requires(Permission.VIEW_STOCK)
@require_safe
def lots(request):
    state = request.GET.get("state")
    state = state if state in LotState.values else LotState.SHELF
    typed = request.GET.get("q", "")[:100]
    page = page_of(request, queries.lots(state=state, typed=typed, on=clock.today()))
    context = {"page": page, "rows": _with_expiry(page), "typed": typed, "state": state, "choices": LotState.choices}
    return _show(request, "lots", context)


@requires(Permission.EDIT_STOCK)
def receive(request):
    form = forms.ReceiveForm(
        request.POST or None,
        ingredients=list(queries.ingredients_to_receive()),
        initial={"received_on": clock.today(), "ingredient": request.GET.get("ingredient", "")[:18]},
    )
    if form.is_valid():
        try:
            lot = services.receive_lot(**form.cleaned_data, by=request.user)
            messages.success(request, _("The lot is on the shelf."))
            return redirect("stock:lot", lot.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "receive", {"form": form})


@requires(Permission.VIEW_STOCK)
@require_safe
def lot(request, lot_id):
    row = queries.get_lot(lot_id)
    today = clock.today()
    return _show(request, "lot", {"lot": row, "expiry": rules.expiry(row, today), "usable": rules.usable(row, today)})


@requires(Permission.EDIT_STOCK)
def quarantine(request, lot_id):
    return _with_reason(request, lot_id, services.quarantine_lot, "quarantine")


@requires(Permission.EDIT_STOCK)
def retire(request, lot_id):
    return _with_reason(request, lot_id, services.retire_lot, "retire")


@requires(Permission.EDIT_STOCK)
@require_POST
def release(request, lot_id):
    row = queries.get_lot(lot_id)
    try:
        services.release_lot(lot=row, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect("stock:lot", row.pk)


@requires(Permission.VIEW_STOCK)
@require_safe
def expiring_panel(request):
    rows = _with_expiry(queries.expiring_lots(clock.today()))
    return render(request, "stock/expiring_panel.html", {"rows": rows})


def _with_reason(request, lot_id, service, template):
    row = queries.get_lot(lot_id)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            service(lot=row, **form.cleaned_data, by=request.user)
            return redirect("stock:lot", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, template, {"lot": row, "form": form})


def _with_expiry(rows) -> list:
    today = clock.today()
    return [(row, *rules.expiry(row, today)) for row in rows]


def _show(request, template: str, context: dict):
    return render(request, f"stock/{template}.html", context | {"section": "lots"})
