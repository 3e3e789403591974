"""The forms of formulations and recipes: they read and check what was typed; services write it."""

from itertools import groupby

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField
from clinic.core.forms import Form, NameField, PasswordForm, TextField, VersionField
from patients.history.enums import Effect
from treatments.catalogue import rules
from treatments.catalogue.enums import Unit
from treatments.catalogue.models import Area, Indication, Ingredient, RecipeLine, Technique
from treatments.catalogue.queries import current_terms
from treatments.catalogue.services import Line

LEAST_ROWS = 3


def total_field() -> DoseField:
    return DoseField(label=_("Volume of the whole mixture"), decimal_places=3, max_value=rules.MOST_ML, unit="mL")


def many(label, model) -> forms.ModelMultipleChoiceField:
    """Any number of current words of the vocabulary; the form gives the queryset."""
    return forms.ModelMultipleChoiceField(
        label=label, queryset=model.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )


class NamedForm(Form):
    name = NameField(label=_("Name"), max_length=120)
    purpose = NameField(label=_("What it is for"), max_length=300, required=False)


class FormulationForm(NamedForm):
    """What a formulation suits, and what its patients do before and afterwards."""

    before_care = TextField(label=_("What patients do before"), max_length=1000, required=False)
    after_care = TextField(label=_("What patients do afterwards"), max_length=1000, required=False)
    areas = many(_("Suitable areas"), Area)
    techniques = many(_("Suitable techniques"), Technique)
    indications = many(_("For"), Indication)

    def __init__(self, *args, formulation, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(formulation, name) for name in self.fields}
        for name in ("areas", "techniques", "indications"):
            self.fields[name].queryset = current_terms(self.fields[name].queryset.model)
            self.initial[name] = list(self.initial[name].all())


class DuplicateForm(Form):
    name = NameField(label=_("Name of the new formulation"), max_length=120)


class MixingRulesForm(Form):
    """How many ingredients are too many, and what more of them ask for."""

    most_ingredients = forms.IntegerField(
        label=_("Most ingredients in a mixture, besides the diluent"), min_value=1, max_value=rules.MOST_LINES
    )
    too_many = forms.ChoiceField(
        label=_("What more of them ask for"), choices=[choice for choice in Effect.choices if choice[0] != Effect.WAIT]
    )


class NewFormulationForm(NamedForm):
    total_volume_ml = total_field()

    def layout(self):
        return Layout("name", "purpose", AppendedText("total_volume_ml", "mL"))


class DraftForm(Form):
    edits = VersionField()
    total_volume_ml = total_field()
    notes = TextField(label=_("How to prepare"), max_length=2000, required=False)
    change_note = NameField(label=_("What changed since the last version"), max_length=300, required=False)

    def layout(self):
        return Layout("edits", AppendedText("total_volume_ml", "mL"), "notes", "change_note")


class IngredientField(forms.ChoiceField):
    """Any ingredient of the catalogue as the row itself; those that cannot be chosen are told why by the line."""

    def __init__(self, *, known: dict[str, Ingredient], offered, **kwargs):
        self.known = known
        super().__init__(choices=offered, **kwargs)

    def to_python(self, value):
        return value if isinstance(value, Ingredient) else self.known.get(value, value or None)

    def validate(self, value):
        if value is not None and not isinstance(value, Ingredient):
            raise ValidationError(_("Choose an ingredient from the list."), code="invalid_choice")


