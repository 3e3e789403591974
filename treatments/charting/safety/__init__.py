"""The safety rules, asked in the same words at booking, drawing up, charting and signing."""

import hashlib
import json
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from patients.history.enums import Effect
from treatments.charting.draft import Chart, Problem, Syringe, read_chart
from treatments.charting.models import TreatmentSession
from treatments.charting.queries import Reference, reference_of
from treatments.charting.safety import checks, doses
from treatments.charting.safety.case import Answer, Case, path_of
from treatments.charting.safety.facts import Facts, facts_for

ORDER = list(Effect)
CHECKS = {
    "version": checks.version,
    "lot": checks.lot,
    "allergen": checks.allergen,
    "allergy_in_words": checks.allergy_in_words,
    "allergy_material": checks.allergy_material,
    "condition": checks.condition,
    "pregnancy": checks.pregnancy,
    "ingredient_condition": checks.ingredient_condition,
    "not_asked": checks.not_asked,
    "medicine": checks.medicine,
    "bleeding": checks.bleeding,
    "interval_ingredient": checks.interval_ingredient,
    "interval_area": checks.interval_area,
    "dose_session": doses.dose_session,
    "dose_area": doses.dose_area,
    "dose_point": doses.dose_point,
    "dose_drawn": doses.dose_drawn,
    "volume_session": doses.volume_session,
    "volume_area": doses.volume_area,
    "volume_point": doses.volume_point,
    "technique_volume": doses.technique_volume,
    "technique_depth": doses.technique_depth,
    "licensed": checks.licensed,
    "suitable": checks.suitable,
    "ingredient": checks.ingredient,
    "mixing": checks.mixing,
    "consultation": checks.consultation,
}


def answers_for_chart(chart: Chart, reference: Reference, session: TreatmentSession) -> list[Answer]:
    """Everything that the rules say of a session as it is charted, the strongest first."""
    facts = facts_for(chart, reference, patient=session.patient, at=session.started_at, session_id=session.pk)
    return asked(Case(chart, facts))


def answers_for_draft(content: dict, session: TreatmentSession) -> list[Answer]:
    """The same of a draft, whatever of it can be read yet."""
    chart = readable(content)
    return answers_for_chart(chart, reference_of(chart), session)


def answers_for_recipe(content: dict, session: TreatmentSession, version_id: int) -> list[Answer]:
    """What would be said of one more syringe of this recipe in a draft, before it is added."""
    chart, more = readable(content), blank_syringe("more", version_id)
    chart = Chart(**(vars(chart) | {"preparations": (*chart.preparations, more)}))
    answers = answers_for_chart(chart, reference_of(chart), session)
    return [answer for answer in answers if path_of(more) in answer.marks]


def answers_for_booking(patient, at: datetime, areas=None, version=None, session_id: int | None = None) -> list[Answer]:
    """The same of a visit to be booked at `at`: of the patient, and of the recipe and the areas that are known yet."""
    return asked(case_for_booking(patient, at, areas, version, session_id))


def case_for_booking(patient, at: datetime, areas=None, version=None, session_id: int | None = None) -> Case:
    """What is known of a visit before anything is charted.

    `areas` are (key, side) pairs, with the side "none" where it does not matter; the last session's when unknown.
    """
    syringes = (blank_syringe("p1", version.pk),) if version else ()
    chart = Chart(preparations=syringes)
    facts = facts_for(chart, reference_of(chart), patient=patient, at=at, session_id=session_id)
    places = last_places(facts) if areas is None else [tuple(place) for place in areas]
    return Case(chart, facts, places=tuple(places))


def last_places(facts: Facts) -> list[tuple[str, str]]:
    """Where the last session was: there the next one probably is too."""
    last = max(facts.last_in.values(), default=None)
    return [place for place, day in facts.last_in.items() if day == last]


def asked(case: Case) -> list[Answer]:
    """What all rules say of the case, the strongest first."""
    found = [answer for check in CHECKS.values() for answer in check(case)]
    return sorted(found, key=lambda answer: ORDER.index(answer.effect))


def readable(content: dict, chart: Chart | None = None) -> Chart:
    """The chart of a draft, if it was not read before; of a syringe whose amount cannot be read yet what is in it."""
    chart = chart or read_chart(content)[0]
    read = {syringe.id: syringe for syringe in chart.preparations}
    for raw in content.get("preparations", []):
        if raw.get("id") not in read and raw.get("version_id"):
            read[raw.get("id", "")] = blank_syringe(raw.get("id", ""), raw["version_id"], raw.get("lots", {}))
    return Chart(**(vars(chart) | {"preparations": tuple(read.values())}))


def blank_syringe(name: str, version_id: int, lots: dict | None = None) -> Syringe:
    chosen = {int(line): lot for line, lot in (lots or {}).items() if lot}
    return Syringe(id=name, version_id=version_id, volume_ml=Decimal(), variation="", variation_reason="", lots=chosen)


def unanswered(answers: list[Answer], reasons: dict[str, str]) -> list[Problem]:
    """What keeps from signing: answers that need a reason and have none, as problems that lead to their field."""
    missing = [answer for answer in answers if answer.needs_reason and not reasons.get(answer.key)]
    return [Problem(f"reasons.{answer.slug}", _problem_text(answer)) for answer in missing]


def _problem_text(answer: Answer) -> str:
    if answer.effect == Effect.STOP:
        return _("%s Say why it was done all the same.") % answer.message
    return _("%s Say why you go on.") % answer.message


def digest(answers: list[Answer]) -> str:
    """What the person who signs has seen: changes with every answer that comes, goes or speaks differently."""
    seen = sorted([answer.key, answer.effect, answer.message] for answer in answers)
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()
