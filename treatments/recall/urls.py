from django.urls import path

from treatments.recall import views

app_name = "recall"
urlpatterns = [
    path("", views.cases, name="cases"),
    path("panel/", views.panel, name="panel"),
    path("of/<slug:kind>/<row:row_id>/", views.received, name="received"),
    path("of/<slug:kind>/<row:row_id>/export/", views.export, name="export"),
    path("of/<slug:kind>/<row:row_id>/open/", views.open_case, name="open"),
    path("<row:case_id>/", views.case, name="case"),
    path("<row:case_id>/take-in/", views.take_in, name="take_in"),
    path("<row:case_id>/close/", views.close, name="close"),
    path("<row:case_id>/texts/", views.texts, name="texts"),
    path("texts/<row:text_id>/", views.edit_text, name="edit_text"),
    path("patients/<row:entry_id>/", views.entry, name="entry"),
    path("patients/<row:entry_id>/told/", views.told, name="told"),
    path("patients/<row:entry_id>/<slug:channel>/", views.message, name="message"),
]
