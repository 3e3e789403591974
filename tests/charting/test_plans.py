"""Treatment plans: how far a course is, when the next session is due, and what a session takes from its plan."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.audit.models import AuditEvent
from clinic.core.errors import Conflict, Refused
from tests.charting.drafts import WHEN
from tests.factories.patients import PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import REVIEWED, ApprovedVersionFactory, AreaFactory, IndicationFactory, PlanFactory
from treatments.catalogue.enums import Laterality, VersionStatus
from treatments.catalogue.models import FormulationVersion
from treatments.charting import plan_queries, plans, services
from treatments.charting.course import course_of
from treatments.charting.models import TreatmentPlan, TreatmentSession
from treatments.charting.plan_forms import PlanForm

DAY = date(2026, 3, 2)  # of WHEN


@pytest.fixture
def plan(kit):
    return PlanFactory(patient=kit.patient, version=kit.version, made_by=kit.practitioner, made_at=WHEN)


@pytest.fixture
def desk(kit, client_of):
    return client_of(kit.practitioner)


def sessions(*days) -> list[TreatmentSession]:
    return [TreatmentSession(pk=n, started_at=WHEN + timedelta(days=day)) for n, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("days", "done", "week", "due"),
    [
        ([], 0, 0, DAY),
        ([0], 1, 2, DAY + timedelta(14)),
        ([3], 1, 2, DAY + timedelta(17)),
        ([0, 20], 2, 4, DAY + timedelta(34)),  # late: the next one is due as long after it as was planned
        ([0, 14, 28], 3, 8, DAY + timedelta(56)),
        ([0, 14, 28, 56], 4, None, None),
        ([0, 14, 28, 56, 90], 5, None, None),
    ],
)
def test_the_next_session_is_due_after_the_planned_interval(plan, days, done, week, due):
    course = course_of(plan, sessions(*days))
    assert (course.done, course.expected, course.next_week, course.due_from) == (done, 4, week, due)


def test_planned_and_kept_intervals_stand_side_by_side(plan, madrid):
    steps = course_of(plan, sessions(0, 10, 31, 60, 70)).steps
    assert [(s.number, s.week, s.planned_weeks, s.kept_days, s.is_early) for s in steps] == [
        (1, 0, None, None, False),
        (2, 2, 2, 10, True),
        (3, 4, 2, 21, False),
        (4, 8, 4, 29, False),
        (5, None, None, 10, False),
    ]


def test_a_session_begins_with_what_its_plan_says(kit, plan, desk):
    session = services.start_session(patient=kit.patient, practitioner=kit.practitioner, by=kit.practitioner)
    assert (session.plan, session.draft.content) == (plan, {"indication": plan.indication.key})
    TreatmentSession.objects.update(review=REVIEWED)
    page = desk.get(reverse("charting:chart", args=[session.pk]))
    form = page.context["forms"].preparation
    assert form.initial == {"version_id": kit.version.pk, "volume_ml": kit.version.total_volume_ml}
    assert b"Session 1 of 4" in page.content


def test_of_two_plans_none_is_guessed_and_one_can_be_chosen(kit, plan, desk):
    other = PlanFactory(patient=kit.patient)
    start = {"patient": kit.patient, "practitioner": kit.practitioner, "by": kit.practitioner}
    session = services.start_session(**start)
    assert session.plan is None
    desk.post(reverse("charting:choose_plan", args=[session.pk]), {"plan": other.pk})
    session.refresh_from_db()
    assert session.plan == other
    desk.post(reverse("charting:choose_plan", args=[session.pk]), {"plan": PlanFactory().pk})
    session.refresh_from_db()
    assert session.plan == other, "a plan of another patient is none of this session's"
    desk.post(reverse("charting:choose_plan", args=[session.pk]), {"plan": ""})
    session.refresh_from_db()
    assert session.plan is None
    assert services.start_session(**start | {"patient": PatientFactory()}, plan_id=plan.pk).plan is None


def test_a_signed_session_counts_and_a_voided_one_does_not(kit, plan):
    session = kit.signed()
    session.refresh_from_db()
    assert session.plan == plan
    assert plan_queries.get_plan(plan.pk).course.done == 1
    with pytest.raises(Exception, match="charting_signed_session_frozen"):
        TreatmentSession.objects.filter(pk=session.pk).update(plan=None)


def test_a_voided_session_is_to_be_done_again(kit, plan):
    session = kit.signed()
    values = {"status": "voided", "voided_at": WHEN, "voided_by": kit.practitioner, "void_reason": "mistake"}
    TreatmentSession.objects.filter(pk=session.pk).update(**values)
    assert plan_queries.get_plan(plan.pk).course.done == 0


# making, changing, ending ------------------------------------------------------------------------------------------


@pytest.fixture
def typed(kit):
    area = AreaFactory(key="cheek", name="Cheek", laterality=Laterality.SIDED)
    return {
        "indication": IndicationFactory().pk,
        "version": kit.version.pk,
        "weeks": "0, 2,4 8",
        "area-1": f"{area.key}/left",
        "area-2": f"{area.key}/right",
        "area-3": f"{area.key}/left",
    }


def test_a_plan_is_made(kit, desk, typed):
    response = desk.post(reverse("charting:new_plan", args=[kit.patient.pk]), typed)
    plan = TreatmentPlan.objects.get()
    assert response["Location"] == reverse("charting:plan", args=[plan.pk])
    assert (plan.weeks, plan.areas, plan.made_by) == (
        [0, 2, 4, 8],
        [["cheek", "left"], ["cheek", "right"]],
        kit.practitioner,
    )
    page = desk.get(response["Location"]).content.decode()
    assert "0 of 4 sessions, next due in week 0" in page and "Cheek, left; Cheek, right" in page
    assert f"patient={kit.patient.pk}&amp;practitioner={kit.practitioner.pk}&amp;start=" in page
    assert AuditEvent.objects.filter(subject_type="charting.TreatmentPlan", action="create").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weeks", ""),
        ("weeks", "weekly"),
        ("weeks", "0, 2, 2"),
        ("weeks", "4, 2"),
        ("weeks", "-1"),
        ("weeks", "0, 999"),
        ("weeks", "0.5"),
        ("weeks", ",".join(map(str, range(31)))),
        ("version", ""),
        ("version", "999999"),
        ("indication", ""),
        ("area-1", "groin/left"),
        ("area-1", "cheek/none"),
    ],
)
def test_a_wrong_value_is_told_beside_its_field_and_kept(kit, desk, typed, field, value):
    response = desk.post(reverse("charting:new_plan", args=[kit.patient.pk]), typed | {field: value})
    form = response.context["form"]
    assert list(form.errors) == [field] and str(form[field].value()) == value
    assert not TreatmentPlan.objects.exists()


def test_a_plan_needs_an_area(kit, typed):
    bare = {name: value for name, value in typed.items() if not name.startswith("area")}
    assert list(PlanForm(bare, choices=plan_queries.plan_choices()).errors) == ["area-1"]


def test_a_plan_is_changed_and_of_two_windows_one_is_told(kit, plan, desk, typed):
    address = reverse("charting:edit_plan", args=[plan.pk])
    form = desk.get(address).context["form"]
    assert form["weeks"].value() == "0, 2, 4, 8" and form["area-1"].value() == plan.areas[0][0] + "/left"
    assert desk.post(address, typed | {"weeks": "0, 3", "edits": 0}).status_code == 302
    response = desk.post(address, typed | {"weeks": "0, 9", "edits": 0})
    assert response.status_code == 200 and response.context["form"].errors
    plan.refresh_from_db()
    assert (plan.weeks, plan.edits) == ([0, 3], 1)


def test_what_a_plan_names_can_stay_when_it_is_no_longer_offered(kit, plan, desk):
    retire(plan.version)
    type(plan.indication).objects.filter(pk=plan.indication_id).update(retired_at=WHEN, retire_reason="old")
    form = desk.get(reverse("charting:edit_plan", args=[plan.pk])).context["form"]
    same = {"indication": plan.indication_id, "version": plan.version_id, "weeks": "0, 1", "edits": 0}
    assert (
        desk.post(reverse("charting:edit_plan", args=[plan.pk]), same | {"area-1": form["area-1"].value()}).status_code
        == 302
    )


def test_a_plan_ends_once_with_its_reason(kit, plan, desk):
    address = reverse("charting:end_plan", args=[plan.pk])
    assert desk.post(address, {"status": "stopped", "reason": " "}).context["form"].errors["reason"]
    assert desk.post(address, {"status": "stopped", "reason": "moved away"}).status_code == 302
    assert b"moved away" in desk.get(reverse("charting:plan", args=[plan.pk])).content
    with pytest.raises(Conflict):
        plans.end_plan(plan_id=plan.pk, status="finished", by=kit.practitioner)
    for name in ("edit_plan", "end_plan"):
        assert desk.get(reverse(f"charting:{name}", args=[plan.pk])).status_code == 302


# a retired recipe ----------------------------------------------------------------------------------------------------


def retire(version):
    values = {"status": VersionStatus.RETIRED, "retired_at": WHEN, "retire_reason": "replaced"}
    FormulationVersion.objects.filter(pk=version.pk).update(**values)


def test_a_plan_takes_the_version_in_use_with_one_click(kit, plan, desk):
    address = reverse("charting:plan", args=[plan.pk])
    retire(kit.version)
    assert b"no other version of it is" in desk.get(address).content
    with pytest.raises(Refused):
        plans.use_successor(plan_id=plan.pk, by=kit.practitioner)
    newer = ApprovedVersionFactory(formulation=kit.version.formulation, number=2)
    assert b"Use version 2 instead" in desk.get(address).content
    desk.post(reverse("charting:use_successor", args=[plan.pk]))
    plan.refresh_from_db()
    assert plan.version == newer and b"Use version" not in desk.get(address).content
    with pytest.raises(Refused):
        plans.make_plan(
            patient=kit.patient,
            indication=plan.indication,
            version=FormulationVersion.objects.get(pk=kit.version.pk),
            areas=[],
            weeks=[0],
            by=kit.practitioner,
        )


def test_the_tab_costs_the_same_with_many_plans(kit, plan, client_of):
    desk, address = client_of(PractitionerFactory()), reverse("charting:tab", args=[kit.patient.pk])

    def count():
        desk.get(address)
        with CaptureQueriesContext(connection) as captured:
            desk.get(address)
        return len(captured)

    few = count()
    for _ in range(10):
        PlanFactory(patient=kit.patient)
    assert count() == few
