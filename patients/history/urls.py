from django.urls import path

from patients.history import views

app_name = "history"
urlpatterns = [
    path("<row:patient_id>/warnings/", views.warnings, name="warnings"),
]
