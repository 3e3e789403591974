"""What the charting page hands to its script: the draft, what may be chosen, and the words it speaks."""

from base64 import b64encode
from dataclasses import replace
from fractions import Fraction

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clinic.core import clock
from clinic.core.fields import format_amount
from clinic.staff.models import User
from treatments.catalogue.enums import Side
from treatments.catalogue.models import Area, FormulationVersion, Technique
from treatments.catalogue.strength import Strength, strengths
from treatments.charting.diagrams import MARKS, drawings
from treatments.charting.draft import Problem
from treatments.charting.earlier import earlier_data
from treatments.charting.models import SessionDraft, TreatmentSession
from treatments.charting.queries import Offer
from treatments.charting.rules import side_suffix, sides_of, units_per_ml, version_refusal
from treatments.stock.queries import LotOffer


def page_data(draft: SessionDraft, offer: Offer, earlier: list[TreatmentSession]) -> dict:
    return {
        "version": draft.version,
        "content": draft.content,
        "savedAt": wall_time(draft.saved_at) if draft.version else "",
        "saveUrl": reverse("charting:save", args=[draft.pk]),
        "labelsUrl": reverse("charting:labels", args=[draft.pk]),
        "lineUrl": reverse("charting:line", args=[draft.pk]),
        "presentUrl": reverse("charting:present", args=[draft.pk]),
        "session": draft.pk,
        "now": clock.now().isoformat(timespec="seconds"),
        "versions": [_version(version, offer) for version in [*offer.versions, *offer.others]],
        "lots": {ingredient: [_lot(lot) for lot in lots] for ingredient, lots in offer.lots.items()},
        "areas": {area.key: _area(area) for area in offer.areas},
        "techniques": {technique.key: _technique(technique) for technique in offer.techniques},
        "sides": dict(Side.choices) | {Side.NONE: ""},
        "marks": MARKS,
        "earlier": earlier_data(earlier, clock.local(clock.now()).date()),
        "drawings": {drawing.key: drawing.size_mm for drawing in drawings()},
        "words": words(),
    }


def author_data(session_id: int, author: User) -> dict:
    """What the author's page needs to lose nothing.

    `keep`: under which name and with which key the browser keeps what could not be saved yet. The key is made from
    the secret key, so that only the server can give it, and only to the author of the draft. `signIn`: where the page
    asks for the password when the session has ended.
    """
    draft = f"{author.pk}:{session_id}"
    return {
        "keep": {
            "name": salted_hmac("charting.keep.name", draft, algorithm="sha256").hexdigest()[:32],
            "key": b64encode(salted_hmac("charting.keep.key", draft, algorithm="sha256").digest()).decode(),
        },
        "signIn": {"url": reverse(settings.LOGIN_URL), "email": author.email},
    }


def wall_time(instant) -> str:
    """The clinic's wall clock, as in "saved 10:42"."""
    return time_format(clock.local(instant), "H:i")


def _version(version: FormulationVersion, offer: Offer) -> dict:
    return {
        "id": version.pk,
        "name": version_name(version),
        "lines": [_line(strength) for strength in strengths(version.lines.all(), version.total_volume_ml)],
        "refusal": "" if version in offer.versions else version_refusal(version, offer.successors),
        "successor": getattr(offer.successors.get(version.pk), "number", None),
    }


def _line(strength: Strength) -> dict:
    """A component for the script: fractions as [numerator, denominator]."""
    ingredient = strength.ingredient
    concentration = strength.line.concentration
    return {
        "id": strength.line.pk,
        "ingredient": ingredient.name,
        "ingredientId": ingredient.pk,
        "unit": str(ingredient.get_unit_display()) if strength.final is not None else "mL",
        "perMl": _ratio(units_per_ml(strength)),
        "share": _ratio(strength.share),
        "strength": None if concentration is None else _ratio(Fraction(concentration)),
    }


def _ratio(value: Fraction) -> list[str]:
    return [str(part) for part in value.as_integer_ratio()]


