"""A patient's history as one value: what is current, what was asked, and what it means for a treatment today."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from patients.history.enums import Effect, MedicineGroup, MedicineSource, Pregnancy, Topic
from patients.registry.enums import Sex

# Conditions that nobody ticks: they follow from the birth date, the pregnancy answer and the medicines. Their
# effect is the vocabulary's; these are the effects where the vocabulary does not say.
DERIVED = {
    "pregnancy": Effect.STOP,
    "breast_feeding": Effect.STOP,
    "under_18": Effect.STOP,
    "over_75": Effect.REASON,
    "anticoagulant": Effect.REASON,
    "antiplatelet": Effect.REASON,
}
# Asked by a card of their own, or known: not offered in the list of conditions.
NOT_OFFERED = {"pregnancy", "breast_feeding", "under_18", "over_75", "allergies", "medicines"}
PREGNANCY_CONDITIONS = {
    Pregnancy.PREGNANT: "pregnancy",
    Pregnancy.TRYING: "pregnancy",
    Pregnancy.RECENT_BIRTH: "pregnancy",
    Pregnancy.BREASTFEEDING: "breast_feeding",
}


class State(TextChoices):
    """Three answers that must never look alike."""

    LISTED = "listed", _("Listed")
    NONE_KNOWN = "none_known", _("None known")
    NOT_ASKED = "not_asked", _("Not asked")


@dataclass(frozen=True)
class Answer:
    """One standing answer to a whole topic: "none known", or a state of pregnancy."""

    pk: int
    topic: str
    state: str
    at: datetime
    by: str

    @property
    def label(self) -> str:
        """A state of pregnancy in words."""
        return Pregnancy(self.state).label


@dataclass(frozen=True)
class TopicState:
    """How a topic stands. `rows` are current; `past` ended, was stopped or was taken back; `answer` says none known."""

    topic: Topic
    state: State
    rows: list
    past: list
    answer: Answer | None

    @property
    def ended(self) -> bool:
        """Whether there was something, and nobody has said since that there is nothing."""
        return self.state == State.NOT_ASKED and any(row.voided_at is None for row in self.past)


@dataclass(frozen=True)
class History:
    """Everything that the history page, the warnings and the checks of a treatment need; fetched once."""

    patient: object
    day: date
    rows: dict[Topic, list]
    answers: list[Answer]
    terms: dict = field(repr=False)

    @cached_property
    def topics(self) -> list[TopicState]:
        return [self._topic(topic) for topic in Topic]

    def current(self, topic: Topic) -> list:
        return [row for row in self.rows[topic] if is_current(row, self.day)]

    def _topic(self, topic: Topic) -> TopicState:
        """The newest standing statement wins: a row that was recorded after "none known" makes it lapse."""
        current = self.current(topic)
        answer = next((answer for answer in self.answers if answer.topic == topic), None)
        standing = [row.recorded_at for row in self.rows[topic] if row.voided_at is None]
        if answer and standing and max(standing) >= answer.at:
            answer = None
        state = State.LISTED if current else State.NONE_KNOWN if answer else State.NOT_ASKED
        past = [row for row in self.rows[topic] if row not in current]
        return TopicState(topic, state, current, past, None if current else answer)

    @cached_property
    def pregnancy(self) -> Answer | None:
        """The newest standing answer, unless it only says that nobody asked."""
        answer = next((answer for answer in self.answers if answer.topic == "pregnancy"), None)
        return None if answer and answer.state == Pregnancy.NOT_ASKED else answer

    @property
    def asks_pregnancy(self) -> bool:
        """Whether an unanswered question about pregnancy is worth a warning."""
        return self.pregnancy is None and self.patient.sex != Sex.MALE

    @cached_property
    def derived_keys(self) -> set[str]:
        """Keys of conditions that follow from age, pregnancy and medicines."""
        keys = {thinner for row in self.current(Topic.MEDICINES) if (thinner := thinner_of(row))}
        if self.patient.age < 18:
            keys.add("under_18")
        if self.patient.age > 75:
            keys.add("over_75")
        if self.pregnancy and self.pregnancy.state in PREGNANCY_CONDITIONS:
            keys.add(PREGNANCY_CONDITIONS[self.pregnancy.state])
        return keys

    @property
    def condition_keys(self) -> set[str]:
        return {row.condition.key for row in self.current(Topic.CONDITIONS)} | self.derived_keys

    @property
    def medicines(self) -> list[tuple]:
        """What is taken today, each row with the substances in it."""
        return [(row, row.substances) for row in self.current(Topic.MEDICINES)]

    def effect(self, key: str) -> Effect:
        """What a derived condition means here: the clinic's word, or ours where its vocabulary has none."""
        return Effect(self.terms[key].effect) if key in self.terms else DERIVED[key]


def is_current(row, day: date) -> bool:
    """Whether a row counts on `day`: not taken back, not over, and no wait running after its end."""
    if row.voided_at:
        return False
    end = getattr(row, "stopped_on", None) or getattr(row, "until", None)
    return end is None or end > day or (hasattr(row, "until") and (wait_until(row) or day) > day)


def wait_until(row) -> date | None:
    """The first day after a condition's wait, counted from its end, else its beginning, else the day it was told."""
    condition = row.condition
    if condition.effect != Effect.WAIT or not condition.wait_days:
        return None
    start = row.until or row.since or clock.local(row.recorded_at).date()
    return start + timedelta(days=condition.wait_days)


def thinner_of(row) -> str:
    """ "anticoagulant", "antiplatelet" (aspirin that was prescribed counts) or ""."""
    groups = {substance.group for substance in row.substances}
    if MedicineGroup.ANTICOAGULANT in groups:
        return "anticoagulant"
    prescribed_aspirin = MedicineGroup.ASPIRIN in groups and row.source == MedicineSource.PRESCRIBED
    return "antiplatelet" if MedicineGroup.ANTIPLATELET in groups or prescribed_aspirin else ""
