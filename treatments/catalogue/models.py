"""The clinic's knowledge: where it injects, for what, how, and what is in the syringe."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable
from patients.history.enums import Effect
from patients.history.models import Allergen, Condition, Term
from treatments.catalogue.enums import Laterality, Unit, Vehicle, VersionStatus


class Area(Term):
    """A part of the body surface. Side is kept apart; codes are SNOMED CT, blank when none was found.

    `diagrams` lists the drawings that carry the area; areas that are not `treatable` are shown and refused.
    """

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    laterality = models.CharField(_("sides"), max_length=8, choices=Laterality)
    diagrams = models.JSONField(_("diagrams"), default=list, blank=True)
    region_code = models.CharField(_("region code"), max_length=18, blank=True)
    skin_code = models.CharField(_("skin code"), max_length=18, blank=True)
    left_code = models.CharField(_("left code"), max_length=18, blank=True)
    right_code = models.CharField(_("right code"), max_length=18, blank=True)
    treatable = models.BooleanField(_("may be treated"), default=True)
    contested = models.BooleanField(_("sources disagree"), default=False)


class Indication(Term):
    code = models.CharField(_("code"), max_length=20)
    areas = models.ManyToManyField(Area, related_name="indications", blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)
    outcome_scales = models.JSONField(_("outcome scales"), default=list, blank=True)
    contested = models.BooleanField(_("sources disagree"), default=False)


class Technique(Term):
    """How it is injected. Names are not standardised between schools: the record keeps the depth in mm."""

    depth_min_mm = models.DecimalField(_("depth from, mm"), max_digits=4, decimal_places=1, null=True, blank=True)
    depth_max_mm = models.DecimalField(_("depth to, mm"), max_digits=4, decimal_places=1, null=True, blank=True)
    needle = models.CharField(_("needle"), max_length=60, blank=True)
    angle = models.CharField(_("angle"), max_length=60, blank=True)
    spacing_min_mm = models.DecimalField(_("spacing from, mm"), max_digits=4, decimal_places=1, null=True, blank=True)
    spacing_max_mm = models.DecimalField(_("spacing to, mm"), max_digits=4, decimal_places=1, null=True, blank=True)
    volume_min_ml = models.DecimalField(_("volume from, mL"), max_digits=6, decimal_places=3, null=True, blank=True)
    volume_max_ml = models.DecimalField(_("volume to, mL"), max_digits=6, decimal_places=3, null=True, blank=True)
    contested = models.BooleanField(_("sources disagree"), default=False)


class IngredientClass(Term):
    """A kind of ingredient. The clinic turns classes on: hormones and antibiotics are off until it does."""

    code = models.CharField(_("code"), max_length=12)
    flags = models.JSONField(_("watch for"), default=list, blank=True)
    enabled = models.BooleanField(_("used here"), default=True)


class Ingredient(Term):
    """A substance as it is bought, in an amount `unit` per mL.

    `limits`: rows of {per, max, unit, note, source}, only where a source or the clinic's doctor gives one; with
    per = "interval_days", `max` is the fewest days between sessions. `legal`: rows of {country, status, source}.
    """

    ingredient_class = models.ForeignKey(IngredientClass, models.PROTECT, related_name="ingredients")
    unit = models.CharField(_("unit"), max_length=4, choices=Unit)
    vehicle = models.CharField(_("vehicle"), max_length=10, choices=Vehicle, default=Vehicle.UNKNOWN)
    bleeding_risk = models.BooleanField(_("raises the risk of bleeding"), default=False)
    typical_concentration = models.CharField(_("concentration seen in sources"), max_length=120, blank=True)
    salt_or_base = models.CharField(_("salt or base"), max_length=60, blank=True)
    storage = models.CharField(_("storage"), max_length=200, blank=True)
    opened_shelf_life_hours = models.PositiveSmallIntegerField(_("keeps once opened, hours"), null=True, blank=True)
    limits = models.JSONField(_("limits"), default=list, blank=True)
    legal = models.JSONField(_("legal status"), default=list, blank=True)
    evidence = models.CharField(_("evidence grade"), max_length=1, blank=True)
    contested = models.BooleanField(_("sources disagree"), default=False)
    cold_chain = models.BooleanField(_("kept cold from maker to patient"), default=False)
    base_fraction = models.DecimalField(
        _("base in one part of the salt"), max_digits=5, decimal_places=4, null=True, blank=True
    )
    before_care = models.TextField(_("what patients do before"), blank=True)
    after_care = models.TextField(_("what patients do afterwards"), blank=True)
    allergens = models.ManyToManyField(Allergen, through="IngredientAllergen", related_name="ingredients")


class Product(Retirable):
    """What a maker sells: an ingredient at one strength, or a ready mixture (an ingredient measured in mL).

    `gtin` has 14 digits, as in the GS1 code on the box. `licensed_areas` is empty where no source says any.
    `key` is of what ships with the house, and empty for the clinic's own.
    """

    key = models.SlugField(max_length=60, blank=True, editable=False)
    name = models.CharField(_("product"), max_length=120)
    maker = models.CharField(_("maker"), max_length=120, blank=True)
    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="products")
    concentration = models.DecimalField(_("strength per mL"), max_digits=11, decimal_places=4, null=True, blank=True)
    container_ml = models.DecimalField(_("in one container, mL"), max_digits=7, decimal_places=3, null=True, blank=True)
    gtin = models.CharField(_("GTIN on the box"), max_length=14, blank=True)
    price = models.DecimalField(_("price of one container"), max_digits=9, decimal_places=2, null=True, blank=True)
    opened_shelf_life_hours = models.PositiveSmallIntegerField(_("keeps once opened, hours"), null=True, blank=True)
    minimum_ml = models.DecimalField(_("order below, mL"), max_digits=9, decimal_places=3, null=True, blank=True)
    licensed_areas = models.ManyToManyField(Area, related_name="+", blank=True)
    sources = models.JSONField(_("sources"), default=list, blank=True)

    class Meta(Retirable.Meta):
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="catalogue_product_key_once"),
            models.UniqueConstraint(fields=["gtin"], condition=~Q(gtin=""), name="catalogue_gtin_once"),
            models.CheckConstraint(
                name="catalogue_product_container_positive",
                condition=Q(container_ml__isnull=True) | Q(container_ml__gt=0),
            ),
        ]

    def __str__(self):
        return self.name


class PairRule(Retirable):
    """Two things that speak against each other, how strongly, and who says so. A retired one is no longer asked."""

    key = models.SlugField(max_length=80, unique=True, editable=False)
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    note = models.CharField(_("note"), max_length=300, blank=True)
    contested = models.BooleanField(_("sources disagree"), default=False)
    sources = models.JSONField(_("sources"), default=list)

    class Meta(Retirable.Meta):
        abstract = True

    def __str__(self):
        return self.key


class IngredientAllergen(PairRule):
    """An allergy that speaks against an ingredient."""

    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="allergen_rules")
    allergen = models.ForeignKey(Allergen, models.PROTECT, related_name="ingredient_rules")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ingredient", "allergen"], name="catalogue_allergen_rule_once")]


class IngredientCondition(PairRule):
    """A condition that speaks against an ingredient."""

    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="condition_rules")
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="ingredient_rules")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ingredient", "condition"], name="catalogue_condition_rule_once")
        ]


class Incompatibility(PairRule):
    """Two ingredients that do not belong in one syringe, in any diluent or in the one named.

    A pair that is not listed is untested, never safe.
    """

    first = models.ForeignKey(Ingredient, models.PROTECT, related_name="+")
    second = models.ForeignKey(Ingredient, models.PROTECT, related_name="+")
    diluent = models.ForeignKey(Ingredient, models.PROTECT, null=True, blank=True, related_name="+")


class MixingRules(models.Model):
    """What the clinic thinks of mixtures: one row. Above `most_ingredients` a mixture has too many of them."""

    most_ingredients = models.PositiveSmallIntegerField(_("most ingredients in a mixture"), default=5)
    too_many = models.CharField(_("what more of them ask for"), max_length=8, choices=Effect, default=Effect.NOTE)

    class Meta:
        constraints = [models.CheckConstraint(name="catalogue_one_set_of_mixing_rules", condition=Q(pk=1))]

    def __str__(self):
        return "mixing rules"


class Formulation(Retirable):
    """A mixture of the clinic's own; what is in it is said by its versions."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    areas = models.ManyToManyField(Area, verbose_name=_("suitable areas"), related_name="formulations", blank=True)
    techniques = models.ManyToManyField(Technique, verbose_name=_("suitable techniques"), related_name="+", blank=True)
    indications = models.ManyToManyField(Indication, verbose_name=_("for"), related_name="formulations", blank=True)
    before_care = models.TextField(_("what patients do before"), blank=True)
    after_care = models.TextField(_("what patients do afterwards"), blank=True)

    class Meta(Retirable.Meta):
        ordering = ["name"]

    def __str__(self):
        return self.name


