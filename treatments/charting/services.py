"""The only writers of sessions: started, saved as a draft, signed, added to, voided."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.text import clean
from clinic.staff.permissions import Permission
from clinic.staff.services import check_password_again
from patients.registry.models import Patient
from treatments.charting import kept, rules, safety, signing
from treatments.charting.copying import source_of
from treatments.charting.draft import Chart, Problem, Syringe, checked, read_chart
from treatments.charting.draft_queries import kept_version
from treatments.charting.editing import drawn_up
from treatments.charting.enums import SessionStatus
from treatments.charting.mixture import parts_of, variation_text, volume_in
from treatments.charting.models import (
    Addendum,
    DraftVersion,
    Injection,
    Preparation,
    PreparationLot,
    SafetyAnswer,
    SessionDraft,
    TreatmentPlan,
    TreatmentSession,
)
from treatments.charting.plan_queries import active_plans
from treatments.charting.queries import (
    Reference,
    draft_of,
    reference_of,
    session_for,
    signed_answers,
    signed_rows,
)
from treatments.stock.services import give_back_for_session, take_for_session

# One entry in the trail for each sitting at a draft, not for each of its hundreds of automatic saves.
SITTING = timedelta(minutes=5)


class DraftConflict(Conflict):
    """The draft moved on in another window. `stored` is what is there now."""

    def __init__(self, stored: SessionDraft):
        super().__init__(_("This session was changed in another window. Nothing was overwritten."))
        self.stored = stored


class Incomplete(Refused):
    """The chart cannot be signed yet, and this is why."""

    def __init__(self, problems: list[Problem]):
        super().__init__(_("The session is not complete."))
        self.problems = problems


class AnswersChanged(Refused):
    """The safety rules say something else now than on the page that was signed."""

    def __init__(self):
        super().__init__(_("What the safety rules say has changed meanwhile. Read it again before you sign."))


@transaction.atomic
def start_session(*, patient: Patient, practitioner, by, plan_id: int | None = None, at=None) -> TreatmentSession:
    """Opens a draft; the practitioner's open draft of the same patient and day is continued instead.

    It belongs to the plan that is named, else to the patient's only active one, and begins with its indication.
    """
    at = at or clock.now()
    if not practitioner.may(Permission.CHART_SESSIONS):
        raise Refused(_("Only a practitioner can chart a session."))
    Patient.objects.select_for_update().get(pk=patient.pk)
    begins, ends = clock.day_bounds(clock.local(at).date())
    open_today = TreatmentSession.objects.filter(
        patient=patient,
        practitioner=practitioner,
        status=SessionStatus.DRAFT,
        started_at__gte=begins,
        started_at__lt=ends,
    )
    if session := open_today.first():
        return session
    plan = _plan_for(patient, plan_id)
    session = TreatmentSession.objects.create(patient=patient, practitioner=practitioner, started_at=at, plan=plan)
    content = {"indication": plan.indication.key} if plan else {}
    SessionDraft.objects.create(session=session, saved_at=at, content=content)
    record(by=by, action=Action.CREATE, subject=session, patient_id=patient.pk, at=at)
    return session


def _plan_for(patient: Patient, plan_id: int | None) -> TreatmentPlan | None:
    plans = active_plans(patient.pk)
    if plan_id:
        plans = [plan for plan in plans if plan.pk == plan_id]
    return plans[0] if len(plans) == 1 else None


@transaction.atomic
def save_draft(
    *,
    session_id: int,
    version: int,
    content: dict,
    by,
    save_id: str = "",
    after: str = "",
    keep_before: bool = False,
    at=None,
) -> SessionDraft:
    """Stores what the author typed if the draft is still at `version`; otherwise DraftConflict, nothing written.

    A page that is being closed cannot wait for the answer to its last save: it names that save in `after`, and the
    draft must be at `version` because of it, not because of another window.

    What it held before is kept as an earlier version where that is worth it (`kept`), or with `keep_before`.

    Saving the same content again after a lost answer is no conflict. `changed` of the draft says which parts of it
    are not what they were.
    """
    at = at or clock.now()
    content = checked(content)
    draft = draft_of(session_id, by)
    if not _take_version(session_id, version, after, content=content, saved_at=at, save_id=save_id):
        stored = draft_of(session_id, by)
        if stored.version == version + 1 and stored.content == content:
            stored.changed = content.keys()
            return stored
        raise DraftConflict(stored)
    last_kept_at = draft.kept_at or draft.session.started_at
    was_there = draft.version == version  # it was read without a lock: another save may have come in between
    worth_keeping = kept.is_worth_keeping(draft.content, content, saved_at=draft.saved_at, last_kept_at=last_kept_at)
    if was_there and (keep_before or worth_keeping):
        DraftVersion.objects.create(
            session_id=session_id, version=draft.version, content=draft.content, saved_at=draft.saved_at
        )
    if draft.version == 0 or at - draft.saved_at > SITTING:
        record(by=by, action=Action.CHANGE, subject=draft, patient_id=draft.session.patient_id, at=at)
    draft.changed = {
        name for name in content.keys() | draft.content.keys() if content.get(name) != draft.content.get(name)
    }
    draft.version, draft.content, draft.saved_at = version + 1, content, at
    return draft


@transaction.atomic
def restore_draft(*, session_id: int, kept_id: int, version: int, by, at=None) -> SessionDraft:
    """Makes an earlier version that was kept the content again; what it holds now is kept.

    The count of syringes is not turned back: a label with a number may be on the tray already.
    """
    content, current = kept_version(session_id, kept_id, by).content, draft_of(session_id, by).content
    content |= {"drawn_up": max(drawn_up(content), drawn_up(current))}
    return save_draft(session_id=session_id, version=version, content=content, by=by, keep_before=True, at=at)


def _take_version(session_id: int, version: int, after: str = "", **changes) -> bool:
    """Moves the draft on from `version`, if it is still there: whoever comes second gets False.

    With `after` it must be the save of that name that is there.

    The condition names columns of this one row only, so that PostgreSQL asks it again after waiting for the row.
    """
    standing = {"pk": session_id, "version": version} | ({"save_id": after} if after else {})
    return bool(SessionDraft.objects.filter(**standing).update(version=version + 1, **changes))


def sign_session(
    *, session_id: int, version: int, password: str, by, seen: str | None = None, at=None
) -> TreatmentSession:
    """Turns the draft at `version` into frozen rows under the author's signature.

    The safety rules are asked again, and what they say is recorded with the reasons for going on. `seen` is the
    digest of what they said on the page: AnswersChanged when they say something else now.

    Takes from the stock what was drawn up. Raises Refused (password, or a lot that a colleague used up at this very
    moment), Incomplete (with every problem) or DraftConflict; then nothing is written. The same form sent again finds
    the session signed and returns it.
    """
    at = at or clock.now()
    check_password_again(user=by, password=password)
    with transaction.atomic():
        session = get_object_or_404(
            TreatmentSession.objects.select_related("draft", "patient"), pk=session_id, practitioner=by
        )
        current = session.status == SessionStatus.DRAFT and session.draft.version == version
        if not current or not _take_version(session_id, version):
            return _signed_meanwhile(session_id, version, by)
        _sign(session, by, seen, at)
        return session


def _signed_meanwhile(session_id: int, version: int, by) -> TreatmentSession:
    session = session_for(session_id, by)
    if session.status == SessionStatus.SIGNED and session.draft.version == version + 1:
        return session
    raise DraftConflict(session.draft)


def _sign(session: TreatmentSession, by, seen: str | None, at) -> None:
    # two sessions of one patient are signed one after the other, so that each counts the other's doses
    Patient.objects.select_for_update(no_key=True).only("pk").get(pk=session.patient_id)
    chart, problems = read_chart(session.draft.content, session.pk)
    reference = reference_of(chart)
    answers = safety.answers_for_chart(chart, reference, session)
    problems += rules.problems_in(chart, reference, session.started_at) + safety.unanswered(answers, chart.reasons)
    photos = list(session.photos.all())
    problems += rules.review_problems(session.review) + rules.photo_problems(chart, photos)
    if problems:
        raise Incomplete(problems)
    if seen is not None and not signing.same(seen, safety.digest(answers)):
        raise AnswersChanged
    rows = _write_rows(session, chart, reference, at)
    told = _write_answers(session, answers, chart.reasons, by, at)
    take_for_session(
        session_id=session.pk, takings=rules.takings_of(chart, reference), by=by, at=at, used_at=_used_at(rows[0], at)
    )
    session.indication = reference.indications.get(chart.indication)
    session.note, session.reactions, session.advice = chart.note, chart.reactions, chart.advice
    session.findings = chart.findings
    session.copied_from = source_of(session)
    session.status = SessionStatus.SIGNED
    session.signed_at, session.signed_by = at, by
    session.signed_name, session.signed_role = by.full_name, by.qualification
    session.cosignature_needed = by.needs_cosignature
    session.content_hash = signing.content_hash(session, *rows, told, photos)
    session.signature = signing.session_signature(session)
    session.save(force_update=True)
    record(by=by, action=Action.SIGN, subject=session, patient_id=session.patient_id, at=at)


def _write_answers(session: TreatmentSession, answers, reasons: dict[str, str], by, at) -> list[SafetyAnswer]:
    """What was said, and why it was gone on all the same; the trail names the rules that were overridden."""
    told = [
        SafetyAnswer(
            session=session,
            rule=answer.rule,
            about=answer.about,
            effect=answer.effect,
            message=answer.message,
            sources=list(answer.sources),
            reason=reasons.get(answer.key, "") if answer.needs_reason else "",
        )
        for answer in answers
    ]
    SafetyAnswer.objects.bulk_create(told)
    if overridden := [row for row in told if row.reason]:
        fields, patient_id = {row.rule for row in overridden}, session.patient_id
        record(by=by, action=Action.OVERRIDE, subject=overridden[0], patient_id=patient_id, fields=list(fields), at=at)
    return told


def _used_at(preparations: list[Preparation], at: datetime) -> datetime:
    """When the first syringe was drawn up: then the lots had to be usable, and not any more when it is signed.

    Each syringe's own moment is judged by the rules.
    """
    return min((preparation.drawn_at for preparation in preparations), default=at)


def _write_rows(session: TreatmentSession, chart: Chart, reference: Reference, at) -> tuple[list, list, list]:
    preparations = Preparation.objects.bulk_create(
        _preparation(session, position, syringe, reference.versions[syringe.version_id], at)
        for position, syringe in enumerate(chart.preparations, 1)
    )
    row_of = dict(zip((syringe.id for syringe in chart.preparations), preparations, strict=True))
    lots = PreparationLot.objects.bulk_create(
        PreparationLot(
            preparation=row_of[syringe.id],
            line=part.line,
            lot_id=syringe.lots[part.line.pk],
            volume_ml=part.drawn_ml,
        )
        for syringe in chart.preparations
        for part in parts_of(syringe, reference.versions[syringe.version_id])
        if part.drawn_ml
    )
    injections = Injection.objects.bulk_create(
        Injection(
            session=session,
            preparation=row_of[group.preparation],
            area=reference.areas[group.area],
            side=group.side,
            diagram=group.diagram,
            technique=reference.techniques[group.technique],
            needle=group.needle,
            depth_mm=group.depth_mm,
            volume_ml=group.volume_ml,
            count=group.count,
            points=[list(point) for point in group.points],
            spacing_mm=group.spacing_mm,
        )
        for group in chart.injections
    )
    return preparations, lots, injections


def _preparation(session, position: int, syringe: Syringe, version, at) -> Preparation:
    return Preparation(
        session=session,
        position=position,
        version=version,
        volume_ml=volume_in(syringe, version),
        variation=variation_text(syringe, version),
        variation_reason=syringe.variation_reason,
        number=syringe.number,
        drawn_at=min(rules.drawn_moment(syringe, session.started_at), max(at, session.started_at)),
    )


def verify_signature(session: TreatmentSession) -> bool:
    """Whether the stored rows and photos are, to the last character, what was signed here for this session."""
    photos = list(session.photos.all())
    content = signing.content_hash(session, *signed_rows(session), signed_answers(session), photos)
    return (
        signing.same(session.content_hash, content)
        and signing.same(session.signature, signing.session_signature(session))
        and all(signing.photo_is_unchanged(photo) for photo in photos)
    )


def verify_addendum(addendum: Addendum) -> bool:
    return signing.same(addendum.signature, signing.addendum_signature(addendum, addendum.session.signature))


def add_addendum(*, session_id: int, text: str, password: str, submission: UUID, by, at=None) -> Addendum:
    """Adds a dated, signed text under a signed session. A form that is sent again adds nothing."""
    at = at or clock.now()
    check_password_again(user=by, password=password)
    text = clean(text)
    if not text:
        raise Refused(_("Write the addition."), field="text")
    try:
        with transaction.atomic():
            session = session_for(session_id, by)
            if session.status != SessionStatus.SIGNED:
                raise Refused(_("Only a signed session can be added to."))
            addendum = Addendum(
                session=session,
                text=text,
                written_by=by,
                written_name=by.full_name,
                written_at=at,
                submission=submission,
            )
            addendum.signature = signing.addendum_signature(addendum, session.signature)
            addendum.save(force_insert=True)
            record(by=by, action=Action.AMEND, subject=session, patient_id=session.patient_id, at=at)
    except IntegrityError:
        return get_object_or_404(Addendum, submission=submission, session_id=session_id)
    return addendum


def void_session(*, session_id: int, reason: str, password: str, by, at=None) -> TreatmentSession:
    """Marks a session as a mistake. It keeps standing, with who, when and why; a draft only its author can void.

    What it took from the stock is given back.
    """
    at = at or clock.now()
    check_password_again(user=by, password=password)
    reason = given(reason)
    with transaction.atomic():
        session = session_for(session_id, by)
        if session.status == SessionStatus.VOIDED:
            raise Conflict
        if session.status == SessionStatus.DRAFT and not _take_version(session_id, session.draft.version):
            raise Conflict
        standing = TreatmentSession.objects.filter(pk=session_id, status=session.status)
        if not standing.update(status=SessionStatus.VOIDED, voided_at=at, voided_by=by, void_reason=reason):
            raise Conflict
        give_back_for_session(session_id=session_id, by=by, at=at)
        record(by=by, action=Action.VOID, subject=session, patient_id=session.patient_id, at=at)
    return session_for(session_id, by)
