from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

from clinic.core.together import rows_together
from clinic.staff.models import ClinicProfile, RoleAssignment, User

WHO_AND_WHERE = (
    (User, "staff_user.id = %(user_id)s"),
    (RoleAssignment, "staff_roleassignment.user_id = staff_user.id"),
    (ClinicProfile, "staff_clinicprofile.id = 1"),
)


class StaffBackend(AuthenticationBackend):
    """Demo people have a password that everybody knows: outside a demo installation they are nobody."""

    def user_can_authenticate(self, user):
        return super().user_can_authenticate(user) and (settings.DEMO or not user.is_demo)

    def get_user(self, user_id):
        """The person, their roles and, as `clinic`, the clinic's profile, in the one question with which every request
        begins."""
        rows = rows_together(*WHO_AND_WHERE, user_id=user_id)
        user, _role, clinic = rows[0]
        if user is None or not self.user_can_authenticate(user):
            return None
        held = frozenset(assignment.role for _user, assignment, _clinic in rows if assignment)
        user.role_names = held if user.is_active else frozenset()
        user.clinic = clinic
        return user
