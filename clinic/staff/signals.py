"""Signing in and out leaves its trace in the trail."""

from django.contrib.auth import signals
from django.dispatch import receiver

from clinic.audit.enums import Action
from clinic.audit.services import record


@receiver(signals.user_logged_in)
def signed_in(request, user, **kwargs):
    record(by=user, action=Action.SIGN_IN, subject="session")


@receiver(signals.user_logged_out)
def signed_out(request, user, **kwargs):
    if user is not None:
        record(by=user, action=Action.SIGN_OUT, subject="session")


@receiver(signals.user_login_failed)
def sign_in_failed(request=None, **kwargs):
    record(by=None, action=Action.SIGN_IN_FAILED, subject="session")