def _lot(offer: LotOffer) -> dict:
    return {"id": offer.lot.pk, "number": offer.lot.number, "label": lot_label(offer.lot), **lot_state(offer)}


def lot_state(offer: LotOffer) -> dict:
    """What may change of a lot while somebody charts: what is left, and why it cannot be used."""
    balance = offer.balance_ml
    return {
        "left": format_amount(balance),
        "thousandths": None if balance is None else str(int(balance * 1000)),
        "isOpen": offer.is_open,
        "whyNot": offer.why_not,
    }


def offer_text(offer: LotOffer) -> str:
    """A lot in a list of choices: why it cannot be used, or until when it can and what is left."""
    if offer.why_not:
        return offer.why_not
    left = _("%(volume)s mL left") % {"volume": format_amount(offer.balance_ml)} if offer.balance_ml is not None else ""
    return " · ".join(filter(None, [lot_label(offer.lot), _("open vial") if offer.is_open else "", left]))


def version_name(version: FormulationVersion) -> str:
    return _("%(name)s, version %(number)d") % {"name": version.formulation.name, "number": version.number}


def lot_label(lot) -> str:
    return _("%(number)s, until %(day)s") % {"number": lot.number, "day": date_format(lot.expires_on, "j M Y")}


def _area(area: Area) -> dict:
    return {
        "name": area.name,
        "sides": sides_of(area),
        "diagrams": area.diagrams,
        "treatable": area.treatable,
    }


def _technique(technique: Technique) -> dict:
    return {
        "name": technique.name,
        "needle": technique.needle,
        "depthMin": format_amount(technique.depth_min_mm),
        "depthMax": format_amount(technique.depth_max_mm),
        "spacingMax": format_amount(technique.spacing_max_mm),
    }


FIELDS = {"depth_mm": _lazy("depth"), "volume_ml": _lazy("volume"), "count": _lazy("points")}


def named(problems: list[Problem], content: dict, areas: dict[str, str]) -> list[Problem]:
    """The problems with their subjects: the area and side of the points or the number of the syringe, and the field."""
    subjects = {
        f"injections.{group.get('id', '')}": areas.get(group.get("area", ""), "") + side_suffix(group.get("side", ""))
        for group in content.get("injections", [])
    }
    for number, syringe in enumerate(content.get("preparations", []), 1):
        subjects[f"preparations.{syringe.get('id', '')}"] = _("Syringe %d") % number
    return [replace(problem, subject=_subject(problem.path, subjects)) for problem in problems]


def _subject(path: str, subjects: dict[str, str]) -> str:
    entry, _dot, name = path.rpartition(".")
    known = subjects.get(path) or subjects.get(entry) or subjects.get(entry.rpartition(".")[0], "")
    return ", ".join(filter(None, [known, str(FIELDS.get(name, ""))]))


