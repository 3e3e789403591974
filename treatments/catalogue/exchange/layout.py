"""The one table of what a file holds: its lists in order, and the fields of each.

A new field of a model is one word here; tests fail when a field is neither in this table nor left out of it on
purpose. Empty values are not written; what does not stand in a file is empty.
"""

from dataclasses import dataclass
from functools import cached_property

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.history.models import Allergen, Condition
from treatments.catalogue.exchange.values import Value, value_of
from treatments.catalogue.models import (
    Area,
    Formulation,
    FormulationVersion,
    Incompatibility,
    Indication,
    Ingredient,
    IngredientAllergen,
    IngredientClass,
    IngredientCondition,
    MixingRules,
    Product,
    RecipeLine,
    Technique,
)

FORMAT = "1"
CATALOGUE, RECIPES = "catalogue", "recipes"
RETIRED = "retired_at retire_reason"
TERM_END = f"note sources {RETIRED}"
RULE_END = f"effect note contested sources {RETIRED}"
CARE = "before_care after_care"


@dataclass(frozen=True)
class Kind:
    """A list of the file. `identity`: the fields by which a row is found again. `packed`: it goes into packages."""

    name: str
    model: type[models.Model]
    field_names: str
    identity: tuple[str, ...] = ("key",)
    packed: bool = True
    parts: "Kind | None" = None

    @cached_property
    def fields(self) -> dict[str, Value]:
        return {name: value_of(self.model._meta.get_field(name)) for name in self.field_names.split()}

    @property
    def label(self) -> str:
        return LABELS[self.name]

    def related(self) -> list[str]:
        return [name for name, value in self.fields.items() if value.field.is_relation and not value.field.many_to_many]

    def lists(self) -> list[str]:
        return [name for name, value in self.fields.items() if value.field.many_to_many]


LINES = Kind("lines", RecipeLine, "ingredient concentration volume_ml", identity=("ingredient",))
VERSIONS = Kind(
    "versions",
    FormulationVersion,
    "number status total_volume_ml notes change_note mix_reason created_by created_at approved_by approved_at "
    f"{RETIRED}",
    identity=("number",),
    parts=LINES,
)
KINDS = {
    kind.name: kind
    for kind in [
        Kind("allergens", Allergen, f"key name kind synonyms {TERM_END}"),
        Kind("conditions", Condition, f"key name code question effect wait_days contested {TERM_END}"),
        Kind(
            "areas",
            Area,
            "key name parent laterality diagrams region_code skin_code left_code right_code treatable contested "
            f"{TERM_END}",
        ),
        Kind("indications", Indication, f"key name code areas evidence outcome_scales contested {TERM_END}"),
        Kind(
            "techniques",
            Technique,
            "key name depth_min_mm depth_max_mm needle angle spacing_min_mm spacing_max_mm volume_min_ml "
            f"volume_max_ml contested {TERM_END}",
        ),
        Kind("classes", IngredientClass, f"key name code flags enabled {TERM_END}"),
        Kind(
            "ingredients",
            Ingredient,
            "key name ingredient_class unit vehicle salt_or_base base_fraction typical_concentration bleeding_risk "
            "storage cold_chain opened_shelf_life_hours limits legal evidence contested "
            f"{CARE} {TERM_END}",
        ),
        Kind(
            "products",
            Product,
            "key name maker ingredient concentration container_ml gtin price opened_shelf_life_hours minimum_ml "
            f"licensed_areas sources {RETIRED}",
            identity=("ingredient", "name", "maker", "concentration", "container_ml", "gtin"),
            packed=False,
        ),
        Kind(
            "allergen_rules",
            IngredientAllergen,
            f"key ingredient allergen {RULE_END}",
            identity=("ingredient", "allergen"),
        ),
        Kind(
            "condition_rules",
            IngredientCondition,
            f"key ingredient condition {RULE_END}",
            identity=("ingredient", "condition"),
        ),
        Kind("incompatibilities", Incompatibility, f"key first second diluent {RULE_END}"),
        Kind("mixing_rules", MixingRules, "most_ingredients too_many", identity=(), packed=False),
        Kind(
            "formulations",
            Formulation,
            f"name purpose areas techniques indications {CARE} {RETIRED}",
            identity=("name",),
            parts=VERSIONS,
        ),
    ]
}
LABELS = {
    "allergens": _("Allergies"),
    "conditions": _("Conditions"),
    "areas": _("Areas"),
    "indications": _("Indications"),
    "techniques": _("Techniques"),
    "classes": _("Classes of ingredients"),
    "ingredients": _("Ingredients"),
    "products": _("Products"),
    "allergen_rules": _("Allergies against ingredients"),
    "condition_rules": _("Conditions against ingredients"),
    "incompatibilities": _("Ingredients that do not belong together"),
    "mixing_rules": _("What the clinic thinks of mixtures"),
    "formulations": _("Formulations"),
}
KIND_OF = {kind.model: kind for kind in [*KINDS.values(), VERSIONS, LINES]}

# What is not written, and why
LEFT_OUT = {
    Ingredient: {"allergens"},  # the allergen rules say it
    FormulationVersion: {
        "formulation",  # versions stand below theirs
        "created_elsewhere",  # names of people stand in created_by and approved_by, wherever they are from
        "approved_elsewhere",
        "edits",  # counts the saves of this clinic's own editor
    },
    RecipeLine: {"version", "position"},  # lines stand below theirs, in order
}
