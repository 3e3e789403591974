"""The words of a recall to patients: what may be filled in, and the words that a case begins with.

Subject lines and text messages are seen by others: they ask to call, and never say what was injected.
"""

import re
import tomllib
from datetime import date
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from clinic.core.text import fold
from treatments.reminders.texts import day_in_words

DEFAULTS = Path(__file__).parent / "data" / "texts.toml"

# What a subject line may hold; a text message can hold the name as well, and an e-mail also what patients are told
SUBJECT_PLACEHOLDERS = {
    "clinic": _("the clinic's name"),
    "phone": _("the clinic's telephone"),
    "date": _("the day of the visit at which they received it, for example Tuesday 3 March"),
}
SMS_PLACEHOLDERS = SUBJECT_PLACEHOLDERS | {"name": _("the patient's given name")}
PLACEHOLDERS = SMS_PLACEHOLDERS | {"tell": _("what patients are told, as it stands in the recall")}

# Beginnings of words that tell of a treatment, folded, in the languages of the house
_TELLING = re.compile(
    r"\b(inject|inyec|injekt|spritz|mesother|mesoter|treatment|tratamient|traitement|behandl|medicin|medicament"
    r"|medikament|ampoule|ampolla|ampulle|vial|infect|infekt|allerg|alerg|sterile|steril|hormon|antibiot|vitamin)\w*"
)


def values_for(*, clinic, name: str, day: date | None, tell: str, language: str) -> dict[str, str]:
    return {
        "clinic": clinic.name,
        "phone": clinic.phone,
        "name": name,
        "date": day_in_words(day, language) if day else "…",
        "tell": tell,
    }


def sample_values(clinic) -> dict[str, str]:
    """Values as long as they usually get, to measure a text."""
    return values_for(clinic=clinic, name="Alexandra", day=date(2026, 9, 30), tell="", language="en")


def telling_words(text: str, *, names: set[str], harmless: tuple[str, ...] = ()) -> list[str]:
    """Words that say what was injected, or that something was. `harmless` is left out first: the clinic's name."""
    for words in harmless:
        text = text.replace(words, " ")
    folded = f" {fold(text)} "
    found = [name for name in names if f" {name} " in folded]
    return sorted({*found, *(match[0] for match in _TELLING.finditer(folded))})


def default_texts(language: str):
    """(language, channel, subject, body) of the words that a case begins with.

    What patients are told is written in the clinic's `language`, so only the e-mail in that language holds it.
    """
    with DEFAULTS.open("rb") as file:
        for row in tomllib.load(file)["text"]:
            body = row["body"].strip()
            if row["language"] != language.partition("-")[0]:
                body = body.replace("{tell}\n\n", "")
            yield row["language"], row["channel"], row.get("subject", ""), body
