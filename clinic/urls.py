"""Every address of the house. Apps keep their own; nothing here imports them."""

from django.urls import include, path

from clinic.core.views import healthz
from clinic.staff.views import home

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("clinic/", include("clinic.staff.urls")),
    path("patients/", include("patients.registry.urls")),
    path("history/", include("patients.history.urls")),
    path("catalogue/", include("treatments.catalogue.urls")),
    path("stock/", include("treatments.stock.urls")),
    path("sessions/", include("treatments.charting.urls")),
    path("calendar/", include("treatments.scheduling.urls")),
    path("messages/", include("treatments.reminders.urls")),
    path("", include("treatments.links.urls")),
    path("recalls/", include("treatments.recall.urls")),
]
handler400 = "clinic.core.views.bad_request"
handler403 = "clinic.core.views.forbidden"
handler404 = "clinic.core.views.not_found"
handler500 = "clinic.core.views.server_error"
handler429 = "clinic.core.views.too_many_requests"
