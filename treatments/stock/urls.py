from django.urls import path

from treatments.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.lots, name="lots"),
    path("receive/", views.receive, name="receive"),
    path("expiring/", views.expiring_panel, name="expiring_panel"),
    path("<row:lot_id>/", views.lot, name="lot"),
    path("<row:lot_id>/quarantine/", views.quarantine, name="quarantine"),
    path("<row:lot_id>/release/", views.release, name="release"),
    path("<row:lot_id>/retire/", views.retire, name="retire"),
]