class FormulationVersion(models.Model):
    """One recipe of a formulation. A draft can be edited; once approved, neither it nor its lines ever change.

    What was written or approved before it came here from a file keeps the name of whoever did it, as a text.
    """

    formulation = models.ForeignKey(Formulation, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=8, choices=VersionStatus, default=VersionStatus.DRAFT)
    total_volume_ml = models.DecimalField(_("total volume, mL"), max_digits=7, decimal_places=3)
    notes = models.TextField(_("how to prepare"), blank=True)
    change_note = models.CharField(_("what changed"), max_length=300, blank=True)
    mix_reason = models.CharField(_("why it is mixed all the same"), max_length=300, blank=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    created_elsewhere = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    approved_elsewhere = models.CharField(max_length=200, blank=True, editable=False)
    approved_at = models.DateTimeField(null=True, editable=False)
    retired_at = models.DateTimeField(null=True, editable=False)
    retire_reason = models.CharField(max_length=200, blank=True, editable=False)
    edits = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["formulation", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["formulation", "number"], name="catalogue_version_number_once"),
            models.UniqueConstraint(
                fields=["formulation"], condition=Q(status="draft"), name="catalogue_one_draft_a_formulation"
            ),
            models.CheckConstraint(name="catalogue_version_status_known", condition=Q(status__in=VersionStatus.values)),
            models.CheckConstraint(name="catalogue_version_volume_positive", condition=Q(total_volume_ml__gt=0)),
            models.CheckConstraint(
                name="catalogue_version_approval_complete",
                condition=Q(approved_at__isnull=True, approved_by__isnull=True, approved_elsewhere="")
                | Q(approved_at__isnull=False, approved_by__isnull=False, approved_elsewhere="")
                | (Q(approved_at__isnull=False, approved_by__isnull=True) & ~Q(approved_elsewhere="")),
            ),
            models.CheckConstraint(
                name="catalogue_version_approved_by_somebody",
                condition=~Q(status="approved") | Q(approved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="catalogue_draft_not_approved", condition=~Q(status="draft") | Q(approved_at__isnull=True)
            ),
            models.CheckConstraint(
                name="catalogue_version_retired_with_date",
                condition=Q(status="retired", retired_at__isnull=False)
                | (~Q(status="retired") & Q(retired_at__isnull=True)),
            ),
        ]

    def __str__(self):
        return f"{self.formulation_id} version {self.number}"

    @property
    def author(self) -> str:
        return self.created_elsewhere or self.created_by.full_name

    @property
    def approver(self) -> str:
        """Who approved it; empty while nobody has."""
        return self.approved_by.full_name if self.approved_by else self.approved_elsewhere


class RecipeLine(models.Model):
    """An ingredient of a version: `volume_ml` of a stock solution of `concentration` units per mL.

    What is measured in mL, such as saline, has no concentration.
    """

    version = models.ForeignKey(FormulationVersion, models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField(default=0)
    ingredient = models.ForeignKey(Ingredient, models.PROTECT, related_name="+")
    concentration = models.DecimalField(_("strength per mL"), max_digits=11, decimal_places=4, null=True, blank=True)
    volume_ml = models.DecimalField(_("volume, mL"), max_digits=7, decimal_places=3)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["version", "ingredient"], name="catalogue_ingredient_once_a_recipe"),
            models.CheckConstraint(name="catalogue_line_volume_positive", condition=Q(volume_ml__gt=0)),
            models.CheckConstraint(
                name="catalogue_line_strength_positive",
                condition=Q(concentration__isnull=True) | Q(concentration__gt=0),
            ),
        ]

    def __str__(self):
        return f"line {self.position} of version {self.version_id}"


class ExchangeFile(models.Model):
    """A file that was uploaded and is looked at; its content is kept until it is imported or another one comes."""

    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded"))
    imported_at = models.DateTimeField(_("imported"), null=True)

    def __str__(self):
        return f"exchange file {self.pk}"


class KnownKey(Retirable):
    """The key of a clinic whose packages are known here: an administrator compared it and gave it the clinic's name."""

    public_key = models.CharField(_("key"), max_length=64, unique=True, editable=False)
    name = models.CharField(_("clinic"), max_length=120)
    named_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    named_at = models.DateTimeField(editable=False)

    class Meta(Retirable.Meta):
        ordering = ["name", "pk"]

    def __str__(self):
        return self.name
