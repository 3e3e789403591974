"""The stock's pages."""

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.forms import Form, ReasonForm
from clinic.core.http import page_of, panels_for
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.catalogue.history import history_of
from treatments.stock import forms, queries, rules, services, shelf
from treatments.stock.enums import LotState


@requires(Permission.VIEW_STOCK)
@require_safe
def lots(request):
    state = request.GET.get("state")
    state = state if state in LotState.values else LotState.SHELF
    typed = request.GET.get("q", "")[:100]
    page = page_of(request, queries.lots(state=state, typed=typed, on=clock.today()))
    context = {"page": page, "rows": _lines(page), "typed": typed, "state": state, "choices": LotState.choices}
    return _show(request, "lots", context)


@requires(Permission.EDIT_STOCK)
def receive(request):
    """Two buttons: one reads the code into the other fields, one puts the lot on the shelf."""
    form = _receive_form(request)
    if form.only_reading:
        form.read(queries.product_of_code)
    elif form.is_valid():
        try:
            lot = services.receive_lot(**form.delivery, by=request.user)
            messages.success(request, _("The lot is on the shelf."))
            return redirect("stock:lot", lot.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "receive", {"form": form})


def _receive_form(request) -> forms.ReceiveForm:
    return forms.ReceiveForm(
        request.POST or None,
        request.FILES or None,
        ingredients=list(queries.ingredients_to_receive()),
        products=list(queries.products_to_receive()),
        only_reading="read" in request.POST,
        initial={
            "received_on": clock.today(),
            "ingredient": request.GET.get("ingredient", "")[:18],
            "product": request.GET.get("product", "")[:18],
        },
    )


@requires(Permission.VIEW_STOCK)
@require_safe
def lot(request, lot_id):
    row = queries.get_lot(lot_id)
    (line,) = _lines([row])
    context = {
        "lot": row,
        "line": line,
        "refusal": shelf.refusal(row, clock.now()),
        "ledger": queries.ledger_of(row),
        "until": row.usable_until,
        "history": history_of(row),
    }
    return _show(request, "lot", context)


@requires(Permission.VIEW_STOCK)
@require_safe
def photo(request, lot_id):
    """The picture as we wrote it ourselves: always a JPEG, never what was sent."""
    row = queries.get_lot(lot_id)
    if not row.photo:
        raise Http404
    return FileResponse(row.photo.open(), content_type="image/jpeg", filename=f"lot-{row.pk}.jpg")


@requires(Permission.EDIT_STOCK)
def add_photo(request, lot_id):
    form = forms.PhotoForm(request.POST or None, request.FILES or None)
    return _act(request, lot_id, form, services.add_photo, "add_photo")


@requires(Permission.EDIT_STOCK)
def more(request, lot_id):
    return _act(request, lot_id, forms.MoreForm(request.POST or None), services.receive_more, "more")


@requires(Permission.EDIT_STOCK)
def correct(request, lot_id):
    row = queries.get_lot(lot_id)
    initial = {name: getattr(row, name) for name in forms.CorrectForm.base_fields}
    form = forms.CorrectForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            services.correct_lot(lot=row, values=form.cleaned_data, by=request.user)
            return redirect("stock:lot", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return _show(request, "correct", {"lot": row, "form": form})


@requires(Permission.EDIT_STOCK)
def quarantine(request, lot_id):
    return _act(request, lot_id, ReasonForm(request.POST or None), services.quarantine_lot, "quarantine")


@requires(Permission.EDIT_STOCK)
def retire(request, lot_id):
    return _act(request, lot_id, ReasonForm(request.POST or None), services.retire_lot, "retire")


@requires(Permission.EDIT_STOCK)
def expire(request, lot_id):
    form = Form(request.POST) if request.method == "POST" else Form()
    return _act(request, lot_id, form, services.expire_lot, "expire")


@requires(Permission.EDIT_STOCK)
def count(request, lot_id):
    row = queries.get_lot(lot_id)
    form = forms.CountForm(request.POST or None, initial={"seen_ml": row.balance_ml})
    if form.is_bound and (answer := _done(request, row, form, services.count_lot)):
        return answer
    if form.is_bound:
        row = queries.get_lot(lot_id)
        form.show_again(row.balance_ml)
    return _show(request, "count", {"lot": row, "form": form})


@requires(Permission.USE_STOCK)
def waste(request, lot_id):
    return _act(request, lot_id, forms.WasteForm(request.POST or None), services.waste_volume, "waste")


@requires(Permission.USE_STOCK)
def finish_vial(request, lot_id):
    return _act(request, lot_id, forms.FinishForm(request.POST or None), services.finish_vial, "finish_vial")


@requires(Permission.USE_STOCK)
@require_POST
def open_vial(request, lot_id):
    return _at_once(request, lot_id, services.open_vial)


@requires(Permission.EDIT_STOCK)
@require_POST
def release(request, lot_id):
    return _at_once(request, lot_id, services.release_lot)


@requires(Permission.VIEW_STOCK)
@require_safe
def to_do(request):
    """What the shelf asks for. What the booked visits need is said by panels of the apps that know of visits."""
    now, days = clock.now(), queries.warn_days()
    found = queries.to_do(now, days)
    low = {product.pk for product, _left in found.low}
    parts = {
        name: rules.lines(getattr(found, name), at=now, warn_days=days, low_products=low)
        for name in ("expired", "late_vials", "quarantined", "soon")
    }
    panels = panels_for(request.user, settings.STOCK_PANELS)
    return _show(request, "to_do", {"parts": parts, "low": found.low, "days": days, "panels": panels})


@requires(Permission.EDIT_STOCK)
def edit_settings(request):
    form = forms.SettingsForm(request.POST or None, initial={"warn_days": queries.warn_days()})
    if form.is_valid():
        services.set_warn_days(**form.cleaned_data, by=request.user)
        return redirect("stock:to_do")
    return _show(request, "settings", {"form": form})


@requires(Permission.VIEW_STOCK)
@require_safe
def expiring_panel(request):
    days = queries.warn_days()
    rows = _lines(queries.expiring_lots(clock.today(), days))
    return render(request, "stock/expiring_panel.html", {"rows": rows, "days": days})


def _act(request, lot_id, form, service, template):
    """A form about one lot: shown, refused with its reason, or done and back to the lot's page."""
    row = queries.get_lot(lot_id)
    return _done(request, row, form, service) or _show(request, template, {"lot": row, "form": form})


def _done(request, row, form, service):
    if form.is_valid():
        try:
            service(lot=row, **form.cleaned_data, by=request.user)
            return redirect("stock:lot", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return None


def _at_once(request, lot_id, service):
    row = queries.get_lot(lot_id)
    try:
        service(lot=row, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect("stock:lot", row.pk)


def _lines(lots) -> list[rules.LotLine]:
    low = {product.pk for product, _left in queries.low_products(clock.today())}
    return rules.lines(lots, at=clock.now(), warn_days=queries.warn_days(), low_products=low)


def _show(request, template: str, context: dict):
    section = "to_do" if template in {"to_do", "settings"} else "lots"
    return render(request, f"stock/{template}.html", context | {"section": section})
