"""Where a version of a recipe is used: a panel on its page in the catalogue, which knows nothing of sessions.

Everybody who reads the catalogue sees how often and since when; whose sessions and plans, only who reads charts.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, TextField
from django.db.models.functions import Cast
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.models import FormulationVersion
from treatments.catalogue.queries import get_version
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import Preparation, SessionDraft, TreatmentPlan

MOST_PLANS = 50


@dataclass(frozen=True)
class Use:
    """Signed sessions with the version, and what still points to it: unsigned drafts and active plans."""

    sessions: int
    patients: int
    first: datetime | None
    last: datetime | None
    drafts: list[SessionDraft]
    plans: int


@requires(Permission.VIEW_CATALOGUE)
@require_safe
def version_use(request, version_id):
    version = get_version(version_id)
    use = use_of(version)
    context = {"version": version, "use": use, "newer": newer_version(version)}
    context["own_drafts"] = [draft for draft in use.drafts if draft.session.practitioner_id == request.user.pk]
    if use.plans and request.user.may(Permission.VIEW_CHARTS):
        context["plans"] = plans_with(version)[:MOST_PLANS]
        record(by=request.user, action=Action.LIST, subject="charting.TreatmentPlan")
    return render(request, "charting/version_use.html", context)


def use_of(version: FormulationVersion) -> Use:
    signed = Preparation.objects.filter(version=version, session__status=SessionStatus.SIGNED)
    counted = signed.aggregate(
        sessions=Count("session", distinct=True),
        patients=Count("session__patient", distinct=True),
        first=Min("session__started_at"),
        last=Max("session__started_at"),
    )
    return Use(**counted, drafts=drafts_with(version), plans=plans_with(version).count())


def drafts_with(version: FormulationVersion) -> list[SessionDraft]:
    """The unsigned drafts in which the version was drawn up, the latest first.

    The text of the content narrows them on every database; the content itself decides.
    """
    rows = SessionDraft.objects.filter(session__status=SessionStatus.DRAFT)
    rows = rows.annotate(text=Cast("content", TextField())).filter(text__contains=f'"version_id": {version.pk}')
    rows = rows.select_related("session").order_by("-saved_at", "-pk")
    return [
        draft
        for draft in rows
        if any(drawn.get("version_id") == version.pk for drawn in draft.content.get("preparations", []))
    ]


def plans_with(version: FormulationVersion):
    """The active plans that name the version, the latest first."""
    rows = TreatmentPlan.objects.filter(version=version, status=PlanStatus.ACTIVE)
    return rows.select_related("patient").order_by("-made_at", "-pk")


def newer_version(version: FormulationVersion) -> FormulationVersion | None:
    """The latest approved version of the formulation, when it is a later one than this."""
    rows = FormulationVersion.objects.filter(formulation=version.formulation_id, status=VersionStatus.APPROVED)
    return rows.filter(number__gt=version.number).order_by("-number").first()