class LineForm(Form):
    """One row of the recipe; a row in which nothing is typed is passed over."""

    mark_optional = False
    concentration = DoseField(label=_("Strength per mL"), decimal_places=4, max_value=9_999_999, required=False)
    volume_ml = DoseField(label=_("Volume, mL"), decimal_places=3, max_value=rules.MOST_ML, required=False)
    field_order = ["ingredient", "concentration", "volume_ml"]

    def __init__(self, *args, known, offered, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["ingredient"] = IngredientField(known=known, offered=offered, required=False, label=_("Ingredient"))
        self.order_fields(self.field_order)
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-select" if isinstance(field, IngredientField) else "form-control"
        if self.is_bound:
            for name in self.errors:
                if name in self.fields:
                    self.fields[name].widget.attrs["class"] += " is-invalid"

    def clean(self):
        typed = self.cleaned_data
        ingredient = typed.get("ingredient")
        if not any(self[name].data for name in self.fields):
            return typed
        if ingredient is None and "ingredient" not in self.errors:
            self.add_error("ingredient", _("Choose an ingredient from the list."))
        if typed.get("volume_ml") is None and "volume_ml" not in self.errors:
            self.add_error("volume_ml", _("How many mL?"))
        if ingredient is None:
            return typed
        if message := rules.ingredient_refusal(ingredient):
            self.add_error("ingredient", message)
        if "concentration" not in self.errors:
            message = rules.concentration_refusal(ingredient, typed.get("concentration"))
            if message:
                self.add_error("concentration", message)
        return typed

    @property
    def unit(self) -> str:
        """The unit of the chosen ingredient, shown beside the strength."""
        ingredient = self.fields["ingredient"].known.get(str(self["ingredient"].value()))
        if ingredient is None or ingredient.unit == Unit.ML:
            return ""
        return f"{ingredient.get_unit_display()}/mL"


class Lines(forms.BaseFormSet):
    def clean(self):
        seen = set()
        for form in self.forms:
            ingredient = getattr(form, "cleaned_data", {}).get("ingredient")
            if ingredient is not None and ingredient.pk in seen:
                form.add_error("ingredient", _("This ingredient is in the recipe already: put it in one line."))
                form.fields["ingredient"].widget.attrs["class"] += " is-invalid"
            elif ingredient is not None:
                seen.add(ingredient.pk)

    def lines(self) -> list[Line]:
        """What was typed, row by row, without the empty ones and those with errors."""
        return [
            Line(row["ingredient"], row["concentration"], row["volume_ml"])
            for row in (form.cleaned_data for form in self.forms if not form.errors)
            if row.get("ingredient") is not None
        ]

    def recipe_lines(self) -> list[RecipeLine]:
        """The same as rows that are not saved, for the rules to judge."""
        return [
            RecipeLine(ingredient=line.ingredient, concentration=line.concentration, volume_ml=line.volume_ml)
            for line in self.lines()
        ]


LineFormSet = forms.formset_factory(
    LineForm, formset=Lines, extra=0, max_num=rules.MOST_LINES, validate_max=True, absolute_max=rules.MOST_LINES
)


def line_forms(ingredients: list[Ingredient], *, data=None, rows: list[dict] | None = None) -> Lines:
    """The rows of the recipe's editor: bound to `data`, or holding `rows` and a few empty ones."""
    known = {str(row.pk): row for row in ingredients}
    chosen = {str(row["ingredient"]) for row in rows or []}
    offered = [("", "")] + [
        (kind, [(str(row.pk), row.name) for row in members])
        for kind, members in groupby(
            (row for row in ingredients if str(row.pk) in chosen or not rules.ingredient_refusal(row)),
            key=lambda row: row.ingredient_class.name,
        )
    ]
    if rows is not None:
        rows = rows + [{"ingredient": ""}] * (LEAST_ROWS - len(rows))
    return LineFormSet(data, initial=rows, prefix="line", form_kwargs={"known": known, "offered": offered})


def rows_of(lines) -> list[dict]:
    """Saved lines as rows of the editor."""
    return [
        {"ingredient": line.ingredient_id, "concentration": line.concentration, "volume_ml": line.volume_ml}
        for line in lines
    ]


def changed_rows(formset: Lines, *, remove: str | None) -> list[dict]:
    """The rows exactly as they were typed, right or wrong, with one more, or without the one of that number."""
    rows = [{name: form[name].data or "" for name in form.fields} for form in formset.forms]
    if remove is None:
        return rows + [{"ingredient": ""}] * (len(rows) < rules.MOST_LINES)
    return [row for number, row in enumerate(rows) if str(number) != remove]


class ApproveForm(PasswordForm):
    edits = VersionField()
    reason = TextField(label=_("Why these are mixed all the same"), max_length=300)
    replaces = forms.BooleanField(label=_("Retire the version that is in use now"), required=False)
    field_order = ["edits", "reason", "replaces", "password"]

    def __init__(self, *args, asks_reason: bool, has_earlier: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not asks_reason:
            del self.fields["reason"]
        if not has_earlier:
            del self.fields["replaces"]
