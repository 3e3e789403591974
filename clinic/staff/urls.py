from django.urls import path

from clinic.staff import views

app_name = "staff"
urlpatterns = [
    path("", views.clinic, name="clinic"),
    path("people/", views.people, name="people"),
    path("people/new/", views.add_person, name="add_person"),
    path("people/<row:user_id>/", views.person, name="person"),
    path("people/<row:user_id>/roles/", views.roles, name="roles"),
    path("people/<row:user_id>/password-link/", views.password_link, name="password_link"),
    path("people/<row:user_id>/deactivate/", views.deactivate, name="deactivate"),
    path("people/<row:user_id>/reactivate/", views.reactivate, name="reactivate"),
    path("permissions/", views.permissions, name="permissions"),
    path("audit/", views.trail, name="audit"),
    path("me/", views.me, name="me"),
]
