"""Safety rules about amounts: doses against the limits of ingredients, volumes and depths against what is usual.

Everything is added up in exact fractions, over all sessions of the day; only what is shown may be rounded.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from django.utils.translation import gettext as _

from clinic.core.fields import format_amount
from treatments.catalogue.models import Ingredient
from treatments.catalogue.strength import Strength, shown
from treatments.charting.draft import Chart
from treatments.charting.mixture import strengths_in, volume_in
from treatments.charting.safety.case import Answer, Case, path_of
from treatments.charting.units import converted, is_volume


@dataclass(frozen=True)
class Limit:
    """A limit of an ingredient. `most` is None when the catalogue's row cannot be read as an amount."""

    most: Decimal | None
    unit: str
    note: str = ""
    sources: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{format_amount(self.most)}\N{NO-BREAK SPACE}{self.unit}"

    def explained(self, message: str) -> str:
        return f"{message} ({self.note})" if self.note else message


def limits_of(ingredient: Ingredient, per: str) -> list[Limit]:
    """The limits of one kind: "session", "area", "point" or "interval_days"."""
    rows = [row for row in ingredient.limits if row.get("per") == per]
    return [
        Limit(_read(row.get("max")), str(row.get("unit", "")), str(row.get("note", "")), _links(row)) for row in rows
    ]


def _read(text) -> Decimal | None:
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount > 0 else None


def _links(row: dict) -> tuple[str, ...]:
    source = row.get("source") or ()
    return (source,) if isinstance(source, str) else tuple(source)


def numbered(key: str, number: int) -> str:
    """Tells several limits of one kind apart."""
    return f"{key}-{number + 1}" if number else key


@dataclass(frozen=True)
class Use:
    """What one group of points, or one syringe, holds of one ingredient: `volume_ml` of the mixture, `count` times."""

    strength: Strength
    volume_ml: Fraction
    count: int
    place: tuple[str, str]
    path: str  # empty for what an earlier session of the day gave

    @property
    def ingredient(self) -> Ingredient:
        return self.strength.ingredient

    def amount(self, unit: str) -> Fraction | None:
        """All of it in `unit`; None when that cannot be said."""
        one = self.one(unit)
        return None if one is None else one * self.count

    def one(self, unit: str) -> Fraction | None:
        if is_volume(unit):
            return converted(self.strength.share * self.volume_ml, "mL", unit)
        if self.strength.final is None:
            return None
        return converted(self.strength.final * self.volume_ml, self.ingredient.unit, unit)


def _injected(case: Case) -> Iterator[Use]:
    """Everything injected today: this chart's points, then those of other sessions."""
    yield from _uses_in(case, case.chart, mine=True)
    for chart in case.facts.earlier:
        yield from _uses_in(case, chart, mine=False)


def _uses_in(case: Case, chart: Chart, *, mine: bool) -> Iterator[Use]:
    held = {
        syringe.id: strengths_in(syringe, recipe)
        for syringe in chart.preparations
        if (recipe := case.facts.versions.get(syringe.version_id))
    }
    for group in chart.injections:
        place, path, volume = (group.area, group.side), path_of(group) if mine else "", Fraction(group.volume_ml)
        for strength in held.get(group.preparation, ()):
            yield Use(strength, volume, group.count, place, path)


def _limited(uses, per: str) -> Iterator[tuple[Ingredient, int, Limit, list[Use]]]:
    """Each limit of each ingredient of this chart, with every use of that ingredient."""
    by_ingredient: dict[Ingredient, list[Use]] = defaultdict(list)
    for use in uses:
        by_ingredient[use.ingredient].append(use)
    for ingredient, of_it in by_ingredient.items():
        if any(use.path for use in of_it):
            for number, limit in enumerate(limits_of(ingredient, per)):
                yield ingredient, number, limit, of_it


def _judged(case: Case, rule: str, about: str, limit: Limit, uses: list[Use], message: str, words: dict):
    """An answer when the uses together are over the limit, or cannot be compared with it."""
    marks = dict.fromkeys(use.path for use in uses if use.path)
    amounts = [use.amount(limit.unit) for use in uses] if limit.most is not None else [None]
    if None in amounts:
        message = _("%(ingredient)s has a limit that cannot be compared with the recipe (%(limit)s): check it by hand.")
        yield case.answer(rule, about, message % (words | {"limit": limit.text}), sources=limit.sources, marks=marks)
        return
    total = sum(amounts, Fraction())
    if total > Fraction(limit.most):
        words |= {"amount": f"{format_amount(shown(total))}\N{NO-BREAK SPACE}{limit.unit}", "limit": limit.text}
        yield case.answer(rule, about, limit.explained(message % words), sources=limit.sources, marks=marks)


def dose_session(case: Case) -> Iterator[Answer]:
    for ingredient, number, limit, uses in _limited(_injected(case), "session"):
        if any(not use.path for use in uses):
            message = _("%(ingredient)s: %(amount)s today with earlier sessions, more than %(limit)s a session.")
        else:
            message = _("%(ingredient)s: %(amount)s today, more than %(limit)s a session.")
        about, words = numbered(ingredient.key, number), {"ingredient": ingredient.name}
        yield from _judged(case, "dose_session", about, limit, uses, message, words)


