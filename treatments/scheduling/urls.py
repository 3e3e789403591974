from django.urls import path

from treatments.scheduling import settings_views, views

app_name = "scheduling"
urlpatterns = [
    path("", views.day, name="day"),
    path("<day:day>/", views.day, name="day"),
    path("today/", views.today_panel, name="today_panel"),
    path("book/", views.book, name="book"),
    path("book/patient/", views.find_patient, name="find_patient"),
    path("visit/<row:appointment_id>/", views.visit, name="visit"),
    path("visit/<row:appointment_id>/step/", views.step, name="step"),
    path("visit/<row:appointment_id>/move/", views.move, name="move"),
    path("visit/<row:appointment_id>/cancel/", views.cancel, name="cancel"),
    path("patient/<row:patient_id>/", views.tab, name="tab"),
    path("settings/", settings_views.settings, name="settings"),
    path("settings/types/add/", settings_views.add_visit_type, name="add_visit_type"),
    path("settings/types/<row:visit_type_id>/", settings_views.edit_visit_type, name="edit_visit_type"),
    path("settings/types/<row:visit_type_id>/retire/", settings_views.retire_visit_type, name="retire_visit_type"),
    path("settings/rooms/add/", settings_views.add_room, name="add_room"),
    path("settings/rooms/<row:room_id>/", settings_views.edit_room, name="edit_room"),
    path("settings/rooms/<row:room_id>/retire/", settings_views.retire_room, name="retire_room"),
    path("settings/hours/<row:practitioner_id>/", settings_views.hours, name="hours"),
    path("settings/hours/<row:practitioner_id>/days/", settings_views.add_exception, name="add_exception"),
    path("settings/closed/", settings_views.add_closed_days, name="add_closed_days"),
    path("settings/days/<row:exception_id>/remove/", settings_views.remove_exception, name="remove_exception"),
    path("stranded/", settings_views.stranded, name="stranded"),
]
