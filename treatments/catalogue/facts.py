"""The vocabulary's lists in words: what each is called, and what is worth showing of a row."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField, format_amount
from treatments.catalogue.conversions import base_in, per_ml, percent, salt_for
from treatments.catalogue.enums import Unit
from treatments.catalogue.strength import is_exact, shown

SHOWN_APART = {"name", "note", "sources", "contested"}


@dataclass(frozen=True)
class Kind:
    """One list of the vocabulary: its name and the name of one row in addresses, and both in words."""

    name: str
    slug: str
    title: str
    one: str

    @property
    def list(self) -> str:
        return f"catalogue:{self.name}"

    @property
    def page(self) -> str:
        return f"catalogue:{self.slug}"

    @property
    def add(self) -> str:
        return f"catalogue:add_{self.slug}"

    @property
    def edit(self) -> str:
        return f"catalogue:edit_{self.slug}"

    @property
    def retire(self) -> str:
        return f"catalogue:retire_{self.slug}"

    @property
    def restore(self) -> str:
        return f"catalogue:restore_{self.slug}"


KINDS = {
    kind.name: kind
    for kind in [
        Kind("areas", "area", _("Areas"), _("area")),
        Kind("indications", "indication", _("Indications"), _("indication")),
        Kind("techniques", "technique", _("Techniques"), _("technique")),
        Kind("ingredients", "ingredient", _("Ingredients"), _("ingredient")),
        Kind("classes", "class", _("Classes of ingredients"), _("class of ingredients")),
    ]
}


def strength_of(ingredient, typed: Decimal, measure: str) -> Fraction:
    """What was typed as percent or as base, in the ingredient's unit per mL."""
    if measure == "percent":
        return per_ml(typed, ingredient.unit)
    return salt_for(typed, ingredient.base_fraction) if measure == "base" else Fraction(typed)


def all_words(ingredient, concentration: Fraction) -> list[str]:
    """A strength in every way it is written, the ingredient's own unit first."""
    return [
        _amount(concentration, f"{ingredient.get_unit_display()}/mL"),
        *in_other_words(ingredient, concentration),
    ]


def in_other_words(ingredient, concentration: Decimal | Fraction | None) -> list[str]:
    """A strength in the other ways it is written: as percent, as base instead of salt. Empty for what has none."""
    if concentration is None or ingredient.unit == Unit.ML:
        return []
    words = []
    share = percent(concentration, ingredient.unit)
    if share is not None:
        words.append(_amount(share, "%"))
    if ingredient.base_fraction is not None:
        base = _amount(base_in(concentration, ingredient.base_fraction), f"{ingredient.get_unit_display()}/mL")
        words.append(_now("%(amount)s of the base") % {"amount": base})
    return words


def care_of(version) -> list[tuple[str, list[tuple[str, str]]]]:
    """What its patients do before and afterwards: the formulation's own text, then those of its ingredients.

    Under the name of each time, the texts with whose they are; a time without a text is left out.
    """
    times = [("before_care", _now("Before the session")), ("after_care", _now("Afterwards"))]
    care = [(title, care_texts(version, time)) for time, title in times]
    return [(title, texts) for title, texts in care if texts]


def care_texts(version, time: str) -> list[tuple[str, str]]:
    """The texts of one time, "before_care" or "after_care", each with whose it is."""
    sources = [version.formulation, *(line.ingredient for line in version.lines.all())]
    return [(row.name, getattr(row, time)) for row in sources if getattr(row, time)]


def after_care_of(versions) -> list[tuple[str, str]]:
    """What patients do after any of these versions, with whose text it is; each text once."""
    rows = [
        row for version in versions for row in (version.formulation, *(line.ingredient for line in version.lines.all()))
    ]
    texts = {row.after_care: row.name for row in rows if row.after_care}
    return [(name, text) for text, name in texts.items()]


def _amount(value: Fraction, unit: str) -> str:
    mark = "" if is_exact(value) else "≈ "
    return f"{mark}{format_amount(shown(value))}\N{NO-BREAK SPACE}{unit}"


def facts(term, form) -> list[tuple[str, str]]:
    """Label and value of every field that the row's form knows and that is not empty, in the form's order."""
    found = []
    for name, field in form.fields.items():
        text = "" if name in SHOWN_APART else _in_words(term, name, field)
        if text:
            found.append((field.label, text))
    return found


def _in_words(term, name: str, field) -> str:
    value = getattr(term, name)
    if isinstance(value, bool):
        return _now("Yes") if value else _now("No")
    if isinstance(value, Decimal):
        unit = field.unit if isinstance(field, DoseField) else ""
        return f"{format_amount(value)}\N{NO-BREAK SPACE}{unit}"
    if hasattr(value, "all"):
        return ", ".join(str(row) for row in value.all())
    choices = dict(getattr(field, "choices", None) or ()) if not hasattr(field, "queryset") else {}
    if isinstance(value, list):
        return ", ".join(str(choices.get(item, item)) for item in value)
    return str(choices.get(value, "" if value is None else value))
