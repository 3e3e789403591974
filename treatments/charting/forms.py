"""The forms of charting. The charting page's own work without its script too."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.fields import DoseField
from clinic.core.forms import PasswordForm, ReasonForm, TextField, VersionField
from treatments.catalogue.enums import Side
from treatments.charting.draft import MAX_POINTS, added, removed
from treatments.charting.page import lot_label, version_name
from treatments.charting.queries import Offer


class SignForm(PasswordForm):
    version = VersionField()


class AddendumForm(PasswordForm):
    text = TextField(label=_("Addition"), max_length=20_000, rows=5)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ["text", "password"]


class VoidForm(ReasonForm, PasswordForm):
    field_order = ["reason", "password"]


def blank_first(choices) -> list[tuple[str, str]]:
    return [("", _("Choose")), *choices]


class InlineForm(forms.Form):
    """A form that the charting page lays out itself; its fields tell the page's script their names."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.fields:
            self._dress(name)

    def _dress(self, name: str) -> None:
        widget = self.fields[name].widget
        widget.attrs["class"] = "form-select" if isinstance(widget, forms.Select) else "form-control"
        widget.attrs["data-field"] = name


class PreparationForm(InlineForm):
    """A syringe: what is in it, how much was drawn up."""

    prefix = "new"
    version_id = forms.TypedChoiceField(label=_("Recipe"), coerce=int)
    volume_ml = DoseField(label=_("Drawn up"), decimal_places=3, max_value=1000, unit="mL")

    def __init__(self, *args, offer: Offer, **kwargs):
        super().__init__(*args, **kwargs)
        self.offer = offer
        self.fields["version_id"].choices = blank_first((v.pk, version_name(v)) for v in offer.versions)

    def entry(self) -> dict:
        """The preparation as a draft keeps it, with the lots that expire first."""
        version = next(v for v in self.offer.versions if v.pk == self.cleaned_data["version_id"])
        lots = {line.pk: self.offer.lots.get(line.ingredient_id, []) for line in version.lines.all()}
        return {
            "version_id": version.pk,
            "volume_ml": self["volume_ml"].value().strip(),
            "variation": "",
            "variation_reason": "",
            "lots": {str(line): (found[0].pk if found else None) for line, found in lots.items()},
        }


