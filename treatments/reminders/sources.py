"""What messages are about: a visit or a signed session, with all that the rules look at.

Read in batches, in a constant number of statements; and for the past in windows of days, so that what is over and
told costs nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Prefetch, Q
from django.utils.module_loading import import_string

from clinic.core import clock
from patients.history.models import PatientMedicine
from patients.registry.models import Patient
from treatments.catalogue.models import Area, RecipeLine
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import Injection, Preparation, TreatmentPlan, TreatmentSession
from treatments.links.queries import stopped
from treatments.reminders.enums import TO_COME, Decision, Trigger, Unit
from treatments.reminders.models import MedicineDecision, Reminder, ReminderRule
from treatments.scheduling.enums import OPEN, VisitKind, VisitStatus
from treatments.scheduling.models import Appointment, AppointmentChange
from treatments.scheduling.queries import UNDO_TIME, unsettled_visits

STALE = timedelta(hours=36)  # a message after a visit that could not leave for so long is left out
AHEAD = timedelta(days=7)  # so early a message after a visit is planned; one before a visit as soon as it is booked
Patients = Collection[int] | None  # ids of those who are looked at; None: everybody
CHANGED_TO = {Trigger.CANCELLED: VisitStatus.CANCELLED, Trigger.NO_SHOW: VisitStatus.NO_SHOW}


@dataclass
class Source:
    """A visit or a signed session. `known_at`: when it came to its time, or was signed; `changed_at`: to its status.

    Keys of areas are with those of the areas around them. `decided`: what holds for the visit as it stands, by the
    medicine's row. `stopped`: (channel, topic) of messages that the patient does not want. `lacks_form`: something that
    the clinic asks for before the visit is not answered. What nobody asked for is empty.
    """

    patient: Patient
    starts_at: datetime
    ends_at: datetime
    kind: str
    visit: Appointment | None = None
    session: TreatmentSession | None = None
    known_at: datetime | None = None
    changed_at: datetime | None = None
    type_id: int | None = None
    areas: frozenset[str] = frozenset()
    indications: frozenset[str] = frozenset()
    ingredients: frozenset[str] = frozenset()
    medicines: list[PatientMedicine] = field(default_factory=list)
    decided: dict[int, str] = field(default_factory=dict)
    stopped: frozenset[tuple[str, str]] = frozenset()
    lacks_form: bool = False

    @property
    def key(self) -> tuple[str, int]:
        return ("session", self.session.pk) if self.session else ("visit", self.visit.pk)


def asks_for_plan(rules: Iterable[ReminderRule]) -> bool:
    return any(rule.areas or rule.indications or rule.ingredients for rule in rules)


def asks_for_medicines(rules: Iterable[ReminderRule]) -> bool:
    return any(rule.medicine_groups or rule.medicine_sources or rule.window_days for rule in rules)


def asks_for_forms(rules: Iterable[ReminderRule]) -> bool:
    return any(rule.trigger == Trigger.MISSING_FORM for rule in rules)


# Which ones to look at


def visits_to_plan(rules: Collection[ReminderRule], at: datetime, patients: Patients = None) -> list[int]:
    """Ids of the visits about which there may be something to say, but for those whose change may be undone yet."""
    visits = {
        *_visits_ahead(rules, at, patients),
        *_visits_changed(rules, at, patients),
        *_visits_over(rules, at, patients),
    }
    return sorted(visits - unsettled_visits(at))


def sessions_to_plan(rules: Collection[ReminderRule], at: datetime, patients: Patients = None) -> list[int]:
    rules = [rule for rule in rules if rule.trigger == Trigger.AFTER_SESSION]
    if not rules:
        return []
    signed = TreatmentSession.objects.filter(_of(patients), status=SessionStatus.SIGNED)
    found = signed.filter(_in_windows("started_at", rules, at)).values_list("pk", flat=True)
    waiting = Reminder.objects.filter(_of(patients), status="planned", session__isnull=False)
    return sorted({*found, *waiting.values_list("session", flat=True)})


def _of(patients: Patients, column: str = "patient") -> Q:
    return Q() if patients is None else Q(**{f"{column}__in": patients})


def _visits_ahead(rules, at: datetime, patients: Patients) -> Iterable[int]:
    """Of whatever kind: a rule that is not meant for one any more takes its message back."""
    if not any(rule.trigger in TO_COME for rule in rules):
        return []
    visits = Appointment.objects.filter(_of(patients), status__in=OPEN, starts_at__gt=at)
    return visits.order_by().values_list("pk", flat=True)


def _visits_changed(rules, at: datetime, patients: Patients) -> Iterable[int]:
    found = []
    for rule in rules:
        if rule.trigger in CHANGED_TO:
            since = at - STALE - _distance(rule)
            changes = AppointmentChange.objects.filter(_of(patients, "appointment__patient"), changed_at__gt=since)
            changes = changes.filter(status=CHANGED_TO[rule.trigger])
            found += changes.order_by().values_list("appointment", flat=True)
    return found


def _visits_over(rules, at: datetime, patients: Patients) -> Iterable[int]:
    rules = [rule for rule in rules if rule.trigger == Trigger.AFTER_VISIT]
    if not rules:
        return []
    visits = Appointment.objects.filter(_of(patients), _in_windows("starts_at", rules, at), status=VisitStatus.DONE)
    waiting = Reminder.objects.filter(_of(patients), status="planned", rule__trigger=Trigger.AFTER_VISIT)
    return [*visits.order_by().values_list("pk", flat=True), *waiting.values_list("appointment", flat=True)]


def _distance(rule: ReminderRule) -> timedelta:
    return timedelta(hours=rule.offset) if rule.unit == Unit.HOURS else timedelta(days=rule.offset + 1)


def _in_windows(column: str, rules, at: datetime) -> Q:
    """So long ago that the message of one of the rules may be due from `STALE` ago until `AHEAD`."""
    windows = Q()
    for rule in rules:
        first, last = at - STALE - _distance(rule), at + AHEAD - _distance(rule) + timedelta(days=2)
        windows |= Q(**{f"{column}__gte": first, f"{column}__lte": min(last, at)})
    return windows


# What they are


def visits(ids: Collection[int], at: datetime, *, plan: bool = False, forms: bool = False) -> list[Source]:
    """The visits with their story, their patients' medicines and what was decided.

    With `plan` also what is planned, and with `forms` whether one is missing.
    """
    rows = list(Appointment.objects.filter(pk__in=ids).select_related("patient", "visit_type"))
    story = defaultdict(list)
    changes = AppointmentChange.objects.filter(appointment__in=ids).order_by("changed_at", "pk")
    for pk, status, starts_at, changed_at in changes.values_list("appointment", "status", "starts_at", "changed_at"):
        story[pk].append((status, starts_at, changed_at))
    found = [of_visit(row, story[row.pk]) for row in rows]
    sessions = [source for source in found if source.kind == VisitKind.SESSION]
    add_medicines(sessions, clock.local(at).date())
    add_decisions(sessions)
    _add_stops(found)
    if plan:
        add_plans(found)
    if forms:
        add_forms(found)
    return found


def of_visit(visit: Appointment, story: Iterable[tuple[str, datetime, datetime]] = ()) -> Source:
    """`story`: (status, starts_at, changed_at) of its changes, the oldest first."""
    known_at, changed_at = _arranged(visit, list(story))
    return Source(
        patient=visit.patient,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        kind=visit.visit_type.kind,
        visit=visit,
        known_at=known_at,
        changed_at=changed_at,
        type_id=visit.visit_type_id,
    )


def _arranged(visit, story) -> tuple[datetime, datetime]:
    """Since when it has its time, and its status. A change that was undone at once was told to nobody."""
    lasting = [
        line
        for number, line in enumerate(story)
        if number + 1 == len(story) or story[number + 1][2] - line[2] > UNDO_TIME or story[number + 1][1] == line[1]
    ]
    known_at = changed_at = visit.booked_at
    for _status, starts_at, when in reversed(lasting):
        if starts_at != visit.starts_at:
            break
        known_at = when
    for status, _starts_at, when in reversed(lasting):
        if status != visit.status:
            break
        changed_at = when
    return known_at, changed_at


def sessions(ids: Collection[int], at: datetime, *, plan: bool = False, medicines: bool = False) -> list[Source]:
    """Signed sessions; with `plan` what was really done: areas, indication, what was in the syringes."""
    rows = TreatmentSession.objects.filter(pk__in=ids).select_related("patient", "indication")
    rows = rows.defer("note", "reactions", "advice", "content_hash", "signature")
    types = dict(Appointment.objects.filter(session__in=ids).order_by().values_list("session", "visit_type"))
    found = [of_session(row, types.get(row.pk)) for row in rows]
    if plan:
        _add_done(found)
    if medicines:
        add_medicines(found, clock.local(at).date())
    _add_stops(found)
    return found


def of_session(session: TreatmentSession, type_id: int | None = None) -> Source:
    return Source(
        patient=session.patient,
        starts_at=session.started_at,
        ends_at=session.started_at,
        kind=VisitKind.SESSION,
        session=session,
        known_at=session.signed_at,
        changed_at=session.signed_at,
        type_id=type_id,
    )


def of_reminder(reminder: Reminder, at: datetime) -> Source:
    """What a message is about, as it is now, with what its rule looks at; without when it came to be so."""
    return of_reminders([reminder], at)[reminder.pk]


def of_reminders(reminders: Collection[Reminder], at: datetime) -> dict[int, Source]:
    """As `of_reminder`, for several in a constant number of statements, by the message's row."""
    found = {reminder.pk: named_by(reminder) for reminder in reminders}
    planned = [found[reminder.pk] for reminder in reminders if asks_for_plan([reminder.rule])]
    if visits := [source for source in planned if source.visit]:
        add_plans(visits)
    if done := [source for source in planned if source.session]:
        _add_done(done)
    asking = [found[reminder.pk] for reminder in reminders if asks_for_forms([reminder.rule])]
    if visits := [source for source in asking if source.visit]:
        add_forms(visits)
    add_medicines(found.values(), clock.local(at).date())
    add_decisions([source for source in found.values() if source.kind == VisitKind.SESSION and source.visit])
    _add_stops(found.values())
    return found


