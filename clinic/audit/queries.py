from django.db.models import QuerySet

from clinic.audit.models import AuditEvent, AuditSeal
from clinic.audit.services import chain, mac_of


def trail(*, patient_id: int | None = None, actor_id: int | None = None, action: str = "") -> QuerySet[AuditEvent]:
    """The audit page's rows, newest first."""
    events = AuditEvent.objects.order_by("-at", "-pk")
    if patient_id:
        events = events.filter(patient_id=patient_id)
    if actor_id:
        events = events.filter(actor_id=actor_id)
    if action:
        events = events.filter(action=action)
    return events


def broken() -> list[str]:
    """What `verify_audit` finds: events whose content changed, and seals whose rows are not all there any more."""
    found = [f"event {event.pk} was changed" for event in AuditEvent.objects.iterator() if event.mac != mac_of(event)]
    previous = ""
    for seal in AuditSeal.objects.order_by("last_id"):
        rows = list(
            AuditEvent.objects.filter(pk__range=(seal.first_id, seal.last_id)).order_by("pk").values_list("pk", "mac")
        )
        if len(rows) != seal.count or chain(previous, rows) != seal.digest:
            found.append(f"events {seal.first_id} to {seal.last_id} are not what was sealed")
        previous = seal.digest
    return found
