from django.urls import path

from treatments.catalogue import exchange_views as views

urlpatterns = [
    path("", views.exchange, name="exchange"),
    path("catalogue/", views.export, name="export"),
    path("recipes/", views.export_recipes, name="export_recipes"),
    path("files/<row:file_id>/", views.import_file, name="import"),
    path("files/<row:file_id>/key/", views.name_key, name="name_key"),
    path("keys/", views.keys, name="keys"),
    path("keys/<row:key_id>/retire/", views.retire_key, name="retire_key"),
]
