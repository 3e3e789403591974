"""What the waiting list's screens read."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Exists, OuterRef, Q
from django.shortcuts import get_object_or_404

from clinic.core import clock
from clinic.staff.models import User
from treatments.scheduling import queries
from treatments.scheduling.enums import LIVE, OPEN, PART_HOURS, OfferStatus, VisitStatus, WaitingStatus
from treatments.scheduling.links import digest_of
from treatments.scheduling.models import Appointment, Room, SlotOffer, WaitingEntry

MOST = 200
PEOPLE = ("patient", "visit_type", "practitioner")


@dataclass(frozen=True)
class Freed:
    """A time that somebody gave back and nobody has taken since."""

    starts_at: datetime
    ends_at: datetime
    practitioner: User
    room: Room | None


def people_waiting(at: datetime) -> list[WaitingEntry]:
    """The waiting list: who still waits, the most urgent and the longest waiting first, with offers that stand."""
    today = clock.local(at).date()
    entries = WaitingEntry.objects.filter(status=WaitingStatus.WAITING, until_day__gte=today).select_related(*PEOPLE)
    entries = list(entries.prefetch_related("offers")[:MOST])
    for entry in entries:
        entry.standing = [offer for offer in entry.offers.all() if stands(offer, at)]
        entry.unanswered = [offer for offer in entry.offers.all() if _came_to_nothing(offer, at)]
    return entries


def people_too_late(at: datetime) -> list[WaitingEntry]:
    """Who still waits although the last day they asked for has passed; the latest first."""
    today = clock.local(at).date()
    entries = WaitingEntry.objects.filter(status=WaitingStatus.WAITING, until_day__lt=today).select_related(*PEOPLE)
    return list(entries.order_by("-until_day", "pk")[:MOST])


def to_tell(at: datetime) -> list[SlotOffer]:
    """Offers of times to come that are gone, to people who still wait and have not learned of it."""
    return list(_whole().filter(_untold(at)).order_by("starts_at", "pk"))


def count_to_tell(at: datetime) -> int:
    return SlotOffer.objects.filter(_untold(at)).count()


def _untold(at: datetime) -> Q:
    """Somebody else accepted, or was booked there by the desk while the offer stood."""
    booked = Appointment.objects.filter(
        practitioner=OuterRef("practitioner"),
        status__in=LIVE,
        busy_from__gt=OuterRef("starts_at") - queries.LONGEST,
        busy_from__lte=OuterRef("starts_at"),
        busy_until__gt=OuterRef("starts_at"),
    )
    gone = Q(status=OfferStatus.TAKEN) | Q(Exists(booked), status=OfferStatus.OPEN, expires_at__gt=at)
    return gone & Q(told_at=None, starts_at__gt=at, entry__status=WaitingStatus.WAITING)


def _came_to_nothing(offer: SlotOffer, at: datetime) -> bool:
    """Nobody answered while it stood, and its time is still to come."""
    return offer.status == OfferStatus.OPEN and offer.expires_at <= at < offer.starts_at


def get_entry(entry_id: int) -> WaitingEntry:
    return get_object_or_404(WaitingEntry.objects.select_related(*PEOPLE), pk=entry_id)


def stands(offer: SlotOffer, at: datetime) -> bool:
    return offer.status == OfferStatus.OPEN and offer.expires_at > at


def freed_by(visit: Appointment, at: datetime) -> Freed | None:
    """The time to come that this visit gave back, by being cancelled or moved, while its practitioner is still free."""
    starts_at = visit.starts_at if visit.status == VisitStatus.CANCELLED else _left(visit)
    if starts_at is None or starts_at <= at:
        return None
    ends_at = starts_at + (visit.ends_at - visit.starts_at)
    taken = Appointment.objects.filter(practitioner=visit.practitioner, status__in=LIVE)
    if taken.filter(busy_from__lt=ends_at, busy_until__gt=starts_at).exists():
        return None
    return Freed(starts_at, ends_at, visit.practitioner, visit.room)


def _left(visit: Appointment) -> datetime | None:
    """Where an open visit was before it was moved; not where it was put for a moment, by a move that was undone."""
    if visit.status not in OPEN:
        return None
    story = pairwise(visit.changes.all())
    stayed = [one.starts_at for one, then in story if then.changed_at - one.changed_at >= queries.UNDO_TIME]
    return next((start for start in reversed(stayed) if start != visit.starts_at), None)


def who_waits_for(freed: Freed, but=None) -> list[WaitingEntry]:
    """Those whom the time would suit, in the order of the list."""
    local = clock.local(freed.starts_at)
    entries = WaitingEntry.objects.filter(
        status=WaitingStatus.WAITING, from_day__lte=local.date(), until_day__gte=local.date()
    )
    entries = entries.exclude(patient=but).select_related(*PEOPLE)[:MOST]
    return [entry for entry in entries if _suits(entry, freed, local)]


def _suits(entry: WaitingEntry, freed: Freed, local: datetime) -> bool:
    hours = [PART_HOURS[part] for part in entry.parts if part in PART_HOURS] or [(0, 24)]
    return (
        entry.practitioner_id in {None, freed.practitioner.pk}
        and entry.visit_type.length <= freed.ends_at - freed.starts_at
        and any(first <= local.hour < last for first, last in hours)
    )


def offers_of(freed_at: datetime, practitioner: User) -> list[SlotOffer]:
    """The offers made of this time."""
    offers = SlotOffer.objects.filter(starts_at=freed_at, practitioner=practitioner)
    return list(offers.select_related("entry__patient", "entry__visit_type", "practitioner", "room"))


def get_offer(offer_id: int) -> SlotOffer:
    return get_object_or_404(_whole(), pk=offer_id)


def offer_of_token(token: str) -> SlotOffer | None:
    return _whole().filter(token_digest=digest_of(token)).first()


def _whole():
    return SlotOffer.objects.select_related(
        "entry__patient", "entry__visit_type", "entry__appointment", "practitioner", "room", "offered_by"
    )
