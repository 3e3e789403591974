"""The only writers of the clinic's safety rules: loaded as shipped, changed by an administrator with the reason."""

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.audit.enums import Action
from clinic.audit.services import record
from clinic.core import clock
from clinic.core.errors import Refused, given
from treatments.charting.models import SafetyRule
from treatments.charting.safety.facts import shipped_rules


@transaction.atomic
def load_safety_rules() -> None:
    """Adds the rules that are missing; those that the clinic has are left as they are."""
    present = set(SafetyRule.objects.values_list("key", flat=True))
    SafetyRule.objects.bulk_create(
        SafetyRule(key=rule.key, effect=rule.effect, sources=list(rule.sources))
        for rule in shipped_rules().values()
        if rule.key not in present
    )


@transaction.atomic
def change_safety_rule(*, rule: SafetyRule, effect: str, value, why: str, by, at=None) -> SafetyRule:
    """Gives a rule another effect or value. Signed sessions keep what they were told."""
    shipped = shipped_rules()[rule.key]
    if effect not in shipped.choices:
        raise Refused(_("This rule cannot be set to that."), field="effect")
    if value is not None and not shipped.unit:
        raise Refused(_("This rule has no value."), field="value")
    if (rule.effect, rule.value) == (effect, value):
        return rule
    fields = [name for name, new in (("effect", effect), ("value", value)) if getattr(rule, name) != new]
    rule.effect, rule.value, rule.why = effect, value, given(why)
    rule.changed_by, rule.changed_at = by, at or clock.now()
    rule.save(force_update=True)
    record(by=by, action=Action.CHANGE, subject=rule, fields=fields, at=at)
    return rule
