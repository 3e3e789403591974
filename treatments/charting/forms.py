"""The forms of charting. The charting page's own work without its script too."""

from decimal import Decimal
from functools import reduce
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.fields import DoseField
from clinic.core.forms import Form, PasswordForm, ReasonForm, TextField, VersionField
from treatments.catalogue.enums import Side
from treatments.catalogue.models import FormulationVersion
from treatments.charting.copying import copied, is_blank, last_to_copy, way_of
from treatments.charting.draft import DRAWN_ML, MAX_POINTS
from treatments.charting.editing import added_group, added_syringe, drawn_up, removed
from treatments.charting.inline import InlineForm, blank_first
from treatments.charting.lines import MAX_LENGTH, Misread, read_line
from treatments.charting.mixture import recipe_share
from treatments.charting.note_forms import NoteForm
from treatments.charting.numbers import mixture_number, place_of
from treatments.charting.page import offer_text, version_name
from treatments.charting.queries import Offer
from treatments.charting.rules import proposed_lot, version_refusal


class SignForm(PasswordForm):
    """`seen`: the digest of what the safety rules said on the page."""

    version = VersionField()
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)


class AddendumForm(PasswordForm):
    text = TextField(label=_("Addition"), max_length=20_000, rows=5)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ["text", "password"]


class CosignForm(PasswordForm):
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class QuestionForm(Form):
    text = TextField(label=_("Question to the author"), max_length=2000, rows=3)
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class RestoreForm(Form):
    version = VersionField()


class LabelsForm(forms.Form):
    """Which labels, on what; an address, so nothing of the patient is in it."""

    PAPER = [("small", _("Label printer, 62 × 29 mm")), ("sheet", _("A4 sheet, 24 labels of 70 × 37 mm"))]
    of = forms.CharField(required=False, max_length=4)
    size = forms.ChoiceField(
        label=_("Paper"), choices=PAPER, required=False, widget=forms.Select(attrs={"class": "form-select"})
    )
    used = forms.IntegerField(
        label=_("Labels used on the sheet"),
        required=False,
        min_value=0,
        max_value=23,
        widget=forms.NumberInput(attrs={"class": "form-control", "min": 0, "max": 23}),
    )


class VoidForm(ReasonForm, PasswordForm):
    field_order = ["reason", "password"]


