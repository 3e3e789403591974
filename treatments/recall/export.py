"""The list of who received it, as a spreadsheet that is written while it is sent."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.fields import format_amount
from treatments.recall import sheets
from treatments.recall.receipts import Receipt, Subject, all_received

COMMA = {"en"}  # elsewhere a comma parts whole from fraction, and spreadsheets expect a semicolon


def lines(subject: Subject, *, zone: ZoneInfo, language: str, detailed: bool) -> Iterator[str]:
    """`detailed` adds where and how much was injected. The request's zone and language are gone by the time a line
    is written, so each chunk is made under its own."""
    delimiter = "," if language.partition("-")[0] in COMMA else ";"
    with translation.override(language):
        head = list(sheets.lines([_head(detailed)], delimiter=delimiter))
    yield sheets.BYTE_ORDER_MARK + head[0]
    for receipts in all_received(subject, clock.now()):
        with timezone.override(zone), translation.override(language):
            rows = [_row(receipt, detailed) for receipt in receipts]
        yield from sheets.lines(rows, delimiter=delimiter)


def _head(detailed: bool) -> list[str]:
    who = [_("Patient number"), _("Family name"), _("Given name"), _("Telephone"), _("E-mail"), _("Prefers")]
    who += [_("May be sent messages"), _("Next visit"), _("Recall")]
    what = [_("Session"), _("Practitioner"), _("State of the session"), _("Formulation"), _("Version"), _("Mixture")]
    return [*who, *what, _("Lots"), *([_("Where"), _("Points"), _("Volume, mL")] if detailed else [])]


def _row(receipt: Receipt, detailed: bool) -> list:
    patient, session, preparation = receipt.patient, receipt.session, receipt.preparation
    who = [patient.number, patient.family_name, patient.given_name, patient.phone, patient.email]
    who += [patient.get_channel_display(), _("yes") if patient.may_message else _("no"), _moment(receipt.next_visit)]
    who += [receipt.entry.get_status_display() if receipt.entry else ""]
    what = [_moment(session.started_at), session.practitioner.full_name, session.get_status_display()]
    what += [preparation.version.formulation.name, preparation.version.number, preparation.number]
    how_much = [", ".join(receipt.places), receipt.points, format_amount(receipt.volume_ml)]
    return [*who, *what, " ".join(receipt.lots), *(how_much if detailed else [])]


def _moment(at) -> str:
    return f"{clock.local(at):%Y-%m-%d %H:%M}" if at else ""
