"""What the pages of a draft's earlier versions need."""

from django.shortcuts import get_object_or_404

from treatments.charting.models import DraftVersion
from treatments.charting.queries import draft_of


def kept_versions(session_id: int, by) -> list[DraftVersion]:
    """The earlier versions that were kept of an open draft, the newest first; 404 for all but its author."""
    draft_of(session_id, by)
    return list(DraftVersion.objects.filter(session=session_id))


def kept_version(session_id: int, kept_id: int, by) -> DraftVersion:
    draft_of(session_id, by)
    return get_object_or_404(DraftVersion, pk=kept_id, session=session_id)
