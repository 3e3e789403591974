"""The desk's pages: which message is in which state. Never its words: they tell what a patient takes."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.http import page_of, safe_next
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.reminders import inbox, queries, services
from treatments.reminders.enums import ReminderStatus

R = ReminderStatus

STATES = {
    "": gettext_lazy("All"),
    R.PLANNED: gettext_lazy("Planned"),
    R.SENT: gettext_lazy("Sent"),
    R.FAILED: gettext_lazy("Failed"),
    R.UNKNOWN: gettext_lazy("Please check"),
    R.SKIPPED: gettext_lazy("Not sent"),
}


@require_GET
@requires(Permission.VIEW_MESSAGES)
def outbox(request):
    state = request.GET.get("state", "")
    state = state if state in STATES else ""
    counts = queries.outbox_counts()
    record(by=request.user, action=Action.LIST, subject="reminders.Reminder")
    page = {
        "states": [(value, label, counts.get(value, 0)) for value, label in STATES.items()],
        "state": state,
        "page": page_of(request, queries.outbox(state)),
        "clockwork": queries.clockwork(),
        "may_read_files": _may_read_files(request),
    }
    return render(request, "reminders/outbox.html", page)


@require_GET
@requires(Permission.VIEW_MESSAGES)
def failed_panel(request):
    record(by=request.user, action=Action.LIST, subject="reminders.Reminder")
    page = {"reminders": queries.for_the_desk(clock.now())}
    return render(request, "reminders/failed_panel.html", page)


@require_POST
@requires(Permission.RESEND_MESSAGES)
def resend(request, reminder_id):
    return _act(request, reminder_id, services.resend_reminder, _("The message is sent again within a minute."))


@require_POST
@requires(Permission.RESEND_MESSAGES)
def told(request, reminder_id):
    return _act(request, reminder_id, services.tell_by_telephone, _("Noted: the patient was told by telephone."))


def _act(request, reminder_id, service, done: str):
    reminder = queries.reminder(reminder_id)
    try:
        service(reminder=reminder, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    return redirect(safe_next(request, "reminders:outbox"))


@require_GET
@requires(Permission.VIEW_MESSAGES)
def tab(request, patient_id):
    """The patient's messages. Their words only for those who may read them."""
    patient = queries.patient(patient_id)
    record(by=request.user, action=Action.VIEW, subject=patient, patient_id=patient.pk, fields=["reminders:tab"])
    page = {"patient": patient, "tab": "reminders:tab", "may_read": request.user.may(Permission.READ_MESSAGE_TEXTS)}
    if page["may_read"]:
        page["reminders"] = queries.messages_with_words(patient.pk)
        page["upcoming"] = services.write_next(page["reminders"], request.clinic)
    else:
        page["reminders"] = queries.messages_of(patient.pk)
    return render(request, "reminders/tab.html", page)


@require_GET
@requires(Permission.READ_MESSAGE_TEXTS)
def sent_texts(request):
    """What was written to files instead of being sent: only where there is no mail server."""
    record(by=request.user, action=Action.LIST, subject="reminders.files")
    return render(request, "reminders/sent_texts.html", {"phones": inbox.phones_or_404()})


def _may_read_files(request) -> bool:
    return inbox.is_open() and request.user.may(Permission.READ_MESSAGE_TEXTS)
