"""Signing in and out leaves its trace in the trail, and starts the clocks of the session."""

from django.contrib.auth import signals
from django.dispatch import receiver

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.staff.models import User

STARTED, SEEN = "signed_in_at", "last_seen_at"


@receiver(signals.user_logged_in)
def signed_in(request, user, **kwargs):
    request.session[STARTED] = request.session[SEEN] = clock.now().isoformat()
    record(by=user, action=Action.SIGN_IN, subject="session")


@receiver(signals.user_logged_out)
def signed_out(request, user, **kwargs):
    request.signed_out = True
    if user is not None:
        record(by=user, action=Action.SIGN_OUT, subject="session")


@receiver(signals.user_login_failed)
def sign_in_failed(credentials, **kwargs):
    """The trail says whose account was tried, if it is one, and never what was typed."""
    account = User.objects.filter(email__iexact=credentials.get("email") or "").first()
    record(by=None, action=Action.SIGN_IN_FAILED, subject=account or "session")
