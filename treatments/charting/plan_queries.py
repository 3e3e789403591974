"""What the screens of treatment plans need, fetched whole."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404

from treatments.catalogue.models import Area, FormulationVersion, Indication
from treatments.catalogue.queries import approved_versions
from treatments.charting.course import course_of
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import TreatmentPlan, TreatmentSession


def plans_of(patient_id: int) -> list[TreatmentPlan]:
    """The patient's plans, the newest first, each with its `course`."""
    return [_with_course(plan) for plan in _plans().filter(patient=patient_id)]


def get_plan(plan_id: int) -> TreatmentPlan:
    """A plan with its people and its `course`."""
    return _with_course(get_object_or_404(_plans().select_related("patient", "made_by", "ended_by"), pk=plan_id))


def active_plans(patient_id: int) -> list[TreatmentPlan]:
    return [_with_course(plan) for plan in _plans().filter(patient=patient_id, status=PlanStatus.ACTIVE)]


def _plans():
    signed = TreatmentSession.objects.filter(status=SessionStatus.SIGNED).order_by("started_at", "pk")
    plans = TreatmentPlan.objects.select_related("indication", "version__formulation")
    return plans.prefetch_related(Prefetch("sessions", signed.defer("note", "reactions", "advice"), "signed"))


def _with_course(plan: TreatmentPlan) -> TreatmentPlan:
    plan.course = course_of(plan, plan.signed)
    return plan


@dataclass(frozen=True)
class PlanChoices:
    """What a plan may be made of."""

    versions: list[FormulationVersion]
    indications: QuerySet[Indication]
    areas: list[Area]


def plan_choices(plan: TreatmentPlan | None = None) -> PlanChoices:
    """Recipes in use, indications and areas; also what the plan already names, if some of that is not offered now."""
    own = [plan.version] if plan else []
    versions = list(approved_versions())
    offered = Q(retired_at__isnull=True)
    indications = Indication.objects.filter(offered | Q(pk=plan.indication_id) if plan else offered)
    areas = Area.objects.filter(offered | Q(key__in=[key for key, _side in plan.areas]) if plan else offered)
    return PlanChoices(
        versions=[*versions, *(version for version in own if version not in versions)],
        indications=indications.order_by("name"),
        areas=list(areas.order_by("name")),
    )


def area_names_of(plans: Iterable[TreatmentPlan]) -> dict[str, str]:
    """The names of all areas that plans speak of, by key."""
    return dict(Area.objects.filter(key__in={key for p in plans for key, _side in p.areas}).values_list("key", "name"))
