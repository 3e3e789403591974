from django.urls import path

from treatments.catalogue import views
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
    path("versions/<row:version_id>/retire/", views.retire_version, name="retire_version"),
    path("classes/<row:term_id>/switch/", views.switch_class, name="switch_class"),
]
for kind in RULES:
    kwargs = {"kind": kind}
    urlpatterns += [
        path(f"ingredients/<row:term_id>/{kind}/new/", views.add_rule, kwargs, name=f"add_{kind}_rule"),
        path(f"rules/{kind}/<row:rule_id>/", views.edit_rule, kwargs, name=f"edit_{kind}_rule"),
    ]
for kind in KINDS.values():
    here, kwargs = f"{kind.name}/<row:term_id>/", {"kind": kind.name}
    urlpatterns += [
        path(f"{kind.name}/", views.terms, kwargs, name=kind.name),
        path(f"{kind.name}/new/", views.add_term, kwargs, name=f"add_{kind.slug}"),
        path(here, views.term, kwargs, name=kind.slug),
        path(f"{here}edit/", views.edit_term, kwargs, name=f"edit_{kind.slug}"),
        path(f"{here}retire/", views.retire_term, kwargs, name=f"retire_{kind.slug}"),
        path(f"{here}restore/", views.restore_term, kwargs, name=f"restore_{kind.slug}"),
    ]
