"""What the page on how to prepare says of medicines to a patient whose list we know, in place of the general words.

It is behind the birth date, so it names them. As in messages: only what is self-bought is ever left out.
"""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.core import clock
from treatments.reminders import own_list, queries, sources
from treatments.reminders.enums import TextKind


def about_medicines(visit, at: datetime) -> list[str]:
    """Sentences in the active language; none when the general words fit this patient."""
    rows = sources.medicines_taken([visit.patient_id], clock.local(at).date()).get(visit.patient_id, [])
    decided = sources.decisions({visit.pk: visit.starts_at}).get(visit.pk, {})
    kind = own_list.which_text(rows, decided)
    if kind == TextKind.STOP_SELF_BOUGHT:
        return []
    if kind == TextKind.STOP_OWN_LIST:
        return _left_out(own_list.to_stop(rows, clock.local(visit.starts_at).date()))
    if kind == TextKind.AS_AGREED:
        said = _agreed(visit, [row.pk for row in rows if own_list.must_be_decided(row)])
    else:
        said = [_("Keep taking all your medicines as before, also aspirin and blood thinners.")]
    if kind in {TextKind.KEEP_TAKING, TextKind.ASK_MEDICINES}:
        said.append(_("We talk with you about your medicines before your visit. Until then, change nothing."))
    return [*said, _("For pain, paracetamol is fine: follow the packet. Ask us before you take another painkiller.")]


def _left_out(lines) -> list[str]:
    line = _("%(medicine)s, which you bought yourself: none from %(day)s until your visit.")
    return [
        *(line % {"medicine": one.name, "day": date_format(one.since, "l j F")} for one in lines),
        _("No aspirin, ibuprofen or other painkiller in its place. Paracetamol is fine: follow the packet."),
        _("A medicine that a doctor prescribed: keep taking it as your doctor said."),
    ]


def _agreed(visit, medicines: list[int]) -> list[str]:
    said = []
    for row in queries.agreed_pauses(visit.pk, medicines):
        days = " – ".join(date_format(day, "l j F") for day in (row.pause_from, row.pause_until) if day)
        agreed = ", ".join(filter(None, [row.prescriber, days]))
        told = _("%(medicine)s: do exactly as your doctor told you.") % {"medicine": row.medicine.name}
        said.append(f"{told} ({agreed})" if agreed else told)
    return [*said, _("Keep taking all your other medicines as before.")]
