"""Is there enough on the shelf for everybody who is booked for a session in the coming week?"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from clinic.core import clock
from treatments.catalogue.models import Ingredient, RecipeLine
from treatments.charting.enums import PlanStatus, SessionStatus
from treatments.charting.models import PreparationLot, TreatmentPlan, TreatmentSession
from treatments.scheduling.enums import VisitKind, VisitStatus
from treatments.scheduling.models import Appointment
from treatments.stock.models import Lot
from treatments.stock.queries import lots_in_date

DAYS = 7
TO_COME = [VisitStatus.BOOKED, VisitStatus.CONFIRMED, VisitStatus.ARRIVED]
THOUSANDTH = Decimal("0.001")


@dataclass(frozen=True)
class Need:
    """What the week takes of an ingredient, in mL. `left_ml` is None where a lot was never counted: nobody knows."""

    ingredient: Ingredient
    wanted_ml: Decimal
    left_ml: Decimal | None
    missing_ml: Decimal


@dataclass(frozen=True)
class Forecast:
    """`unknown` visits are of patients with neither a plan nor a session before."""

    visits: int
    unknown: int
    needs: list[Need]


def forecast(at: datetime) -> Forecast:
    """Each visit takes one mixture of the patient's plan, or what their last session took; first expiry goes first."""
    visits = list(_visits(at))
    of_plans = _recipes({visit.plan_version for visit in visits if visit.plan_version})
    of_sessions = _used({visit.last_session for visit in visits if visit.last_session})
    wanted = [
        (clock.local(visit.starts_at).date(), of_plans.get(visit.plan_version) or of_sessions.get(visit.last_session))
        for visit in visits
    ]
    known = [(day, amounts) for day, amounts in wanted if amounts]
    return Forecast(len(visits), len(visits) - len(known), _needs(known, clock.local(at).date()))


def _visits(at: datetime):
    """The sessions that are booked until the end of the seventh day, each with the rows that say what it will take."""
    until = clock.day_bounds(clock.local(at).date() + timedelta(days=DAYS))[1]
    plans = TreatmentPlan.objects.filter(patient=OuterRef("patient"), status=PlanStatus.ACTIVE)
    sessions = TreatmentSession.objects.filter(patient=OuterRef("patient"), status=SessionStatus.SIGNED)
    return (
        Appointment.objects.filter(
            visit_type__kind=VisitKind.SESSION, status__in=TO_COME, starts_at__gte=at, starts_at__lt=until
        )
        .annotate(
            plan_version=Subquery(plans.order_by("-made_at", "-pk").values("version")[:1]),
            last_session=Subquery(sessions.order_by("-started_at", "-pk").values("pk")[:1]),
        )
        .order_by("starts_at", "pk")
    )


def _recipes(version_ids: Iterable[int]) -> dict[int, dict[int, Decimal]]:
    """mL by version and ingredient."""
    found = defaultdict(dict)
    for line in RecipeLine.objects.filter(version__in=version_ids):
        found[line.version_id][line.ingredient_id] = line.volume_ml
    return found


def _used(session_ids: Iterable[int]) -> dict[int, dict[int, Decimal]]:
    """mL by session and ingredient: what was drawn up, or the recipe's share where that was not yet written down."""
    found = defaultdict(lambda: defaultdict(Decimal))
    rows = PreparationLot.objects.filter(preparation__session__in=session_ids)
    for row in rows.select_related("preparation__version", "line"):
        volume_ml = row.volume_ml
        if volume_ml is None:
            part = row.line.volume_ml / row.preparation.version.total_volume_ml
            volume_ml = (part * row.preparation.volume_ml).quantize(THOUSANDTH)
        found[row.preparation.session_id][row.line.ingredient_id] += volume_ml
    return found


def _needs(wanted: list[tuple[date, dict[int, Decimal]]], today: date) -> list[Need]:
    """What is missing most comes first."""
    totals, missing = defaultdict(Decimal), defaultdict(Decimal)
    ingredients = Ingredient.objects.in_bulk({key for _day, amounts in wanted for key in amounts})
    shelf = lots_in_date(ingredients, today)
    left = {key: _together(shelf[key]) for key in ingredients}
    for day, amounts in wanted:
        for key, volume_ml in amounts.items():
            totals[key] += volume_ml
            missing[key] += _take(shelf[key], volume_ml, day)
    rows = [Need(row, totals[key], left[key], missing[key]) for key, row in ingredients.items()]
    return sorted(rows, key=lambda need: (-need.missing_ml, need.ingredient.name))


def _together(lots: list[Lot]) -> Decimal | None:
    balances = [lot.balance_ml for lot in lots]
    return None if None in balances else sum(balances, Decimal(0))


def _take(lots: list[Lot], volume_ml: Decimal, day: date) -> Decimal:
    """Draws from the lots that are in date on the day; answers how much is missing. Works on rows in memory only."""
    for lot in lots:
        if lot.expires_on < day:
            continue
        if lot.balance_ml is None:
            return Decimal(0)
        drawn = min(lot.balance_ml, volume_ml)
        lot.balance_ml -= drawn
        volume_ml -= drawn
    return volume_ml
