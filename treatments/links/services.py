"""Issuing links, and what patients do by them: the only writers. A patient has no account, so `by` is None, and the
trail names "the patient, by a link" because the page says who acts (`clinic.core.context.act_as`)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from urllib.parse import urljoin

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Refused
from clinic.core.tokens import SHORT, digest_of, new_seed, token_of
from clinic.staff.queries import clinic_profile
from treatments.links import queries, rules
from treatments.links.enums import Answer, Purpose
from treatments.links.models import (
    LinkSettings,
    MedicinesTold,
    MessageStop,
    MoveRequest,
    PatientLink,
    ToldMedicine,
)
from treatments.scheduling import services as calendar
from treatments.scheduling.enums import VisitStatus

Known = Mapping[str, PatientLink]  # by key
_HERE = "token-token-token-token"


def issue_link(*, purpose: str, by=None, at=None, known: Known | None = None, **about) -> str:
    """The address for this purpose and patient: the one that stands, or a new one. Call it when a message is written.

    So a message that is sent again carries the same address, and one that was locked or ran out a new one. `about`:
    visit, session, or patient with channel and topic. `known`: what `ready_links` has just read or made.
    """
    return address_of(find_or_make(purpose=purpose, by=by, at=at, known=known, **about))


def unsubscribe_headers(*, patient, channel: str, topic: str, at=None, known: Known | None = None) -> dict[str, str]:
    """The headers of an e-mail by which a mail program unsubscribes with one click (RFC 8058)."""
    about = {"patient": patient, "channel": channel, "topic": topic}
    link = find_or_make(purpose=Purpose.STOP, by=None, at=at, known=known, **about)
    return {
        "List-Unsubscribe": f"<{_absolute('links:one_click', token_for(link))}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def sample_link() -> str:
    """For previews: as long as a real one, and leads nowhere."""
    return _absolute("links:open", "x" * len(token_of("sample", "", size=SHORT)))


def ready_links(wishes: Iterable[dict], *, at=None) -> Known:
    """The links that many messages ask for, by key: those that stand, and new ones where there was none.

    Each wish is what `issue_link` is told about. What two make at once is left out here, and found there.
    """
    at = at or clock.now()
    wishes = {rules.key_of(**wish): wish for wish in wishes}
    found = queries.links_that_stand(wishes) if wishes else {}
    missing = sorted(wishes.keys() - found.keys())  # in one order, so that two who make some of the same do not hang
    new = {key: _new(None, at, key=key, **wishes[key]) for key in missing}
    try:
        with transaction.atomic():
            PatientLink.objects.bulk_create(new.values())
    except IntegrityError:
        return found
    return found | new


def find_or_make(
    *,
    purpose: str,
    visit=None,
    session=None,
    patient=None,
    channel: str = "",
    topic: str = "",
    by,
    at=None,
    known: Known | None = None,
) -> PatientLink:
    """One statement while it stands. Two that write the same message at once get the same link."""
    at, patient = at or clock.now(), patient or (visit or session).patient
    about = {"purpose": purpose, "patient": patient, "session": session, "channel": channel, "topic": topic}
    key = rules.key_of(visit=visit, **about)
    old = (known or {}).get(key) or queries.link_that_stands(key)
    if rules.stands(old, at) and not old.locked_at:
        if until := rules.prolonged(old, at):
            PatientLink.objects.filter(pk=old.pk).update(expires_at=until)
        return old
    try:
        return _make(old, visit, by, at, key=key, **about)
    except IntegrityError:
        return queries.link_that_stands(key)


@transaction.atomic
def _make(old: PatientLink | None, visit, by, at: datetime, **about) -> PatientLink:
    if old:
        _close(old, by, at)
    link = _new(by, at, visit=visit, **about)
    link.save()
    if by:  # what goes out with a message is in the trail as the message
        record(by=by, action=Action.CREATE, subject=link, patient_id=link.patient_id, at=at)
    return link


def _new(by, at: datetime, *, purpose: str, patient, visit=None, **about) -> PatientLink:
    seed = new_seed()
    return PatientLink(
        purpose=purpose,
        patient=patient,
        appointment=visit,
        starts_at=visit and visit.starts_at,
        expires_at=rules.expiry(purpose=purpose, visit=visit, at=at),
        seed=seed,
        token_digest=digest_of(token_of(purpose, seed, size=SHORT)),
        issued_by=by,
        issued_at=at,
        **about,
    )


def token_for(link: PatientLink) -> str:
    return token_of(link.purpose, link.seed, size=SHORT)


def address_of(link: PatientLink) -> str:
    return _absolute("links:open", token_for(link))


def _absolute(name: str, token: str) -> str:
    return token.join(_around(settings.BASE_URL, name))


@cache
def _around(base: str, name: str) -> list[str]:
    """What stands before and after the token in an address; each message carries some."""
    return urljoin(base, reverse(name, args=[_HERE])).split(_HERE)


def _close(link: PatientLink, by, at) -> bool:
    if not PatientLink.objects.filter(pk=link.pk, closed_at=None).update(closed_at=at):
        return False
    record(by=by, action=Action.RETIRE, subject=link, patient_id=link.patient_id, at=at)
    return True


@transaction.atomic
def replace_link(*, link: PatientLink, by, at=None) -> PatientLink:
    """A new address instead of one that is locked, lost or known to others; the old one opens nothing any more."""
    at = at or clock.now()
    if link.purpose in rules.ABOUT_A_VISIT:
        rules.check_ahead(link.appointment, at)
    if not _close(link, by, at):
        raise Refused(_("This link has been replaced already."))
    return find_or_make(
        purpose=link.purpose,
        visit=link.appointment,
        session=link.session,
        patient=link.patient,
        channel=link.channel,
        topic=link.topic,
        by=by,
        at=at,
    )


# What the patient does -----------------------------------------------------------------------------------------


@transaction.atomic
def answer_birth_date(*, link: PatientLink, birth_date: date, by=None, at=None) -> bool:
    """Whether it is the right one. The try is counted before it is compared, so twenty at once count as twenty.

    The fifth wrong one locks the link. Sets the row's `tries` and `locked_at` as they are now.
    """
    at = at or clock.now()
    mine = PatientLink.objects.filter(pk=link.pk, locked_at=None, tries__lt=rules.TRIES)
    if not mine.update(tries=F("tries") + 1):
        link.refresh_from_db(fields=["tries", "locked_at"])
        return False
    if right := birth_date == link.patient.birth_date:
        PatientLink.objects.filter(pk=link.pk).update(tries=0)
        PatientLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=at)
    else:
        PatientLink.objects.filter(pk=link.pk, tries__gte=rules.TRIES, locked_at=None).update(locked_at=at)
    link.refresh_from_db(fields=["tries", "locked_at", "opened_at"])
    action = Action.VIEW if right else Action.REFUSED
    record(by=by, action=action, subject=link, patient_id=link.patient_id, fields=["birth_date"], at=at)
    return right


@calendar.orderly
def confirm_visit(*, link: PatientLink, version: int, by=None, at=None) -> None:
    """The patient says that they will come to the visit as the page showed it (`version`). Twice is once."""
    at = at or clock.now()
    rules.check_ahead(link.appointment, at)
    if link.appointment.status == VisitStatus.BOOKED:
        calendar.confirm(appointment_id=link.appointment_id, version=version, by=by, at=at)
    _answered(link, Answer.CONFIRMED, by, at)


@calendar.orderly
def cancel_visit(*, link: PatientLink, version: int, by=None, at=None) -> None:
    """The patient cancels, as long as the clinic's rule lets them. Twice is once."""
    at = at or clock.now()
    if link.appointment.status == VisitStatus.CANCELLED:
        return
    rules.check_ahead(link.appointment, at)
    rules.check_may_cancel(link.appointment, queries.link_settings(), at)
    with translation.override(clinic_profile().language):
        reason = _("By the patient, by a link")
    calendar.cancel_appointment(appointment_id=link.appointment_id, version=version, reason=reason, by=by, at=at)
    _answered(link, Answer.CANCELLED, by, at)


