from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.models import AuditEvent
from clinic.core.context import PATIENT
from clinic.staff.models import ClinicProfile, User


def clinic_profile() -> ClinicProfile:
    """The clinic's row, or a blank one before the first set-up."""
    return ClinicProfile.objects.filter(pk=1).first() or ClinicProfile(pk=1, name="Nappage", phone="")


def people() -> QuerySet[User]:
    """The staff page: everybody, with their roles."""
    return User.objects.prefetch_related("role_assignments").order_by("-is_active", "full_name", "pk")


def person(user_id: int) -> User:
    """The page of one person. Raises Http404."""
    return get_object_or_404(User, pk=user_id)


def practitioners() -> QuerySet[User]:
    return User.objects.practitioners()


def has_second_factor(user: User) -> bool:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()


def patient_id_of(number: str) -> int | None:
    """The patient with exactly this number, for the filter of the trail."""
    return _patients().filter(number__iexact=number.strip()).values_list("pk", flat=True).first()


def explained(events) -> list[AuditEvent]:
    """A page of the trail, each event with `who`, `did`, `what` and `patient_number` in words, in two queries.

    Its readers see who worked on whose record, and not whether that was an allergy or a decision about a blood thinner.
    """
    events = list(events)
    names = dict(User.objects.filter(pk__in={event.actor_id for event in events}).values_list("pk", "full_name"))
    numbers = dict(_patients().filter(pk__in={event.patient_id for event in events}).values_list("pk", "number"))
    for event in events:
        event.who = names.get(event.actor_id) or (_("the patient, by a link") if event.actor_roles == PATIENT else "")
        event.patient_number = numbers.get(event.patient_id, "")
        event.did, event.what = event.get_action_display(), f"{_kind(event.subject_type)} {event.subject_id}"
        if event.subject_type in settings.CLINICAL_ROWS:
            event.did, event.what, event.fields = _plainly(event.action), _("clinical record"), []
    return events


def _patients():
    return apps.get_model(settings.PATIENT_MODEL).objects


def _plainly(action: str) -> str:
    """The act on a clinical row in words: only medicines are ever decided about, so that is a change like others."""
    return Action(Action.CHANGE if action == Action.DECIDE else action).label


def _kind(subject_type: str) -> str:
    """The kind of row in words; names of pages stay as they are."""
    try:
        return str(apps.get_model(subject_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return subject_type
