from django.urls import path

from treatments.charting import views
from treatments.charting.version_use import version_use

app_name = "charting"
urlpatterns = [
    path("of/<row:patient_id>/", views.tab, name="tab"),
    path("of/<row:patient_id>/start/", views.start, name="start"),
    path("version/<row:version_id>/", version_use, name="version_use"),
    path("unsigned/", views.unsigned_panel, name="unsigned_panel"),
    path("<row:session_id>/", views.session, name="session"),
    path("<row:session_id>/chart/", views.chart, name="chart"),
    path("<row:session_id>/save/", views.save, name="save"),
    path("<row:session_id>/present/", views.present, name="present"),
    path("<row:session_id>/sign/", views.sign, name="sign"),
    path("<row:session_id>/addendum/", views.addendum, name="addendum"),
    path("<row:session_id>/void/", views.void, name="void"),
]
