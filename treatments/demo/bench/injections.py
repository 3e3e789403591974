"""Pours in the injections of many clinics and years, by SQL alone, with a bad lot spread among them, for `bench`."""

from datetime import timedelta
from decimal import Decimal

from django.db import models, transaction
from django.db.models import Count, Max, Min

from clinic.core import clock, guards
from clinic.staff.models import User
from patients.registry.models import Patient
from treatments.catalogue.models import Area, FormulationVersion, Technique
from treatments.charting.models import Injection, Preparation, PreparationLot, TreatmentSession
from treatments.demo.bench import bulk
from treatments.stock.models import Lot

BAD_LOT = "BENCH-BAD"
AFFECTED = 3000  # preparations, of as many patients, that hold the bad lot
A_SESSION = 8  # injections
LOTS = 200  # ordinary ones of each ingredient
BATCH = 50_000  # sessions in one transaction


def fill(*, injections: int, version: FormulationVersion, doctors: list[User], say: bulk.Say) -> None:
    """`injections` more of them, in signed sessions without drafts; one session in a thousand or so holds BAD_LOT."""
    sessions = max(injections // A_SESSION, 1)
    lots, bad = _lots(version, doctors[0])
    guards.remove_triggers()
    tables = TreatmentSession, Preparation, PreparationLot, Injection
    first = {model: _last_id(model) for model in tables}
    with bulk.unhindered(*tables, say=say):
        for begin, count in bulk.batches(sessions, BATCH):
            with transaction.atomic():
                _pour_sessions(first, begin, count, version, doctors, started=_years_ago(begin / sessions))
                _pour_lots(first, begin, count, version, lots, bad, every=max(sessions // AFFECTED, 1))
                _pour_injections(first, begin, count)
            say(f"{(begin + count) * A_SESSION:,} more injections")
    bulk.continue_ids(Lot, *tables)
    guards.install()
    say("guards")


def _pour_sessions(first, begin: int, count: int, version, doctors, *, started) -> None:
    patients = Patient.objects.aggregate(first=Min("pk"), count=Count("pk"))
    doctor = bulk.one_of([doctor.pk for doctor in doctors])
    signed = {"status": "signed", "signed_at": started, "signed_name": "Bench", "signature": "0" * 64}
    bulk.series(
        TreatmentSession,
        begin,
        count,
        {
            "id": f"{first[TreatmentSession]} + n",
            "patient_id": f"n * 7919 % {patients['count']} + {patients['first']}",
            "practitioner_id": doctor,
            "signed_by_id": doctor,
        },
        {"started_at": started, "content_hash": "0" * 64} | signed,
    )
    bulk.series(
        Preparation,
        begin,
        count,
        {"id": f"{first[Preparation]} + n", "session_id": f"{first[TreatmentSession]} + n"},
        {"position": 1, "version_id": version.pk, "volume_ml": Decimal(5)},
    )


def _pour_lots(first, begin: int, count: int, version, lots: dict[int, int], bad: Lot, *, every: int) -> None:
    lines = list(version.lines.all())
    for place, line in enumerate(lines):
        lot = f"{lots[line.ingredient_id]} + n % {LOTS}"
        if line.ingredient_id == bad.ingredient_id:
            lot = f"CASE WHEN n % {every} = 0 AND n / {every} <= {AFFECTED} THEN {bad.pk} ELSE {lot} END"
        ids = f"{first[PreparationLot]} + n * {len(lines)} - {place}"
        rows = {"id": ids, "preparation_id": f"{first[Preparation]} + n", "lot_id": lot}
        bulk.series(PreparationLot, begin, count, rows, {"line_id": line.pk})


def _pour_injections(first, begin: int, count: int) -> None:
    area = bulk.one_of(Area.objects.filter(treatable=True).order_by("pk").values_list("pk", flat=True)[:12])
    owner = f"(n - 1) / {A_SESSION} + 1"
    bulk.series(
        Injection,
        begin * A_SESSION,
        count * A_SESSION,
        {
            "id": f"{first[Injection]} + n",
            "session_id": f"{first[TreatmentSession]} + {owner}",
            "preparation_id": f"{first[Preparation]} + {owner}",
            "area_id": area,
        },
        {
            "side": "left",
            "technique_id": Technique.objects.order_by("pk").first().pk,
            "depth_mm": Decimal(4),
            "volume_ml": Decimal("0.05"),
            "count": 10,
        },
    )


def _lots(version: FormulationVersion, by: User) -> tuple[dict[int, int], Lot]:
    """Ordinary lots of each ingredient, as the first of their ids, and the bad one of the first ingredient."""
    begin, found = _last_id(Lot), {}
    ingredients = [line.ingredient_id for line in version.lines.all()]
    for place, ingredient in enumerate(ingredients):
        found[ingredient] = begin + place * LOTS + 1
        bulk.pour(Lot, (_lot(found[ingredient] + n, ingredient, f"BENCH-{n}", by) for n in range(LOTS)))
    bulk.pour(Lot, [_lot(begin + len(ingredients) * LOTS + 1, ingredients[0], BAD_LOT, by)])
    return found, Lot.objects.get(number=BAD_LOT)


def _lot(pk: int, ingredient: int, number: str, by: User) -> dict:
    day = clock.today()
    return {
        "id": pk,
        "ingredient_id": ingredient,
        "number": number,
        "expires_on": day + timedelta(days=365),
        "received_on": day,
        "received_by_id": by.pk,
    }


def _years_ago(share: float):
    """From ten years ago to yesterday."""
    return clock.now() - timedelta(days=1 + 3650 * (1 - share))


def _last_id(model: type[models.Model]) -> int:
    return model.objects.aggregate(last=Max("pk"))["last"] or 0