def named_by(reminder: Reminder) -> Source:
    """What the message is about, from its own row alone."""
    if reminder.session_id:
        reminder.session.patient = reminder.patient
        return of_session(reminder.session)
    reminder.appointment.patient = reminder.patient
    return of_visit(reminder.appointment)


# What the rules look at besides


def medicines_taken(patient_ids: Collection[int], on) -> dict[int, list[PatientMedicine]]:
    """By patient, the standing rows of medicines that are not stopped by the day `on`, with the substances in them."""
    found = defaultdict(list)
    rows = PatientMedicine.objects.standing().filter(patient__in=patient_ids)
    rows = rows.filter(Q(stopped_on=None) | Q(stopped_on__gt=on)).order_by("pk")
    for row in rows.select_related("medicine", "product").prefetch_related("product__contains"):
        found[row.patient_id].append(row)
    return found


def add_medicines(found: Collection[Source], on) -> None:
    taken = medicines_taken({source.patient.pk for source in found}, on)
    for source in found:
        source.medicines = taken.get(source.patient.pk, [])


def add_decisions(found: Collection[Source]) -> None:
    by_visit = decisions({source.visit.pk: source.starts_at for source in found})
    for source in found:
        source.decided = by_visit.get(source.visit.pk, {})


def decisions(starts: dict[int, datetime]) -> dict[int, dict[int, str]]:
    """By visit and medicine, what was decided for the visit at that time: only "continue" outlives a move."""
    found = defaultdict(dict)
    rows = MedicineDecision.objects.filter(appointment__in=starts, replaced_at=None, medicine__voided_at=None)
    for row in rows.order_by("pk").values_list("appointment", "medicine", "starts_at", "decision"):
        visit, medicine, starts_at, decision = row
        if decision == Decision.CONTINUE or starts_at == starts[visit]:
            found[visit][medicine] = decision
    return found


