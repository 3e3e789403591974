from django.urls import include, path

from treatments.catalogue import against_views, product_views, views, vocabulary_views
from treatments.catalogue.facts import KINDS
from treatments.catalogue.queries import RULES

app_name = "catalogue"
urlpatterns = [
    path("", views.formulations, name="formulations"),
    path("drafts/", views.drafts_panel, name="drafts_panel"),
    path("formulations/new/", views.new_formulation, name="new_formulation"),
    path("formulations/<row:formulation_id>/", views.formulation, name="formulation"),
    path("formulations/<row:formulation_id>/edit/", views.edit_formulation, name="edit_formulation"),
    path("formulations/<row:formulation_id>/retire/", views.retire_formulation, name="retire_formulation"),
    path("versions/preview/", views.draft_preview, name="draft_preview"),
    path("versions/<row:version_id>/", views.version, name="version"),
    path("versions/<row:version_id>/edit/", views.edit_draft, name="edit_draft"),
    path("versions/<row:version_id>/approve/", views.approve, name="approve"),
    path("versions/<row:version_id>/next/", views.new_version, name="new_version"),
    path("versions/<row:version_id>/compare/", views.compare, name="compare"),
    path("versions/<row:version_id>/duplicate/", views.duplicate, name="duplicate"),
    path("mixing/", views.mixing_rules, name="mixing_rules"),
    path("versions/<row:version_id>/retire/", views.retire_version, name="retire_version"),
    path("classes/<row:term_id>/switch/", vocabulary_views.switch_class, name="switch_class"),
    path("exchange/", include("treatments.catalogue.exchange_urls")),
    path("products/", product_views.product_list, name="products"),
    path("products/new/", product_views.add_product, name="add_product"),
    path("products/<row:product_id>/", product_views.product, name="product"),
    path("products/<row:product_id>/edit/", product_views.edit_product, name="edit_product"),
    path("products/<row:product_id>/retire/", product_views.retire_product, name="retire_product"),
    path("products/<row:product_id>/restore/", product_views.restore_product, name="restore_product"),
    path("ingredients/<row:term_id>/limits/<slug:per>/", against_views.limit, name="limit"),
    path("ingredients/<row:term_id>/legal/new/", against_views.legal, name="add_legal"),
    path("ingredients/<row:term_id>/legal/<slug:country>/", against_views.legal, name="legal"),
    path("ingredients/<row:term_id>/pair/new/", against_views.add_pair, name="add_pair_rule"),
    path("rules/pair/<row:rule_id>/", against_views.edit_pair, name="edit_pair_rule"),
]
for kind in RULES:
    kwargs = {"kind": kind}
    urlpatterns += [
        path(f"ingredients/<row:term_id>/{kind}/new/", against_views.add_rule, kwargs, name=f"add_{kind}_rule"),
        path(f"rules/{kind}/<row:rule_id>/", against_views.edit_rule, kwargs, name=f"edit_{kind}_rule"),
    ]
for kind in [*RULES, "pair"]:
    here, kwargs = f"rules/{kind}/<row:rule_id>/", {"kind": kind}
    urlpatterns += [
        path(f"{here}retire/", against_views.retire_rule, kwargs, name=f"retire_{kind}_rule"),
        path(f"{here}restore/", against_views.restore_rule, kwargs, name=f"restore_{kind}_rule"),
    ]
for kind in KINDS.values():
    here, kwargs = f"{kind.name}/<row:term_id>/", {"kind": kind.name}
    urlpatterns += [
        path(f"{kind.name}/", vocabulary_views.terms, kwargs, name=kind.name),
        path(f"{kind.name}/new/", vocabulary_views.add_term, kwargs, name=f"add_{kind.slug}"),
        path(here, vocabulary_views.term, kwargs, name=kind.slug),
        path(f"{here}edit/", vocabulary_views.edit_term, kwargs, name=f"edit_{kind.slug}"),
        path(f"{here}retire/", vocabulary_views.retire_term, kwargs, name=f"retire_{kind.slug}"),
        path(f"{here}restore/", vocabulary_views.restore_term, kwargs, name=f"restore_{kind.slug}"),
    ]
