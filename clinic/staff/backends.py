from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.db.models import F

from clinic.staff.models import User


class StaffBackend(AuthenticationBackend):
    """Demo people have a password that everybody knows: outside a demo installation they are nobody."""

    def user_can_authenticate(self, user):
        return super().user_can_authenticate(user) and (settings.DEMO or not user.is_demo)

    def get_user(self, user_id):
        """The person and their roles, in the one question with which every request begins."""
        rows = list(User.objects.filter(pk=user_id).annotate(role=F("role_assignments__role")))
        if not rows or not self.user_can_authenticate(rows[0]):
            return None
        user = rows[0]
        user.role_names = frozenset(row.role for row in rows if row.role) if user.is_active else frozenset()
        return user
