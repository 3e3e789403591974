from django.urls import path

from treatments.stock import views

app_name = "stock"
urlpatterns = [
    path("", views.lots, name="lots"),
    path("receive/", views.receive, name="receive"),
    path("todo/", views.to_do, name="to_do"),
    path("settings/", views.edit_settings, name="settings"),
    path("expiring/", views.expiring_panel, name="expiring_panel"),
    path("<row:lot_id>/", views.lot, name="lot"),
    path("<row:lot_id>/edit/", views.correct, name="correct"),
    path("<row:lot_id>/more/", views.more, name="more"),
    path("<row:lot_id>/count/", views.count, name="count"),
    path("<row:lot_id>/waste/", views.waste, name="waste"),
    path("<row:lot_id>/open/", views.open_vial, name="open_vial"),
    path("<row:lot_id>/finish/", views.finish_vial, name="finish_vial"),
    path("<row:lot_id>/photo/", views.photo, name="photo"),
    path("<row:lot_id>/photo/add/", views.add_photo, name="add_photo"),
    path("<row:lot_id>/quarantine/", views.quarantine, name="quarantine"),
    path("<row:lot_id>/release/", views.release, name="release"),
    path("<row:lot_id>/expire/", views.expire, name="expire"),
    path("<row:lot_id>/retire/", views.retire, name="retire"),
]
