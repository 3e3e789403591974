"""The clinic's own people and the clinic itself."""

from datetime import time
from functools import cached_property

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.staff.permissions import Permission, Role, permissions_of

COLOUR = RegexValidator(r"^#[0-9a-f]{6}$", _("Write the colour as #rrggbb."))


class UserManager(BaseUserManager):
    def get_by_natural_key(self, username):
        return self.get(email__iexact=username)

    def with_role(self, role: Role):
        """Active people who hold the role, in the order of their names."""
        return self.filter(is_active=True, role_assignments__role=role).order_by("full_name", "pk")

    def practitioners(self):
        return self.with_role(Role.PRACTITIONER)


class User(AbstractBaseUser):
    """A member of staff, signed in by e-mail. What they may do comes from their roles and from nothing else."""

    email = models.EmailField(_("e-mail"), unique=True)
    full_name = models.CharField(_("name"), max_length=120)
    qualification = models.CharField(_("qualification"), max_length=120, blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#0f6b6b", validators=[COLOUR])
    language = models.CharField(_("language"), max_length=8, blank=True)
    needs_cosignature = models.BooleanField(_("a supervisor signs too"), default=False)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_demo = models.BooleanField(_("demo person"), default=False, editable=False)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]
    is_staff = is_superuser = False

    def __str__(self):
        return self.full_name

    def get_full_name(self):
        return self.full_name

    @cached_property
    def role_names(self) -> frozenset[str]:
        return frozenset(self.role_assignments.values_list("role", flat=True)) if self.is_active else frozenset()

    @cached_property
    def permissions(self) -> frozenset[Permission]:
        return permissions_of(self.role_names)

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


class RoleAssignment(models.Model):
    """One role of one person; taking it away removes the row, and the trail keeps both acts."""

    user = models.ForeignKey(User, models.PROTECT, related_name="role_assignments")
    role = models.CharField(_("role"), max_length=20, choices=[(role.value, role.value) for role in Role])
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="staff_role_once"),
            models.CheckConstraint(name="staff_role_known", condition=Q(role__in=[role.value for role in Role])),
        ]

    def __str__(self):
        return f"{self.role} of user {self.user_id}"


class ClinicProfile(models.Model):
    """The clinic: one row. What differs between clinics and countries is here, never a constant in code.

    Between `quiet_from` and `quiet_until` on the clinic's clock no message leaves by itself; without them it may
    leave at any hour.
    """

    name = models.CharField(_("name"), max_length=60)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("telephone"), max_length=20)
    email = models.EmailField(_("e-mail"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Madrid")
    language = models.CharField(_("language"), max_length=8, default="en")
    country = models.CharField(_("country"), max_length=2, default="GB")
    emergency_number = models.CharField(_("emergency number"), max_length=10, default="112")
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True, default=time(21))
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True, default=time(8))

    class Meta:
        constraints = [
            models.CheckConstraint(name="staff_one_clinic", condition=Q(pk=1)),
            models.CheckConstraint(
                name="staff_quiet_hours_have_two_ends",
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
            ),
        ]

    def __str__(self):
        return self.name
