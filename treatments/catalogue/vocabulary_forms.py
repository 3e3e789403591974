"""The forms of the vocabulary: they read and check what was typed; services write it."""

from crispy_forms.bootstrap import AppendedText
from crispy_forms.layout import Layout
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField
from clinic.core.forms import Form, NameField, TextField
from treatments.catalogue.conversions import MG_IN
from treatments.catalogue.enums import Diagram, Evidence, Laterality, Unit, Vehicle
from treatments.catalogue.fields import SourcesField, measure
from treatments.catalogue.models import Area, IngredientClass
from treatments.catalogue.queries import current_terms


class TermForm(Form):
    """What every word of the vocabulary has. Initial values come from the row; without one, a word is added."""

    name = NameField(label=_("Name"), max_length=120)
    note = TextField(label=_("Note"), max_length=2000, required=False)
    sources = SourcesField(label=_("Sources, one web address a line"), required=False, most=30, longest=300)

    def __init__(self, *args, term=None, **kwargs):
        super().__init__(*args, **kwargs)
        if term:
            self.initial = {name: getattr(term, name) for name in self.fields} | self.initial
        self.order_fields(["name", *(name for name in self.fields if name not in TermForm.base_fields)])
        for name, value in self.initial.items():
            if hasattr(value, "all"):
                self.initial[name] = list(value.all())


def code_field(label) -> forms.RegexField:
    return forms.RegexField(
        r"^[0-9]{6,18}$",
        label=label,
        required=False,
        error_messages={"invalid": _("A SNOMED CT code has 6 to 18 digits.")},
    )


class AreaForm(TermForm):
    treatable = forms.BooleanField(label=_("May be treated"), required=False, initial=True)
    laterality = forms.ChoiceField(label=_("Sides"), choices=Laterality)
    diagrams = forms.MultipleChoiceField(
        label=_("Drawings"), choices=Diagram, required=False, widget=forms.CheckboxSelectMultiple
    )
    region_code = code_field(_("Region code"))
    skin_code = code_field(_("Skin code"))
    left_code = code_field(_("Left code"))
    right_code = code_field(_("Right code"))
    contested = forms.BooleanField(label=_("Sources disagree"), required=False)


