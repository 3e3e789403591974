"""What the patient's pages, the sender and the desk read of links."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q
from django.shortcuts import get_object_or_404

from clinic.core.tokens import digest_of
from patients.history.enums import Topic
from patients.history.models import NoneKnown, PatientMedicine
from treatments.links.enums import Purpose
from treatments.links.models import LinkSettings, MedicinesTold, MessageStop, MoveRequest, PatientLink
from treatments.scheduling.enums import OPEN
from treatments.scheduling.models import Appointment

MOST = 100


def _whole():
    return PatientLink.objects.select_related(
        "patient", "appointment__practitioner", "appointment__visit_type", "appointment__patient", "session"
    )


def link_of_token(token: str) -> PatientLink | None:
    return _whole().filter(token_digest=digest_of(token)).first()


def find_link(pk: int) -> PatientLink | None:
    return _whole().filter(pk=pk).first()


def get_link(pk: int) -> PatientLink:
    return get_object_or_404(_whole(), pk=pk)


def link_that_stands(key: str) -> PatientLink | None:
    return links_that_stand([key]).get(key)


def links_that_stand(keys: Collection[str]) -> dict[str, PatientLink]:
    """By key: of each there is one at most."""
    rows = PatientLink.objects.filter(key__in=keys, closed_at=None).select_related("appointment").order_by()
    return {link.key: link for link in rows}


def link_settings() -> LinkSettings:
    """The clinic's row, or the shipped rule before anybody changed it."""
    return LinkSettings.objects.filter(pk=1).first() or LinkSettings(pk=1)


# As `PatientLink.is_plain`, and what is locked: the desk helps there.
FOR_THE_DESK = (
    Q(purpose=Purpose.STOP)
    | Q(locked_at__isnull=False)
    | Q(purpose=Purpose.VISIT) & (Q(issued_by__isnull=False) | ~Q(answer=""))
)


def links_of_visit(appointment_id: int, *, all_of_them: bool) -> list[PatientLink]:
    """What was told about the visit itself, the newest first; not `all_of_them`: those that the desk may know of."""
    rows = PatientLink.objects.filter(Q() if all_of_them else FOR_THE_DESK, appointment=appointment_id)
    return list(rows.select_related("appointment")[:MOST])


def links_of_patient(patient_id: int, *, all_of_them: bool) -> list[PatientLink]:
    """The newest ones. Those for unsubscribing are in every e-mail: they count once they are used."""
    rows = PatientLink.objects.filter(Q() if all_of_them else FOR_THE_DESK, patient=patient_id)
    return list(rows.exclude(purpose=Purpose.STOP, answer="").select_related("appointment")[:20])


def stopped(patient_ids: Collection[int]) -> set[tuple[int, str, str]]:
    """(patient, channel, topic) of what these patients do not want to get any more: one statement."""
    rows = MessageStop.objects.filter(patient__in=patient_ids, resumed_at=None)
    return set(rows.order_by().values_list("patient_id", "channel", "topic"))


def is_stopped(patient_id: int, channel: str, topic: str) -> bool:
    return (patient_id, channel, topic) in stopped([patient_id])


def stops_of(patient_id: int) -> list[MessageStop]:
    return list(MessageStop.objects.filter(patient=patient_id, resumed_at=None))


def get_stop(pk: int) -> MessageStop:
    return get_object_or_404(MessageStop, pk=pk)


def open_requests(at: datetime) -> list[MoveRequest]:
    """Requests for another time that nobody has answered: the visit is still open, ahead, and where it was."""
    rows = MoveRequest.objects.filter(settled_at=None, starts_at__gt=at, appointment__status__in=OPEN)
    rows = rows.filter(appointment__starts_at=F("starts_at"))
    return list(rows.select_related("appointment__patient", "appointment__practitioner", "appointment__visit_type"))


def open_request_of(visit, at: datetime) -> MoveRequest | None:
    rows = MoveRequest.objects.filter(appointment=visit, settled_at=None, starts_at=visit.starts_at)
    return rows.first() if visit.starts_at > at and visit.status in OPEN else None


def get_request(pk: int) -> MoveRequest:
    return get_object_or_404(MoveRequest.objects.select_related("appointment"), pk=pk)


def medicines_not_told(visits: Collection[Appointment]) -> set[int]:
    """Which of the visits are of patients who never said what they take: neither to the clinic, nor by a link."""
    patients = {visit.patient_id for visit in visits}
    known = {
        *PatientMedicine.objects.standing().filter(patient__in=patients).values_list("patient", flat=True),
        *NoneKnown.objects.standing()
        .filter(patient__in=patients, topic=Topic.MEDICINES)
        .values_list("patient", flat=True),
        *MedicinesTold.objects.filter(patient__in=patients).values_list("patient", flat=True),
    }
    return {visit.pk for visit in visits if visit.patient_id not in known}


def told_to_review() -> list[MedicinesTold]:
    rows = MedicinesTold.objects.filter(reviewed_at=None).select_related("patient", "appointment").order_by("told_at")
    return list(rows.prefetch_related("medicines")[:MOST])


def get_told(pk: int) -> MedicinesTold:
    rows = MedicinesTold.objects.select_related("patient", "appointment", "reviewed_by").prefetch_related("medicines")
    return get_object_or_404(rows, pk=pk)