class SyringeForm(InlineForm):
    """The rest of a syringe that is charted already. Everything may be unfinished."""

    volume_ml = forms.CharField(
        label=_("Drawn up"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    variation = forms.CharField(label=_("Varied for this patient"), required=False, max_length=300)
    variation_reason = forms.CharField(label=_("Why it was varied"), required=False, max_length=300)

    def __init__(self, *args, syringe: dict, offer: Offer, **kwargs):
        self.syringe = syringe
        self.version = next((v for v in offer.versions if v.pk == syringe.get("version_id")), None)
        initial = {name: syringe.get(name, "") for name in ("volume_ml", "variation", "variation_reason")}
        super().__init__(*args, prefix=syringe.get("id", ""), initial=initial, **kwargs)
        for line in self.version.lines.all() if self.version else ():
            lots = offer.lots.get(line.ingredient_id, [])
            self.fields[f"lot-{line.pk}"] = forms.TypedChoiceField(
                label=line.ingredient.name,
                required=False,
                coerce=int,
                empty_value=None,
                choices=[("", _("Choose the lot")), *((lot.pk, lot_label(lot)) for lot in lots)],
                initial=syringe.get("lots", {}).get(str(line.pk)) or "",
            )
            self._dress(f"lot-{line.pk}")

    @property
    def name(self) -> str:
        return version_name(self.version) if self.version else ""

    @property
    def lot_fields(self):
        return [self[name] for name in self.fields if name.startswith("lot-")]

    def entry(self) -> dict:
        data = self.cleaned_data
        lots = {name.removeprefix("lot-"): value for name, value in data.items() if name.startswith("lot-")}
        return self.syringe | {n: data[n] for n in ("volume_ml", "variation", "variation_reason")} | {"lots": lots}


class GroupForm(InlineForm):
    """Points by area, side and count. With the script, the upper part is also what a tap on the drawing uses."""

    preparation = forms.ChoiceField(label=_("Syringe"))
    technique = forms.ChoiceField(label=_("Technique"))
    needle = forms.CharField(label=_("Needle"), required=False, max_length=60)
    depth_mm = DoseField(label=_("Depth"), decimal_places=1, max_value=40, unit="mm")
    volume_ml = DoseField(label=_("Volume of a point"), decimal_places=3, max_value=10, unit="mL")
    area = forms.ChoiceField(label=_("Area"))
    side = forms.ChoiceField(label=_("Side"), choices=[*Side.choices[:2], ("none", _("Middle, or no side"))])
    count = forms.IntegerField(
        label=_("Points"),
        min_value=1,
        max_value=MAX_POINTS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args, offer: Offer, syringes: list[tuple[str, str]], **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["preparation"].choices = blank_first(syringes)
        self.fields["technique"].choices = blank_first((t.key, t.name) for t in offer.techniques)
        self.fields["area"].choices = blank_first((a.key, a.name) for a in offer.areas if a.treatable)

    def entry(self) -> dict:
        """The group as a draft keeps it: amounts as they were typed."""
        typed = {name: str(self[name].value()).strip() for name in self.fields}
        return typed | {"diagram": "", "points": []}


class TextsForm(InlineForm):
    indication = forms.ChoiceField(label=_("Indication"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 4}))
    reactions = forms.CharField(
        label=_("Reactions during and right after"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    advice = forms.CharField(
        label=_("Advice given"), required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args, offer: Offer, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["indication"].choices = [("", _("Not said")), *((i.key, i.name) for i in offer.indications)]


class ChartForms:
    """All forms of the charting page; the one that `do` names holds what was posted."""

    def __init__(self, content: dict, offer: Offer, data=None):
        self.content, self.do = content, (data or {}).get("do", "")
        syringes = content.get("preparations", [])
        names = {version.pk: version_name(version) for version in offer.versions}
        choices = [(s["id"], f"{n}. {names.get(s.get('version_id'), '?')}") for n, s in enumerate(syringes, 1)]
        self.preparation = PreparationForm(self._mine("add-preparation", data), offer=offer)
        self.syringes = [SyringeForm(self._mine(f"syringe-{s['id']}", data), syringe=s, offer=offer) for s in syringes]
        self.blank_syringe = SyringeForm(syringe={}, offer=offer)
        self.group = GroupForm(
            self._mine("add-points", data), offer=offer, syringes=choices, initial=self._last_used(choices)
        )
        self.texts = TextsForm(self._mine("texts", data), offer=offer, initial=content)

    def _mine(self, do: str, data):
        return data if self.do == do else None

    def _last_used(self, syringes) -> dict:
        groups = self.content.get("injections") or [{"preparation": syringes[0][0]} if syringes else {}]
        names = ("preparation", "technique", "needle", "depth_mm", "volume_ml")
        return {name: groups[-1].get(name, "") for name in names}

    def edited(self) -> dict | None:
        """The content after what was posted; None when that has errors."""
        verb, _dash, rest = self.do.partition("-")
        if verb == "remove":
            kind, _dash, entry_id = rest.partition("-")
            return removed(self.content, kind, entry_id) if kind in {"preparations", "injections"} else None
        if verb == "syringe":
            return self._with_syringe()
        form, kind = {
            "add-preparation": (self.preparation, "preparations"),
            "add-points": (self.group, "injections"),
            "texts": (self.texts, ""),
        }.get(self.do, (None, ""))
        if form is None or not form.is_valid():
            return None
        return added(self.content, kind, form.entry()) if kind else self.content | form.cleaned_data

    def _with_syringe(self) -> dict | None:
        form = next((form for form in self.syringes if form.is_bound), None)
        if form is None or not form.is_valid():
            return None
        entries = [form.entry() if entry is form.syringe else entry for entry in self.content["preparations"]]
        return self.content | {"preparations": entries}
