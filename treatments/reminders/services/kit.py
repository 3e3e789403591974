"""What messages are written with, read for all that are sent in one go: reading it for one costs as much."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from treatments.links.services import Known
from treatments.reminders import queries
from treatments.reminders.models import MessageText, Reminder


@dataclass
class Kit:
    """The clinic's texts, each kind read when it is first asked for; and links that stand already, by their keys."""

    links: Known = field(default_factory=dict)
    texts: dict[tuple[str, str], dict[str, MessageText]] = field(default_factory=dict)

    def text_for(self, kind: str, reminder: Reminder, clinic) -> MessageText:
        """The words in the patient's language, or else the clinic's; LookupError when there are none."""
        asked = kind, reminder.channel
        if asked not in self.texts:
            self.texts[asked] = queries.texts_of(*asked)
        return _in_first_of([reminder.patient.language, clinic.language, "en"], self.texts[asked])


def _in_first_of(languages: Iterable[str], texts: dict[str, MessageText]) -> MessageText:
    for language in languages:
        for code in (language, language.partition("-")[0]):
            if code in texts:
                return texts[code]
    raise LookupError("there is no such text")
