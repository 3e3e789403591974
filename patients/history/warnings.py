"""What a patient's history asks of whoever treats them: stop, reason, wait and note, strongest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from patients.history.enums import Effect, MedicineSource, Severity, Topic
from patients.history.record import History, State, thinner_of, wait_until

ORDER = list(Effect)
WORST_FIRST = [Severity.SEVERE, Severity.UNKNOWN, Severity.MODERATE, Severity.MILD]
LOOKS = {
    Effect.STOP: ("stop", "exclamation-octagon-fill"),
    Effect.REASON: ("reason", "exclamation-triangle-fill"),
    Effect.WAIT: ("reason", "hourglass-split"),
    Effect.NOTE: ("note", "info-circle-fill"),
}


@dataclass(frozen=True)
class ClinicalWarning:
    """One thing to heed. `text` fits a tag, `detail` explains; `source` names what it comes from ("allergy:12")."""

    level: Effect
    text: str
    detail: str
    source: str

    @property
    def tone(self) -> str:
        return LOOKS[self.level][0]

    @property
    def icon(self) -> str:
        return LOOKS[self.level][1]


def warnings_of(history: History) -> list[ClinicalWarning]:
    """All warnings of today, in the order stop, reason, wait, note; allergies first within each."""
    found = [*_allergies(history), *_people(history), *_conditions(history), *_medicines(history), *_unasked(history)]
    return sorted(found, key=lambda warning: ORDER.index(warning.level))


def none_known(history: History) -> str:
    """The topics of which the patient said that there is nothing."""
    topics = [str(state.topic.label).lower() for state in history.topics if state.state == State.NONE_KNOWN]
    return _("None known: %(topics)s") % {"topics": ", ".join(topics)} if topics else ""


def _allergies(history: History) -> Iterator[ClinicalWarning]:
    for row in sorted(history.current(Topic.ALLERGIES), key=lambda row: WORST_FIRST.index(row.severity)):
        how = Severity(row.severity)
        text = _("Allergy: %(what)s") % {"what": row.name}
        if how != Severity.UNKNOWN:
            text = _("Allergy: %(what)s (%(severity)s)") % {"what": row.name, "severity": how.label.lower()}
        lesser = row.allergen and how in {Severity.MILD, Severity.MODERATE}
        unmatched = "" if row.allergen else _("In the patient's words: recipes cannot be checked for it.")
        yield ClinicalWarning(
            Effect.NOTE if lesser else Effect.REASON,
            text,
            " ".join(filter(None, [row.reaction, unmatched, row.note])),
            f"allergy:{row.pk}",
        )


def _people(history: History) -> Iterator[ClinicalWarning]:
    """Age and pregnancy."""
    names = {"under_18": _("Under 18"), "over_75": _("Over 75")}
    for key in sorted(history.derived_keys & set(names)):
        yield ClinicalWarning(history.effect(key), names[key], _("From the birth date."), f"age:{key}")
    answer = history.pregnancy
    if answer and (keys := history.derived_keys & {"pregnancy", "breast_feeding"}):
        detail = _("Answered on %(day)s.") % {"day": day_of(answer.at)}
        yield ClinicalWarning(history.effect(keys.pop()), answer.label, detail, f"pregnancy:{answer.pk}")


def _conditions(history: History) -> Iterator[ClinicalWarning]:
    for row in history.current(Topic.CONDITIONS):
        level, text, detail = Effect(row.condition.effect), row.name, row.note
        if end := wait_until(row):
            over = end <= history.day
            level = Effect.NOTE if over else Effect.WAIT
            said = _("The wait ended on %(day)s.") if over else _("Wait until %(day)s.")
            detail = f"{said % {'day': day_of(end)}} {detail}".strip()
        elif level == Effect.WAIT:
            detail = f"{_('Wait until it is over.')} {detail}".strip()
        yield ClinicalWarning(level, text, detail, f"condition:{row.pk}")


def _medicines(history: History) -> Iterator[ClinicalWarning]:
    for row in history.rows[Topic.MEDICINES]:
        if row.voided_at:
            continue
        if row.stopped_on and row.stopped_on <= history.day:
            yield from _lately_stopped(history, row)
            continue
        substances, name, thinner = row.substances, row.name, thinner_of(row)
        if not substances:
            yield ClinicalWarning(
                Effect.REASON,
                _("Medicine not matched: %(name)s") % {"name": name},
                _("Nobody has found out what it is. Look at the packet."),
                f"medicine:{row.pk}",
            )
        elif thinner:
            level = min(Effect.REASON, history.effect(thinner), key=ORDER.index)
            detail = _("Raises the risk of bleeding. Never tell the patient to stop it: the prescriber decides.")
            yield ClinicalWarning(level, name, detail, f"medicine:{row.pk}")
        elif any(substance.bleeding_risk for substance in substances):
            yield ClinicalWarning(Effect.REASON, name, _bleeding(row, substances), f"medicine:{row.pk}")


def _bleeding(row, substances) -> str:
    sentences = [_("Raises the risk of bleeding.")]
    days = max((substance.stop_days or 0 for substance in substances), default=0)
    if row.source != MedicineSource.SELF_BOUGHT:
        sentences.append(_("It may be prescribed: never tell the patient to stop it without the prescriber."))
    elif days:
        rule = ngettext("House rule: not for %(days)d day before.", "House rule: not for %(days)d days before.", days)
        sentences.append(rule % {"days": days})
    if row.unsure:
        sentences.append(row.product.ask)
    return " ".join(sentences)


def _lately_stopped(history: History, row) -> Iterator[ClinicalWarning]:
    """A painkiller works on after the last one was taken."""
    days = max((s.stop_days or 0 for s in row.substances if s.bleeding_risk), default=0)
    end = row.stopped_on + timedelta(days=days)
    if end > history.day:
        text = _("%(name)s, stopped on %(day)s") % {"name": row.name, "day": day_of(row.stopped_on)}
        detail = _("House rule: nothing before %(day)s.") % {"day": day_of(end)}
        yield ClinicalWarning(Effect.NOTE, text, detail, f"medicine:{row.pk}")


def _unasked(history: History) -> Iterator[ClinicalWarning]:
    missing = [state.topic.label for state in history.topics if state.state == State.NOT_ASKED]
    if history.asks_pregnancy:
        missing.append(_("Pregnancy"))
    if missing:
        topics = ", ".join(str(topic).lower() for topic in missing)
        text = _("Not asked: %(topics)s") % {"topics": topics}
        yield ClinicalWarning(Effect.REASON, text, _("Ask before the treatment."), "not_asked")


def day_of(when) -> str:
    """A day as "3 March 2026", in the clinic's zone."""
    return date_format(clock.local(when).date() if hasattr(when, "tzinfo") else when)
