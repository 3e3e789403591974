"""Reads the GS1 code on a box, as a scanner that plays the keyboard types it or as it is printed under the code."""

import re
from dataclasses import dataclass
from datetime import date

import biip
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message
from django.utils.translation import gettext as _

LONGEST = 200
SEPARATOR = "\x1d"
# How scanners and their drivers spell FNC1; none of these signs may stand in a lot number
_SEPARATORS = re.compile(r"\x1d|␝|<GS>|\{GS\}|\[GS\]|[|~^#]", re.IGNORECASE)
_PRINTED = re.compile(r"\s*(\(\d{2,4}\))\s*")
# Without separators: a lot or serial number before the expiry ends where the expiry begins
_UNSEPARATED = re.compile(
    r"(?P<before>(?:\][A-Za-z]\d)?01\d{14}(?:10|21).{1,20}?)(?P<after>17\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]).*)"
)
_GTIN_DIGITS = {8, 12, 13, 14}


class Unreadable(ValueError):
    """What was scanned is no code of a product; says why in one sentence."""


@dataclass(frozen=True)
class BoxCode:
    gtin: str = ""
    lot: str = ""
    expires_on: date | None = None


def read_code(typed: str) -> BoxCode:
    """The product (GTIN, 14 digits), lot and expiry of a GS1 DataMatrix, GS1-128, QR or EAN code; or Unreadable.

    An expiry without a day is the last of its month. Where a scanner leaves out the separators, what follows the lot
    number cannot always be told from it: people compare it with the box.
    """
    text = _SEPARATORS.sub(SEPARATOR, typed.strip()).strip(SEPARATOR)
    if not text or len(text) > LONGEST:
        raise Unreadable(_("This is no code of a product."))
    try:
        if _PRINTED.match(text):
            return _code_of(GS1Message.parse_hri(_PRINTED.sub(r"\1", text)).element_strings)
        if SEPARATOR not in text and (parts := _UNSEPARATED.fullmatch(text)):
            text = f"{parts['before']}{SEPARATOR}{parts['after']}"
        found = biip.parse(text)
    except (biip.ParseError, IndexError) as error:  # biip 5.2 stumbles over a lone "]"
        raise Unreadable(_broken()) from error
    message = found.gs1_message or found.gs1_digital_link_uri
    if found.gtin and (not message or text.isdecimal() and len(text) in _GTIN_DIGITS):
        return BoxCode(gtin=found.gtin.as_gtin_14())
    if not message:
        raise Unreadable(_broken())
    return _code_of(message.element_strings)


def _code_of(elements: list[GS1ElementString]) -> BoxCode:
    parts = {part.ai.ai: part for part in elements}
    product, lot, expiry = parts.get("01"), parts.get("10"), parts.get("17") or parts.get("7003")
    if product and not product.gtin:
        raise Unreadable(_("The product's number in this code has a wrong digit: scan it again."))
    if not (product or lot or expiry):
        raise Unreadable(_("This code names no product, lot or expiry."))
    return BoxCode(
        gtin=product.gtin.as_gtin_14() if product else "",
        lot=lot.value if lot else "",
        expires_on=expiry.date if expiry else None,
    )


def _broken() -> str:
    return _("This code cannot be read. Scan it again, or fill in the fields by hand.")
