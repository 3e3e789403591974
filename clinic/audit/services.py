"""The only writers of the trail. Call inside the transaction of the act that is recorded."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import UTC, timedelta

from django.conf import settings
from django.db import IntegrityError, models, transaction

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent, AuditSeal
from clinic.core import clock, context
from clinic.core.statements import Statement, inserting

# A fresh row may belong to a transaction that is still open beside one that has a higher id and is done.
SEAL_AFTER = timedelta(seconds=60)


def record(
    *,
    by,
    action: Action,
    subject: models.Model | str,
    patient_id: int | None = None,
    fields: list[str] | tuple[str, ...] = (),
    at=None,
) -> AuditEvent:
    """Writes one event. `by` is None for the clinic's own clockwork; `subject` is a row, or the name of a kind."""
    event = _event(by=by, action=action, subject=subject, patient_id=patient_id, fields=fields, at=at)
    event.save(force_insert=True)
    return event


def recording(*, by, action: Action, subject: models.Model, patient_id: int | None = None, at=None) -> Statement:
    """What writes one event, for who sends it to the database together with the act."""
    return inserting(_event(by=by, action=action, subject=subject, patient_id=patient_id, fields=(), at=at))


def record_each(*, by, action: Action, subjects: Iterable[models.Model], fields=(), at=None) -> None:
    """The same act on several rows, one event each, in one statement."""
    AuditEvent.objects.bulk_create(
        _event(by=by, action=action, subject=row, patient_id=None, fields=fields, at=at) for row in subjects
    )


def _event(*, by, action, subject, patient_id, fields, at) -> AuditEvent:
    here = context.current()
    event = AuditEvent(
        at=at or clock.now(),
        actor_id=getattr(by, "pk", None),
        actor_roles=",".join(sorted(getattr(by, "role_names", ()))) or here.actor,
        action=action,
        subject_type=subject if isinstance(subject, str) else subject._meta.label,
        subject_id="" if isinstance(subject, str) else str(subject.pk),
        patient_id=patient_id,
        fields=sorted(fields),
        request_id=here.request_id,
        address=here.address,
    )
    event.mac = mac_of(event)
    return event


def save_changes(*, row: models.Model, values: dict, by, at=None) -> list[str]:
    """Saves and records the fields of a row that differ from `values`, and answers which did: often none."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
        record(by=by, action=Action.CHANGE, subject=row, fields=changed, at=at)
    return changed


def mac_of(event: AuditEvent) -> str:
    """A keyed digest of the event's content: it cannot be made again without the key, which is not in the database."""
    content = {
        field.attname: getattr(event, field.attname)
        for field in event._meta.concrete_fields
        if field.attname not in {"id", "mac"}
    }
    content["at"] = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    return _keyed(json.dumps(content, sort_keys=True, default=str))


def seal_events(*, at=None) -> AuditSeal | None:
    """Chains the events since the last seal, up to the first that is too fresh; None when there are none.

    The seal's digest is also kept in a file beside the database, so that a trail whose end was cut off
    together with its seals is noticed.
    """
    now = at or clock.now()
    try:
        with transaction.atomic():
            seal = _seal(now)
    except IntegrityError:  # another worker sealed the same events at the same moment
        return None
    if seal:
        with settings.AUDIT_SEALS.open("a") as file:
            file.write(f"{seal.last_id} {seal.digest}\n")
    return seal


def seals_kept_outside() -> list[tuple[int, str]]:
    """(last event, digest) of every seal that this machine made."""
    if not settings.AUDIT_SEALS.exists():
        return []
    lines = (line.split() for line in settings.AUDIT_SEALS.read_text().splitlines())
    return [(int(last_id), digest) for last_id, digest in lines]


def _seal(now) -> AuditSeal | None:
    previous = AuditSeal.objects.order_by("-last_id").first()
    events = AuditEvent.objects.filter(pk__gt=previous.last_id if previous else 0).order_by("pk")
    fresh = events.filter(at__gte=now - SEAL_AFTER).values_list("pk", flat=True).first()
    if fresh:
        events = events.filter(pk__lt=fresh)
    rows = list(events.values_list("pk", "mac"))
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
