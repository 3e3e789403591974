"""What was used and seen in a session, besides the injections: the structured part of the note.

As typed in a draft, and as recorded with a signed session (`TreatmentSession.findings`; what was not said is left out):

    device        how the needle was led: "hand", "gun", "pen"
    anaesthesia   "none", "cream", "cold", "mixture" (in what was injected), "other"
    erythema, oedema, bruising    how much, 0 to 3: the visible endpoint, before the patient leaves
    pain          as the patient says, 0 (none) to 10 (the worst imaginable): the numeric rating scale
    tolerance     "good", "fair", "poor"
    reaction      "none" or "seen": said of every session, also when there was none
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

NONE, SEEN = "none", "seen"
GRADES = {"0": _("none"), "1": _("slight"), "2": _("moderate"), "3": _("strong")}
PAIN = {str(number): str(number) for number in range(11)}
CHOICES = {
    "device": {"hand": _("by hand, syringe"), "gun": _("injector gun"), "pen": _("needle pen")},
    "anaesthesia": {
        "none": _("none"),
        "cream": _("numbing cream"),
        "cold": _("cold"),
        "mixture": _("in the mixture"),
        "other": _("other"),
    },
    "erythema": GRADES,
    "oedema": GRADES,
    "bruising": GRADES,
    "pain": PAIN,
    "tolerance": {"good": _("good"), "fair": _("fair"), "poor": _("poor")},
    "reaction": {NONE: _("none"), SEEN: _("seen: described below")},
}
LABELS = {
    "device": _("Device"),
    "anaesthesia": _("Anaesthesia"),
    "erythema": _("Redness (erythema)"),
    "oedema": _("Swelling (oedema)"),
    "bruising": _("Bruising"),
    "pain": _("Pain, 0 to 10"),
    "tolerance": _("Tolerance"),
    "reaction": _("Immediate reactions"),
}
NUMBERS = {"erythema", "oedema", "bruising", "pain"}


def fits(value) -> bool:
    """Whether a draft may keep this: known names, each with a short text."""
    return isinstance(value, dict) and all(
        name in CHOICES and isinstance(typed, str) and len(typed) <= 20 and "\0" not in typed
        for name, typed in value.items()
    )


def read(typed: dict[str, str]) -> tuple[dict, list[str]]:
    """What can be read of the findings of a draft, and the names of those that cannot."""
    said = {name: text for name, text in typed.items() if text}
    wrong = [name for name, text in said.items() if text not in CHOICES[name]]
    found = {name: int(text) if name in NUMBERS else text for name, text in said.items() if name not in wrong}
    return {name: found[name] for name in CHOICES if name in found}, wrong


def in_words(findings: dict) -> Iterator[tuple[str, str]]:
    """Label and value of everything that was said, in the order of the page."""
    for name, choices in CHOICES.items():
        if name in findings:
            value = choices.get(str(findings[name]), findings[name])
            yield LABELS[name], _now("%(number)s of 10") % {"number": value} if name == "pain" else value
