"""What a message may say about the medicines that one patient told us of. Nothing here reads or writes.

Only what the patient bought for themselves may ever be called something to stop. What is prescribed, what nobody
matched, and a name that stands for several products, is a practitioner's to decide; until then the patient keeps it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from patients.history.enums import MedicineGroup, MedicineSource
from treatments.reminders.enums import Decision, TextKind

PAINKILLERS = {MedicineGroup.NSAID, MedicineGroup.ASPIRIN, MedicineGroup.SALICYLATE}
BLOOD_THINNERS = {MedicineGroup.ANTICOAGULANT, MedicineGroup.ANTIPLATELET}
# Decisions after which the visit, as it stands, is not prepared for.
HOLDS = {Decision.POSTPONE, Decision.DECLINE}


class Advice(Enum):
    """What may be said of one medicine."""

    STOP = "stop"
    KEEP = "keep"
    ASK = "ask"  # the name alone leaves open what is in it
    FINE = "fine"


@dataclass(frozen=True)
class ToStop:
    """A self-bought painkiller by the name the patient told us, and the clinic-local day from which to avoid it."""

    name: str
    since: date


def advice(row) -> Advice:
    """Blood thinners are always kept; painkillers unless self-bought; and whatever we cannot be sure about.

    Of an ambiguous product that turned out to be one substance, what else it might contain counts for keeping only.
    """
    possible = _possible(row)
    if not possible:
        return Advice.KEEP
    if any(substance.never_auto_stop or substance.group in BLOOD_THINNERS for substance in possible):
        return Advice.KEEP
    if _unsure(row):
        return Advice.ASK if row.source == MedicineSource.SELF_BOUGHT else Advice.KEEP
    if row.source == MedicineSource.SELF_BOUGHT:
        painkiller = any(substance.group in PAINKILLERS for substance in contents(row))
        return Advice.STOP if painkiller and window_of(row) is not None else Advice.FINE
    risky = any(substance.group in PAINKILLERS or substance.bleeding_risk for substance in possible)
    return Advice.KEEP if risky else Advice.FINE


def contents(row) -> list:
    """What is in it: of an ambiguous product the substance it turned out to be."""
    return [row.medicine] if row.medicine and row.product and row.product.ambiguous else _possible(row)


def _possible(row) -> list:
    return [*([row.medicine] if row.medicine else []), *(row.product.contains.all() if row.product else [])]


def _unsure(row) -> bool:
    return bool(row.product and row.product.ambiguous and not row.medicine)


def must_be_decided(row) -> bool:
    """Whether no message may touch this medicine, so that a practitioner decides."""
    return advice(row) in {Advice.KEEP, Advice.ASK}


def window_of(row) -> int | None:
    """For how many days before a visit it is avoided: the longest of what is in it; None when there is no rule."""
    return max((s.stop_days for s in contents(row) if s.stop_days is not None), default=None)


def to_stop(rows: Iterable, visit_day: date) -> list[ToStop]:
    """What the patient may be asked to stop, each from its own day, the earliest first."""
    lines = [ToStop(row.name, visit_day - timedelta(days=window_of(row))) for row in rows if advice(row) == Advice.STOP]
    return sorted(set(lines), key=lambda line: (line.since, line.name))


def which_text(rows: Iterable, decided: Mapping[int, str]) -> TextKind | None:
    """The wording for a patient who takes these medicines; None when no preparing message may go out at all.

    `decided` holds, by the medicine's row, what a practitioner decided for this visit as it stands.
    """
    rows = list(rows)
    kept = [row for row in rows if must_be_decided(row)]
    if not kept:
        stops = any(advice(row) == Advice.STOP for row in rows)
        return TextKind.STOP_OWN_LIST if stops else TextKind.STOP_SELF_BOUGHT
    states = {row.pk: decided.get(row.pk, Decision.WAITING) for row in kept}
    if HOLDS & set(states.values()):
        return None
    waiting = [row for row in kept if states[row.pk] == Decision.WAITING]
    if waiting:
        asked = all(advice(row) == Advice.ASK for row in waiting)
        return TextKind.ASK_MEDICINES if asked and len(waiting) == len(kept) else TextKind.KEEP_TAKING
    return TextKind.AS_AGREED if Decision.PRESCRIBER_AGREED in states.values() else TextKind.KEEP_DECIDED
