"""The waiting list, and offering its people a time that became free: the first to accept gets it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid5

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Refused
from treatments.scheduling import rules, waiting_queries
from treatments.scheduling.enums import OfferStatus, WaitingStatus
from treatments.scheduling.links import new_secret
from treatments.scheduling.models import SlotOffer, WaitingEntry
from treatments.scheduling.services import enter_visit, lock_resources, orderly

PURPOSE = "offer"


@transaction.atomic
def add_to_list(*, patient, by, at=None, **wish) -> WaitingEntry:
    """`wish`: visit_type, practitioner, from_day, until_day, parts, priority, note."""
    at = at or clock.now()
    rules.check_waiting(wish, at)
    entry = WaitingEntry.objects.create(patient=patient, created_by=by, created_at=at, **wish)
    record(by=by, action=Action.CREATE, subject=entry, patient_id=patient.pk, at=at)
    return entry


@transaction.atomic
def change_wish(*, entry: WaitingEntry, by, at=None, **wish) -> WaitingEntry:
    rules.check_waits(entry)
    rules.check_waiting(wish, at or clock.now())
    save_changes(row=entry, values=wish, by=by, at=at)
    return entry


@transaction.atomic
def take_off_list(*, entry: WaitingEntry, by, at=None) -> None:
    """Offers that stand are withdrawn."""
    at = at or clock.now()
    if not WaitingEntry.objects.filter(pk=entry.pk, status=WaitingStatus.WAITING).update(status=WaitingStatus.CLOSED):
        raise Refused(_("This is no longer on the list."))
    entry.offers.filter(status=OfferStatus.OPEN).update(status=OfferStatus.WITHDRAWN, answered_at=at)
    record(by=by, action=Action.RETIRE, subject=entry, patient_id=entry.patient_id, at=at)


@transaction.atomic
def offer_slot(
    *, entries: Sequence[WaitingEntry], starts_at, practitioner, room, valid_for: timedelta, by, at=None
) -> list[SlotOffer]:
    """Offers the time to each of them, once, until then or until shortly before it begins."""
    at = at or clock.now()
    rules.check_time(starts_at, at)
    if not entries:
        raise Refused(_("Choose whom to offer it to."), field="entries")
    standing = {
        offer.entry_id
        for offer in waiting_queries.offers_of(starts_at, practitioner)
        if waiting_queries.stands(offer, at)
    }
    offers = [
        SlotOffer.objects.create(
            entry=entry,
            practitioner=practitioner,
            room=room,
            starts_at=starts_at,
            expires_at=min(at + valid_for, starts_at),
            offered_by=by,
            offered_at=at,
            **new_secret(PURPOSE),
        )
        for entry in entries
        if entry.pk not in standing
    ]
    for offer in offers:
        record(by=by, action=Action.CREATE, subject=offer, patient_id=offer.entry.patient_id, at=at)
    return offers


@orderly
def accept_offer(*, offer_id: int, by=None, at=None) -> SlotOffer:
    """Books the time that was offered, or finds out that it is gone: the answer's status says which.

    While one accepts, the locks hold the time for them; `by` is None when the patient answers by the link.
    """
    at = at or clock.now()
    offer = waiting_queries.get_offer(offer_id)
    entry = offer.entry
    lock_resources(practitioners=[offer.practitioner], rooms=[offer.room], patients=[entry.patient])
    offer.refresh_from_db(fields=["status"])
    if offer.status != OfferStatus.OPEN:
        _reads(offer, by, at)
        return offer
    rules.check_offer_stands(offer, at)
    try:
        with transaction.atomic():
            appointment = enter_visit(
                patient=entry.patient,
                practitioner=offer.practitioner,
                visit_type=entry.visit_type,
                room=offer.room,
                starts_at=offer.starts_at,
                submission=uuid5(offer.nonce, "visit"),
                by=by,
                booked_by=by or offer.offered_by,
                at=at,
            )
    except Refused:
        _answer(offer, OfferStatus.TAKEN, by, at)
        _reads(offer, by, at)
        return offer
    WaitingEntry.objects.filter(pk=entry.pk).update(status=WaitingStatus.BOOKED, appointment=appointment)
    entry.appointment = appointment
    _answer(offer, OfferStatus.ACCEPTED, by, at)
    rivals = SlotOffer.objects.filter(status=OfferStatus.OPEN)
    rivals.filter(practitioner=offer.practitioner, starts_at=offer.starts_at).update(status=OfferStatus.TAKEN)
    rivals.filter(entry=entry).update(status=OfferStatus.WITHDRAWN)
    return offer


@orderly
def decline_offer(*, offer_id: int, by=None, at=None) -> SlotOffer:
    """They stay on the list for other times."""
    return _close(offer_id, OfferStatus.DECLINED, by, at)


@orderly
def withdraw_offer(*, offer_id: int, by, at=None) -> SlotOffer:
    return _close(offer_id, OfferStatus.WITHDRAWN, by, at)


@orderly
def tell_taken(*, offer_id: int, by, at=None) -> SlotOffer:
    """The desk has told them that the time is gone; they stay on the list."""
    at = at or clock.now()
    offer = waiting_queries.get_offer(offer_id)
    if offer.status == OfferStatus.OPEN:
        _answer(offer, OfferStatus.TAKEN, by, at)
    SlotOffer.objects.filter(pk=offer.pk, told_at=None).update(told_at=at)
    record(by=by, action=Action.SEND, subject=offer, patient_id=offer.entry.patient_id, at=at)
    return offer


def _reads(offer: SlotOffer, by, at) -> None:
    """Who answers by the link reads there that the time is gone: the desk need not tell them."""
    if by is None:
        SlotOffer.objects.filter(pk=offer.pk, status=OfferStatus.TAKEN, told_at=None).update(told_at=at)


def _close(offer_id: int, status: OfferStatus, by, at) -> SlotOffer:
    offer = waiting_queries.get_offer(offer_id)
    if offer.status == OfferStatus.OPEN:
        _answer(offer, status, by, at or clock.now())
    return offer


def _answer(offer: SlotOffer, status: OfferStatus, by, at) -> None:
    if SlotOffer.objects.filter(pk=offer.pk, status=OfferStatus.OPEN).update(status=status, answered_at=at):
        offer.status = status
        record(by=by, action=Action.CHANGE, subject=offer, patient_id=offer.entry.patient_id, fields=["status"], at=at)
    else:
        offer.refresh_from_db(fields=["status"])
