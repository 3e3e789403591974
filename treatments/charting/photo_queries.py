"""What showing and verifying the photos of sessions needs."""

from collections.abc import Iterator

from django.shortcuts import get_object_or_404

from treatments.charting.models import SessionPhoto
from treatments.charting.queries import session_for


def photo_for(session_id: int, photo_id: int, viewer) -> SessionPhoto:
    """A photo with its session; 404 for whom the session is not open to."""
    session = session_for(session_id, viewer)
    return get_object_or_404(SessionPhoto.objects.select_related("session"), pk=photo_id, session=session)


def signed_photos() -> Iterator[SessionPhoto]:
    """Every photo that is part of what was signed, for verifying."""
    return SessionPhoto.objects.filter(session__signed_at__isnull=False).order_by("pk").iterator()
