"""A condition that names a retired term stays when the rule is opened and saved: an empty one would mean "any"."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from tests.factories.treatments import AreaFactory, IndicationFactory, IngredientFactory, VisitTypeFactory
from tests.reminders.conftest import NOW
from tests.reminders.test_pages import RULE
from treatments.reminders.models import ReminderRule

pytestmark = pytest.mark.django_db


def test_what_is_retired_is_kept(client_of, administrator, rule):
    made = {
        "areas": AreaFactory(name="Old area"),
        "indications": IndicationFactory(name="Old indication"),
        "ingredients": IngredientFactory(name="Old ingredient"),
        "visit_types": VisitTypeFactory(name="Old visit"),
    }
    values = {name: [row.pk if name == "visit_types" else row.key] for name, row in made.items()}
    for row in made.values():
        type(row).objects.filter(pk=row.pk).update(retired_at=NOW)
    other = IngredientFactory(name="Nobody's")
    type(other).objects.filter(pk=other.pk).update(retired_at=NOW)
    ReminderRule.objects.filter(pk=rule.pk).update(**values)
    admin, page = client_of(administrator), reverse("reminders:edit_rule", args=[rule.pk])
    shown = admin.get(page).content.decode()
    assert all(f"{row.name} (retired)" in shown for row in made.values())
    assert escape(other.name) not in shown, "only what the rule names"
    assert admin.post(page, RULE | {"name": "A better name"} | values).status_code == 302
    rule.refresh_from_db()
    assert rule.name == "A better name"
    assert {name: getattr(rule, name) for name in values} == values
    assert admin.post(page, RULE | values | {"ingredients": [other.key]}).status_code == 200, "not to be chosen anew"
