"""The plan of a file as a page shows it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from treatments.catalogue.enums import VersionStatus
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.layout import KINDS
from treatments.catalogue.exchange.plan import Difference, Plan, Step


@dataclass(frozen=True)
class Recipe:
    """A formulation of the file: what becomes of it, and what is said of its versions."""

    step: Step
    versions: list[str]


def counts(plan: Plan) -> list[tuple[str, list[int]]]:
    """For each list of the file how many rows are new, here already, different, and not taken over."""
    found = []
    for kind in KINDS.values():
        states = [step.state for step in plan.steps if step.row.kind is kind]
        if states:
            found.append((kind.label, [states.count(state) for state in State]))
    return found


def recipes(plan: Plan) -> list[Recipe]:
    steps = [step for step in plan.steps if step.row.kind.name == "formulations"]
    return [Recipe(step, _versions(step, plan.flow)) for step in steps]


def _versions(step: Step, flow: Flow) -> list[str]:
    shown = step.row.parts if flow == Flow.RESTORE else [step.version] if step.version else []
    return [_in_words(version.values) for version in shown]


def _in_words(version: dict) -> str:
    words = {
        "number": version["number"],
        "status": VersionStatus(version["status"]).label,
        "name": version["approved_by"],
        "day": (version["approved_at"] or "")[:10],
    }
    if version["status"] == VersionStatus.APPROVED:
        return _("Version %(number)s, approved there by %(name)s on %(day)s") % words
    return _("Version %(number)s: %(status)s") % words


def differences(plan: Plan) -> list[dict]:
    """The rows in which somebody must choose, with each field as it is here and as it is in the file."""
    ingredients = {row.values["key"]: row.values for row in plan.file.rows["ingredients"]}
    return [
        {
            "step": step,
            "list": step.row.kind.label,
            "fields": [
                (_label(step, difference), _lines(difference.ours, ingredients), _lines(difference.theirs, ingredients))
                for difference in step.differences
            ],
        }
        for step in plan.of(State.DIFFERS)
    ]


def _label(step: Step, difference: Difference) -> str:
    if difference.name == "versions":
        return _("Recipe")
    return str(step.row.kind.fields[difference.name].field.verbose_name)


def _lines(value, ingredients: dict[str, dict]) -> list[str]:
    """A value as lines of text."""
    if value is True or value is False:
        return [_("Yes") if value else _("No")]
    if not isinstance(value, list):
        return ["" if value is None else str(value)]
    return [_item(item, ingredients) for item in value]


def _item(item, ingredients: dict[str, dict]) -> str:
    """A word, the parts of a limit, or a line of a recipe: [ingredient, strength, volume]."""
    if isinstance(item, dict):
        return " · ".join(text for text in item.values() if text)
    if isinstance(item, str):
        return item
    key, concentration, volume = item
    ingredient = ingredients.get(key, {"name": key or _("In all"), "unit": ""})
    strength = f"{concentration} {ingredient['unit']}/mL" if concentration else ""
    return " · ".join(filter(None, [ingredient["name"], strength, f"{volume} mL"]))
