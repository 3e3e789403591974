"""The only writers of the trail. Call inside the transaction of the act that is recorded."""

import hashlib
import hmac
import json
from datetime import timedelta

from django.conf import settings
from django.db import models, transaction

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent, AuditSeal
from clinic.core import clock, context

# A fresh row may belong to a transaction that is still open and got a lower id: seal only what is older.
SEAL_AFTER_SECONDS = 60


def record(
    *,
    by,
    action: Action,
    subject: models.Model | str,
    patient_id: int | None = None,
    fields: list[str] | tuple[str, ...] = (),
    at=None,
) -> AuditEvent:
    """Writes one event. `by` is the person, or None for the clinic's own clockwork; `subject` a row or a kind of row."""
    here = context.current()
    event = AuditEvent(
        at=at or clock.now(),
        actor_id=getattr(by, "pk", None),
        actor_roles=",".join(sorted(getattr(by, "role_names", ()))),
        action=action,
        subject_type=subject if isinstance(subject, str) else subject._meta.label,
        subject_id="" if isinstance(subject, str) else str(subject.pk),
        patient_id=patient_id,
        fields=sorted(fields),
        request_id=here.request_id,
        address=here.address,
    )
    event.mac = mac_of(event)
    event.save(force_insert=True)
    return event


def mac_of(event: AuditEvent) -> str:
    """A keyed digest of the event's content: it cannot be made again without the key, which is not in the database."""
    content = {
        field.attname: getattr(event, field.attname)
        for field in event._meta.concrete_fields
        if field.attname not in {"id", "mac"}
    }
    content["at"] = event.at.isoformat(timespec="microseconds")
    return _keyed(json.dumps(content, sort_keys=True, default=str))


@transaction.atomic
def seal_events(*, at=None) -> AuditSeal | None:
    """Chains all events since the last seal; None when there are none to seal."""
    now = at or clock.now()
    previous = AuditSeal.objects.order_by("-last_id").first()
    events = AuditEvent.objects.filter(at__lt=now - timedelta(seconds=SEAL_AFTER_SECONDS))
    if previous:
        events = events.filter(pk__gt=previous.last_id)
    rows = list(events.order_by("pk").values_list("pk", "mac"))
    if not rows:
        return None
    return AuditSeal.objects.create(
        at=now,
        first_id=rows[0][0],
        last_id=rows[-1][0],
        count=len(rows),
        digest=chain(previous.digest if previous else "", rows),
    )


def chain(previous: str, rows: list[tuple[int, str]]) -> str:
    return _keyed(previous + "".join(f"{pk}:{mac};" for pk, mac in rows))


def _keyed(text: str) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
