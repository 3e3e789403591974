"""The practitioner's page: a prescribed blood thinner or prescribed aspirin before a session."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused
from clinic.core.http import safe_next
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.reminders import queries, services
from treatments.reminders.enums import Decision
from treatments.reminders.forms import DecisionForm


@require_GET
@requires(Permission.DECIDE_MEDICINES)
def decisions_panel(request):
    """One's own, and on request everybody's: a colleague may be away."""
    record(by=request.user, action=Action.LIST, subject="reminders.MedicineDecision")
    waiting = queries.waiting_decisions(clock.now())
    mine = [decision for decision in waiting if decision.appointment.practitioner_id == request.user.pk]
    everybody = request.GET.get("whose") == "all"
    page = {
        "decisions": waiting if everybody else mine,
        "everybody": everybody,
        "others": len(waiting) - len(mine),
    }
    return render(request, "reminders/decisions_panel.html", page)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_MEDICINES)
def decide(request, decision_id):
    decision = queries.decision(decision_id)
    again = request.GET.get("again") == "1" and decision.replaced_at is None
    form = DecisionForm(request.POST or None, initial={"seen": decision.decision, "seen_at": _time_of(decision)})
    if form.is_valid():
        seen = form.cleaned_data.pop("seen") or Decision.WAITING
        try:
            services.decide_medicine(decision=decision, seen=seen, by=request.user, **form.cleaned_data)
        except Refused as refusal:
            refusal.add_to(form)
            if isinstance(refusal, Conflict):  # whoever sends it again has seen the time on the page now
                decision = queries.decision(decision_id)
                form.data = form.data.copy()
                form.data["seen_at"] = _time_of(decision)
        else:
            messages.success(request, _("The decision is recorded."))
            return redirect(safe_next(request, "reminders:decisions_panel"))
    record(by=request.user, action=Action.VIEW, subject=decision, patient_id=decision.patient_id)
    page = {"decision": decision, "patient": decision.patient, "form": form}
    waiting = decision.decision == Decision.WAITING
    return render(request, "reminders/decide.html", page | {"waiting": waiting, "ask": waiting or again})


def _time_of(decision) -> str:
    return decision.appointment.starts_at.isoformat()
