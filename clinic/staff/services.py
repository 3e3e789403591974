"""The clinic's people and the clinic itself: who is added, what they may do, and who they prove to be."""

from allauth.account import app_settings as account_settings
from allauth.account.utils import user_pk_to_url_str
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import limits
from clinic.core.errors import Refused
from clinic.staff.models import ClinicProfile, RoleAssignment, User
from clinic.staff.permissions import Role

WRONG_PASSWORDS = 10
WRONG_PASSWORDS_SECONDS = 15 * 60


def check_password_again(*, user: User, password: str) -> None:
    """Makes sure that it is still this person who sits there. Raises Refused with field "password".

    Call it before the transaction of the act: a failed try must count although the act is rolled back.
    """
    with transaction.atomic(durable=True):  # raises RuntimeError inside another transaction
        slot = limits.take_slot(f"password:{user.pk}", slots=WRONG_PASSWORDS, seconds=WRONG_PASSWORDS_SECONDS)
    if slot is None:
        record(by=user, action=Action.REFUSED, subject="password")
        raise Refused(_("Too many wrong passwords. Try again in 15 minutes."), field="password")
    if not user.check_password(password):
        record(by=user, action=Action.SIGN_IN_FAILED, subject="password")
        raise Refused(_("This is not your password."), field="password")
    limits.free_slot(slot)


@transaction.atomic
def add_person(
    *,
    email: str,
    full_name: str,
    qualification: str = "",
    roles=(),
    password: str | None = None,
    is_demo: bool = False,
    by: User | None,
    at=None,
) -> User:
    """A new member of staff; without a password they first choose one themselves (see `make_password_link`)."""
    user, created = User.objects.get_or_create(
        email=email.lower(),
        defaults={
            "full_name": full_name,
            "qualification": qualification,
            "password": make_password(password),
            "is_demo": is_demo,
        },
    )
    if not created:
        raise Refused(_("Somebody with this e-mail address is already here."), field="email")
    record(by=by, action=Action.CREATE, subject=user, at=at)
    for role in roles:
        grant_role(user=user, role=role, by=by, at=at)
    return user


@transaction.atomic
def make_password_link(*, user: User, by: User | None, at=None) -> str:
    """The path on which somebody who has never signed in chooses a password: once, and for three days."""
    if user.last_login is not None or not user.is_active:
        raise Refused(_("Only somebody who has not signed in yet gets a first password this way."))
    record(by=by, action=Action.SEND, subject=user, fields=["password"], at=at)
    key = account_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


@transaction.atomic
def edit_person(
    *, user: User, full_name: str, qualification: str, colour: str, needs_cosignature: bool = False, by: User, at=None
) -> None:
    """With `needs_cosignature` a colleague reads and signs what this practitioner signs, from now on."""
    values = {"full_name": full_name, "qualification": qualification, "colour": colour}
    save_changes(row=user, values=values | {"needs_cosignature": needs_cosignature}, by=by, at=at)


@transaction.atomic
def edit_own_account(*, full_name: str, language: str, by: User, at=None) -> None:
    save_changes(row=by, values={"full_name": full_name, "language": language}, by=by, at=at)


@transaction.atomic
def set_roles(*, user: User, roles, by: User, at=None) -> None:
    """Grants and takes away what differs from the roles that the person holds."""
    held = set(user.role_assignments.values_list("role", flat=True))
    for role in set(roles) - held:
        grant_role(user=user, role=role, by=by, at=at)
    for role in held - set(roles):
        revoke_role(user=user, role=role, by=by, at=at)


@transaction.atomic
def grant_role(*, user: User, role: str, by: User | None, at=None) -> None:
    """Raises Refused for one's own roles. A role that is held already stays as it is."""
    _refuse_oneself(user, by)
    _assignment, created = RoleAssignment.objects.get_or_create(user=user, role=Role(role), defaults={"granted_by": by})
    if created:
        record(by=by, action=Action.GRANT, subject=user, fields=[role], at=at)


@transaction.atomic
def revoke_role(*, user: User, role: str, by: User, at=None) -> None:
    """Raises Refused for one's own roles, and when nobody would be left to manage the clinic's people."""
    _refuse_oneself(user, by)
    _lock_administrators()
    gone, _rows = RoleAssignment.objects.filter(user=user, role=Role(role)).delete()
    if gone:
        record(by=by, action=Action.REVOKE, subject=user, fields=[role], at=at)
    _keep_an_administrator()


@transaction.atomic
def deactivate_person(*, user: User, by: User, at=None) -> None:
    """They are out at their next request; everything they did stays under their name."""
    _refuse_oneself(user, by)
    _lock_administrators()
    save_changes(row=user, values={"is_active": False}, by=by, at=at)
    _keep_an_administrator()


@transaction.atomic
def reactivate_person(*, user: User, by: User, at=None) -> None:
    _refuse_oneself(user, by)
    save_changes(row=user, values={"is_active": True}, by=by, at=at)


@transaction.atomic
def update_clinic(*, by: User | None, at=None, **values) -> ClinicProfile:
    """`values` are fields of ClinicProfile; the others keep what they hold."""
    clinic = ClinicProfile.objects.select_for_update().filter(pk=1).first()
    if clinic is None:
        clinic = ClinicProfile.objects.create(pk=1, **values)
        record(by=by, action=Action.CREATE, subject=clinic, fields=list(values), at=at)
    else:
        save_changes(row=clinic, values=values, by=by, at=at)
    return clinic


def _refuse_oneself(user: User, by: User | None) -> None:
    if user == by:
        raise Refused(_("Nobody changes their own rights: ask another administrator."))


def _lock_administrators() -> None:
    """So that two administrators do not take each other's role away at the same moment."""
    list(RoleAssignment.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk"))


def _keep_an_administrator() -> None:
    if not User.objects.with_role(Role.ADMINISTRATOR).exists():
        raise Refused(_("The clinic needs at least one administrator."))
