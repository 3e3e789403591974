"""The words to patients: what may be filled in, how long a text message gets, and the words we begin with.

Subject lines and text messages are seen by others: they never name a medicine or a treatment.
"""

import re
import tomllib
from datetime import date, datetime, time
from functools import lru_cache
from pathlib import Path

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from treatments.links.services import sample_link

DEFAULTS = Path(__file__).parent / "data" / "texts"  # a file per language

PLACEHOLDERS = {
    "clinic": _("the clinic's name"),
    "phone": _("the clinic's telephone"),
    "name": _("the patient's given name"),
    "date": _("the day of the visit, for example Tuesday 3 March"),
    "time": _("the time of the visit, for example 10:00"),
    "since": _("the day from which to prepare, for example Tuesday 24 February"),
    "medicines": _("what the patient told us they take, each with the day from which to avoid it"),
    "agreed": _("to what the prescriber agreed: who, from when to when"),
    "emergency": _("the emergency number"),
    "link": _("the page that belongs to the text, such as how to prepare, or empty; it asks for the date of birth"),
    "unsubscribe": _("the page on which the patient stops messages of this kind"),
}
_MARK = re.compile(r"\{([^{}]*)\}")
# In words that are read from right to left: a line that begins with the clinic's name is one of them all the same, and
# the groups of a telephone number keep their order
_FROM_RIGHT, _FROM_LEFT = "\u200f", "\u200e"
_DAY = {"en": "l j F", "es": r"l j \d\e F", "fr": "l j F", "de": "l, j. F"}


def unknown_marks(text: str, known=PLACEHOLDERS) -> list[str]:
    """What stands in braces and is none of the `known` placeholders, and braces that stand alone."""
    unknown = [f"{{{name}}}" for name in _MARK.findall(text) if name not in known]
    return unknown + re.findall(r"[{}]", _MARK.sub("", text))


def fill(text: str, values: dict[str, str]) -> str:
    """Puts the values in; what a value contains is never read as a placeholder."""
    return _MARK.sub(lambda mark: values.get(mark[1], mark[0]), text)


def values_for(
    *,
    clinic,
    name: str,
    starts_at: datetime,
    since: date,
    language: str,
    today: date | None = None,
    to_stop=(),
    agreed=(),
) -> dict[str, str]:
    """`to_stop`: lines of the patient's own list; `agreed`: decisions of pauses, if they may be named."""
    visit = clock.local(starts_at)
    from_right = get_language_info(language)["bidi"]
    return {
        "clinic": f"{_FROM_RIGHT}{clinic.name}" if from_right else clinic.name,
        "phone": f"{_FROM_LEFT}{clinic.phone}" if from_right else clinic.phone,
        "name": name,
        "date": day_in_words(visit.date(), language),
        "time": f"{visit:%H:%M}",
        "since": day_in_words(since, language),
        "medicines": "\n".join(
            f"- {line.name}: {day_in_words(max(line.since, today or line.since), language)}" for line in to_stop
        ),
        "agreed": "; ".join(_agreement(decision, language) for decision in agreed if decision.prescriber),
        "emergency": clinic.emergency_number,
    }


def _agreement(decision, language: str) -> str:
    """Which medicine is paused, who agreed, from when to when."""
    days = [day_in_words(day, language) for day in (decision.pause_from, decision.pause_until) if day]
    return f"{decision.medicine.name}: {', '.join([decision.prescriber, *([' – '.join(days)] if days else [])])}"


def sample_values(clinic, language: str) -> dict[str, str]:
    """Values as long as they usually get, to show and measure a text."""
    noon = clock.instant(date(2026, 9, 30), time(12, 30))
    values = values_for(clinic=clinic, name="Alexandra", starts_at=noon, since=date(2026, 9, 23), language=language)
    return values | {"link": sample_link(), "unsubscribe": sample_link()}


@lru_cache(maxsize=1000)
def day_in_words(day: date, language: str) -> str:
    """As people say it: Tuesday 3 March, martes 3 de marzo, mardi 3 mars, Dienstag, 3. März."""
    with translation.override(language):
        return date_format(day, _DAY.get(language.partition("-")[0], "l j F"))


# The alphabet of text messages (GSM 03.38): 7 bits a character; those of the second row take two
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€\f")


def not_in_gsm(text: str) -> list[str]:
    """The characters, each once, that make a text message UCS-2: 70 characters fit one then, and not 160."""
    return [c for c in dict.fromkeys(text) if c not in _GSM and c not in _GSM_DOUBLE]


def sms_parts(text: str) -> int:
    """How many text messages a phone company counts for the rendered text."""
    if not not_in_gsm(text):
        return _parts([2 if c in _GSM_DOUBLE else 1 for c in text], alone=160, joined=153)
    return _parts([len(c.encode("utf-16-be")) // 2 for c in text], alone=70, joined=67)


def _parts(widths: list[int], *, alone: int, joined: int) -> int:
    """Characters are not torn apart: one that does not fit begins the next part."""
    if sum(widths) <= alone:
        return 1 if widths else 0
    parts, room = 1, joined
    for width in widths:
        if width > room:
            parts, room = parts + 1, joined
        room -= width
    return parts


def default_texts():
    """(kind, language, channel, subject, body) of every text that a new clinic begins with."""
    for path in sorted(DEFAULTS.glob("*.toml")):
        for row in tomllib.loads(path.read_text(encoding="utf-8"))["text"]:
            yield row["kind"], path.stem, row["channel"], row.get("subject", ""), row["body"]