def dose_area(case: Case) -> Iterator[Answer]:
    for ingredient, number, limit, uses in _limited(_injected(case), "area"):
        for place in dict.fromkeys(use.place for use in uses if use.path and use.place in case.charted_places):
            here = [use for use in uses if use.place == place]
            message = _("%(ingredient)s: %(amount)s today in %(area)s, more than %(limit)s an area.")
            about = f"{numbered(ingredient.key, number)}-{place[0]}-{place[1]}"
            words = {"ingredient": ingredient.name, "area": case.area_name(*place)}
            yield from _judged(case, "dose_area", about, limit, here, message, words)


def dose_point(case: Case) -> Iterator[Answer]:
    """The largest point of each ingredient speaks for all of them."""
    for ingredient, number, limit, uses in _limited(_injected(case), "point"):
        points = [Use(use.strength, use.volume_ml, 1, use.place, use.path) for use in uses if use.path]
        about, words = numbered(ingredient.key, number), {"ingredient": ingredient.name}
        message = _("%(ingredient)s: %(amount)s in one point, more than %(limit)s a point.")
        found = [a for p in points for a in _judged(case, "dose_point", about, limit, [p], message, words)]
        if found:
            largest = max(range(len(points)), key=lambda n: points[n].one(limit.unit) or Fraction())
            (worst,) = _judged(case, "dose_point", about, limit, [points[largest]], message, words)
            marks = dict.fromkeys(mark for answer in found for mark in answer.marks)
            yield Answer(worst.rule, worst.about, worst.effect, worst.message, worst.sources, tuple(marks))


def dose_drawn(case: Case) -> Iterator[Answer]:
    """Said while drawing up, before the points are; once the points themselves are over, `dose_session` says it."""
    uses = [
        Use(strength, Fraction(volume_in(syringe, recipe)), 1, ("", ""), path_of(syringe))
        for syringe, recipe in case.syringes
        for strength in strengths_in(syringe, recipe)
    ]
    message = _("%(ingredient)s: %(amount)s drawn up, more than %(limit)s a session if all of it is injected.")
    over = []
    for ingredient, number, limit, of_it in _limited(uses, "session"):
        about, words = numbered(ingredient.key, number), {"ingredient": ingredient.name}
        over += _judged(case, "dose_drawn", about, limit, of_it, message, words)
    said = {answer.about for answer in dose_session(case)} if over else set()
    yield from (answer for answer in over if answer.about not in said)


# volumes and depths ---


def volume_session(case: Case) -> Iterator[Answer]:
    most = case.rule("volume_session").value
    total = sum(_volumes(case).values(), Decimal())
    if most is not None and case.chart.injections and total > most:
        message = _("%(amount)s mL today, more than the %(limit)s mL that this clinic allows a session.")
        yield case.answer("volume_session", "", message % _amounts(total, most))


def volume_area(case: Case) -> Iterator[Answer]:
    most = case.rule("volume_area").value
    if most is None:
        return
    for place, total in _volumes(case).items():
        if total > most and (marks := case.charted_places.get(place)):
            message = _("%(area)s: %(amount)s mL today, more than the %(limit)s mL that this clinic allows an area.")
            words = _amounts(total, most) | {"area": case.area_name(*place)}
            yield case.answer("volume_area", f"{place[0]}-{place[1]}", message % words, marks=marks)


def _volumes(case: Case) -> dict[tuple[str, str], Decimal]:
    """mL of today by area and side."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for chart in [case.chart, *case.facts.earlier]:
        for group in chart.injections:
            sums[group.area, group.side] += group.total_ml
    return sums


def volume_point(case: Case) -> Iterator[Answer]:
    most = case.rule("volume_point").value
    over = [group for group in case.chart.injections if most is not None and group.volume_ml > most]
    if over:
        message = _("%(amount)s mL in one point, more than the %(limit)s mL that this clinic allows.")
        largest = max(group.volume_ml for group in over)
        yield case.answer("volume_point", "", message % _amounts(largest, most), marks=map(path_of, over))


def _amounts(amount: Decimal, limit: Decimal) -> dict[str, str]:
    return {"amount": format_amount(amount), "limit": format_amount(limit)}


def technique_volume(case: Case) -> Iterator[Answer]:
    over = _("%(amount)s mL a point is more than usual for %(technique)s (up to %(limit)s mL).")
    under = _("%(amount)s mL a point is less than usual for %(technique)s (from %(limit)s mL).")
    yield from _unusual(case, "technique_volume", "volume_ml", over, under)


def technique_depth(case: Case) -> Iterator[Answer]:
    over = _("%(amount)s mm is deeper than usual for %(technique)s (up to %(limit)s mm).")
    under = _("%(amount)s mm is shallower than usual for %(technique)s (from %(limit)s mm).")
    yield from _unusual(case, "technique_depth", "depth_mm", over, under)


def _unusual(case: Case, rule: str, name: str, over: str, under: str) -> Iterator[Answer]:
    """Groups whose amount is out of their technique's range, those with the same amount together."""
    stem, unit = name.split("_")
    found: dict[tuple, list[str]] = defaultdict(list)
    for group in case.chart.injections:
        technique = case.facts.reference.techniques.get(group.technique)
        if technique is None:
            continue
        amount = getattr(group, name)
        least, most = getattr(technique, f"{stem}_min_{unit}"), getattr(technique, f"{stem}_max_{unit}")
        if most is not None and amount > most:
            found[technique, amount, most, over].append(path_of(group))
        elif least is not None and amount < least:
            found[technique, amount, least, under].append(path_of(group))
    for (technique, amount, limit, message), marks in found.items():
        words = _amounts(amount, limit) | {"technique": technique.name}
        about = f"{technique.key}-{format_amount(amount).replace('.', '_')}"
        yield case.answer(rule, about, message % words, sources=technique.sources, marks=marks)
