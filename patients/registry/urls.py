from django.urls import path

from patients.registry import views

app_name = "registry"
urlpatterns = [
    path("", views.patients, name="patients"),
    path("new/", views.register, name="register"),
    path("new/look-alikes/", views.look_alikes, name="look_alikes"),
    path("<row:patient_id>/", views.patient, name="patient"),
    path("<row:patient_id>/details/", views.details_tab, name="details_tab"),
    path("<row:patient_id>/edit/", views.edit, name="edit"),
]
