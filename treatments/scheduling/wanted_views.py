"""The panel of the visits that are still to be booked after a session."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.scheduling.wanted import visits_to_book


@require_GET
@requires(Permission.BOOK_VISITS)
def wanted_panel(request):
    record(by=request.user, action=Action.LIST, subject="scheduling.Appointment", fields=["wanted"])
    return render(request, "scheduling/wanted_panel.html", {"wanted": visits_to_book()})
