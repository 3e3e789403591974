"""How django-allauth behaves in this house."""

import logging

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core.errors import Refused
from clinic.core.text import fold
from clinic.staff.services import check_password_again

logger = logging.getLogger(__name__)


class StaffAccountAdapter(DefaultAccountAdapter):
    """Nobody signs up: administrators add the clinic's people. Failures are counted per account, and recorded."""

    def is_open_for_signup(self, request):
        return False

    def _get_login_attempts_cache_key(self, request, **credentials):
        """One count per account: allauth's own key holds the Host header, whose port anybody may vary."""
        return fold(credentials.get("email", ""))

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            record(by=None, action=Action.REFUSED, subject="session")
            raise

    def is_safe_url(self, url):
        """Whether `next` stays on this host; allauth's own answer crashes on "https://[::1"."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts={self.request.get_host()})

    def get_reauthentication_methods(self, user):
        """The password only: the second factor's code may be read from a telephone left on the desk."""
        return [
            {"id": "reauthenticate", "description": _("Use your password"), "url": reverse("account_reauthenticate")}
        ]

    def reauthenticate(self, user, password):
        try:
            check_password_again(user=user, password=password)
        except Refused as refusal:
            raise ValidationError(refusal.message) from refusal
        return True

    def send_mail(self, template_prefix, email, context):
        """A mail server that is down must not tell whether an address is known."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError:
            logger.exception("An account e-mail could not be sent")