def words() -> dict[str, str]:
    return {
        "outside": _("Outside the areas: nothing was placed."),
        "notHere": _("%(area)s cannot be charted on this drawing."),
        "notTreated": _("%(area)s must not be treated: nothing was placed."),
        "needSyringe": _("First choose what is in the syringe."),
        "needTechnique": _("First choose the technique."),
        "needDepth": _("First write the depth in mm."),
        "needVolume": _("First write the volume of a point in mL."),
        "needArea": _("Choose the area."),
        "needSide": _("Choose the side."),
        "photoSending": _("The photo is being added…"),
        "photoOffline": _("No connection: the photo was not added. Nothing else is lost. Try again when it is back."),
        "photoRefused": _("The photo was not added: the server did not take it. Save the session again, then try."),
        "photoNumber": _("Photo %(number)s"),
        "photoPlace": _("Choose the area, then tap the photo where a point was put."),
        "photoHasPoints": _("%(points)s on this photo: remove the points first."),
        "photoRemove": _("This cannot be undone: tap again to remove the photo."),
        "photoOutside": _("Outside the photo: nothing was placed."),
        "needCount": _("Write the number of points, from 1 to 2000."),
        "needVersion": _("Choose a recipe."),
        "amountInvalid": _("Write the amount in digits, for example 0.5."),
        "amountAmbiguous": _("This could mean two amounts. Write it without a thousands mark."),
        "amountPositive": _("The amount must be more than zero."),
        "amountMax": _("The amount is too large."),
        "amountPlaces": _("Too many digits after the separator."),
        "deeper": _("%(depth)s mm is deeper than usual for %(technique)s (up to %(limit)s mm)."),
        "shallower": _("%(depth)s mm is shallower than usual for %(technique)s (from %(limit)s mm)."),
        "points": _("%(count)s points"),
        "point": _("1 point"),
        "selected": _("Point selected: %(area)s. Drag it, move it with the arrow keys, or delete it."),
        "drawArea": _("Draw around the area in one go, or tap its corners."),
        "closeArea": _("Tap the first corner again to close the area."),
        "gridSoon": _("A grid of points is laid inside the area you draw."),
        "gridLaid": _("Change the spacing, or go on: single points can be moved and deleted."),
        "gridDone": _("%(points)s, about %(spacing)s mm apart."),
        "gridSkipped": _("%(count)s lie outside the areas and were left out."),
        "gridEmpty": _("No point of the grid lies in an area. Draw it larger, or make the spacing smaller."),
        "gridTooFine": _("That would be too many points. Make the spacing larger."),
        "copiedFrom": _("Copied from the session of %(day)s. Choose the lots anew."),
        "photosNotCopied": _("Points on photos are not copied."),
        "notCopied": _("No longer there: %(areas)s."),
        "asThen": _("as then"),
        "notThen": _("not then"),
        "wasThen": _("then %(points)s of %(volume)s mL, %(depth)s mm"),
        "lineOffline": _("No connection: the line cannot be read now. Points can be put on the drawing."),
        "lineRefused": _("The server did not read the line. Save the session again, then try once more."),
        "mirrored": _("%(points)s put on the other side."),
        "mirroredNone": _("Nothing to put on the other side: it is there already."),
        "lastHere": _("last here %(ago)s"),
        "lastTogether": _("Last %(count)s sessions together"),
        "byCount": _("by count"),
        "grid": _("grid of %(spacing)s mm"),
        "unread": _("Check the amounts"),
        "left": _("%(volume)s mL left"),
        "over": _("%(volume)s mL more than was drawn up"),
        "filled": _("%(volume)s mL in the syringe"),
        "notDrawn": _("This is no amount for a syringe."),
        "without": _("without %(ingredient)s"),
        "changed": _("%(ingredient)s %(drawn)s mL instead of %(recipe)s mL"),
        "lotHolds": _("lot holds %(volume)s mL"),
        "openVial": _("open vial"),
        "lacks": _("Lot %(number)s holds %(left)s mL, and %(wanted)s mL are needed."),
        "noneHolds": _("No lot on the shelf holds %(wanted)s mL."),
        "needReason": _("Say why it was varied."),
        "unknownSyringe": _("No syringe"),
        "unknownArea": _("No area"),
        "chooseLot": _("Choose the lot"),
        "noLots": _("No usable lot"),
        "needLot": _("Choose the lot."),
        "drawnOf": _("%(ingredient)s, drawn up"),
        "succeed": _("Use version %(number)s instead"),
        "lots": _("Lots: %(numbers)s"),
        "lotMissing": _("not chosen"),
        "varied": _("varied"),
        "saved": _("Saved %(time)s"),
        "saving": _("Saving…"),
        "unsaved": _("Not saved yet"),
        "notSaved": _("Not saved: %(reason)s"),
        "signedOut": _("you are signed out. Everything is kept: type your password on this page."),
        "offline": _("no connection. Everything is kept on this device, and saving is tried again."),
        "elsewhere": _("this session was changed in another window."),
        "gone": _("this session is no longer an open draft of yours."),
        "refused": _("the server did not take it. Your text is kept on this page."),
    }
