"""The patient's earlier sessions as the charting page shows them: grey rings, and when an area was treated last."""

from datetime import date

from django.db.models import Prefetch
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.fields import format_amount
from treatments.charting.enums import SessionStatus
from treatments.charting.models import Injection, TreatmentSession
from treatments.charting.queries import session_day

MOST_EARLIER = 6
WAY = "technique__key", "needle", "depth_mm", "volume_ml"  # how points were put


def earlier_sessions(patient_id: int) -> list[TreatmentSession]:
    """The patient's last signed sessions with their injections, newest first; a constant number of queries."""
    signed = TreatmentSession.objects.filter(patient_id=patient_id, status=SessionStatus.SIGNED)
    rows = Injection.objects.select_related("area", "technique", "preparation")
    injections = rows.only(*WAY, "session", "side", "diagram", "points", "count", "area__key", "preparation__version")
    return list(
        signed.select_related("practitioner").prefetch_related(Prefetch("injections", injections))[:MOST_EARLIER]
    )


def earlier_data(sessions: list[TreatmentSession], today: date) -> list[dict]:
    """For the page's script: where the points of each session were, and in a few words when and how much."""
    return [_session(session, today) for session in sessions]


def _session(session: TreatmentSession, today: date) -> dict:
    injections = list(session.injections.all())
    count = sum(injection.count for injection in injections)
    volume = format_amount(sum(injection.total_ml for injection in injections))
    day = session_day(session)
    return {
        "id": session.pk,
        "day": date_format(day, "j M Y"),
        "ago": days_ago((today - day).days),
        "by": session.practitioner.full_name,
        "what": _("%(points)s, %(volume)s mL")
        % {"points": ngettext("%d point", "%d points", count) % count, "volume": volume},
        "areas": sorted({(injection.area.key, injection.side) for injection in injections}),
        "groups": [_group(injection) for injection in injections],
    }


def _group(injection) -> dict:
    return {
        "area": injection.area.key,
        "side": injection.side,
        "diagram": injection.diagram,
        "points": injection.points,
        "count": injection.count,
        "volume_ml": format_amount(injection.volume_ml),
        "depth_mm": format_amount(injection.depth_mm),
        "technique": injection.technique.key,
        "needle": injection.needle,
        "version_id": injection.preparation.version_id,
    }


def days_ago(days: int) -> str:
    if days <= 0:
        return _("today")
    return ngettext("%d day ago", "%d days ago", days) % days
