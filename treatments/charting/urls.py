from django.urls import path

from treatments.charting import plan_views, safety_views, views
from treatments.charting.version_use import version_use

app_name = "charting"
urlpatterns = [
    path("of/<row:patient_id>/", views.tab, name="tab"),
    path("of/<row:patient_id>/start/", views.start, name="start"),
    path("safety/", safety_views.rules, name="safety_rules"),
    path("safety/<row:safety_rule_id>/", safety_views.edit_rule, name="edit_safety_rule"),
    path("of/<row:patient_id>/plan/", plan_views.new_plan, name="new_plan"),
    path("plans/<row:plan_id>/", plan_views.plan, name="plan"),
    path("plans/<row:plan_id>/edit/", plan_views.edit_plan, name="edit_plan"),
    path("plans/<row:plan_id>/end/", plan_views.end_plan, name="end_plan"),
    path("plans/<row:plan_id>/version/", plan_views.use_successor, name="use_successor"),
    path("version/<row:version_id>/", version_use, name="version_use"),
    path("unsigned/", views.unsigned_panel, name="unsigned_panel"),
    path("<row:session_id>/", views.session, name="session"),
    path("<row:session_id>/chart/", views.chart, name="chart"),
    path("<row:session_id>/save/", views.save, name="save"),
    path("<row:session_id>/present/", views.present, name="present"),
    path("<row:session_id>/plan/", plan_views.choose_plan, name="choose_plan"),
    path("<row:session_id>/labels/", views.labels, name="labels"),
    path("<row:session_id>/sign/", views.sign, name="sign"),
    path("<row:session_id>/addendum/", views.addendum, name="addendum"),
    path("<row:session_id>/void/", views.void, name="void"),
]