@transaction.atomic
def ask_to_move(*, link: PatientLink, when: str, parts: list[str], by=None, at=None) -> MoveRequest:
    """A wish on the desk's page; the visit stays where it is. Asked again, the newer wish stands."""
    at = at or clock.now()
    visit = link.appointment
    rules.check_ahead(visit, at)
    wish = {"when": when, "parts": parts, "asked_at": at, "link": link}
    same = {"appointment": visit, "starts_at": visit.starts_at, "settled_at": None}
    request, _made = MoveRequest.objects.update_or_create(**same, defaults=wish)
    record(by=by, action=Action.CREATE, subject=request, patient_id=link.patient_id, at=at)
    _answered(link, Answer.ASKED, by, at)
    return request


@transaction.atomic
def note_read(*, link: PatientLink, by=None, at=None) -> None:
    """The patient says that they have read it."""
    _answered(link, Answer.READ, by, at or clock.now())


@transaction.atomic
def tell_taken(*, link: PatientLink, medicines: list[dict], by=None, at=None) -> MedicinesTold:
    """`medicines`: name, last_taken, source of each; none of them means that nothing was taken. To be reviewed."""
    at = at or clock.now()
    rules.check_ahead(link.appointment, at)
    told = MedicinesTold.objects.create(
        link=link, patient=link.patient, appointment=link.appointment, none_taken=not medicines, told_at=at
    )
    ToldMedicine.objects.bulk_create(ToldMedicine(told=told, **medicine) for medicine in medicines)
    record(by=by, action=Action.CREATE, subject=told, patient_id=link.patient_id, at=at)
    _answered(link, Answer.TOLD, by, at)
    return told


