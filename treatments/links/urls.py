"""Short addresses for messages ("/l/…"), the pages behind them ("/link/…"), and the clinic's own ("/links/…")."""

from django.urls import path

from treatments.links import desk_views, views

app_name = "links"
urlpatterns = [
    path("l/<str:token>", views.open_link, name="open"),
    path("l/<str:token>/off", views.one_click, name="one_click"),
    path("link/<row:link>/", views.page, name="page"),
    path("link/<row:link>/confirm/", views.confirm, name="confirm"),
    path("link/<row:link>/cancel/", views.cancel, name="cancel"),
    path("link/<row:link>/move/", views.move, name="move"),
    path("link/<row:link>/calendar.ics", views.calendar_file, name="calendar_file"),
    path("link/<row:link>/read/", views.read, name="read"),
    path("link/<row:link>/taken/", views.taken, name="taken"),
    path("link/<row:link>/stop/", views.stop, name="stop"),
    path("links/visit/<row:appointment_id>/", desk_views.visit_panel, name="visit_panel"),
    path("links/visit/<row:appointment_id>/new/", desk_views.new_link, name="new_link"),
    path("links/patient/<row:patient_id>/", desk_views.patient_panel, name="patient_panel"),
    path("links/<row:link_id>/address/", desk_views.address, name="address"),
    path("links/<row:link_id>/replace/", desk_views.replace, name="replace"),
    path("links/stops/<row:stop_id>/lift/", desk_views.lift, name="lift"),
    path("links/requests/", desk_views.requests_panel, name="requests_panel"),
    path("links/requests/<row:request_id>/settle/", desk_views.settle, name="settle"),
    path("links/told/", desk_views.told_panel, name="told_panel"),
    path("links/told/<row:told_id>/", desk_views.told, name="told"),
    path("links/settings/", desk_views.settings, name="settings"),
]