def _add_stops(found: Collection[Source]) -> None:
    by_patient = defaultdict(set)
    for patient, channel, topic in stopped({source.patient.pk for source in found}):
        by_patient[patient].add((channel, topic))
    for source in found:
        source.stopped = frozenset(by_patient[source.patient.pk])


def add_forms(found: Collection[Source]) -> None:
    """Asked of every app that knows of something a patient should have answered (`settings.MISSING_FORMS`)."""
    visits = [source.visit for source in found]
    lacking = {pk for name in settings.MISSING_FORMS for pk in import_string(name)(visits)}
    for source in found:
        source.lacks_form = source.visit.pk in lacking


def add_plans(found: Collection[Source]) -> None:
    """From the patients' active plans: where, for what, and what is in the planned recipe."""
    plans = TreatmentPlan.objects.filter(
        patient__in={source.patient.pk for source in found}, status=PlanStatus.ACTIVE
    ).select_related("indication")
    lines = RecipeLine.objects.select_related("ingredient")
    of_patient = defaultdict(list)
    for plan in plans.prefetch_related(Prefetch("version__lines", queryset=lines)):
        of_patient[plan.patient_id].append(plan)
    around = _around() if of_patient else {}
    for source in found:
        own = of_patient.get(source.patient.pk, [])
        source.areas = _with_around({pair[0] for plan in own for pair in plan.areas}, around)
        source.indications = frozenset(plan.indication.key for plan in own)
        source.ingredients = frozenset(line.ingredient.key for plan in own for line in plan.version.lines.all())


def _add_done(found: Collection[Source]) -> None:
    ids = [source.session.pk for source in found]
    areas, ingredients = defaultdict(set), defaultdict(set)
    for pk, key in Injection.objects.filter(session__in=ids).order_by().values_list("session", "area__key"):
        areas[pk].add(key)
    syringes = Preparation.objects.filter(session__in=ids).order_by()
    for pk, key in syringes.values_list("session", "version__lines__ingredient__key"):
        ingredients[pk].add(key)
    around = _around() if areas else {}
    for source in found:
        session = source.session
        source.areas = _with_around(areas[session.pk], around)
        source.indications = frozenset([session.indication.key] if session.indication else ())
        source.ingredients = frozenset(ingredients[session.pk])


def _around() -> dict[str, str | None]:
    return dict(Area.objects.order_by().values_list("key", "parent__key"))


def _with_around(keys: set[str], around) -> frozenset[str]:
    found = set()
    for key in keys:
        while key and key not in found:
            found.add(key)
            key = around.get(key)
    return frozenset(found)