@transaction.atomic
def stop_messages(*, link: PatientLink, by=None, at=None) -> None:
    """No more messages of the link's topic on its channel. Twice is once."""
    at = at or clock.now()
    what = {"patient": link.patient, "channel": link.channel, "topic": link.topic, "resumed_at": None}
    stop, made = MessageStop.objects.get_or_create(**what, defaults={"stopped_at": at, "stopped_by": by})
    if made:
        record(by=by, action=Action.CREATE, subject=stop, patient_id=link.patient_id, at=at)
    _answered(link, Answer.STOPPED, by, at)


@transaction.atomic
def resume_messages(*, link: PatientLink, by=None, at=None) -> None:
    at = at or clock.now()
    for stop in queries.stops_of(link.patient_id):
        if (stop.channel, stop.topic) == (link.channel, link.topic):
            lift_stop(stop=stop, by=by, at=at)
    _answered(link, Answer.RESUMED, by, at)


def _answered(link: PatientLink, answer: Answer, by, at: datetime) -> None:
    PatientLink.objects.filter(pk=link.pk).update(answer=answer, answered_at=at)
    record(by=by, action=Action.CHANGE, subject=link, patient_id=link.patient_id, fields=["answer"], at=at)


# What the clinic does with it ----------------------------------------------------------------------------------


@transaction.atomic
def lift_stop(*, stop: MessageStop, by, at=None) -> None:
    """The patient wants the messages again, and said so by the link or to the desk."""
    at = at or clock.now()
    if MessageStop.objects.filter(pk=stop.pk, resumed_at=None).update(resumed_at=at, resumed_by=by):
        record(by=by, action=Action.RETIRE, subject=stop, patient_id=stop.patient_id, at=at)


@transaction.atomic
def settle_request(*, request: MoveRequest, by, at=None) -> None:
    """The desk answered the wish, and the visit stays where it is."""
    at = at or clock.now()
    if not MoveRequest.objects.filter(pk=request.pk, settled_at=None).update(settled_at=at, settled_by=by):
        raise Refused(_("Somebody has settled this already."))
    record(by=by, action=Action.CHANGE, subject=request, patient_id=request.appointment.patient_id, at=at)


@transaction.atomic
def review_told(*, told: MedicinesTold, by, at=None) -> None:
    """A practitioner has seen what the patient took, and wrote into the history what belongs there."""
    at = at or clock.now()
    if not MedicinesTold.objects.filter(pk=told.pk, reviewed_at=None).update(reviewed_at=at, reviewed_by=by):
        raise Refused(_("Somebody has reviewed this already."))
    record(by=by, action=Action.DECIDE, subject=told, patient_id=told.patient_id, at=at)


@transaction.atomic
def change_settings(*, may_cancel: bool, cancel_hours: int, cancel_note: str, by, at=None) -> LinkSettings:
    row, _made = LinkSettings.objects.get_or_create(pk=1)
    values = {"may_cancel": may_cancel, "cancel_hours": cancel_hours, "cancel_note": cancel_note}
    save_changes(row=row, values=values, by=by, at=at)
    return row
