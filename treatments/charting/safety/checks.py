"""Safety rules about who is treated, what is in the syringe, when and where.

Each is a generator of answers about one case, in sentences that name the fact; `safety.CHECKS` lists them all.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import chain

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core.fields import format_amount
from clinic.core.text import fold
from patients.history.enums import AllergenKind, Effect, Pregnancy, Topic
from patients.history.record import PREGNANCY_CONDITIONS, State, thinner_of, wait_until
from patients.history.warnings import day_of
from treatments.catalogue.rules import ingredient_refusal
from treatments.charting import rules
from treatments.charting.draft import Syringe
from treatments.charting.safety.case import Answer, Case, path_of
from treatments.charting.safety.doses import limits_of, numbered
from treatments.charting.safety.facts import sides_meet

ORDER = list(Effect)

# what is in the syringe ---


def version(case: Case) -> Iterator[Answer]:
    for syringe, recipe in case.syringes:
        if not rules.is_offered(recipe):
            message = rules.version_refusal(recipe, case.facts.reference.successors)
            yield case.answer("version", syringe.id, message, marks=[path_of(syringe)])


def lot(case: Case) -> Iterator[Answer]:
    """Of lots that are chosen; that one is missing is said beside its field."""
    for syringe, _recipe in case.syringes:
        for problem in rules.lot_problems(syringe, case.chart, case.facts.reference, case.facts.at):
            line = problem.path.rpartition(".")[2]
            if int(line) in syringe.lots:
                yield case.answer("lot", f"{syringe.id}-{line}", problem.message, marks=[path_of(syringe)])


def allergen(case: Case) -> Iterator[Answer]:
    """Listed pairs first; an allergy that is named like an ingredient counts too, as long as nothing is listed."""
    allergies = case.facts.history.current(Topic.ALLERGIES)
    listed = set()
    for pair in case.facts.against_allergen:
        rows = [row for row in allergies if _is_of(row, pair.allergen)]
        if not rows or pair.ingredient_id not in case.ingredients:
            continue
        listed |= {(pair.ingredient_id, row.pk) for row in rows}
        words = {"ingredient": pair.ingredient.name, "allergen": pair.allergen.name, "note": pair.note}
        message = _("%(ingredient)s: an allergy to %(allergen)s is on record. %(note)s") % words
        about = f"{pair.ingredient.key}-{pair.allergen.key}"
        marks = case.ingredients[pair.ingredient_id][1]
        yield case.answer("allergen", about, message.strip(), effect=pair.effect, sources=pair.sources, marks=marks)
    for pk, (ingredient, marks) in case.ingredients.items():
        for row in allergies:
            if (pk, row.pk) not in listed and _names(row) & _phrases(ingredient.name):
                words = {"ingredient": ingredient.name, "allergy": row.name}
                message = _("%(ingredient)s: an allergy named like it is on record (%(allergy)s).") % words
                about = f"{ingredient.key}-row{row.pk}"
                yield case.answer("allergen", about, message, effect=Effect.REASON, marks=marks)


def _is_of(row, term) -> bool:
    """Whether a recorded allergy is to this allergen: by the list, or by the patient's own words."""
    if row.allergen:
        return row.allergen.pk == term.pk
    return bool(_phrases(row.as_told) & {fold(name) for name in [term.name, *term.synonyms]})


def _names(row) -> set[str]:
    """The names by which a recorded allergy may turn up in an ingredient's name."""
    names = [row.allergen.name, *row.allergen.synonyms] if row.allergen else [row.as_told]
    return {fold(name) for name in names} - {""}