def typed_amount(**kwargs) -> forms.CharField:
    """An amount as a draft keeps it: whatever was typed."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.CharField(required=False, max_length=60, widget=widget, **kwargs)


class RecipeForm(forms.Form):
    """The recipe that is being chosen in PreparationForm."""

    prefix = "new"
    version_id = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


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
        """The preparation as a draft keeps it, with the lots that are proposed."""
        version = self.offer.version(self.cleaned_data["version_id"])
        return {
            "version_id": version.pk,
            "volume_ml": self["volume_ml"].value().strip(),
            "variation_reason": "",
            "lots": proposed_lots(version, self.cleaned_data["volume_ml"], self.offer),
            "amounts": {},
            "drawn_at": clock.now().isoformat(timespec="seconds"),
        }


def proposed_lots(version: FormulationVersion, volume_ml: Decimal | None, offer: Offer) -> dict[str, int | None]:
    """For each line of a recipe the lot that is proposed for `volume_ml` of it."""
    lots = {}
    for line in version.lines.all():
        wanted = recipe_share(line, version, volume_ml or Decimal())
        lot = proposed_lot(offer.lots_of(line), wanted)
        lots[str(line.pk)] = lot.pk if lot else None
    return lots


def succeeded(entry: dict, offer: Offer) -> dict | None:
    """A preparation of the version that is in use instead: with its lots and amounts where the ingredient is the same.

    None when there is no such version.
    """
    old = offer.version(entry.get("version_id"))
    new = offer.successors.get(entry.get("version_id"))
    if old is None or new is None:
        return None
    new = offer.version(new.pk)
    old_line = {line.ingredient_id: str(line.pk) for line in old.lines.all()}
    same = {str(line.pk): old_line.get(line.ingredient_id, "") for line in new.lines.all()}
    try:
        proposed = proposed_lots(new, DRAWN_ML.clean(entry.get("volume_ml", "")), offer)
    except forms.ValidationError:
        proposed = proposed_lots(new, None, offer)
    lots, amounts = entry.get("lots", {}), entry.get("amounts", {})
    return entry | {
        "version_id": new.pk,
        "lots": {line: lots.get(known) or proposed[line] for line, known in same.items()},
        "amounts": {line: amounts[known] for line, known in same.items() if known in amounts},
        "drawn_at": clock.now().isoformat(timespec="seconds"),
    }


class SyringeForm(InlineForm):
    """The rest of a syringe that is charted already. Everything may be unfinished."""

    volume_ml = typed_amount(label=_("Drawn up"))
    variation = forms.CharField(label=_("Varied for this patient"), required=False, max_length=300)
    variation_reason = forms.CharField(label=_("Why it was varied"), required=False, max_length=300)

    def __init__(self, *args, syringe: dict, offer: Offer, session_id: int | None = None, **kwargs):
        self.syringe, self.offer = syringe, offer
        self.version = offer.version(syringe.get("version_id"))
        self.number = mixture_number(session_id, place_of(syringe["id"])) if session_id and syringe else ""
        initial = {name: syringe.get(name, "") for name in ("volume_ml", "variation", "variation_reason")}
        super().__init__(*args, prefix=syringe.get("id", ""), initial=initial, **kwargs)
        if syringe and not syringe.get("variation"):
            del self.fields["variation"]
        self.lines = list(self.version.lines.all()) if self.version else []
        for line in self.lines:
            self._add_line(line)

    def _add_line(self, line) -> None:
        key = str(line.pk)
        self.fields[f"amount-{key}"] = typed_amount(
            label=_("%(ingredient)s, drawn up") % {"ingredient": line.ingredient.name},
            initial=self.syringe.get("amounts", {}).get(key, ""),
        )
        self.fields[f"lot-{key}"] = forms.TypedChoiceField(
            label=line.ingredient.name,
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("Choose the lot")), *((o.lot.pk, offer_text(o)) for o in self.offer.lots_of(line))],
            initial=self.syringe.get("lots", {}).get(key) or "",
        )
        for name in ("amount", "lot"):
            self._dress(f"{name}-{key}")

    @property
    def name(self) -> str:
        return version_name(self.version) if self.version else ""

    @property
    def refusal(self) -> str:
        """Why its recipe may not be drawn up; empty when it may."""
        if not self.syringe or self.version in self.offer.versions:
            return ""
        return version_refusal(self.version, self.offer.successors)

    @property
    def successor(self) -> FormulationVersion | None:
        return self.offer.successors.get(self.syringe.get("version_id"))

    @property
    def components(self) -> list[tuple]:
        """For each line its fields: what was drawn up, and the lot."""
        return [(line, self[f"amount-{line.pk}"], self[f"lot-{line.pk}"]) for line in self.lines]

    def entry(self) -> dict:
        data = self.cleaned_data
        texts = {n: data[n] for n in ("volume_ml", "variation", "variation_reason") if n in data}
        amounts = {str(line.pk): data[f"amount-{line.pk}"].strip() for line in self.lines}
        return (
            self.syringe
            | texts
            | {
                "lots": {str(line.pk): data[f"lot-{line.pk}"] for line in self.lines},
                "amounts": {line: amount for line, amount in amounts.items() if amount},
            }
        )


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


class LineForm(InlineForm):
    """Points typed as one line (see `lines`); what it does not say is taken from `tool`."""

    line = forms.CharField(
        label=_("Type a line"),
        max_length=MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "enterkeyhint": "done"}),
    )

    def __init__(self, *args, offer: Offer, tool: dict, **kwargs):
        super().__init__(*args, **kwargs)
        self.offer, self.tool, self.groups = offer, tool, []

    def clean_line(self) -> str:
        line = self.cleaned_data["line"]
        try:
            self.groups = read_line(line, areas=self.offer.areas, techniques=self.offer.techniques, tool=self.tool)
        except Misread as wrong:
            raise forms.ValidationError([wrong.message, *wrong.options]) from wrong
        return line


def planned(session, offer: Offer) -> dict:
    """What the session's plan says is drawn up first: its recipe, if that is in use, and all of it."""
    version = session.plan and next((v for v in offer.versions if v.pk == session.plan.version_id), None)
    if version is None or session.draft.content.get("preparations"):
        return {}
    return {"version_id": version.pk, "volume_ml": version.total_volume_ml}


