"""Writers of what is known against an ingredient: its rules, the pairs it is part of, its limits, its legal status."""

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from patients.history.models import Term
from treatments.catalogue.clashes import refusing
from treatments.catalogue.models import Incompatibility, Ingredient, PairRule
from treatments.catalogue.queries import RULES, pairs_of

# What tells the entries of an ingredient's list apart
ENTRY_NAMES = {"limits": "per", "legal": "country"}


@transaction.atomic
def add_rule(*, kind: str, ingredient: Ingredient, against: Term, values: dict, by, at=None) -> PairRule:
    """What speaks against an ingredient: `against` is an allergen or a condition, as `kind` says."""
    key = f"{ingredient.key}_{against.key}"[:80]
    with refusing(_("This is on record already: change that one."), field="against"):
        rule = RULES[kind][0].objects.create(key=key, ingredient=ingredient, **{kind: against}, **values)
    record(by=by, action=Action.CREATE, subject=rule, fields=list(values), at=at)
    return rule


@transaction.atomic
def add_pair(
    *, ingredient: Ingredient, other: Ingredient, diluent: Ingredient | None = None, values: dict, by, at=None
) -> Incompatibility:
    """Says that two ingredients do not belong in one syringe, in any diluent or in the one named."""
    if other.pk == ingredient.pk:
        raise Refused(_("Choose another ingredient than this one."), field="other")
    if any(pair.diluent_id == (diluent and diluent.pk) for known, pair in pairs_of(ingredient) if known.pk == other.pk):
        raise Refused(_("This is on record already: change that one."), field="other")
    key = "_".join([ingredient.key[:26], other.key[:26], diluent.key[:26] if diluent else "any"])
    with refusing(_("This is on record already: change that one."), field="other"):
        pair = Incompatibility.objects.create(key=key, first=ingredient, second=other, diluent=diluent, **values)
    record(by=by, action=Action.CREATE, subject=pair, fields=list(values), at=at)
    return pair


@transaction.atomic
def edit_rule(*, rule: PairRule, values: dict, by, at=None) -> None:
    """Says otherwise how strongly something speaks against an ingredient or a pair."""
    save_changes(row=rule, values=values, by=by, at=at)


@transaction.atomic
def retire_rule(*, rule: PairRule, reason: str, by, at=None) -> None:
    """The rule is no longer asked; it stays readable with the reason."""
    _move(rule, Action.RETIRE, by, was=True, retired_at=at or clock.now(), retire_reason=given(reason))


@transaction.atomic
def restore_rule(*, rule: PairRule, by) -> None:
    """The rule is asked again."""
    _move(rule, Action.CHANGE, by, was=False, retired_at=None, retire_reason="")


@transaction.atomic
def put_entry(*, ingredient: Ingredient, field: str, name: str, entry: dict | None, by, at=None) -> None:
    """Writes the entry of that name of the ingredient's `limits` or `legal`; without `entry`, takes it away."""
    row = Ingredient.objects.select_for_update().get(pk=ingredient.pk)
    entries = getattr(row, field)
    places = [place for place, known in enumerate(entries) if known[ENTRY_NAMES[field]] == name]
    place = places[0] if places else len(entries)
    written = entries[:place] + ([entry] if entry else []) + entries[place + 1 :]
    save_changes(row=row, values={field: written}, by=by, at=at)


def _move(rule: PairRule, action: Action, by, *, was: bool, **values) -> None:
    if not type(rule).objects.filter(pk=rule.pk, retired_at__isnull=was).update(**values):
        raise Conflict
    record(by=by, action=action, subject=rule, fields=list(values))
