from django.urls import path

from patients.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.patients, name="patients"),
    path("new/", views.register, name="register"),
    path("new/look-alikes/", views.look_alikes, name="look_alikes"),
    path("imports/", views.imports, name="imports"),
    path("imports/<row:import_id>/", views.import_page, name="import"),
    path("imports/<row:import_id>/columns/", views.import_columns, name="import_columns"),
    path("imports/<row:import_id>/progress/", views.import_progress, name="import_progress"),
    path("imports/<row:import_id>/start/", views.import_start, name="import_start"),
    path("<row:patient_id>/", views.patient, name="patient"),
    path("<row:patient_id>/details/", views.details_tab, name="details_tab"),
    path("<row:patient_id>/contact-works/", views.trust_contact, name="trust_contact"),
    path("<row:patient_id>/edit/", views.edit, name="edit"),
]