def _last_time(earlier, recipe_id) -> dict:
    """How the last points of the newest of the sessions were put."""
    injections = list(earlier[0].injections.all()) if earlier else []
    if not injections:
        return {}
    way = way_of(injections[-1])
    is_same = str(injections[-1].preparation.version_id) == str(recipe_id)
    return way if is_same else {name: way[name] for name in ("technique", "needle")}


class ChartForms:
    """All forms of the charting page; the one that `do` names holds what was posted.

    `earlier` are the patient's signed sessions, the newest first: the next points begin with how the last were put;
    with how deep and how much only when the recipe is the same.
    """

    def __init__(self, session, offer: Offer, data=None, earlier=()):
        self.content, self.do, self.offer = session.draft.content, (data or {}).get("do", ""), offer
        self.data, self.patient_id = data or {}, session.patient_id
        content, syringes, plan = self.content, self.content.get("preparations", []), planned(session, offer)
        self.last_time = _last_time(earlier, recipe_id=(syringes or [plan])[0].get("version_id"))
        self.preparation = PreparationForm(self._mine("add-preparation", data), offer=offer, initial=plan)
        self.syringes = [
            SyringeForm(self._mine(f"syringe-{s['id']}", data), syringe=s, offer=offer, session_id=session.pk)
            for s in syringes
        ]
        choices = [(f.syringe["id"], f"{n}. {f.name or '?'}") for n, f in enumerate(self.syringes, 1)]
        self.blank_syringe = SyringeForm(syringe={}, offer=offer)
        self.group = GroupForm(
            self._mine("add-points", data), offer=offer, syringes=choices, initial=self._last_used(choices)
        )
        note = data if self.do in {"texts", "sentence"} else None
        self.texts = NoteForm(note, indications=offer.indications, content=content)
        tool = self._last_used(choices) | {"syringes": [form.syringe["id"] for form in self.syringes]}
        self.line = LineForm(self._mine("type-line", data), offer=offer, tool=tool)

    def _mine(self, do: str, data):
        return data if self.do == do else None

    def _last_used(self, syringes) -> dict:
        first = self.last_time | ({"preparation": syringes[0][0]} if syringes else {})
        groups = self.content.get("injections") or [first]
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
        if verb == "succeed":
            return self._with_successor(rest)
        if self.do == "copy-last":
            return self._with_copy()
        if verb == "reasons":
            return self._with_reasons()
        if verb in {"texts", "sentence"}:
            return self.texts.entered(self.content) if self.texts.is_valid() else None
        return self._with_added()

    def _with_copy(self) -> dict | None:
        """The content with what was done last time; nothing where something is charted already."""
        last = last_to_copy(self.patient_id) if is_blank(self.content) else None
        return copied(self.content, last, clock.now()) if last else None

    def _with_reasons(self) -> dict:
        """The content with what was written beside the safety rules' answers; other reasons stay."""
        typed = {name.removeprefix("reason."): text for name, text in self.data.items() if name.startswith("reason.")}
        return self.content | {"reasons": self.content.get("reasons", {}) | typed}

    def _with_added(self) -> dict | None:
        named = {"add-preparation": self.preparation, "add-points": self.group, "type-line": self.line}
        form = named.get(self.do)
        if form is None or not form.is_valid():
            return None
        if form is self.preparation:
            return added_syringe(self.content, form.entry())
        if form is self.line:
            return reduce(added_group, form.groups, self.content)
        return added_group(self.content, form.entry())

    def _with_successor(self, syringe_id: str) -> dict | None:
        """The content with a syringe of the version in use instead: another mixture, so it has another number."""
        entry = next((form.syringe for form in self.syringes if form.syringe["id"] == syringe_id), None)
        new = entry and succeeded(entry, self.offer)
        if new is None:
            return None
        place = drawn_up(self.content) + 1
        new |= {"id": f"p{place}"}
        entries = [new if known is entry else known for known in self.content["preparations"]]
        groups = [
            group | {"preparation": new["id"]} if group.get("preparation") == syringe_id else group
            for group in self.content.get("injections", [])
        ]
        return self.content | {"preparations": entries, "injections": groups, "drawn_up": place}

    def _with_syringe(self) -> dict | None:
        form = next((form for form in self.syringes if form.is_bound), None)
        if form is None or not form.is_valid():
            return None
        entries = [form.entry() if entry is form.syringe else entry for entry in self.content["preparations"]]
        return self.content | {"preparations": entries}