def _phrases(text: str) -> set[str]:
    """Every run of whole words in a text."""
    words = fold(text).split()
    return {" ".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


def ingredient_condition(case: Case) -> Iterator[Answer]:
    present = case.facts.history.condition_keys
    for pair in case.facts.against_condition:
        if pair.condition.key in present and pair.ingredient_id in case.ingredients:
            words = {"ingredient": pair.ingredient.name, "condition": pair.condition.name, "note": pair.note}
            message = _("%(ingredient)s: on record is “%(condition)s”. %(note)s") % words
            about = f"{pair.ingredient.key}-{pair.condition.key}"
            marks = case.ingredients[pair.ingredient_id][1]
            yield case.answer(
                "ingredient_condition", about, message.strip(), effect=pair.effect, sources=pair.sources, marks=marks
            )


def bleeding(case: Case) -> Iterator[Answer]:
    takes = [row for row in case.facts.history.current(Topic.MEDICINES) if _raises_bleeding(row)]
    if not takes:
        return
    for ingredient, marks in case.ingredients.values():
        if ingredient.bleeding_risk:
            words = {"ingredient": ingredient.name, "medicines": ", ".join(row.name for row in takes)}
            message = _("%(ingredient)s raises the risk of bleeding, and so does what is taken: %(medicines)s.") % words
            sources = [
                *ingredient.sources,
                *(link for row in takes for term in row.substances for link in term.sources),
            ]
            yield case.answer("bleeding", ingredient.key, message, sources=sources[:4], marks=marks)


def _raises_bleeding(row) -> bool:
    return bool(thinner_of(row)) or any(substance.bleeding_risk for substance in row.substances)


def ingredient(case: Case) -> Iterator[Answer]:
    for row, marks in case.ingredients.values():
        if refusal := ingredient_refusal(row):
            yield case.answer("ingredient", row.key, refusal, marks=marks)


def mixing(case: Case) -> Iterator[Answer]:
    """Pairs on record in one syringe: a note where the approval gave a reason, unless the pair is a stop."""
    found: dict[str, Answer] = {}
    for syringe, recipe in case.syringes:
        inside = {line.ingredient_id for line in case.lines_in(syringe, recipe)}
        for pair in case.facts.pairs:
            members = {pair.first_id, pair.second_id} | ({pair.diluent_id} if pair.diluent_id else set())
            if not members <= inside:
                continue
            words = {"first": pair.first.name, "second": pair.second.name, "note": pair.note}
            message = (_("%(first)s and %(second)s in one syringe. %(note)s") % words).strip()
            effect = Effect(pair.effect)
            if recipe.mix_reason and effect != Effect.STOP:
                effect = Effect.NOTE
                message = f"{message} " + _("Approved all the same: %(reason)s") % {"reason": recipe.mix_reason}
            before = found[pair.key].marks if pair.key in found else ()
            found[pair.key] = case.answer(
                "mixing", pair.key, message, effect=effect, sources=pair.sources, marks=[*before, path_of(syringe)]
            )
    yield from found.values()


# who is treated ---


def allergy_in_words(case: Case) -> Iterator[Answer]:
    for row in case.facts.history.current(Topic.ALLERGIES):
        if not row.allergen:
            message = _("An allergy is on record in the patient's words only, so recipes cannot be checked for it: %s.")
            yield case.answer("allergy_in_words", f"row{row.pk}", message % row.as_told)


def allergy_material(case: Case) -> Iterator[Answer]:
    for row in case.facts.history.current(Topic.ALLERGIES):
        if row.allergen and row.allergen.kind == AllergenKind.MATERIAL:
            message = _("An allergy to %(what)s is on record: choose gloves, needles and skin preparation without it.")
            words = {"what": row.allergen.name}
            yield case.answer("allergy_material", row.allergen.key, message % words, sources=row.allergen.sources)


def condition(case: Case) -> Iterator[Answer]:
    history, day = case.facts.history, case.facts.day
    found: dict[str, Answer] = {}
    for row in history.current(Topic.CONDITIONS):
        term, effect, message = row.condition, Effect(row.condition.effect), _("On record: %s.") % row.condition.name
        if end := wait_until(row):
            effect = Effect.WAIT if end > day else Effect.NOTE
            said = _("Wait until %(day)s.") if end > day else _("The wait ended on %(day)s.")
            message = f"{message} {said % {'day': day_of(end)}}"
        elif effect == Effect.WAIT:
            message = f"{message} {_('Wait until it is over.')}"
        answer = case.answer("condition", term.key, message, effect=effect, sources=term.sources)
        if term.key not in found or ORDER.index(answer.effect) < ORDER.index(found[term.key].effect):
            found[term.key] = answer
    names = {
        "under_18": _("The patient is under 18."),
        "over_75": _("The patient is over 75."),
        "anticoagulant": _("A blood thinner (anticoagulant) is taken. Never tell the patient to stop it."),
        "antiplatelet": _("A blood thinner (antiplatelet) is taken. Never tell the patient to stop it."),
    }
    for key in sorted(set(names) & history.derived_keys - set(found)):
        found[key] = case.answer(
            "condition", key, names[key], effect=history.effect(key), sources=_sources(history, key)
        )
    yield from found.values()


def _sources(history, key: str) -> list[str]:
    return history.terms[key].sources if key in history.terms else []


def pregnancy(case: Case) -> Iterator[Answer]:
    history = case.facts.history
    answer = history.pregnancy
    key = PREGNANCY_CONDITIONS.get(Pregnancy(answer.state)) if answer else None
    if key:
        words = {"state": answer.label, "day": day_of(answer.at)}
        message = _("%(state)s (answered on %(day)s).") % words
        yield case.answer("pregnancy", key, message, effect=history.effect(key), sources=_sources(history, key))


def not_asked(case: Case) -> Iterator[Answer]:
    history = case.facts.history
    sentences = {
        Topic.ALLERGIES: _("Allergies have not been asked about yet."),
        Topic.CONDITIONS: _("Conditions have not been asked about yet."),
        Topic.MEDICINES: _("Medicines have not been asked about yet."),
    }
    for state in history.topics:
        if state.state == State.NOT_ASKED:
            yield case.answer("not_asked", state.topic, sentences[state.topic])
    if history.asks_pregnancy:
        yield case.answer("not_asked", "pregnancy", _("Pregnancy has not been asked about yet."))


def medicine(case: Case) -> Iterator[Answer]:
    """Thinners are a condition of their own; this is about the others, and about what nobody has found out."""
    for row in case.facts.history.current(Topic.MEDICINES):
        substances = row.substances
        if not substances:
            message = _("A medicine is on record that nobody has found out: %s.") % row.name
        elif not thinner_of(row) and _raises_bleeding(row):
            message = _("%s is taken, which raises the risk of bleeding.") % row.name
        else:
            continue
        yield case.answer("medicine", f"row{row.pk}", message, sources=[s for t in substances for s in t.sources][:3])


def consultation(case: Case) -> Iterator[Answer]:
    if case.facts.consulted is False:
        yield case.answer("consultation", "", _("The consultation that this visit needs has not taken place."))


# when, and where ---


def interval_ingredient(case: Case) -> Iterator[Answer]:
    for pk, (row, marks) in case.ingredients.items():
        last = case.facts.last_with.get(pk)
        for number, limit in enumerate(limits_of(row, "interval_days")):
            least = limit.most
            if last is None or least is None or (case.facts.day - last).days >= least:
                continue
            words = {"ingredient": row.name, "when": _ago(last, case.facts.day), "least": format_amount(least)}
            message = _("%(ingredient)s was last given %(when)s; at least %(least)s days should lie between.") % words
            yield case.answer(
                "interval_ingredient",
                numbered(row.key, number),
                limit.explained(message),
                sources=limit.sources,
                marks=marks,
            )


def interval_area(case: Case) -> Iterator[Answer]:
    """One answer for all areas that were last treated on the same day."""
    least = case.rule("interval_area").value
    if least is None:
        return
    by_day: dict[date, dict[tuple[str, str], list[str]]] = defaultdict(dict)
    for place, marks in case.charted_places.items():
        last = _last_in(case, *place)
        if last is not None and (case.facts.day - last).days < least:
            by_day[last][place] = marks
    for last, places in by_day.items():
        words = {
            "areas": "; ".join(case.area_name(*place) for place in places),
            "when": _ago(last, case.facts.day),
            "least": format_amount(least),
        }
        message = _("%(areas)s: last treated %(when)s; here at least %(least)s days lie between.") % words
        yield case.answer("interval_area", last.isoformat(), message, marks=chain.from_iterable(places.values()))


def _last_in(case: Case, area: str, side: str) -> date | None:
    """When the area, a part of it or what it is part of was last treated on this side."""
    kin = case.facts.kin(area)
    return max((day for (a, s), day in case.facts.last_in.items() if a in kin and sides_meet(s, side)), default=None)


def _ago(last: date, day: date) -> str:
    days = (day - last).days
    if days == 0:
        return _("today")
    words = {"day": day_of(last), "days": days}
    return ngettext("on %(day)s, %(days)d day ago", "on %(day)s, %(days)d days ago", days) % words


def licensed(case: Case) -> Iterator[Answer]:
    """One answer a product, with all areas that it is not licensed for."""
    found: dict[int, tuple] = {}
    for syringe, recipe in case.syringes:
        places = _places_of(case, syringe)
        for product in filter(None, (_product(case, syringe, line) for line in case.lines_in(syringe, recipe))):
            licensed_for = {area.key for area in product.licensed_areas.all()}
            outside = {a: m for a, m in places.items() if licensed_for and not case.facts.ancestors(a) & licensed_for}
            if outside:
                _product_row, areas, marks = found.setdefault(product.pk, (product, {}, {}))
                areas |= outside
                marks |= dict.fromkeys([path_of(syringe), *chain.from_iterable(outside.values())])
    for pk, (product, areas, marks) in found.items():
        words = {
            "product": product.name,
            "licensed": ", ".join(area.name for area in product.licensed_areas.all()),
            "areas": ", ".join(case.area_name(area) for area in areas),
        }
        message = _("%(product)s is licensed for: %(licensed)s. Not for: %(areas)s.") % words
        yield case.answer("licensed", f"product{pk}", message, sources=product.sources, marks=marks)


def _places_of(case: Case, syringe: Syringe) -> dict[str, list[str]]:
    """The areas that a syringe is for, with the paths of its points; before any point those that are meant."""
    found: dict[str, list[str]] = {}
    for group in case.chart.injections:
        if group.preparation == syringe.id and group.area in case.facts.areas:
            found.setdefault(group.area, []).append(path_of(group))
    return found or {area: [] for area, _side in case.places if area in case.facts.areas}


def _product(case: Case, syringe: Syringe, line):
    """The chosen lot's product, else the only one that there is of the ingredient."""
    chosen = case.facts.reference.lots.get(syringe.lots.get(line.pk))
    rows = case.facts.products
    if chosen and chosen.product_id:
        return next((row for row in rows if row.pk == chosen.product_id), None)
    current = [row for row in rows if row.ingredient_id == line.ingredient_id and row.retired_at is None]
    return current[0] if len(current) == 1 else None


def suitable(case: Case) -> Iterator[Answer]:
    """One answer a recipe, with all areas and techniques that it is not meant for."""
    for syringe, recipe in case.syringes:
        areas, techniques = case.facts.suited[recipe.formulation_id]
        names: dict[str, None] = {}
        marks: list[str] = []
        for area, paths in _places_of(case, syringe).items():
            if areas and not case.facts.ancestors(area) & areas:
                names[case.area_name(area)] = None
                marks += paths
        for group in case.chart.injections:
            technique = case.facts.reference.techniques.get(group.technique)
            if group.preparation == syringe.id and techniques and technique and technique.key not in techniques:
                names[technique.name] = None
                marks.append(path_of(group))
        if names:
            words = {"recipe": recipe.formulation.name, "what": ", ".join(names)}
            message = _("%(recipe)s is not among the recipes meant for: %(what)s.") % words
            about = f"recipe{recipe.formulation_id}-{syringe.id}"
            yield case.answer("suitable", about, message, marks=dict.fromkeys(marks))
