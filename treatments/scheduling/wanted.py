"""The next visits that practitioners asked for when they closed a session, and that nobody has booked yet."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.db.models import Max
from django.urls import reverse

from clinic.core import clock
from patients.registry.models import Patient
from treatments.charting.models import CloseOut
from treatments.charting.past import visits_wanted
from treatments.scheduling.enums import LIVE
from treatments.scheduling.models import Appointment

MOST = 30


@dataclass(frozen=True)
class Wanted:
    """Nothing clinical: who, with whom, from which of the clinic's days on."""

    patient: Patient
    practitioner: object
    from_day: date

    @property
    def booking(self) -> str:
        """The booking page with what is known."""
        start = max(self.from_day, clock.today()).isoformat()
        wish = {"patient": self.patient.pk, "practitioner": self.practitioner.pk, "start": start}
        return f"{reverse('scheduling:book')}?{urlencode(wish)}"


def visits_to_book() -> list[Wanted]:
    """The earliest first, without what has come about or is booked. Two queries, however many there are."""
    rows = visits_wanted()
    visits = _last_visits(rows)
    open_rows = [row for row in rows if not _is_met(row, visits[row.session.patient_id])]
    return [Wanted(row.session.patient, row.session.practitioner, row.next_from) for row in open_rows[:MOST]]


def _last_visits(rows: list[CloseOut]) -> dict[int, dict[int, datetime]]:
    """When each of the patients comes, or came, to each practitioner last; the closed sessions' own visits apart."""
    visits = Appointment.objects.filter(patient__in={row.session.patient_id for row in rows}, status__in=LIVE)
    others = visits.exclude(session__in=[row.session_id for row in rows]).order_by()
    found = defaultdict(dict)
    for patient, practitioner, last in others.values_list("patient", "practitioner").annotate(Max("starts_at")):
        found[patient][practitioner] = last
    return found


def _is_met(row: CloseOut, visits: dict[int, datetime]) -> bool:
    """Whether a visit since then is what was asked for: with the same practitioner, or with any from that day on."""
    return any(
        starts_at > row.closed_at
        and (practitioner == row.session.practitioner_id or clock.local(starts_at).date() >= row.next_from)
        for practitioner, starts_at in visits.items()
    )
