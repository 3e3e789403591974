"""What the pages of a supervisor's signature need."""

from django.db.models import Exists, OuterRef, Prefetch

from treatments.charting.enums import CoSignatureKind, SessionStatus
from treatments.charting.models import CoSignature, TreatmentSession

PAGE = 100


def to_cosign(supervisor) -> list[TreatmentSession]:
    """Colleagues' sessions that wait for a second signature, the oldest first, each with its `questions`."""
    if supervisor.needs_cosignature:
        return []
    return list(_waiting().exclude(practitioner=supervisor)[:PAGE])


def asked_about(practitioner) -> list[TreatmentSession]:
    """The practitioner's own sessions that wait and were asked about, each with its `questions`."""
    return [session for session in _waiting().filter(practitioner=practitioner)[:PAGE] if session.questions]


def all_cosignatures():
    """For verifying."""
    return CoSignature.objects.select_related("session").order_by("pk").iterator()


def _waiting():
    signed = CoSignature.objects.filter(session=OuterRef("pk"), kind=CoSignatureKind.SIGNED)
    asked = CoSignature.objects.filter(kind=CoSignatureKind.ASKED).order_by("at", "pk")
    return (
        TreatmentSession.objects.filter(~Exists(signed), status=SessionStatus.SIGNED, cosignature_needed=True)
        .select_related("patient", "practitioner")
        .prefetch_related(Prefetch("cosignatures", asked, "questions"))
        .order_by("started_at", "pk")
    )
