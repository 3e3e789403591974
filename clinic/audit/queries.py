from datetime import datetime

from django.db.models import Q, QuerySet

from clinic.audit.enums import NO_CHANGE
from clinic.audit.models import AuditEvent, AuditSeal
from clinic.audit.services import chain, mac_of, seals_kept_outside


def trail(
    *,
    patient_id: int | None = None,
    actor_id: int | None = None,
    action: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """The audit page's rows, newest first."""
    wanted = {
        "patient_id": patient_id,
        "actor_id": actor_id,
        "action": action or None,
        "at__gte": since,
        "at__lt": until,
    }
    return AuditEvent.objects.filter(**{name: value for name, value in wanted.items() if value is not None}).order_by(
        "-at", "-pk"
    )


def changed_since(at: datetime) -> set[tuple[int | None, str]]:
    """(patient, kind of row) of what has been written since then; reading and signing in change nothing."""
    rows = AuditEvent.objects.filter(at__gte=at).exclude(action__in=NO_CHANGE)
    return set(rows.order_by().values_list("patient_id", "subject_type").distinct())


def events_of(*rows) -> QuerySet[AuditEvent]:
    """What was done to these rows, newest first. At least one row."""
    wanted = Q()
    for model, ids in _ids_by_model(rows).items():
        wanted |= Q(subject_type=model, subject_id__in=ids)
    return AuditEvent.objects.filter(wanted).order_by("-at", "-pk")


def _ids_by_model(rows) -> dict[str, list[str]]:
    found = {}
    for row in rows:
        found.setdefault(row._meta.label, []).append(str(row.pk))
    return found


def broken() -> list[str]:
    """What `verify_audit` finds: changed events, seals whose events are not all there, and seals that are gone."""
    found = [f"event {event.pk} was changed" for event in AuditEvent.objects.iterator() if event.mac != mac_of(event)]
    previous, digests = "", {}
    for seal in AuditSeal.objects.order_by("last_id"):
        rows = list(
            AuditEvent.objects.filter(pk__range=(seal.first_id, seal.last_id)).order_by("pk").values_list("pk", "mac")
        )
        if len(rows) != seal.count or chain(previous, rows) != seal.digest:
            found.append(f"events {seal.first_id} to {seal.last_id} are not what was sealed")
        previous = digests[seal.last_id] = seal.digest
    return found + [
        f"the seal up to event {last_id} is gone"
        for last_id, digest in seals_kept_outside()
        if digests.get(last_id) != digest
    ]
