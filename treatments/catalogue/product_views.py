"""The products that the clinic buys: the list, a page each, add, change, retire."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.catalogue import products, queries
from treatments.catalogue.facts import in_other_words
from treatments.catalogue.history import history_of
from treatments.catalogue.pages import ask_reason, asked, listed, show
from treatments.catalogue.product_forms import ProductForm


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def product_list(request):
    wanted = asked(request)
    return show(request, "products", "products", wanted | listed(request, "products", queries.products(**wanted)))


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def product(request, product_id):
    row = queries.get_product(product_id)
    context = {"product": row, "words": in_other_words(row.ingredient, row.concentration), "history": history_of(row)}
    return show(request, "product", "products", context)


@requires(Permission.EDIT_CATALOGUE)
def add_product(request):
    """A new product; `?ingredient=` names the ingredient whose page it was asked for on."""
    ingredient = queries.ingredient_or_none(request.GET.get("ingredient", ""))
    form = ProductForm(request.POST or None, ingredient=ingredient)
    if form.is_valid():
        values = form.cleaned_data.copy()
        try:
            row = products.add_product(ingredient=values.pop("ingredient"), values=values, by=request.user)
            messages.success(request, _("Saved."))
            return redirect("catalogue:product", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_product", "products", {"form": form, "ingredient": ingredient})


@requires(Permission.EDIT_CATALOGUE)
def edit_product(request, product_id):
    row = queries.get_product(product_id)
    form = ProductForm(request.POST or None, product=row)
    if form.is_valid():
        try:
            products.edit_product(product=row, values=form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect("catalogue:product", row.pk)
        except Refused as refusal:
            refusal.add_to(form)
    return show(request, "edit_product", "products", {"product": row, "form": form})


@requires(Permission.EDIT_CATALOGUE)
def retire_product(request, product_id):
    row = queries.get_product(product_id)

    def retire(**reason):
        products.retire_product(product=row, **reason)

    back = reverse("catalogue:product", args=[row.pk])
    return ask_reason(request, back, retire, "retire_product", "products", {"product": row})


@requires(Permission.EDIT_CATALOGUE)
@require_POST
def restore_product(request, product_id):
    row = queries.get_product(product_id)
    try:
        products.restore_product(product=row, by=request.user)
    except Refused as refusal:
        messages.warning(request, refusal.message)
    return redirect("catalogue:product", row.pk)