class IndicationForm(TermForm):
    code = NameField(label=_("Code"), max_length=20)
    areas = forms.ModelMultipleChoiceField(
        label=_("Usual areas"), queryset=Area.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    evidence = NameField(label=_("Evidence"), max_length=300, required=False)
    contested = forms.BooleanField(label=_("Sources disagree"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["areas"].queryset = current_terms(Area)


class TechniqueForm(TermForm):
    depth_min_mm = measure(_("Depth from"), "mm", places=1, most=40)
    depth_max_mm = measure(_("Depth to"), "mm", places=1, most=40)
    needle = NameField(label=_("Needle"), max_length=60, required=False)
    angle = NameField(label=_("Angle"), max_length=60, required=False)
    spacing_min_mm = measure(_("Spacing from"), "mm", places=1, most=200)
    spacing_max_mm = measure(_("Spacing to"), "mm", places=1, most=200)
    volume_min_ml = measure(_("Volume a point from"), "mL", places=3, most=50)
    volume_max_ml = measure(_("Volume a point to"), "mL", places=3, most=50)
    contested = forms.BooleanField(label=_("Sources disagree"), required=False)

    def layout(self):
        return Layout(
            "name",
            *(
                AppendedText(name, field.unit) if isinstance(field, DoseField) else name
                for name, field in self.fields.items()
                if name not in TermForm.base_fields
            ),
            "note",
            "sources",
        )

    def clean(self):
        typed = super().clean()
        for least, most in [
            ("depth_min_mm", "depth_max_mm"),
            ("spacing_min_mm", "spacing_max_mm"),
            ("volume_min_ml", "volume_max_ml"),
        ]:
            if typed.get(least) is not None and typed.get(most) is not None and typed[least] > typed[most]:
                self.add_error(most, _("This must not be less than where it starts."))
        return typed


class IngredientForm(TermForm):
    ingredient_class = forms.ModelChoiceField(label=_("Class"), queryset=IngredientClass.objects.none())
    unit = forms.ChoiceField(label=_("Measured in"), choices=[("", "---------"), *Unit.choices])
    vehicle = forms.ChoiceField(label=_("Dissolved in"), choices=Vehicle, initial=Vehicle.UNKNOWN)
    bleeding_risk = forms.BooleanField(label=_("Raises the risk of bleeding"), required=False)
    typical_concentration = NameField(label=_("Concentration seen in sources"), max_length=120, required=False)
    salt_or_base = NameField(label=_("Salt or base"), max_length=60, required=False)
    base_fraction = measure(_("Base in one part of the salt"), "", places=4, most=1)
    storage = NameField(label=_("Storage"), max_length=200, required=False)
    cold_chain = forms.BooleanField(label=_("Kept cold from maker to patient"), required=False)
    opened_shelf_life_hours = forms.IntegerField(
        label=_("Keeps once opened, hours"), min_value=1, max_value=8760, required=False
    )
    before_care = TextField(label=_("What patients do before"), max_length=1000, required=False)
    after_care = TextField(label=_("What patients do afterwards"), max_length=1000, required=False)
    evidence = forms.ChoiceField(label=_("Evidence"), choices=[("", "–"), *Evidence.choices], required=False)
    contested = forms.BooleanField(label=_("Sources disagree"), required=False)

    def __init__(self, *args, term=None, **kwargs):
        super().__init__(*args, term=term, **kwargs)
        self.fields["unit"].disabled = term is not None
        self.fields["ingredient_class"].queryset = current_terms(IngredientClass)


class IngredientFilter(Form):
    """Which ingredients the list shows; what cannot be read is passed over."""

    mark_optional = False
    kind = forms.ModelChoiceField(
        label=_("Class"), queryset=IngredientClass.objects.none(), required=False, empty_label=_("All classes")
    )
    use = forms.ChoiceField(
        label=_("In use"),
        choices=[("", _("Turned on or off")), ("on", _("Turned on")), ("off", _("Turned off"))],
        required=False,
    )
    bleeding = forms.BooleanField(label=_("Bleeding risk"), required=False)
    limit = forms.BooleanField(label=_("Has a limit"), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = current_terms(IngredientClass)
        for name in ("kind", "use"):
            self.fields[name].widget.attrs["class"] = "form-select"

    def wanted(self) -> dict:
        self.is_valid()
        asked, where = self.cleaned_data, Q()
        if asked.get("kind"):
            where &= Q(ingredient_class=asked["kind"])
        if asked.get("use"):
            where &= Q(ingredient_class__enabled=asked["use"] == "on")
        if asked.get("bleeding"):
            where &= Q(bleeding_risk=True)
        if asked.get("limit"):
            where &= ~Q(limits=[])
        return {"where": where}


class ConvertForm(Form):
    """A strength of one ingredient to see in other words: nothing is stored."""

    mark_optional = False
    strength = DoseField(label=_("Strength"), decimal_places=4, max_value=9_999_999, required=False)
    measure = forms.ChoiceField(label=_("Written as"), required=False)

    def __init__(self, *args, ingredient, **kwargs):
        super().__init__(*args, **kwargs)
        unit = f"{ingredient.get_unit_display()}/mL"
        choices = [("unit", unit)]
        if ingredient.unit in MG_IN:
            choices.append(("percent", "%"))
        if ingredient.base_fraction is not None:
            choices.append(("base", _("%(unit)s of the base") % {"unit": unit}))
        self.fields["measure"].choices = choices
        self.fields["strength"].widget.attrs["class"] = "form-control"
        self.fields["measure"].widget.attrs["class"] = "form-select"


class ClassForm(TermForm):
    code = NameField(label=_("Code"), max_length=12)


TERM_FORMS = {
    "areas": AreaForm,
    "indications": IndicationForm,
    "techniques": TechniqueForm,
    "ingredients": IngredientForm,
    "classes": ClassForm,
}
