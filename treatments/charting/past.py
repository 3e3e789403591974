"""What was done to a patient before: by area, point by point, session by session. Constant numbers of queries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, Max, OuterRef, Subquery
from django.shortcuts import get_object_or_404

from treatments.catalogue.models import Area, Ingredient
from treatments.charting.draft import Chart
from treatments.charting.enums import NextVisit, SessionStatus
from treatments.charting.models import CloseOut, Injection, PreparationLot, TreatmentSession
from treatments.charting.queries import Reference, chart_of, reference_of, signed_rows

MOST_SESSIONS = 200


@dataclass(frozen=True)
class Place:
    """An area and side that was treated: when last, and how many times."""

    key: str
    name: str
    side: str
    last: datetime
    times: int

    @property
    def pair(self) -> tuple[str, str]:
        return self.key, self.side


def _injected(patient_id: int):
    return Injection.objects.filter(session__patient=patient_id, session__status=SessionStatus.SIGNED)


def places_treated(patient_id: int) -> list[Place]:
    """Where the patient was treated, the latest first."""
    by_place = _injected(patient_id).order_by().values_list("area__key", "area__name", "side")
    times = Count("session", distinct=True)
    found = by_place.annotate(last=Max("session__started_at"), times=times).order_by("-last", "area__name", "side")
    return [Place(*row) for row in found]


def injections_of(patient_id: int, *, area: str = "", ingredient: int | None = None) -> list[Injection]:
    """Every injection of the patient's signed sessions, the earliest first; of one area, with one ingredient.

    An ingredient that was left out of a syringe is not in what was injected from it.
    """
    rows = _injected(patient_id).select_related("area", "session")
    if area:
        rows = rows.filter(area__key=area)
    if ingredient:
        drawn = PreparationLot.objects.filter(preparation=OuterRef("preparation"), line__ingredient=ingredient)
        rows = rows.filter(Exists(drawn))
    return list(rows.order_by("session__started_at", "pk"))


def areas_treated(patient_id: int) -> list[Area]:
    return list(Area.objects.filter(pk__in=_injected(patient_id).order_by().values("area")).order_by("name"))


def ingredients_received(patient_id: int) -> list[Ingredient]:
    given = _injected(patient_id).order_by().values("preparation__lots__line__ingredient")
    return list(Ingredient.objects.filter(pk__in=given).order_by("name"))


def signed_of(patient_id: int) -> list[TreatmentSession]:
    """The patient's signed sessions, the newest first, to choose from."""
    signed = TreatmentSession.objects.filter(patient=patient_id, status=SessionStatus.SIGNED)
    return list(signed.select_related("practitioner").order_by("-started_at", "-pk")[:MOST_SESSIONS])


def charted(patient_id: int, session_id: int) -> tuple[TreatmentSession, Chart, Reference]:
    """What was signed in one session of this patient; 404 when it is not theirs, or not signed."""
    signed = TreatmentSession.objects.select_related("indication", "practitioner")
    session = get_object_or_404(signed, pk=session_id, patient=patient_id, status=SessionStatus.SIGNED)
    chart = chart_of(session, *signed_rows(session))
    return session, chart, reference_of(chart)


def visits_wanted() -> list[CloseOut]:
    """For the desk: whose last closed session asks for a visit that is to be booked, the earliest day first.

    Each practitioner's last one: a colleague who needs no visit does not answer for the others.
    """
    same = {name: OuterRef(name) for name in ("session__patient", "session__practitioner")}
    theirs = CloseOut.objects.filter(session__status=SessionStatus.SIGNED, **same)
    last = theirs.order_by("-closed_at", "-pk").values("pk")[:1]
    wanted = CloseOut.objects.filter(next_visit=NextVisit.WANTED, pk=Subquery(last))
    return list(wanted.select_related("session__patient", "session__practitioner").order_by("next_from", "pk"))
