"""Writers of the vocabulary: the clinic adds, edits and retires its words. Nothing is deleted, keys never change."""

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record, save_changes
from clinic.core import clock
from clinic.core.errors import Conflict, Refused, given
from clinic.core.text import fold
from patients.history.enums import Effect, MedicineGroup
from patients.history.models import Condition, Medicine, Term
from patients.history.record import DERIVED

THINNERS = {MedicineGroup.ANTICOAGULANT, MedicineGroup.ANTIPLATELET}


@transaction.atomic
def add_term(*, model: type[Term], values: dict, by) -> Term:
    """A word of the clinic's own; its key is made from its name and never changes. Lists of rows are querysets."""
    key = slugify(values["name"]).replace("-", "_")[:60]
    if not key:
        raise Refused(_("Write a name with letters."), field="name")
    _agree(model, values)
    many = {field.name for field in model._meta.many_to_many} & values.keys()
    columns = {name: value for name, value in values.items() if name not in many}
    check_name(model, values["name"])
    term, added = model.objects.get_or_create(key=key, defaults=columns)
    if not added:
        raise _name_taken()
    for name in many:
        getattr(term, name).set(values[name])
    record(by=by, action=Action.CREATE, subject=term, fields=list(values))
    return term


@transaction.atomic
def edit_term(*, term: Term, values: dict, by) -> None:
    """Writes what the clinic changed."""
    _agree(type(term), values)
    check_name(type(term), values["name"], besides=term)
    save_changes(row=term, values=values, by=by)


@transaction.atomic
def retire_term(*, term: Term, reason: str, by, at=None) -> None:
    """No longer offered; it still counts for the patients who have it."""
    if isinstance(term, Condition) and term.key in DERIVED:
        raise Refused(_("The warnings need this one. Change what it asks for instead."), field="reason")
    _retire(term, Action.RETIRE, by, was=True, retired_at=at or clock.now(), retire_reason=given(reason))


@transaction.atomic
def restore_term(*, term: Term, by) -> None:
    """Offers a retired word again."""
    _retire(term, Action.CHANGE, by, was=False, retired_at=None, retire_reason="")


def check_name(model: type[Term], name: str, *, besides: Term | None = None) -> None:
    """Refused when another word of the list has the name: two that read alike are chosen for one another."""
    if besides and besides.name == name:
        return
    others = model.objects.exclude(pk=besides and besides.pk).values_list("name", flat=True)
    if fold(name) in map(fold, others):
        raise _name_taken()


def _name_taken() -> Refused:
    return Refused(_("There is already one of this name; it may be retired."), field="name")


def _retire(term: Term, action: Action, by, *, was: bool, **values) -> None:
    if not type(term).objects.filter(pk=term.pk, retired_at__isnull=was).update(**values):
        raise Conflict
    record(by=by, action=action, subject=term, fields=list(values))


def _agree(model: type[Term], values: dict) -> None:
    """Refuses words that contradict themselves, or that would let a message stop a blood thinner."""
    if model is Condition and values["wait_days"] is not None and values["effect"] != Effect.WAIT:
        raise Refused(_("Days to wait belong to “Wait” only."), field="wait_days")
    if model is not Medicine:
        return
    if values["group"] in THINNERS and not values["never_auto_stop"]:
        raise Refused(_("No message may tell a patient to stop a blood thinner."), field="never_auto_stop")
    if values["never_auto_stop"] and values["stop_days"] is not None:
        raise Refused(_("A medicine that is never stopped by a message has no days to stop it."), field="stop_days")
