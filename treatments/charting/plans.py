"""The only writers of treatment plans: made, changed while they are active, ended."""

from django.db import transaction
from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from patients.registry.models import Patient
from treatments.catalogue.models import FormulationVersion, Indication
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import TreatmentPlan, TreatmentSession
from treatments.charting.plan_queries import get_plan
from treatments.charting.queries import successors_of
from treatments.charting.rules import is_offered


@transaction.atomic
def make_plan(
    *,
    patient: Patient,
    indication: Indication,
    version: FormulationVersion,
    areas: list[tuple[str, str]],
    weeks: list[int],
    by,
    at=None,
) -> TreatmentPlan:
    """A new course of sessions for the patient. `weeks` count from the first session, one entry a session."""
    at = at or clock.now()
    _check(version, weeks)
    plan = TreatmentPlan.objects.create(
        patient=patient,
        indication=indication,
        version=version,
        areas=[list(pair) for pair in areas],
        weeks=weeks,
        made_by=by,
        made_at=at,
    )
    record(by=by, action=Action.CREATE, subject=plan, patient_id=patient.pk, at=at)
    return plan


@transaction.atomic
def change_plan(
    *,
    plan_id: int,
    edits: int,
    indication: Indication,
    version: FormulationVersion,
    areas: list[tuple[str, str]],
    weeks: list[int],
    by,
    at=None,
) -> TreatmentPlan:
    """Changes an active plan that is still as the page showed it (`edits`); otherwise Conflict, nothing written."""
    plan = get_plan(plan_id)
    if version != plan.version:
        _check(version, weeks)
    _check_weeks(weeks)
    values = {
        "indication": indication,
        "version": version,
        "areas": [list(pair) for pair in areas],
        "weeks": weeks,
    }
    changed = [name for name, value in values.items() if getattr(plan, name) != value]
    if not _active(plan_id, edits=edits).update(edits=F("edits") + 1, **values):
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=plan, patient_id=plan.patient_id, fields=changed, at=at)
    return get_plan(plan_id)


@transaction.atomic
def use_successor(*, plan_id: int, by, at=None) -> TreatmentPlan:
    """Puts the version that is in use in the place of the plan's own, which is not any more."""
    plan = get_plan(plan_id)
    successor = successors_of([plan.version]).get(plan.version_id)
    if successor is None:
        raise Refused(_("No other version of this recipe is in use."))
    if not _active(plan_id, version=plan.version).update(edits=F("edits") + 1, version=successor):
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=plan, patient_id=plan.patient_id, fields=["version"], at=at)
    return get_plan(plan_id)


@transaction.atomic
def end_plan(*, plan_id: int, status: PlanStatus, reason: str = "", by, at=None) -> TreatmentPlan:
    """Ends an active plan: finished, or stopped and why."""
    at = at or clock.now()
    plan = get_plan(plan_id)
    stop_reason = given(reason) if status == PlanStatus.STOPPED else ""
    ended = {"status": status, "stop_reason": stop_reason, "ended_by": by, "ended_at": at}
    if not _active(plan_id).update(edits=F("edits") + 1, **ended):
        raise Conflict(_("This plan has ended already."))
    record(by=by, action=Action.CHANGE, subject=plan, patient_id=plan.patient_id, fields=["status"], at=at)
    return get_plan(plan_id)


@transaction.atomic
def choose_plan(*, session_id: int, plan_id: int | None, by, at=None) -> TreatmentSession:
    """Says to which of the patient's active plans an open session belongs, if to any."""
    session = get_object_or_404(TreatmentSession, pk=session_id, practitioner=by, status=SessionStatus.DRAFT)
    if plan_id and not _active(plan_id, patient=session.patient_id).exists():
        raise Refused(_("This is no active plan of the patient."))
    if not TreatmentSession.objects.filter(pk=session_id, status=SessionStatus.DRAFT).update(plan=plan_id):
        raise Conflict
    record(by=by, action=Action.CHANGE, subject=session, patient_id=session.patient_id, fields=["plan"], at=at)
    return session


def _active(plan_id: int, **others):
    return TreatmentPlan.objects.filter(pk=plan_id, status=PlanStatus.ACTIVE, **others)


def _check(version: FormulationVersion, weeks: list[int]) -> None:
    if not is_offered(version):
        raise Refused(_("This recipe is not approved for use."), field="version")
    _check_weeks(weeks)


def _check_weeks(weeks: list[int]) -> None:
    if not weeks or any(later <= earlier for earlier, later in zip(weeks, weeks[1:], strict=False)):
        raise Refused(_("Write the weeks in order, each once."), field="weeks")
