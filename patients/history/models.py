"""What the clinic must know before it treats: the vocabulary, and each patient's own rows."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable, Voidable
from patients.history.enums import (
    AllergenKind,
    Effect,
    MedicineGroup,
    MedicineSource,
    Otc,
    Pregnancy,
    Severity,
    Topic,
)
from patients.registry.models import Patient


class Term(Retirable):
    """A word of the vocabulary. `key` never changes: rules and recipes hang on it."""

    key = models.SlugField(_("key"), max_length=60, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    note = models.TextField(_("note"), blank=True)
    sources = models.JSONField(_("sources"), default=list, blank=True)

    class Meta(Retirable.Meta):
        abstract = True
        ordering = ["name"]

    def __str__(self):
        return self.name


class Allergen(Term):
    kind = models.CharField(_("kind"), max_length=10, choices=AllergenKind, default=AllergenKind.SUBSTANCE)
    synonyms = models.JSONField(_("also called"), default=list, blank=True)


class Condition(Term):
    """Something to ask about, with what it means for a treatment. Effects of contested ones are the clinic's to set."""

    code = models.CharField(_("code"), max_length=20)
    question = models.CharField(_("question"), max_length=200)
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    wait_days = models.PositiveSmallIntegerField(_("days to wait"), null=True, blank=True)
    contested = models.BooleanField(_("sources disagree"), default=False)


class Medicine(Term):
    """A substance. `stop_days`: house rule for self-bought use, in days before the visit; None: no rule.

    `never_auto_stop`: no message may ever tell a patient to stop it.
    """

    group = models.CharField(_("group"), max_length=20, choices=MedicineGroup)
    brands = models.JSONField(_("brands"), default=list, blank=True)
    stop_days = models.PositiveSmallIntegerField(_("stop before, days"), null=True, blank=True)
    never_auto_stop = models.BooleanField(_("never stopped by a message"), default=False)
    bleeding_risk = models.BooleanField(_("raises the risk of bleeding"), default=False)
    otc = models.CharField(_("without prescription"), max_length=6, choices=Otc, default=Otc.VARIES)
    contested = models.BooleanField(_("sources disagree"), default=False)

    class Meta(Term.Meta):
        constraints = [
            models.CheckConstraint(
                name="history_never_stopped_has_no_stop_days",
                condition=Q(never_auto_stop=False) | Q(stop_days__isnull=True),
            )
        ]


class Product(Term):
    """What patients say ("Alka-Seltzer"), and the substances in it. Ambiguous ones must be asked about."""

    contains = models.ManyToManyField(Medicine, related_name="products", verbose_name=_("contains"))
    ambiguous = models.BooleanField(_("the name alone is not enough"), default=False)
    ask = models.CharField(_("what to ask"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)


class PatientRow(Voidable):
    """One dated statement about a patient."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="%(class)s_rows")
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), editable=False)

    class Meta(Voidable.Meta):
        abstract = True
        ordering = ["-recorded_at", "-pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class PatientAllergy(PatientRow):
    """An allergen of the vocabulary, or what the patient said in their words."""

    allergen = models.ForeignKey(Allergen, models.PROTECT, null=True, blank=True, related_name="+")
    as_told = models.CharField(_("in the patient's words"), max_length=120, blank=True)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity, default=Severity.UNKNOWN)
    reaction = models.CharField(_("reaction"), max_length=200, blank=True)

    class Meta(PatientRow.Meta):
        constraints = [
            *Voidable.Meta.constraints,
            models.CheckConstraint(
                name="history_allergy_says_what", condition=Q(allergen__isnull=False) | ~Q(as_told="")
            ),
        ]

    @property
    def name(self) -> str:
        return self.allergen.name if self.allergen else self.as_told


class PatientCondition(PatientRow):
    condition = models.ForeignKey(Condition, models.PROTECT, related_name="+")
    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)

    @property
    def name(self) -> str:
        return self.condition.name


class PatientMedicine(PatientRow):
    """A medicine the patient takes: a substance, a product, or words that nobody has matched yet.

    With both, the product is what the patient said and the substance what an ambiguous one turned out to be.
    """

    medicine = models.ForeignKey(Medicine, models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    as_told = models.CharField(_("in the patient's words"), max_length=120, blank=True)
    source = models.CharField(_("how they get it"), max_length=12, choices=MedicineSource)
    purpose = models.CharField(_("what for"), max_length=120, blank=True)
    dose = models.CharField(_("how much, how often"), max_length=120, blank=True)
    since = models.DateField(_("since"), null=True, blank=True)
    stopped_on = models.DateField(_("stopped on"), null=True, blank=True)

    class Meta(PatientRow.Meta):
        constraints = [
            *Voidable.Meta.constraints,
            models.CheckConstraint(
                name="history_medicine_says_what",
                condition=Q(medicine__isnull=False) | Q(product__isnull=False) | ~Q(as_told=""),
            ),
        ]

    @property
    def substances(self) -> list[Medicine]:
        """What is in it; of an ambiguous product all that it may contain; nothing while unmatched."""
        if self.medicine:
            return [self.medicine]
        return list(self.product.contains.all()) if self.product else []

    @property
    def unsure(self) -> bool:
        """Whether the product's name leaves open what is in it."""
        return bool(self.product and self.product.ambiguous and not self.medicine)

    @property
    def name(self) -> str:
        """The product with what is in it, the substance, or the patient's own words."""
        if not self.product:
            return self.medicine.name if self.medicine else self.as_told
        words = {"product": self.product.name, "inside": ", ".join(term.name for term in self.substances)}
        return (_("%(product)s (may contain %(inside)s)") if self.unsure else _("%(product)s (%(inside)s)")) % words


class NoneKnown(PatientRow):
    """The patient was asked about a topic and knows of none. It lapses when something is recorded later."""

    topic = models.CharField(_("topic"), max_length=12, choices=Topic)

    @property
    def name(self) -> str:
        return _("%(topic)s: none known") % {"topic": self.get_topic_display()}


class PregnancyAnswer(PatientRow):
    """The newest standing answer counts; what nobody has asked yet is "not asked"."""

    state = models.CharField(_("pregnancy"), max_length=16, choices=Pregnancy)

    @property
    def name(self) -> str:
        return self.get_state_display()
